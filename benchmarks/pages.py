"""Pages asked for one after the other: over HTTP and by hand, what they take, and what plans read."""

import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from statistics import quantiles
from typing import Any, TypeVar
from uuid import UUID

import aiohttp

from benchmarks.table import P99, Run

T = TypeVar("T")
WARM_UP = 20


def run(waits: Sequence[float]) -> Run:
    """A run of pages that took so many milliseconds each."""
    hundredths = quantiles(waits, n=100)
    return Run(len(waits) * 1000 / sum(waits), {"p50 ms": hundredths[49], P99: hundredths[98]})


async def timed(ask: Callable[[T], Awaitable[object]], what: Sequence[T]) -> list[float]:
    """Milliseconds of each page; the first ones warm up and don't count."""
    waits = []
    for one in [*what[:WARM_UP], *what]:
        started = time.perf_counter()
        await ask(one)
        waits.append((time.perf_counter() - started) * 1000)
    return waits[WARM_UP:]


@asynccontextmanager
async def door(port: int, token: str) -> AsyncIterator[aiohttp.ClientSession]:
    """Somebody logged in at an API process."""
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}", headers=headers) as session:
        yield session


async def items(answer: aiohttp.ClientResponse) -> int:
    """How many are on the page; raises RuntimeError for anything else."""
    if answer.status != 200:
        raise RuntimeError(await answer.text())
    return len((await answer.json())["items"])


async def tokens(people: Sequence[UUID]) -> dict[UUID, str]:
    """A session for each of them."""
    from core.sessions import service as sessions

    return {person: (await sessions.open_session("staff", person)).token for person in people}


def nodes(plan: str) -> list[dict[str, Any]]:
    """All nodes of what EXPLAIN (FORMAT JSON) said."""

    def walk(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield node
        for child in node.get("Plans", ()):
            yield from walk(child)

    return list(walk(json.loads(plan)[0]["Plan"]))


def read_whole(plan: str, big: frozenset[str]) -> set[str]:
    """The big tables a plan reads from end to end."""
    return {str(node.get("Relation Name")) for node in nodes(plan) if node["Node Type"] == "Seq Scan"} & big


def indexes(plan: str) -> set[str]:
    """The indexes a plan uses."""
    return {node["Index Name"] for node in nodes(plan) if "Index Name" in node}
