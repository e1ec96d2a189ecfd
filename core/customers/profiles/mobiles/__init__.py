"""Correcting a wrong mobile: asked for by one colleague, decided by another (AT-12)."""
