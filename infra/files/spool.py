"""What comes in lies in a nameless temporary file until all of it is there: of a broken upload nothing is left."""

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import BinaryIO

from infra.files.errors import FileTooLarge
from infra.files.kinds import HEAD_BYTES

_WRITE_BYTES = 1_048_576


@dataclass(frozen=True, slots=True)
class Spooled:
    """A whole upload: its bytes on the local disk, their SHA-256 in hex, how many they are and the first of them."""

    file: BinaryIO
    digest: str
    size: int
    head: bytes


@asynccontextmanager
async def spooled(
    chunks: AsyncIterator[bytes], most_bytes: Callable[[bytes], Awaitable[int]]
) -> AsyncIterator[Spooled]:
    """Read a stream to its end, holding a mebibyte of it at most.

    `most_bytes` gets the first 8 KiB as soon as they are there, says how long the whole may be, and may raise. Raises
    FileTooLarge, and what the stream raises.
    """
    with tempfile.TemporaryFile() as file:
        yield await _read(file, chunks, most_bytes)


async def _read(file: BinaryIO, chunks: AsyncIterator[bytes], most_bytes: Callable[[bytes], Awaitable[int]]) -> Spooled:
    sha256, size, head, most = hashlib.sha256(), 0, b"", None
    waiting = bytearray()

    def write() -> None:
        sha256.update(waiting)
        file.write(waiting)
        waiting.clear()

    async for chunk in chunks:
        waiting += chunk
        size += len(chunk)
        if most is None and size >= HEAD_BYTES:
            head = bytes(waiting[:HEAD_BYTES])
            most = await most_bytes(head)
        if most is not None and size > most:
            raise FileTooLarge({"most_bytes": most})
        if len(waiting) >= _WRITE_BYTES:
            await asyncio.to_thread(write)
    if most is None:
        head = bytes(waiting)
        await most_bytes(head)
    await asyncio.to_thread(write)
    return Spooled(file, sha256.hexdigest(), size, head)
