"""The tasks: thin doors to plain async functions."""

import time
from datetime import timedelta

from celery import shared_task

from app.contexts import CONTEXTS, registry
from infra import clock, database, deliveries, idempotency, live, outbox, partitions
from infra.context import Job
from infra.errors import Unavailable
from infra.logging import logger, request_context
from workers import loop
from workers.schedule import claim_due

_REGISTRY = registry()
# A drain gives others a turn after this long.
_DRAIN_SECONDS = 10.0
# What a cancelled job has to put things in order.
_UNWINDING_SECONDS = 30


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
    """Send a drain. One that waits for a minute has been overtaken by others; hosts' clocks may differ by less."""
    drain.apply_async(args=(handler,), queue=_REGISTRY.handlers[handler].queue, expires=60)


@shared_task(name="workers.tick")
def tick() -> None:
    """Wake handlers with something to do (what Celery or Redis lost, what waited for its next try), start due jobs."""
    try:
        for handler in loop.run(deliveries.due_handlers(_REGISTRY)):
            wake(handler)
        for name in loop.run(claim_due(JOBS.values())):
            _start(JOBS[name])
    except Unavailable:
        logger().warning("tick_skipped")


def _start(job: Job) -> None:
    seconds = int(job.longest.total_seconds())
    run_job.apply_async(
        args=(job.name,),
        queue=job.queue,
        expires=60,
        soft_time_limit=seconds,
        time_limit=seconds + _UNWINDING_SECONDS,
    )


@shared_task(name="workers.run_job")
def run_job(name: str) -> None:
    """Run a job."""
    try:
        with request_context():
            loop.run(_run(name))
    except Unavailable:
        logger().warning("job_skipped", job=name)


async def _run(name: str) -> None:
    # It may be due again while it still runs: a second one would only take a child from others.
    async with database.exclusive(f"job {name}") as alone:
        if alone:
            await JOBS[name].run()


async def housekeep() -> None:
    """Partitions ahead, old ones dropped, old idempotency keys forgotten."""
    await partitions.ensure()
    await idempotency.forget_old()
    today = clock.now().date()
    day = today - timedelta(days=await outbox.EVENT_DAYS.get())
    failed_day = today - timedelta(days=await outbox.FAILED_DAYS.get())
    droppable = await deliveries.droppable_before(day, failed_day=failed_day, handlers=_REGISTRY.handlers)
    if droppable < day:
        logger().error("old_events_unfinished", since=droppable.isoformat())
    await partitions.drop_before(partitions.EVENT_DELIVERY, droppable)
    await partitions.drop_before(partitions.OUTBOX, droppable)
    await partitions.drop_before(partitions.LIVE_EVENT, today - timedelta(days=await live.KEPT_DAYS.get()))


_HOUSEKEEPING = Job(name="workers.housekeep", every=timedelta(hours=1), run=housekeep)
JOBS = {job.name: job for job in (_HOUSEKEEPING, *(job for context in CONTEXTS for job in context.jobs))}
