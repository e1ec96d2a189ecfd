"""Stored files under signed links that expire, and the image library."""
