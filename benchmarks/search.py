"""S1: customers searched by every shape of filter (`shapes.py`) in every data scope, among a million (`crowd.py`).

Our query function against the same statements from asyncpg, page by page in turns; and a page over HTTP. Plans are
looked at first: no big table is read from end to end, whichever plan is kept.
"""

import asyncio
import time
from collections import defaultdict
from functools import partial
from random import Random
from statistics import quantiles

import asyncpg

from benchmarks import pages
from benchmarks.crowd import CUSTOMERS, Caller
from benchmarks.house import House, say, serving, with_product
from benchmarks.rounds import in_turns
from benchmarks.scopes import BIG, MOST_MS, MOST_ROUNDS, OUR_COMMAND, colleague, gathered
from benchmarks.shapes import shapes
from benchmarks.table import AnyLine, Latency, Line, Round, Run
from core.customers.search.listing import Listing
from core.customers.search.schemas import CustomerFilters, SearchIn
from core.organisation.queries import Colleague
from infra import database

_BASELINE = "the same statements from one asyncpg connection"
# Three quarters of the speed: a ratio of 1.3.
_FLOOR = 1 / 1.3
_LIMIT = 51
Asked = tuple[str, CustomerFilters, int | None]


def lines(house: House, rounds: int, number: int) -> list[AnyLine]:
    """Two lines for each scope."""
    callers = gathered(house)
    tokens = asyncio.run(with_product(partial(pages.tokens, [caller.id for caller in callers])))
    measured: list[AnyLine] = []
    with serving(house, "search-api", *OUR_COMMAND, ready="/readyz") as server:
        for caller in callers:
            asked = asyncio.run(with_product(partial(_look_at_plans, caller, number)))
            name = caller.name.replace(" ", "-")
            title = f"a page of a search, scope {caller.name}"
            found = [asyncio.run(with_product(partial(_both, house.url, caller, asked))) for _ in range(rounds)]
            measured.append(Line(id=f"S1@{name}", path=title, floor=_FLOOR, aim=1.0, baseline=_BASELINE, rounds=found))
            ours = partial(_over_http, server.port, tokens[caller.id], asked)
            waited = in_turns(f"S1 {title}", ours, lambda found=found: found[-1].baseline, min(rounds, MOST_ROUNDS))
            measured.append(
                Latency(id=f"S1h@{name}", path=f"{title}, HTTP", most=MOST_MS, baseline=_BASELINE, rounds=waited)
            )
    return measured


async def _both(url: str, caller: Caller, asked: list[Asked]) -> Round:
    by, connection = await colleague(caller), await asyncpg.connect(url)
    ours, bare = list[float](), list[float]()
    try:
        for number, (_, filters, before) in enumerate([*asked[: pages.WARM_UP], *asked]):
            listing = Listing(filters, by, before, _LIMIT)
            for waits, ask in ((ours, listing.page), (bare, partial(_raw, connection, listing)))[
                :: 1 - 2 * (number % 2)
            ]:
                started = time.perf_counter()
                await ask()
                waits.append((time.perf_counter() - started) * 1000)
    finally:
        await connection.close()
    found = Round(pages.run(ours[pages.WARM_UP :]), pages.run(bare[pages.WARM_UP :]))
    say(f"S1 scope {caller.name}: ours {found.ours.rate:,.0f}/s, raw {found.baseline.rate:,.0f}/s, {found.ratio:.2f}")
    return found


async def _raw(connection: "asyncpg.Connection[asyncpg.Record]", listing: Listing) -> None:
    for way in listing.ways():
        if way.answer(await connection.fetch(way.sql, *way.values), listing.limit) is not None:
            return


def _over_http(port: int, token: str, asked: list[Asked]) -> Run:
    waits = defaultdict[str, list[float]](list)

    async def measured() -> list[float]:
        async with pages.door(port, token) as session:

            async def ask(one: Asked) -> None:
                name, filters, before = one
                body = SearchIn(filters=filters, cursor=before).model_dump(mode="json", exclude_none=True)
                started = time.perf_counter()
                async with session.post("/staff/v1/customers/search", json=body) as answer:
                    await pages.items(answer)
                waits[name].append((time.perf_counter() - started) * 1000)

            return await pages.timed(ask, asked)

    found = pages.run(asyncio.run(measured()))
    slowest = sorted(((quantiles(took, n=20)[18], name) for name, took in waits.items()), reverse=True)[:5]
    say("slowest shapes (p95 ms): " + ", ".join(f"{name} {took:.0f}" for took, name in slowest))
    return found


async def _look_at_plans(caller: Caller, number: int) -> list[Asked]:
    """What is asked: each shape as often, half of them first pages.

    Raises RuntimeError when a plan reads a big table from end to end: one made for the values, or one kept for any.
    """
    by, used = await colleague(caller), set[str]()
    known = await shapes()
    for name, filters in known.items():
        used |= await _plans(name, by, filters)
    say(f"scope {caller.name}: {len(known)} shapes, by {', '.join(sorted(used))}")
    random = Random(11)
    each = [*known.items()] * (number // len(known) + 1)
    return [(*one, None if random.random() < 0.5 else random.randrange(2, CUSTOMERS)) for one in each[:number]]


async def _plans(name: str, by: Colleague, filters: CustomerFilters) -> set[str]:
    used = set[str]()
    for way in Listing(filters, by, None, _LIMIT).ways():
        for options in ("FORMAT JSON", "FORMAT JSON, GENERIC_PLAN"):
            plan = (await database.fetch(f"EXPLAIN ({options}) {way.sql}", *way.values))[0][0]
            if read := pages.read_whole(plan, BIG):
                raise RuntimeError(f"{by.name}, {name}: reads {read} from end to end ({options})")
            used |= pages.indexes(plan)
    return used
