"""Conversations: what fans said and what they were told, one thread for each person in each account."""
