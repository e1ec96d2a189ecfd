"""The push endpoint: what WeChat sends is verified, answered and written down in one group commit, once.

A push commits its key, itself, the stored reply and answer and one outbox row; everything else follows from the event.
"""
