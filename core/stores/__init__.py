"""Stores: where guides work and codes hang. A closed store stays, for what it did."""
