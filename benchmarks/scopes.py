"""L1: a page of fans for every data scope among a million customers (`crowd.py`), asked of one API process.

The baseline is the same SQL from asyncpg, so the difference is what HTTP, log-in and rights cost. Plans are looked at
first: one statement a page, an index for every big table.
"""

import asyncio
from functools import partial
from random import Random
from typing import Any
from uuid import UUID

import asyncpg

from benchmarks import crowd, pages
from benchmarks.crowd import CUSTOMERS, Caller
from benchmarks.house import House, say, serving, with_product
from benchmarks.rounds import in_turns
from benchmarks.table import Latency, Run
from core.organisation.queries import Colleague
from infra import database

BIG = frozenset({"customer", "customer_search", "customer_profile", "identity", "touch", "wechat_label_member"})
MOST_MS = 50.0
MOST_ROUNDS = 3
OUR_COMMAND = ("-m", "app.cli", "api", "--port", "{port}")
_BASELINE = "the same SQL from one asyncpg connection"


def gathered(house: House) -> list[Caller]:
    """A million customers and who asks for them, made once in a house."""
    if not _gathered:
        say(f"gathering {CUSTOMERS:,} customers")
        asyncio.run(with_product(partial(crowd.gather, house.url)))
        _gathered.extend(asyncio.run(crowd.callers(house.url)))
    return _gathered


_gathered = list[Caller]()


def lines(house: House, rounds: int, number: int) -> list[Latency]:
    """A line for each scope."""
    callers = gathered(house)
    tokens = asyncio.run(with_product(partial(pages.tokens, [caller.id for caller in callers])))
    measured = []
    with serving(house, "api", *OUR_COMMAND, ready="/readyz") as server:
        for caller in callers:
            cursors = asyncio.run(with_product(partial(_look_at_plans, caller, number)))
            path = f"a page of 50 fans, scope {caller.name}"
            ours = partial(_over_http, server.port, tokens[caller.id], cursors)
            bare = partial(_raw, house.url, caller, cursors)
            found = in_turns(f"L1 {path}", ours, bare, min(rounds, MOST_ROUNDS))
            name = caller.name.replace(" ", "-")
            measured.append(Latency(id=f"L1@{name}", path=path, most=MOST_MS, baseline=_BASELINE, rounds=found))
    return measured


def _over_http(port: int, token: str, cursors: list[UUID | None]) -> Run:
    async def measured() -> list[float]:
        async with pages.door(port, token) as session:

            async def ask(cursor: UUID | None) -> int:
                query = {"cursor": str(cursor)} if cursor else {}
                async with session.get("/staff/v1/fans", params=query) as answer:
                    return await pages.items(answer)

            return await pages.timed(ask, cursors)

    return pages.run(asyncio.run(measured()))


def _raw(url: str, caller: Caller, cursors: list[UUID | None]) -> Run:
    async def measured() -> list[float]:
        by = await with_product(partial(colleague, caller))
        connection = await asyncpg.connect(url)
        try:

            async def ask(cursor: UUID | None) -> int:
                sql, values = _statement(by, cursor)
                return len(await connection.fetch(sql, *values))

            return await pages.timed(ask, cursors)
        finally:
            await connection.close()

    return pages.run(asyncio.run(measured()))


def _statement(by: Colleague, cursor: UUID | None) -> tuple[str, list[Any]]:
    from wechat.fans import listing
    from wechat.fans.schemas import FanFilters

    return listing.page_sql(by, FanFilters(cursor=cursor), None, crowd.UNTIL, crowd.UNTIL)


async def colleague(caller: Caller) -> Colleague:
    """The caller with the rights in force."""
    from core.organisation import queries

    found = await queries.colleague(caller.id)
    if found is None:
        raise RuntimeError(caller.name)
    return found


async def _look_at_plans(caller: Caller, number: int) -> list[UUID | None]:
    """Where the pages begin: half of them are first ones, half are somewhere in the list.

    Raises RuntimeError when a page needs more than one statement, or reads a big table from end to end.
    """
    from wechat.fans import listing
    from wechat.fans.schemas import FanFilters
    from wechat.outbound.windows import MESSAGE_HOURS

    by, statements = await colleague(caller), list[str]()

    def note(record: Any) -> None:
        statements.append(record.query)

    await MESSAGE_HOURS.get()
    async with database.transaction() as connection:
        connection.add_query_logger(note)
        await listing.page(by, FanFilters(), None)
        await asyncio.sleep(0)
        connection.remove_query_logger(note)
    sql, values = _statement(by, None)
    (row,) = await database.fetch(f"EXPLAIN (FORMAT JSON) {sql}", *values)
    read, used = pages.read_whole(row[0], BIG), sorted(pages.indexes(row[0]))
    if len(statements) != 1 or read or not used:
        raise RuntimeError(f"{caller.name}: {len(statements)} statements, whole tables read: {read}, indexes: {used}")
    say(f"scope {caller.name}: 1 statement, by {', '.join(used)}")
    random = Random(11)
    numbers = [random.randrange(CUSTOMERS) + 1 for _ in range(number)]
    ids = await database.fetch("SELECT id, number FROM customer WHERE number = ANY($1::bigint[])", numbers)
    known = {row["number"]: UUID(int=row["id"].int) for row in ids}
    return [None if random.random() < 0.5 else known[one] for one in numbers]
