"""P1, P2: events from the outbox to the effects of five handlers, against a raw asyncpg loop.

The baseline is the strongest such loop: one autocommitted INSERT per effect (no BEGIN and COMMIT round trips), the
statement prepared once, on uvloop, in as many processes (and connections) as ours has, the relay counted.
"""

import asyncio
import time
from collections.abc import Callable
from functools import partial

from benchmarks.crew import Start, run_together, show_profile
from benchmarks.house import House, level_ground, with_product
from benchmarks.pipeline_roles import Report, add_effects, drain, relay
from benchmarks.rounds import in_turns
from benchmarks.sample_events import HANDLERS, Happened
from benchmarks.table import Line, Run
from infra import database, outbox

DRAINS = 2
PROCESSES = DRAINS + 1
_PUBLISHED_AT_ONCE = 1000
_CUSTOMERS = 1000

_CLEAN = (
    "CREATE TABLE IF NOT EXISTS bench_effect (handler text NOT NULL, customer text NOT NULL, number int NOT NULL)",
    "TRUNCATE outbox, event_delivery, bench_effect",
)


def single(house: House, rounds: int, events: int) -> Line:
    """P1: handlers that take one event."""
    return _line(house, rounds, events, id_="P1", kind="single", floor=0.3, aim=0.5)


def lists(house: House, rounds: int, events: int) -> Line:
    """P2: handlers that take a list."""
    return _line(house, rounds, events, id_="P2", kind="list", floor=1.5, aim=None)


def _line(house: House, rounds: int, events: int, *, id_: str, kind: str, floor: float, aim: float | None) -> Line:
    path = f"{events} events × {HANDLERS} {kind} handlers, {DRAINS} drains and a relay"
    ours = partial(_ours, house, kind, events)
    baseline = partial(_baseline, house, events * HANDLERS)
    measured = in_turns(f"{id_} {path}", ours, baseline, rounds)
    what = f"one autocommitted INSERT per effect, asyncpg, {PROCESSES} processes of one connection"
    return Line(id=id_, path=path, floor=floor, aim=aim, baseline=what, rounds=measured)


def _ours(house: House, kind: str, events: int) -> Run:
    asyncio.run(level_ground(house.url, *_CLEAN))
    publishing = asyncio.run(with_product(partial(_publish, events)))
    profile = house.profile_file(f"drain-{kind}")
    parts: list[Callable[[Start], Report]] = [
        partial(drain, kind, number, profile if number == 0 else None) for number in range(DRAINS)
    ]
    reports = run_together([*parts, relay])
    asyncio.run(with_product(partial(_check, events * HANDLERS)))
    if profile:
        show_profile(profile)
    relayed = reports[-1]
    return Run(
        _rate(reports[:-1], begun=relayed.begun),
        {
            "published/s": events / publishing,
            "relayed/s": relayed.done / (relayed.ended - relayed.begun),
        },
    )


def _baseline(house: House, effects: int) -> Run:
    asyncio.run(level_ground(house.url, *_CLEAN))
    reports = run_together([partial(add_effects, house.url, effects // PROCESSES, n) for n in range(PROCESSES)])
    return Run(_rate(reports, begun=min(report.begun for report in reports)), {})


def _rate(reports: list[Report], *, begun: float) -> float:
    """Effects per second from the beginning to the last one."""
    return sum(report.done for report in reports) / (max(report.ended for report in reports) - begun)


async def _publish(events: int) -> float:
    """Seconds it took to publish them all."""
    begun = time.monotonic()
    for first in range(0, events, _PUBLISHED_AT_ONCE):
        numbers = range(first, min(first + _PUBLISHED_AT_ONCE, events))
        async with database.transaction():
            await outbox.publish(*(Happened(customer=f"{n % _CUSTOMERS:032x}", number=n) for n in numbers))
    return time.monotonic() - begun


async def _check(expected: int) -> None:
    """Raises RuntimeError unless every event had every effect once."""
    row = await database.fetch_one("SELECT count(*) AS n, count(DISTINCT (handler, number)) AS d FROM bench_effect")
    if row is None or not row["n"] == row["d"] == expected:
        raise RuntimeError(f"{expected} effects expected, found {row}")
