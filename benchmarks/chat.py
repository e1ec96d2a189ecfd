"""C1: the inbox of ten thousand conversations with a million messages (`chat_crowd.py`): lists and threads.

A page over HTTP, beside the same SQL from asyncpg. Plans are looked at first: no big table is read from end to end.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import Any
from uuid import UUID

import asyncpg

from benchmarks import chat_crowd, pages
from benchmarks.crowd import Caller
from benchmarks.house import House, say, serving, with_product
from benchmarks.rounds import in_turns
from benchmarks.scopes import MOST_MS, MOST_ROUNDS, OUR_COMMAND, colleague
from benchmarks.table import Latency, Run
from infra import database
from infra.paging import moment_cursor
from wechat.inbox.schemas import ConversationFilters, View

_BASELINE = "the same SQL from one asyncpg connection"
_BIG = {"conversation", "service_case", "customer", "identity", "customer_window"}
_PARTITIONS = """
SELECT c.relname FROM pg_inherits h JOIN pg_class c ON c.oid = h.inhrelid
WHERE h.inhparent = 'chat_message'::regclass AND c.reltuples > 1000
"""
_THREADS = "SELECT id, last_number FROM conversation ORDER BY last_number DESC LIMIT 300"


@dataclass(frozen=True, slots=True)
class _Asked:
    """A page: of which address, with what, and the statement behind it."""

    path: str
    query: dict[str, Any]
    sql: str
    values: list[Any]


@dataclass(frozen=True, slots=True)
class _Door:
    """An API process and who asks it."""

    house: House
    port: int
    token: str
    rounds: int

    def line(self, name: str, title: str, asked: list[_Asked]) -> Latency:
        ours, bare = partial(_over_http, self.port, self.token, asked), partial(_raw, self.house.url, asked)
        found = in_turns(f"C1 {title}", ours, bare, min(self.rounds, MOST_ROUNDS))
        return Latency(id=f"C1@{name}", path=title, most=MOST_MS, baseline=_BASELINE, rounds=found)


def lines(house: House, rounds: int, number: int) -> list[Latency]:
    """A line for each scope and view, and one for threads."""
    callers = chat_crowd.gathered(house.url)
    tokens = asyncio.run(with_product(partial(pages.tokens, [caller.id for caller in callers])))
    measured = []
    with serving(house, "chat-api", *OUR_COMMAND, ready="/readyz") as server:
        for caller in callers:
            door = _Door(house, server.port, tokens[caller.id], rounds)
            for view in View:
                asked = asyncio.run(with_product(partial(_lists, caller, view, number)))
                title = f"a page of the inbox, {view} of scope {caller.name}"
                measured.append(door.line(f"{caller.name}-{view}", title, asked))
        asked = asyncio.run(with_product(partial(_threads, number)))
        # The last one sees all of them.
        measured.append(door.line("thread", "a page of a thread", asked))
    return measured


def _over_http(port: int, token: str, asked: list[_Asked]) -> Run:
    async def measured() -> list[float]:
        async with pages.door(port, token) as session:

            async def ask(one: _Asked) -> None:
                async with session.get(one.path, params=one.query) as answer:
                    if answer.status != 200:
                        raise RuntimeError(await answer.text())
                    await answer.read()

            return await pages.timed(ask, asked)

    return pages.run(asyncio.run(measured()))


def _raw(url: str, asked: list[_Asked]) -> Run:
    async def measured() -> list[float]:
        connection = await asyncpg.connect(url)
        try:

            async def ask(one: _Asked) -> None:
                await connection.fetch(one.sql, *one.values)

            return await pages.timed(ask, asked)
        finally:
            await connection.close()

    return pages.run(asyncio.run(measured()))


async def _lists(caller: Caller, view: View, number: int) -> list[_Asked]:
    """Half of them first pages, half somewhere in the list. Raises RuntimeError when a plan reads all of a table."""
    from wechat.inbox import listing

    by, random, asked = await colleague(caller), Random(11), list[_Asked]()
    for _ in range(number):
        at = datetime.now(UTC) - timedelta(seconds=random.randrange(15 * 86_400))
        cursor = None if random.random() < 0.5 else moment_cursor(at, UUID(int=random.getrandbits(128)))
        filters = ConversationFilters(view=view, cursor=cursor)
        sql, values = listing.page_sql(by, filters)
        query = {"view": view.value} | ({"cursor": cursor} if cursor else {})
        asked.append(_Asked("/staff/v1/inbox/conversations", query, sql, values))
    await _look_at_plans(f"{view} of scope {caller.name}", asked)
    return asked


async def _threads(number: int) -> list[_Asked]:
    from wechat.conversations import queries

    rows, random, asked = await database.fetch(_THREADS), Random(13), list[_Asked]()
    for _ in range(number):
        row = random.choice(rows)
        path = f"/staff/v1/inbox/conversations/{row['id']}/messages"
        place = random.randrange(1, row["last_number"] + 1)
        if random.random() < 0.5:
            asked.append(_Asked(path, {}, queries._OLDER, [row["id"], 50, queries._LARGEST]))
        else:
            asked.append(_Asked(path, {"after": place}, queries._NEWER, [row["id"], 50, place]))
    await _look_at_plans("threads", asked)
    return asked


async def _look_at_plans(what: str, asked: list[_Asked]) -> None:
    """Of a plan made for the values, and of one kept for any: first pages and others."""
    big = frozenset(_BIG | {row["relname"] for row in await database.fetch(_PARTITIONS)})
    used, seen = set[str](), set[str]()
    for one in asked:
        if one.sql in seen:
            continue
        seen.add(one.sql)
        for options in ("FORMAT JSON", "FORMAT JSON, GENERIC_PLAN"):
            plan = (await database.fetch(f"EXPLAIN ({options}) {one.sql}", *one.values))[0][0]
            if read := pages.read_whole(plan, big):
                raise RuntimeError(f"{what}: reads {read} from end to end ({options})")
            used |= pages.indexes(plan)
    say(f"C1 {what}: {len(seen)} statements, by {', '.join(sorted(used))}")
