"""A folder as a store: `ab/cd/abcd…`. Every process of the installation must see the same folder."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from infra import clock
from infra.errors import Unavailable
from infra.files.errors import BytesMissing
from infra.files.port import CHUNK_BYTES
from infra.ids import opaque_key
from infra.logging import logger

_INCOMING = "incoming"


class Folder:
    """Files are readable by our own user only, and appear under their names complete and synchronised to the disk."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def path(self, digest: str) -> Path:
        """Where the bytes lie."""
        return self._root / digest[:2] / digest[2:4] / digest

    async def put(self, digest: str, source: BinaryIO) -> None:
        with _outages():
            await asyncio.to_thread(self._put, digest, source)

    @asynccontextmanager
    async def open(self, digest: str, start: int = 0, length: int | None = None) -> AsyncIterator[AsyncIterator[bytes]]:
        try:
            with _outages():
                file = await asyncio.to_thread(self.path(digest).open, "rb")
        except FileNotFoundError as error:
            raise BytesMissing from error
        with file:
            yield _chunks(file, start, length)

    async def exists(self, digest: str) -> bool:
        return await asyncio.to_thread(self.path(digest).exists)

    async def delete(self, digest: str) -> None:
        with _outages():
            await asyncio.to_thread(self.path(digest).unlink, missing_ok=True)

    async def sweep(self, before: datetime) -> int:
        with _outages():
            return await asyncio.to_thread(self._sweep, before.timestamp())

    async def close(self) -> None:
        """A folder holds nothing open."""

    def _put(self, digest: str, source: BinaryIO) -> None:
        target = self.path(digest)
        if target.exists():
            return
        incoming = self._root / _INCOMING
        for folder in (self._root, incoming, target.parent.parent, target.parent):
            _make(folder)
        # Our clock's time stands in the name: `sweep` is told moments of that clock.
        temporary = incoming / f"{int(clock.timestamp())}-{opaque_key()}"
        try:
            _write(temporary, source)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
        _synchronise(target.parent)

    def _sweep(self, before: float) -> int:
        incoming = self._root / _INCOMING
        if not incoming.exists():
            return 0
        stamps = {path: path.name.partition("-")[0] for path in incoming.iterdir()}
        old = [path for path, stamp in stamps.items() if stamp.isdigit() and int(stamp) < before]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)


def _make(folder: Path) -> None:
    if not folder.exists():
        folder.mkdir(mode=0o700, exist_ok=True)
        _synchronise(folder.parent)


def _write(path: Path, source: BinaryIO) -> None:
    source.seek(0)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123 - the mode counts from the first moment
        shutil.copyfileobj(source, file, CHUNK_BYTES)
        file.flush()
        os.fsync(file.fileno())


def _synchronise(folder: Path) -> None:
    """A name is on the disk only when its folder is."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


async def _chunks(file: BinaryIO, start: int, length: int | None) -> AsyncIterator[bytes]:
    file.seek(start)
    while length is None or length > 0:
        chunk = await asyncio.to_thread(file.read, CHUNK_BYTES if length is None else min(CHUNK_BYTES, length))
        if not chunk:
            return
        length = None if length is None else length - len(chunk)
        yield chunk


@contextmanager
def _outages() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        # A full disk, a folder that isn't ours, a share that is away.
        logger().error("files_folder_failed", error=type(error).__name__, errno=error.errno)
        raise Unavailable({"server": "files"}) from error
