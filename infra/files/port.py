"""What every place for bytes can do; `tests/infra/test_files_stores.py` holds each adapter to it."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import BinaryIO, Protocol

CHUNK_BYTES = 262_144


class Store(Protocol):
    """Bytes by their digest (SHA-256 in hex), which never change. Everything raises Unavailable when it can't be done.

    None of it may stand inside a database transaction.
    """

    async def put(self, digest: str, source: BinaryIO) -> None:
        """Keep the bytes of a local file, from its beginning: whole or not at all; again changes nothing."""

    def open(
        self, digest: str, start: int = 0, length: int | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """The bytes in chunks; with a `length`, so many of them from `start` on. Raises BytesMissing."""

    async def exists(self, digest: str) -> bool:
        """Whether its bytes are here."""

    async def delete(self, digest: str) -> None:
        """Remove the bytes; what isn't there is no error."""

    async def sweep(self, before: datetime) -> int:
        """Remove what a `put` left that began before a moment and never ended; returns how many."""

    async def close(self) -> None:
        """Give back connections; the store may be used again."""
