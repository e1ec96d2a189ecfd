"""Welcomes: the words a fan reads after scanning or following, by guide, store, channel or for everybody."""
