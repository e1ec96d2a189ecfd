"""The inbox: who answers a fan, by whose turn it is, and how long fans waited."""
