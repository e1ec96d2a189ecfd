"""Notices that a live stream handed out are marked as delivered: many at once, a moment later."""

import asyncio
from collections.abc import Collection
from contextvars import Context
from uuid import UUID

from core.notices import service
from infra import clock, database
from infra.logging import logger

_GATHER_SECONDS = 1.0

_waiting = set[UUID]()
_marking: asyncio.Task[None] | None = None


def soon(notice_ids: Collection[str]) -> None:
    """Mark them within a second or so; a process that is killed before may forget it."""
    global _marking  # noqa: PLW0603 - one per process
    _waiting.update(map(UUID, notice_ids))
    if _waiting and _marking is None:
        # In a context of its own: it works for every stream.
        _marking = asyncio.get_running_loop().create_task(_mark(), context=Context())


async def close() -> None:
    """Mark what waits."""
    if _marking is not None:
        _marking.cancel()
        await asyncio.wait([_marking])
    await _mark_waiting()


async def _mark() -> None:
    global _marking  # noqa: PLW0603
    try:
        while _waiting:
            await asyncio.sleep(_GATHER_SECONDS)
            await _mark_waiting()
    finally:
        _marking = None


async def _mark_waiting() -> None:
    if not (ids := list(_waiting)):
        return
    try:
        async with database.transaction() as connection:
            await service.mark_delivered(connection, ids, clock.now())
        _waiting.difference_update(ids)
    except Exception as error:  # noqa: BLE001 - they wait for the next time
        logger().warning("notices_unmarked", error=type(error).__name__)
