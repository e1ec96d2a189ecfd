"""P3: the push endpoint in one process, durable and with an encrypted welcome, against a bare endpoint (`bare.py`)."""

import asyncio
from dataclasses import dataclass
from functools import partial
from itertools import count
from statistics import quantiles

from benchmarks.crew import run_together, show_profile
from benchmarks.furniture import BARE, BARE_COMMAND, scenes
from benchmarks.house import House, Server, level_ground, serving, with_product
from benchmarks.load import WARM_UP, Answers, Load, fire
from benchmarks.rounds import in_turns
from benchmarks.table import Line, Run
from infra import database

_FLOOR = 0.9
_AIMS = {32: None, 128: 1.5}
_WELCOMED = 0.99
_OUR_COMMAND = ("-m", "app.cli", "api", "--port", "{port}")
_runs = count(1)


@dataclass(frozen=True, slots=True)
class _Tables:
    """Where a request leaves a row, and whether it is answered with a welcome."""

    written: tuple[str, ...]
    welcomed: bool


_OURS = _Tables(("push", "push_key", "outbox"), welcomed=True)
_BASELINE = _Tables(("bench_push",), welcomed=False)


def lines(house: House, rounds: int, requests: int) -> list[Line]:
    """P3 at 32 and at 128 connections."""
    scenes()
    profile = house.profile_file("api")
    with (
        serving(house, "api", *_OUR_COMMAND, ready="/readyz", profile=profile) as ours,
        serving(house, "bare", *BARE_COMMAND, ready="/readyz") as bare,
    ):
        measured = []
        for connections, aim in _AIMS.items():
            path = f"subscribe push, encrypted welcome, {connections} connections"
            run = partial(_run, house, Load(connections, requests, scenes()))
            found = in_turns(f"P3 {path}", partial(run, ours, _OURS), partial(run, bare, _BASELINE), rounds)
            measured.append(Line(id=f"P3@{connections}", path=path, floor=_FLOOR, aim=aim, baseline=BARE, rounds=found))
    if profile:
        show_profile(profile)
    return measured


def _run(house: House, load: Load, server: Server, tables: _Tables) -> Run:
    asyncio.run(level_ground(house.url, f"TRUNCATE {', '.join(tables.written)}"))
    before = server.cpu_seconds()
    answers = run_together([partial(fire, load, server.port, f"{next(_runs):04}")])[0]
    cpu = server.cpu_seconds() - before
    asyncio.run(with_product(partial(_check, load, answers, tables)))
    hundredths = quantiles(answers.milliseconds, n=100)
    return Run(
        load.requests / answers.seconds,
        {
            "p50 ms": hundredths[49],
            "p99 ms": hundredths[98],
            "server's CPU µs": cpu / (WARM_UP + load.requests) * 1e6,
        },
    )


async def _check(load: Load, answers: Answers, tables: _Tables) -> None:
    """Raises RuntimeError unless every request was answered and written to every table."""
    rows = [await database.fetch_one(f"SELECT count(*) AS n FROM {table}") for table in tables.written]
    written = min(row["n"] if row else 0 for row in rows) - WARM_UP
    # A responder past its time limit is cut off and says nothing, which a neighbour's noise may bring about.
    welcomed = answers.encrypted >= _WELCOMED * load.requests or not tables.welcomed
    if not (answers.ok == written == load.requests and welcomed):
        raise RuntimeError(f"{answers.ok} accepted, {answers.encrypted} welcomed, {written} written of {load.requests}")
