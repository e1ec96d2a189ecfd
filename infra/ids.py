"""Identifiers: UUIDv7 for entities, opaque keys for what others carry around (QR scenes)."""

import secrets
from uuid import UUID

from uuid_utils.compat import uuid7

# Crockford's base32 in lower case: no letter looks like a digit, and every platform allows these characters in a scene.
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id() -> UUID:
    """A UUID of version 7 (RFC 9562): unique, and increasing with the time it was made at."""
    return uuid7()


def opaque_key(length: int = 12) -> str:
    """A random key of 5 bits a character: it tells nothing, and can't be guessed at 12 characters (60 bits)."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
