"""The blacklist, kept the same here and on the platform."""
