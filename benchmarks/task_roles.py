"""Who works in the measurement of words about a task, each in a process of its own: phones, and the raw upserts."""

import asyncio
import random
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid5

import asyncpg
import uvloop

from benchmarks.crew import Start

STEPS = ("delivered", "read", "done")
COPIES = 5
PROCESSES = 8
_PHONES = 40  # of a process at once

UPSERT = """
INSERT INTO bench_word AS w (staff_id, {step}_at) VALUES ($1, $2)
ON CONFLICT (staff_id) DO UPDATE SET {step}_at = LEAST(w.{step}_at, excluded.{step}_at)
"""


@dataclass(frozen=True, slots=True)
class Talk:
    """What is to be said: each recipient's words, five times each, shuffled and dealt to the processes."""

    task_id: UUID
    sent_at: datetime
    people: tuple[UUID, ...]

    @property
    def words(self) -> int:
        return len(self.people) * len(STEPS)

    def share(self, number: int) -> list[tuple[UUID, str]]:
        """The (person, step) that a process says."""
        copies = [(person, step) for person in self.people for step in STEPS] * COPIES
        random.Random(self.task_id.int).shuffle(copies)
        return copies[number::PROCESSES]


@dataclass(frozen=True, slots=True)
class Report:
    """Monotonic seconds, comparable between processes, and how many words counted."""

    begun: float
    ended: float
    applied: int


def talk(what: Talk, number: int, start: Start) -> Report:
    """Phones that each say one word at a time to the product's door."""
    return uvloop.run(_talk(what, number, start))


async def _talk(what: Talk, number: int, start: Start) -> Report:
    from benchmarks.house import with_product
    from core.tasks import saying
    from core.tasks.rules import Step
    from core.tasks.schemas import Outcome, WordIn
    from infra import database, redis

    said = [
        (
            person,
            WordIn(
                key=uuid5(person, f"{what.task_id}{step}"),
                task_id=what.task_id,
                step=Step(step),
                version=1,
                said_at=what.sent_at + timedelta(microseconds=STEPS.index(step) + 1),
            ),
        )
        for person, step in what.share(number)
    ]
    applied = 0

    async def phone() -> None:
        nonlocal applied
        while said:
            person, word = said.pop()
            (result,) = await saying.say(person, [word])
            applied += result.outcome is Outcome.APPLIED

    async def all_phones() -> Report:
        await database.fetch("SELECT 1")
        start()
        begun = time.monotonic()
        await asyncio.gather(*(phone() for _ in range(_PHONES)))
        ended = time.monotonic()
        await redis.disconnect()
        return Report(begun, ended, applied)

    return await with_product(all_phones)


def upsert(url: str, what: Talk, number: int, start: Start) -> Report:
    """The baseline: one durable upsert per word, as fast as one connection goes."""
    return uvloop.run(_upsert(url, what, number, start))


async def _upsert(url: str, what: Talk, number: int, start: Start) -> Report:
    share = what.share(number)
    connection = await asyncpg.connect(url)
    statements = {step: await connection.prepare(UPSERT.format(step=step)) for step in STEPS}
    start()
    begun = time.monotonic()
    for person, step in share:
        await statements[step].fetch(person, what.sent_at)
    ended = time.monotonic()
    await connection.close()
    return Report(begun, ended, len(share))
