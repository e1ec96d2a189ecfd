"""Sessions: opaque tokens, stored as SHA-256 with an expiry. Who may open one is decided above."""
