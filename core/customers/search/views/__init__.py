"""Views: searches that people keep, and may share with everyone."""
