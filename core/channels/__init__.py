"""Channels: where fans come from besides people and stores (a poster, a parcel, an exhibition)."""
