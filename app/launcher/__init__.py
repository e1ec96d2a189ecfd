"""Servers from wheels, a supervisor, and the whole system on one machine: what the demo and the tests start."""
