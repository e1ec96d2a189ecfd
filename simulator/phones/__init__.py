"""The phone page, and what it asks for."""
