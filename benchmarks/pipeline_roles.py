"""Who works in the pipeline's measurement, each in a process of its own: drains, the relay, the raw loop."""

import asyncio
import cProfile
import time
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import uvloop

from app.contexts import MODELS
from benchmarks.crew import Start
from benchmarks.sample_events import registry
from infra import database, deliveries, outbox
from workers import loop


@dataclass(frozen=True, slots=True)
class Report:
    """Monotonic seconds, comparable between processes, and what was done between them."""

    begun: float
    ended: float
    done: int


def drain(kind: str, number: int, profile: Path | None, start: Start) -> Report:
    """A worker child: the same loop thread, handler after handler until nothing is left, as Celery's task does."""
    handlers = registry(kind)
    names = list(handlers.handlers)
    # Children begin with different handlers, since each takes another task.
    names = names[number:] + names[:number]
    loop.start()
    loop.run(database.connect(MODELS))
    loop.run(database.fetch("SELECT 1"))
    profiler = cProfile.Profile()
    start()
    if profile:
        loop.run(_profiled(profiler, on=True))
    begun = ended = time.monotonic()
    done = 0
    while True:
        # Asked before the sweep: what was fanned out by then is seen by it.
        all_relayed = not loop.run(database.fetch("SELECT 1 FROM outbox WHERE relayed_at IS NULL LIMIT 1"))
        before = done
        for name in names:
            while count := loop.run(deliveries.drain(handlers, name)):
                done += count
                ended = time.monotonic()
        if all_relayed and done == before:
            break
    if profile:
        loop.run(_profiled(profiler, on=False))
        profiler.dump_stats(profile)
    loop.run(database.disconnect())
    return Report(begun, ended, done)


async def _profiled(profiler: cProfile.Profile, *, on: bool) -> None:
    # A profiler watches the thread it is switched on in: the event loop's.
    if on:
        profiler.enable()
    else:
        profiler.disable()


def relay(start: Start) -> Report:
    """Fan out until nothing is left."""
    return asyncio.run(_relay(start))


async def _relay(start: Start) -> Report:
    handlers = registry("single")
    await database.connect(MODELS)
    await database.fetch("SELECT 1")
    start()
    begun, done = time.monotonic(), 0
    while taken := (await outbox.fan_out(handlers))[0]:
        done += taken
    ended = time.monotonic()
    await database.disconnect()
    return Report(begun, ended, done)


def add_effects(url: str, count: int, number: int, start: Start) -> Report:
    """The baseline: one durable transaction per effect, as fast as one connection goes."""
    return uvloop.run(_add_effects(url, count, number, start))


async def _add_effects(url: str, count: int, number: int, start: Start) -> Report:
    connection = await asyncpg.connect(url)
    insert = await connection.prepare("INSERT INTO bench_effect VALUES ($1, $2, $3)")
    handler = f"bench.{number}"
    start()
    begun = time.monotonic()
    for effect in range(count):
        await insert.fetch(handler, f"{effect % 1000:032x}", effect)
    ended = time.monotonic()
    await connection.close()
    return Report(begun, ended, count)
