"""Membership card, tiers, points ledger, coupons, points mall. Empty so far."""
