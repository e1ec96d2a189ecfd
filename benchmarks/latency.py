"""P4: how long a push waits for its answer while a responder and an event handler sleep for ten seconds each.

The API, relay, worker and beat are the product's, with one more context (`sleepers.py`). They all run during the
baseline's turn too, so both wait beside the same sleepers.
"""

import asyncio
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import count
from statistics import quantiles

from benchmarks.crew import run_together
from benchmarks.furniture import BARE, BARE_COMMAND, scenes
from benchmarks.house import House, Server, level_ground, running, serving, with_product
from benchmarks.load import Answers
from benchmarks.rounds import in_turns
from benchmarks.steady import Steady, fire_steadily
from benchmarks.table import P99, Latency, Run
from infra import database

_RATE = 200
_MOST_MS = 200.0
_MOST_ROUNDS = 3  # a round takes most of a minute
_API = ("-m", "benchmarks.sleepers", "api", "--port", "{port}")
_CELERY = ("-m", "celery", "-A", "benchmarks.sleepers")
_OTHERS = {
    "sleepers-relay": ("-m", "benchmarks.sleepers", "relay"),
    "sleepers-worker": (*_CELERY, "worker", "--pool=prefork", "-c", "2", "-Q", "critical,default,bulk,media"),
    "sleepers-beat": (*_CELERY, "beat", "--schedule", "{folder}/beat"),
}
_SLEPT = "CREATE TABLE bench_sleep (woke_at timestamptz)"
_runs = count(5001)  # P3's openids count from 1


@dataclass(frozen=True, slots=True)
class _Target:
    """Where to send, and where a request leaves a row."""

    server: Server
    table: str


def line(house: House, rounds: int, seconds: int) -> Latency:
    """P4."""
    load = Steady(_RATE, seconds, scenes())
    asyncio.run(level_ground(house.url, _SLEPT))
    with ExitStack() as stack:
        for name, command in _OTHERS.items():
            words = [word.replace("{folder}", str(house.folder)) for word in command]
            stack.enter_context(running(house, name, *words, grace=1))
        ours = _Target(stack.enter_context(serving(house, "sleepers-api", *_API, ready="/readyz")), "push")
        bare = _Target(stack.enter_context(serving(house, "bare", *BARE_COMMAND, ready="/readyz")), "bench_push")
        path = f"{_RATE} pushes/s for {seconds} s beside a responder and a handler that sleep 10 s"
        run = partial(_run, house, load)
        found = in_turns(f"P4 {path}", partial(run, ours), partial(run, bare), min(rounds, _MOST_ROUNDS))
        asyncio.run(with_product(_check_sleepers))
    return Latency(id="P4", path=path, most=_MOST_MS, baseline=BARE, rounds=found)


def _run(house: House, load: Steady, target: _Target) -> Run:
    # Tables keep their rows: the sleepers hold locks on some, and openids of runs differ.
    asyncio.run(level_ground(house.url))
    before = asyncio.run(with_product(partial(_count, target.table)))
    answers = run_together([partial(fire_steadily, load, target.server.port, f"{next(_runs):04}")])[0]
    written = asyncio.run(with_product(partial(_count, target.table))) - before - load.warm_up
    _check(load, answers, written)
    hundredths = quantiles(answers.milliseconds, n=100)
    return Run(load.requests / answers.seconds, {"p50 ms": hundredths[49], P99: hundredths[98]})


async def _count(table: str) -> int:
    row = await database.fetch_one(f"SELECT count(*) AS n FROM {table}")
    return int(row["n"]) if row else 0


def _check(load: Steady, answers: Answers, written: int) -> None:
    """Raises RuntimeError unless every request was accepted and written, and silently: all responders slept."""
    if not answers.ok == written == load.requests or answers.encrypted:
        found = f"{answers.ok} accepted, {answers.encrypted} welcomed, {written} written"
        raise RuntimeError(f"{found} of {load.requests}")


async def _check_sleepers() -> None:
    """Raises RuntimeError unless the event handler slept too, and the product's own went on beside it."""
    slept, recorded = await _count("bench_sleep"), await _count("timeline")
    if not slept or not recorded:
        raise RuntimeError(f"{slept} handlers slept, {recorded} contacts were recorded")
