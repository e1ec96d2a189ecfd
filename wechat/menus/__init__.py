"""Menus of official accounts: drafted, checked against the platform's limits, published, rolled back."""
