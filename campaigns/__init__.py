"""Lottery, check-in, invitation, red packets, surveys, segments, care journeys. Empty so far."""
