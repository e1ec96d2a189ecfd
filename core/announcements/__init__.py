"""Announcements to departments, posts, stores or everybody, and who has read them."""
