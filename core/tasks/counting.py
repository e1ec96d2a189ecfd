"""Numbers of a task for its author's page, live: however many words arrive, about once a second.

Which tasks were stirred is remembered in Redis: it may be lost, for the page reads the same numbers when it is opened.
"""

from collections.abc import Collection
from typing import Any, cast
from uuid import UUID

from core.tasks import queries
from infra import database, live, redis
from infra.live import LiveEvent, staff_topic
from infra.logging import logger

_STIRRED = "tasks:stirred"
_AT_ONCE = 500


def stir(task_ids: Collection[UUID]) -> None:
    """After the caller's commit these tasks have other numbers."""
    database.after_commit(lambda: _remember([str(task_id) for task_id in task_ids]))


async def _remember(task_ids: list[str]) -> None:
    try:
        await cast("Any", redis.client()).sadd(_STIRRED, *task_ids)
    except redis.RedisError as error:
        logger().warning("task_counts_lost", error=type(error).__name__)


async def tell_counts() -> int:
    """Tell the authors of stirred tasks the numbers; returns how many tasks."""
    try:
        stirred = await cast("Any", redis.client()).spop(_STIRRED, _AT_ONCE)
    except redis.RedisError as error:
        logger().warning("task_counts_lost", error=type(error).__name__)
        return 0
    if not stirred:
        return 0
    counts = await queries.counts([UUID(task_id.decode()) for task_id in stirred])
    async with database.transaction() as connection:
        await live.publish(
            connection,
            [
                LiveEvent(staff_topic(author_id), "task_counts", {"task_id": task_id} | found.model_dump())
                for task_id, (author_id, found) in counts.items()
            ],
        )
    return len(counts)
