"""An event and its handlers, written as any context writes them; an effect is one row."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from infra import database
from infra.events import Delivered, Event, Handler, Registry

HANDLERS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened(Event):
    name: ClassVar[str] = "bench.happened.v1"
    customer: str
    number: int

    @property
    def key(self) -> str:
        return self.customer


async def _handle(handler: str, delivered: Delivered[Happened]) -> None:
    event = delivered.event
    await database.execute("INSERT INTO bench_effect VALUES ($1, $2, $3)", handler, event.customer, event.number)


async def _handle_many(handler: str, batch: Sequence[Delivered[Happened]]) -> None:
    await database.execute(
        "INSERT INTO bench_effect SELECT $1, * FROM unnest($2::text[], $3::int[])",
        handler,
        [delivered.event.customer for delivered in batch],
        [delivered.event.number for delivered in batch],
    )


def registry(kind: str) -> Registry:
    """Five handlers, "single" ones or "list" ones."""
    names = [f"bench.{number}" for number in range(HANDLERS)]
    if kind == "list":
        return Registry(Handler(name=n, events=(Happened,), handle_many=partial(_handle_many, n)) for n in names)
    return Registry(Handler(name=n, events=(Happened,), handle=partial(_handle, n)) for n in names)
