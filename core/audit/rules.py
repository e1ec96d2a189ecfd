"""The chain of hashes: each covers a row of the log and the hash before it."""

import hashlib
from datetime import UTC
from typing import Any, Protocol

import orjson

GENESIS = bytes(32)

_COLUMNS = ("actor", "action", "subject_kind", "subject_id", "details", "request_id", "address")


class Row(Protocol):
    """A row of the log, its details as text."""

    def __getitem__(self, name: str, /) -> Any: ...


def encoded(row: Row) -> bytes:
    """The row in the one way it is hashed: a compact JSON array (UTF-8) of text and null.

    In it: id, time in UTC to the microsecond, actor, action, subject's kind and id, details as PostgreSQL writes jsonb,
    request id, address.
    """
    at = row["created_at"].astimezone(UTC).isoformat(timespec="microseconds")
    return orjson.dumps([str(row["id"]), at, *(row[name] for name in _COLUMNS)])


def next_hash(former: bytes, row: Row) -> bytes:
    """SHA-256 of the hash before it and the row; before the first stand 32 zero bytes."""
    return hashlib.sha256(former + encoded(row)).digest()
