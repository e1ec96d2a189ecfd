"""L1: a page of fans for every data scope among a million customers (`crowd.py`), asked of one API process.

The baseline is the same SQL from asyncpg, so the difference is what HTTP, log-in and rights cost. Plans are looked at
first: one statement a page, an index for every big table.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from functools import partial
from random import Random
from statistics import quantiles
from typing import Any

import aiohttp
import asyncpg

from benchmarks import crowd
from benchmarks.crowd import CALLERS, CUSTOMERS, Caller, gather, id_of
from benchmarks.house import House, say, serving, with_product
from benchmarks.rounds import in_turns
from benchmarks.table import P99, Latency, Run
from core.organisation.queries import Colleague
from infra import database

_BIG = {"customer", "identity", "touch", "wechat_label_member"}
_MOST_MS = 50.0
_MOST_ROUNDS = 3
_WARM_UP = 20
_BASELINE = "the same SQL from one asyncpg connection"
_OUR_COMMAND = ("-m", "app.cli", "api", "--port", "{port}")
Ask = Callable[[str | None], Awaitable[int]]


def lines(house: House, rounds: int, pages: int) -> list[Latency]:
    """A line for each scope."""
    say(f"gathering {CUSTOMERS:,} customers")
    asyncio.run(gather(house.url))
    tokens = asyncio.run(with_product(_log_in))
    measured = []
    with serving(house, "api", *_OUR_COMMAND, ready="/readyz") as server:
        for caller in CALLERS:
            asyncio.run(with_product(partial(_look_at_plans, caller)))
            path = f"a page of 50 fans, scope {caller.name}"
            ours = partial(_run, partial(_over_http, server.port, tokens[caller.name]), pages)
            bare = partial(_run, partial(_raw, house.url, caller), pages)
            found = in_turns(f"L1 {path}", ours, bare, min(rounds, _MOST_ROUNDS))
            name = caller.name.replace(" ", "-")
            measured.append(Latency(id=f"L1@{name}", path=path, most=_MOST_MS, baseline=_BASELINE, rounds=found))
    return measured


def _run(measure: Callable[[list[str | None]], Awaitable[list[float]]], pages: int) -> Run:
    random = Random(11)
    # Half of the pages are first ones, half are somewhere in the list.
    cursors = [None if random.random() < 0.5 else str(id_of(5, random.randrange(CUSTOMERS))) for _ in range(pages)]
    started = time.perf_counter()
    waits = asyncio.run(measure([None] * _WARM_UP + cursors))[_WARM_UP:]
    hundredths = quantiles(waits, n=100)
    return Run(pages / (time.perf_counter() - started), {"p50 ms": hundredths[49], P99: hundredths[98]})


async def _one_by_one(ask: Ask, cursors: list[str | None]) -> list[float]:
    waits = []
    for cursor in cursors:
        started = time.perf_counter()
        await ask(cursor)
        waits.append((time.perf_counter() - started) * 1000)
    return waits


async def _over_http(port: int, token: str, cursors: list[str | None]) -> list[float]:
    async with aiohttp.ClientSession(
        f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {token}"}
    ) as session:

        async def ask(cursor: str | None) -> int:
            query = {"cursor": cursor} if cursor else {}
            async with session.get("/staff/v1/fans", params=query) as answer:
                if answer.status != 200:
                    raise RuntimeError(await answer.text())
                return len((await answer.json())["items"])

        return await _one_by_one(ask, cursors)


async def _raw(url: str, caller: Caller, cursors: list[str | None]) -> list[float]:
    by = await with_product(partial(_colleague, caller))
    connection = await asyncpg.connect(url)
    try:

        async def ask(cursor: str | None) -> int:
            sql, values = _statement(by, cursor)
            return len(await connection.fetch(sql, *values))

        return await _one_by_one(ask, cursors)
    finally:
        await connection.close()


def _statement(by: Colleague, cursor: str | None) -> tuple[str, list[Any]]:
    from wechat.fans import listing
    from wechat.fans.schemas import FanFilters

    return listing.page_sql(by, FanFilters.model_validate({"cursor": cursor}), None, crowd.NOW)


async def _colleague(caller: Caller) -> Colleague:
    from core.organisation import queries

    found = await queries.colleague(id_of(4, caller.staff))
    if found is None:
        raise RuntimeError(caller.name)
    return found


async def _log_in() -> dict[str, str]:
    from core.sessions import service as sessions

    opened = {caller.name: await sessions.open_session("staff", id_of(4, caller.staff)) for caller in CALLERS}
    return {name: session.token for name, session in opened.items()}


async def _look_at_plans(caller: Caller) -> None:
    """Raises RuntimeError when a page needs more than one statement, or reads a big table from end to end."""
    from wechat.fans import listing
    from wechat.fans.schemas import FanFilters

    by, statements = await _colleague(caller), list[str]()

    def note(record: Any) -> None:
        statements.append(record.query)

    await listing.WINDOW_HOURS.get()
    async with database.transaction() as connection:
        connection.add_query_logger(note)
        await listing.page(by, FanFilters(), None)
        await asyncio.sleep(0)
        connection.remove_query_logger(note)
    sql, values = _statement(by, None)
    (row,) = await database.fetch(f"EXPLAIN (FORMAT JSON) {sql}", *values)
    nodes = list(_nodes(json.loads(row[0])[0]["Plan"]))
    read = {node.get("Relation Name") for node in nodes if node["Node Type"] == "Seq Scan"} & _BIG
    used = sorted({node["Index Name"] for node in nodes if node.get("Index Name", "").startswith("customer")})
    if len(statements) != 1 or read or not used:
        raise RuntimeError(f"{caller.name}: {len(statements)} statements, whole tables read: {read}, indexes: {used}")
    say(f"scope {caller.name}: 1 statement, customers by {', '.join(used)}")


def _nodes(node: dict[str, Any]) -> list[dict[str, Any]]:
    return [node, *(inner for child in node.get("Plans", ()) for inner in _nodes(child))]
