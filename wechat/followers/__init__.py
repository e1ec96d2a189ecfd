"""Reconciliation with the platform: who follows, and who is one person; it resumes where it was broken off."""
