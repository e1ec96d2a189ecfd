"""Filling a database with a made-up organisation and its customers by COPY, in one transaction."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from io import BytesIO
from random import Random
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from app.generator import making, organisation, people
from app.generator.errors import NotEmpty, NotInProduction
from core.custom_fields.rules import next_options
from core.customers import indexing
from infra import clock, database
from infra.database import Connection
from infra.settings import Environment, settings

_APPS = ("wx0000000000000001", "wx0000000000000002")
_TAGS = (
    *("爱喝茶", "送礼", "老客户", "新客户", "高意向", "企业采购", "会员日", "对价格敏感", "节日必买", "转介绍"),
    *("展会来客", "试饮过", "投诉过", "关注新品", "异地", "门店常客", "网购", "团购", "收藏级", "内部关系"),
)
_GROUPS = ("甲类", "乙类", "丙类")
_FIELDS = (("option", "购买用途"), ("number", "年采购额"), ("date", "合同到期"))
_OPTIONS = orjson.dumps([asdict(option) for option in next_options((), [(None, one) for one in people.USES])]).decode()
_NUMBERS = "SELECT setval('customer_number_seq', $1)"
_DROP = "DROP INDEX customer_search_terms"
_DEFINITION = "SELECT pg_get_indexdef('customer_search_terms'::regclass)"
_FILL = f"INSERT INTO customer_search (number, customer_id, terms) {indexing.rows('$1::text IS NULL')}"


async def generate(
    customers: int, seed: int, until: datetime | None = None, tell: Callable[[int], None] = lambda _: None
) -> None:
    """Make the organisation and the customers of the three years up to `until`; `tell` hears how many are done.

    The same numbers and end (by default the beginning of today) give the same rows. Raises NotInProduction, NotEmpty.
    """
    if settings().environment is Environment.PRODUCTION:
        raise NotInProduction
    if await database.fetch("SELECT FROM customer LIMIT 1"):
        raise NotEmpty
    await fill(customers, seed, until or clock.start_of_day(clock.business_day()), tell)


async def fill(customers: int, seed: int, until: datetime, tell: Callable[[int], None] = lambda _: None) -> None:
    """The same wherever the caller knows that nobody is there."""
    async with database.transaction() as connection:
        await _ready(connection)
        world = await _world(connection, customers, seed, until)
        async for done, chunk in making.chunks(world):
            for table, text in chunk.items():
                await _copy(connection, table, people.COLUMNS[table], text)
            tell(done)
        await connection.execute(_NUMBERS, customers)
        await _index(connection)
    await _tidy()


async def _ready(connection: Connection) -> None:
    await connection.execute("SET LOCAL statement_timeout = 0")
    try:
        async with connection.transaction():
            # Not every database lets us; then the keys are looked at row by row, which takes longer.
            await connection.execute("SET LOCAL session_replication_role = replica")
    except asyncpg.InsufficientPrivilegeError:
        return


async def _world(connection: Connection, customers: int, seed: int, until: datetime) -> people.World:
    random = Random(f"{seed}:organisation")  # noqa: S311 - the same for a seed is what is wanted
    since = until - people.YEARS
    ids = _ids(random, since)
    top = await connection.fetchval("SELECT id FROM department WHERE parent_id IS NULL AND deleted_at IS NULL")
    made = organisation.organisation(random, ids, customers, since, top and str(top))
    for table, columns in organisation.COLUMNS.items():
        await _insert(connection, table, columns, made.tables.get(table, []))
    tags = [(next(ids), "group" if name in _GROUPS else "tag", name, 1, since) for name in (*_TAGS, *_GROUPS)]
    await _insert(connection, "tag", "id kind name version created_at", tags)
    fields = {kind: (next(ids), kind, name) for kind, name in _FIELDS}
    await _insert(
        connection,
        "custom_field",
        "id kind name subject options required unique searchable listed position version created_at",
        [
            (*known, "customer", _OPTIONS if kind == "option" else "[]", False, False, True, True, place, 1, since)
            for place, (kind, known) in enumerate(fields.items(), 1)
        ],
    )
    return people.World(
        seed=seed,
        customers=customers,
        until=until,
        organisation=made,
        app_ids=await _app_ids(connection),
        tags=tuple(tag[0] for tag in tags),
        fields={kind: str(UUID(known[0])) for kind, known in fields.items()},
    )


async def _app_ids(connection: Connection) -> tuple[str, ...]:
    rows = await connection.fetch("SELECT app_id FROM wechat_account WHERE kind = 'official' ORDER BY id")
    return tuple(row["app_id"] for row in rows) or _APPS


def _ids(random: Random, since: datetime) -> Iterator[str]:
    start = int(since.timestamp() * 1000)
    while True:
        bits = random.getrandbits(74)
        yield f"{start:012x}7{bits >> 62:03x}8{bits & (2**60 - 1):015x}"


async def _insert(connection: Connection, table: str, columns: str, rows: Iterable[Sequence[Any]]) -> None:
    lines = ("\t".join("\\N" if value is None else str(value) for value in row) for row in rows)
    await _copy(connection, table, columns, "".join(f"{line}\n" for line in lines).encode())


async def _copy(connection: Connection, table: str, columns: str, text: bytes) -> None:
    await connection.copy_to_table(table, source=BytesIO(text), columns=columns.split(), format="text")


async def _index(connection: Connection) -> None:
    # An index that is built at the end costs a third of one that grows with each row.
    definition = await connection.fetchval(_DEFINITION)
    await connection.execute("ANALYZE")
    await connection.execute(_DROP)
    await connection.execute(_FILL, None, settings().business_timezone)
    await connection.execute("SET LOCAL maintenance_work_mem = '512MB'")
    await connection.execute(definition)


async def _tidy() -> None:
    """Fresh statistics, and pages known to be seen by everybody."""
    async with database.connection() as connection:
        await connection.execute("SET statement_timeout = 0")
        await connection.execute("VACUUM ANALYZE")
        await connection.execute(f"SET statement_timeout = {settings().statement_timeout_ms}")
