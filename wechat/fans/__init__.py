"""Fans as staff see them: the list with its filters, and one fan in detail."""
