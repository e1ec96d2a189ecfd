"""The people to talk to at a customer (F-03)."""
