"""Relay, worker and beat with one more context: five handlers that write one row per event.

`celery -A tests.scenarios.pipeline_processes` and `python -m tests.scenarios.pipeline_processes` (the relay) start the
product's own processes; only the list of contexts is longer.
"""

import asyncio
from dataclasses import dataclass
from typing import ClassVar

from app import contexts
from infra import database
from infra.context import Context
from infra.events import Event, Handler

ORDINARY = ("trial.a", "trial.b", "trial.c")
LISTS = ("trial.d", "trial.e")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried(Event):
    name: ClassVar[str] = "trial.tried.v1"
    number: int

    @property
    def key(self) -> str:
        return str(self.number % 997)


def _ordinary(handler):
    async def handle(delivered):
        await database.execute("INSERT INTO trial_effect VALUES ($1, $2)", handler, delivered.event.number)

    return handle


def _list(handler):
    async def handle_many(batch):
        numbers = [delivered.event.number for delivered in batch]
        await database.execute("INSERT INTO trial_effect SELECT $1, unnest($2::int[])", handler, numbers)

    return handle_many


HANDLERS = (
    *(Handler(name=name, events=(Tried,), handle=_ordinary(name)) for name in ORDINARY),
    *(Handler(name=name, events=(Tried,), handle_many=_list(name)) for name in LISTS),
)

contexts.CONTEXTS = (*contexts.CONTEXTS, Context(name="trial", handlers=HANDLERS))

from workers.app import app  # noqa: E402, F401 - Celery looks for it here, after the list is longer

if __name__ == "__main__":
    from workers.relay import main

    asyncio.run(main())
