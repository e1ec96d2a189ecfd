"""The tasks: thin doors to plain async functions."""

import time
from datetime import timedelta
from typing import Any

from celery import shared_task

from app.contexts import CONTEXTS, registry
from infra import clock, deliveries, idempotency, partitions
from infra.errors import Unavailable
from infra.logging import logger, request_context
from infra.parameters import Parameter
from workers import loop

EVENT_DAYS = Parameter(name="events.kept_days", default=14, least=2, most=365, help="事件与投递记录保留的天数")

_REGISTRY = registry()
_JOBS = {job.name: job for context in CONTEXTS for job in context.jobs}
# A drain gives others a turn after this long.
_DRAIN_SECONDS = 10.0


@shared_task(name="workers.drain")
def drain(handler: str) -> None:
    """Handle what is due for a handler, batch by batch, until nothing is left or others want a turn."""
    started = time.monotonic()
    try:
        with request_context():
            while loop.run(deliveries.drain(_REGISTRY, handler)):
                if time.monotonic() - started > _DRAIN_SECONDS:
                    wake(handler)
                    return
    except Unavailable:
        # No try is counted; beat wakes the handler again.
        logger().warning("drain_interrupted", handler=handler)


def wake(handler: str) -> None:
    """Send a drain; one that waits for ten seconds has been overtaken by others."""
    drain.apply_async(args=(handler,), queue=_REGISTRY.handlers[handler].queue, expires=10)


@shared_task(name="workers.wake")
def wake_due() -> None:
    """Wake every handler that has something to do: what Celery or Redis lost, and what waited for its next try."""
    try:
        for handler in loop.run(deliveries.due_handlers(_REGISTRY)):
            wake(handler)
    except Unavailable:
        logger().warning("wake_skipped")


@shared_task(name="workers.run_job")
def run_job(name: str) -> None:
    """Run a context's job."""
    try:
        with request_context():
            loop.run(_run(name))
    except Unavailable:
        logger().warning("job_skipped", job=name)


async def _run(name: str) -> Any:
    return await _JOBS[name].run()


@shared_task(name="workers.housekeep")
def housekeep() -> None:
    """Partitions ahead, old ones dropped, old idempotency keys forgotten."""
    loop.run(_housekeep())


async def _housekeep() -> None:
    await partitions.ensure()
    await idempotency.forget_old()
    before = clock.now().date() - timedelta(days=await EVENT_DAYS.get())
    if await deliveries.unfinished_before(before):
        logger().error("old_events_unfinished", before=before.isoformat())
        return
    await partitions.drop_before(partitions.EVENT_DELIVERY, before)
    await partitions.drop_before(partitions.OUTBOX, before)
