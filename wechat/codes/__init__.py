"""Codes: one permanent QR per account and guide, store or channel. The row is the intent; a job has it issued."""
