"""A million customers swept by processes that are killed and started twice at once: as if by one that lived."""

import asyncio
import os
import random
import subprocess
import sys
from datetime import timedelta

import pytest

from core.customers.pool import recycling
from infra import database
from tests import factories as make
from tests.architecture.sources import ROOT
from tests.core.pool_world import broken_chains, notices, rep
from tests.factories import NOON

pytestmark = pytest.mark.prove

_OWNERS, _EACH, _KILLS = 100, 10_000, 8
_DAY = timedelta(days=1)
# Of each ten of an owner: three due, one due tomorrow, the others not.
_PEOPLE = """
INSERT INTO customer (id, guide_id, following, is_staff, active_at, created_at)
SELECT gen_random_uuid(), $1, false, false, $2::timestamptz + CASE WHEN n % 10 < 3 THEN interval '0'
    WHEN n % 10 = 3 THEN interval '1 day' ELSE interval '10 days' END, $2
FROM generate_series(1, $3::int) AS n
"""

_SWEEPER = """
import asyncio
from app.contexts import MODELS
from core.customers.pool import recycling
from infra import database

async def main():
    await database.connect(MODELS)
    print("ready", flush=True)
    await recycling.run()

asyncio.run(main())
"""

_PLACES = """
SELECT count(*) FILTER (WHERE pooled_at IS NOT NULL) AS pooled, count(*) FILTER (WHERE guide_id IS NOT NULL) AS owned,
       count(*) FILTER (WHERE warned_at IS NOT NULL) AS warned FROM customer
"""


def _sweeper():
    child = subprocess.Popen(
        [sys.executable, "-c", _SWEEPER], cwd=ROOT, env=dict(os.environ), stdout=subprocess.PIPE, text=True
    )
    assert child.stdout.readline() == "ready\n"
    return child


async def test_at01_a_million_customers_are_swept_whatever_dies_and_whoever_else_sweeps(db):
    make.jump_to(db, NOON)
    owners = [await rep(f"外勤{n:03d}") for n in range(_OWNERS)]
    for owner in owners:
        await database.execute(_PEOPLE, owner.id, NOON, _EACH)
    await database.execute("ANALYZE customer")
    make.jump_to(db, NOON + 90 * _DAY)
    for kill in range(_KILLS):
        pair = [await asyncio.to_thread(_sweeper) for _ in range(2)]
        await asyncio.sleep(random.Random(kill).uniform(0.05, 1.5))
        for sweeper in pair:
            sweeper.kill()
            sweeper.communicate()
    pair = [await asyncio.to_thread(_sweeper) for _ in range(2)]
    for sweeper in pair:
        await asyncio.to_thread(sweeper.communicate)
    assert [sweeper.returncode for sweeper in pair] == [0, 0]
    await recycling.run()
    assert await make.count("daily_run") == 1
    due, total = _OWNERS * _EACH * 3 // 10, _OWNERS * _EACH
    [places] = await make.rows(_PLACES)
    assert places == {"pooled": due, "owned": total - due, "warned": total // 10}
    [ledger] = await make.rows(
        """SELECT count(*) AS n, count(DISTINCT customer_id) AS customers FROM customer_owner_change
        WHERE reason = 'returned'"""
    )
    assert ledger == {"n": due, "customers": due}
    await database.execute("ANALYZE customer_owner_change")
    assert await broken_chains() == []
    for owner in owners:
        # A sweeper that was killed between two batches has told of the first.
        assert await _told(owner, "customers.returned", " 位客户已收回公海") == 3_000
        assert await _told(owner, "customers.returning", " 位客户将在 1 天内收回公海") == 1_000


async def _told(owner, kind, words):
    return sum(int(title.removesuffix(words)) for title in await notices(owner, kind))
