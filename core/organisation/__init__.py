"""Departments, posts and people: who works here, in which place, with which role, and how they log in."""
