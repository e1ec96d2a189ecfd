"""Codes: a standing QR per account and guide, store or channel, and more for seasons and batches.

The row is the intent; a job has the platform issue it.
"""
