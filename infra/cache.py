"""A small read-through cache per process: at most a moment old, and usable while PostgreSQL stalls."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextvars import Context
from typing import Generic, TypeVar

from infra.logging import logger

V = TypeVar("V")

FRESH_SECONDS = 2.0
# How long a reader waits for a newer value before it makes do with the old one, and how old that may be.
_PATIENCE_SECONDS = 0.05
_OLDEST_SECONDS = 60.0


class Cache(Generic[V]):
    """Values by key, read by `read` when missing or older than two seconds; one read at a time per key.

    When a newer value is slow or can't be had, the old one is given out, for up to a minute; without one, `get` raises
    what `read` raised.
    """

    def __init__(self, name: str, read: Callable[[str], Awaitable[V]], *, most: int = 50_000) -> None:
        self._name = name
        self._read = read
        self._most = most
        self._values = dict[str, tuple[V, float]]()
        self._reading = dict[str, asyncio.Task[V]]()

    async def get(self, key: str = "") -> V:
        known = self._values.get(key)
        if known is not None and time.monotonic() - known[1] < FRESH_SECONDS:
            return known[0]
        reading = self._start_reading(key)
        if known is None or time.monotonic() - known[1] > _OLDEST_SECONDS:
            return await asyncio.shield(reading)
        await asyncio.wait({reading}, timeout=_PATIENCE_SECONDS)
        if reading.done() and not reading.cancelled() and reading.exception() is None:
            return reading.result()
        return known[0]

    def fresh(self, key: str = "") -> V | None:
        """The value, if nothing has to be read for it: who asks several caches waits for the old ones side by side."""
        known = self._values.get(key)
        return known[0] if known is not None and time.monotonic() - known[1] < FRESH_SECONDS else None

    async def reread(self, key: str = "", *, older_than: float) -> V:
        """The value, read again if it is older than `older_than` seconds: for what a reader missed in it."""
        known = self._values.get(key)
        if known is not None and time.monotonic() - known[1] <= older_than:
            return known[0]
        return await asyncio.shield(self._start_reading(key))

    def put(self, key: str, value: V) -> None:
        """Keep a value read elsewhere; the oldest key makes room."""
        self._values.pop(key, None)
        if len(self._values) >= self._most:
            del self._values[next(iter(self._values))]
        self._values[key] = value, time.monotonic()

    def clear(self) -> None:
        """Read anew next time."""
        self._values.clear()

    def _start_reading(self, key: str) -> asyncio.Task[V]:
        if key not in self._reading:
            # In a context of its own: inside a caller's transaction it would read what may never be committed, on a
            # connection that may end before it.
            task = asyncio.get_running_loop().create_task(self._refresh(key), context=Context())
            # Readers may have made do with the old value: then nobody else looks at what went wrong.
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
            self._reading[key] = task
        return self._reading[key]

    async def _refresh(self, key: str) -> V:
        try:
            value = await self._read(key)
        except Exception as error:
            logger().warning("cache_stale", cache=self._name, error=type(error).__name__)
            raise
        finally:
            self._reading.pop(key, None)
        self.put(key, value)
        return value
