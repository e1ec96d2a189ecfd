"""Replies by rule: what marketers have the account say to key words, menu keys, events, follows and all the rest."""
