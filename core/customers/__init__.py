"""Customers: who they are (identities), who brought them (touches), and what happened to them (timeline).

Ids and facts come in as contacts, from whichever door; the fold of contacts into state is pure (`rules.py`).
"""
