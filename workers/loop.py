"""The event-loop thread of a worker child: Celery's main thread hands coroutines over and waits.

A loop in the main thread is dangerous: after a soft time limit a coroutine would live on and commit inside the next
task. Here an interrupted task is cancelled and waited for before the next one begins (architecture, §7).
"""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import CancelledError
from contextlib import suppress
from typing import Any, TypeVar

R = TypeVar("R")

_loop: asyncio.AbstractEventLoop | None = None


def start() -> None:
    """Start the thread; once per process, after the fork."""
    global _loop  # noqa: PLW0603 - one per process
    if _loop is None:
        _loop = asyncio.new_event_loop()
        threading.Thread(target=_loop.run_forever, name="event-loop", daemon=True).start()


def run(work: Coroutine[Any, Any, R]) -> R:
    """The coroutine's result. On any exception in this thread (a time limit) the coroutine is cancelled and unwound."""
    if _loop is None:
        raise RuntimeError("workers.loop.start() was not called in this process")
    done = threading.Event()

    async def supervised() -> R:
        try:
            return await work
        finally:
            done.set()

    future = asyncio.run_coroutine_threadsafe(supervised(), _loop)
    try:
        return future.result()
    except BaseException:
        if not future.done():
            future.cancel()
            with suppress(CancelledError):
                done.wait()
        raise
