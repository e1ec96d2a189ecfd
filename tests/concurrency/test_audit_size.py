"""A million rows over a year: each filter along an index, only in the months asked for, and the whole chain checked."""

import io
import re
import uuid
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from core.audit import service
from core.audit.checking import check
from core.audit.queries import search_sql
from core.audit.schemas import AuditFilters
from infra import database, partitions
from tests import factories as make
from tests.core.audit_world import forget

pytestmark = pytest.mark.prove

_ROWS = 1_000_000
_START = datetime(2027, 1, 1, tzinfo=UTC)
_STEP = timedelta(days=360) / _ROWS
_ACTORS = [f"staff:{uuid.UUID(int=number)}" for number in range(500)]
_ACTIONS = ["customer.seen"] * 90 + [f"part{number}.changed" for number in range(10)]


def _row(number):
    at = _START + _STEP * number
    actor, action = _ACTORS[number * 7 % 500], _ACTIONS[number * 13 % 100]
    return f"{uuid.UUID(int=number)}\t{at.isoformat()}\t{actor}\t{action}\tcustomer\t{number % 50_000}\t{{}}\tx\t\\N\n"


@pytest.fixture
async def year(db):
    """The rows, by COPY, in months of their own; afterwards all is gone."""
    before = await partitions._starts(partitions.AUDIT)
    for month in range(1, 13):
        start = datetime(2027, month, 1, tzinfo=UTC).date()
        if start not in before:
            await partitions._create(partitions.AUDIT, start)
    async with database.connection() as connection:
        for first in range(0, _ROWS, 100_000):
            text = "".join(map(_row, range(first, first + 100_000)))
            await connection.copy_to_table("audit", source=io.BytesIO(text.encode()))
        await connection.execute("INSERT INTO audit_unsealed SELECT id, created_at FROM audit")
        await connection.execute("ANALYZE audit")
    yield
    await forget()
    for start in await partitions._starts(partitions.AUDIT) - before:
        await database.execute(f"DROP TABLE {partitions._name(partitions.AUDIT, start)}")


_JUNE = {"from": "2027-06-05T00:00:00Z", "until": "2027-06-20T00:00:00Z"}
SEARCHES = {
    "everything": {},
    "a person": {"actor": _ACTORS[7]},
    "nobody": {"actor": "staff:nobody"},
    "a frequent action": {"action": "customer.seen"},
    "rare actions": {"action": "part"},
    "no action": {"action": "x"},
    "a subject": {"subject_kind": "customer", "subject_id": "77"},
    "a person's actions": {"actor": _ACTORS[7], "action": "part3"},
    "a fortnight": _JUNE,
    "a person in a fortnight": {"actor": _ACTORS[7]} | _JUNE,
    "rare actions in a fortnight": {"action": "part"} | _JUNE,
}


def _nodes(plan):
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)


async def _plan(by, params, before):
    sql, values = await search_sql(by, AuditFilters.model_validate(params), before, 51)
    (row,) = await database.fetch(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", *values)
    return list(_nodes(orjson.loads(row[0])[0]["Plan"]))


async def test_every_search_goes_along_an_index_of_the_months_asked_for(year):
    by = await make.admin()
    for name, params in SEARCHES.items():
        for before in (None, (_START + timedelta(days=170), uuid.UUID(int=5))):
            nodes = await _plan(by, params, before)
            assert [
                n for n in nodes if n["Node Type"] == "Seq Scan" and n["Relation Name"].startswith("audit_2027")
            ] == []
            looked_at = sum(
                n["Actual Loops"] * (n["Actual Rows"] + n.get("Rows Removed by Filter", 0))
                for n in nodes
                if n.get("Relation Name", "").startswith("audit_2027")
            )
            assert looked_at < 20_000, (name, before, looked_at)
            if "from" in params:
                months = {n["Relation Name"] for n in nodes if re.match("audit_2027", n.get("Relation Name", ""))}
                assert months <= {"audit_20270601"}, name


async def test_the_whole_chain_is_made_and_checked(year):
    sealed = 0
    while count := await service.seal():
        sealed += count
    assert sealed == _ROWS
    verdict = await check()
    assert (verdict.intact, verdict.rows) == (True, _ROWS)
