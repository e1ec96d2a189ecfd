"""Calls to the platform: tokens fetched once for all processes, typed calls, errors by their meaning."""
