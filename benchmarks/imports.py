"""I1: 100,000 customers from a table, by the worker's own function, against COPY of the very rows that came of it.

And out again: the export against a bare SELECT of the same columns. Plain COPY knows nothing of who is
who, of duplicates, owners, the search index and events: what the ratio says is what all that costs.
"""

import asyncio
import csv
import io
import os
import time
from collections.abc import AsyncIterator
from functools import cache, partial
from random import Random
from typing import TYPE_CHECKING

import asyncpg

from benchmarks.house import House, level_ground, with_product
from benchmarks.rounds import in_turns
from benchmarks.table import Line, Run
from infra import redis
from infra.settings import settings

if TYPE_CHECKING:
    from core.organisation.queries import Colleague

_MOST_ROUNDS = 3
_IMPORT_FLOOR, _EXPORT_FLOOR = 0.05, 0.06
# All that an import writes, those that others refer to first.
_TABLES = (
    *("customer", "customer_profile", "customer_phone", "customer_key", "customer_arrival", "customer_search"),
    *("customer_owner_change", "timeline", "outbox", "customer_tag", "merge_candidate", "customer_import_row"),
)
_HEADERS = ("客户名称", "手机", "性别", "生日", "客户级别", "地址", "邮箱", "信用额度", "登记时间", "备注")
_SURNAMES, _GIVEN = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗", "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚"
_CITIES = ("浙江省杭州市西湖区", "上海市浦东新区", "江苏省苏州市虎丘区", "广东省深圳市南山区", "四川省成都市武侯区")
_SELECT = """
SELECT c.number, p.name, h.number, p.gender, p.birthday, p.level, p.address, p.email, p.credit_limit,
    p.registered_at, p.remark FROM customer c JOIN customer_profile p ON p.customer_id = c.id
    JOIN customer_phone h ON h.customer_id = c.id ORDER BY c.number DESC
"""

# What PostgreSQL makes out by itself (the signature of search) doesn't come by COPY.
_STORED = """
SELECT array_agg(attname ORDER BY attnum) FROM pg_attribute
WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
"""


def lines(house: House, rounds: int, rows: int) -> list[Line]:
    """In and out."""
    os.environ["GUANXI_FILES_FOLDER"] = str(house.folder / "files")
    settings.cache_clear()
    table, rounds = _table(rows), min(rounds, _MOST_ROUNDS)
    path = f"{rows:,} rows of CSV imported"
    inward = in_turns(f"I1 {path}", partial(_import, house, table, rows), partial(_copy, house, rows), rounds)
    _import(house, table, rows)
    out = f"{rows:,} customers exported as CSV"
    outward = in_turns(f"I1 {out}", partial(_export, rows), partial(_select, house, rows), rounds)
    return [
        Line(
            id="I1@in",
            path=path,
            floor=_IMPORT_FLOOR,
            aim=None,
            baseline="COPY of the rows that came of it into the same tables, one connection",
            rounds=inward,
        ),
        Line(
            id="I1@out",
            path=out,
            floor=_EXPORT_FLOOR,
            aim=None,
            baseline="a SELECT of the same columns from an asyncpg cursor, written by Python's csv",
            rounds=outward,
        ),
    ]


@cache
def _table(rows: int) -> bytes:
    random, text = Random(5), io.StringIO()
    written = csv.writer(text)
    written.writerow(_HEADERS)
    for number in range(rows):
        name = random.choice(_SURNAMES) + "".join(random.choices(_GIVEN, k=2))
        written.writerow(
            (
                name,
                f"13{number % 10}{number:08d}",
                random.choice(("男", "女", "")),
                f"{random.randint(1950, 2008)}-{random.randint(1, 12):02}-{random.randint(1, 28):02}",
                random.choice("ABCD"),
                f"{random.choice(_CITIES)}某某路{random.randint(1, 999)}号",
                f"customer{number}@example.com",
                random.choice(("", "5万", "12,000元")),
                f"2025/{random.randint(1, 12)}/{random.randint(1, 28)}",
                "老客户介绍" if random.random() < 0.3 else "",
            )
        )
    return text.getvalue().encode()


def _import(house: House, table: bytes, rows: int) -> Run:
    _empty(house)
    seconds = asyncio.run(with_product(partial(_run, table, rows)))
    return Run(rows / seconds, {"seconds": seconds})


def _empty(house: House) -> None:
    asyncio.run(level_ground(house.url, f"TRUNCATE {', '.join(_TABLES)}, customer_import CASCADE"))


async def _importer() -> "Colleague":
    from core.organisation import queries
    from core.organisation import service as organisation
    from core.permissions.rules import READY_MADE, RoleKey

    found = await queries.colleagues("s.username = 'importer'")
    if found:
        return found[0]
    post = await organisation.first_post("总部", "员工")
    return await organisation.create_staff(
        name="导入人",
        username="importer",
        password_hash="",
        role_id=READY_MADE[RoleKey.ADMIN].id,
        department_id=post.department_id,
        post_id=post.id,
    )


async def _run(table: bytes, rows: int) -> float:
    from core.customers.imports import running, service
    from core.customers.imports.queries import run
    from core.customers.imports.schemas import ImportIn
    from core.files import uploads
    from core.files.uploads import Arrival

    async def chunks() -> AsyncIterator[bytes]:
        yield table

    by = await _importer()
    file_id = await uploads.take_in(Arrival(name="客户.csv", purpose="table", owner_id=by.id, key=None), chunks())
    looked = await service.look_at(by, file_id)
    body = ImportIn(file_id=file_id, mapping=looked.mapping, dry_run=False)
    ordered = await service.order(by, body, looked.headers)
    started = time.perf_counter()
    while (await run(ordered.id, by)).ended_at is None:
        await running.run_due()
    seconds = time.perf_counter() - started
    done = await run(ordered.id, by)
    await redis.disconnect()
    if (done.state, done.created) != ("done", rows):
        raise RuntimeError(f"{done.state}, {done.error}: {done.created} of {rows} rows created")
    return seconds


def _copy(house: House, rows: int) -> Run:
    seconds = asyncio.run(_copy_again(house))
    return Run(rows / seconds, {"seconds": seconds})


async def _copy_again(house: House) -> float:
    """What the import left is taken out, and comes in again by COPY alone."""
    connection = await asyncpg.connect(house.url)
    try:
        files = {table: house.folder / f"{table}.copy" for table in _TABLES}
        columns = {table: await connection.fetchval(_STORED, table) for table in _TABLES}
        for table, file in files.items():
            named = ", ".join(f'"{column}"' for column in columns[table])
            await connection.copy_from_query(f"SELECT {named} FROM {table}", output=file, format="binary")
    finally:
        await connection.close()
    await level_ground(house.url, f"TRUNCATE {', '.join(_TABLES)} CASCADE")
    connection = await asyncpg.connect(house.url)
    try:
        started = time.perf_counter()
        for table, file in files.items():
            await connection.copy_to_table(table, source=file, columns=columns[table], format="binary")
        return time.perf_counter() - started
    finally:
        await connection.close()


def _export(rows: int) -> Run:
    seconds = asyncio.run(with_product(partial(_export_all, rows)))
    return Run(rows / seconds, {"seconds": seconds})


async def _export_all(rows: int) -> float:
    from core.customers.imports import exporting
    from core.customers.imports.schemas import ExportIn

    keys = ["name", "mobile", "gender", "birthday", "level", "address", "email", "credit_limit", "registered_at"]
    started = time.perf_counter()
    export = await exporting.begin(await _importer(), ExportIn(columns=["number", *keys, "remark"]))
    lines_ = 0
    async for piece in export.stream():
        lines_ += piece.count(b"\n")
    seconds = time.perf_counter() - started
    if lines_ != rows + 1:
        raise RuntimeError(f"{lines_} lines for {rows} customers")
    return seconds


def _select(house: House, rows: int) -> Run:
    seconds = asyncio.run(_select_all(house))
    return Run(rows / seconds, {"seconds": seconds})


async def _select_all(house: House) -> float:
    connection = await asyncpg.connect(house.url)
    try:
        text = io.StringIO()
        written = csv.writer(text)
        started = time.perf_counter()
        async with connection.transaction():
            async for row in connection.cursor(_SELECT, prefetch=1_000):
                written.writerow(row)
        return time.perf_counter() - started
    finally:
        await connection.close()
