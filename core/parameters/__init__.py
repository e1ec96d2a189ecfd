"""The door to the parameters that administrators change."""
