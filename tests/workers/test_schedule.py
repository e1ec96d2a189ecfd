"""Jobs run by rows on our clock: once per time however many ticks ask, also after the clock was moved."""

import asyncio
from datetime import timedelta

from infra import clock
from infra.context import Job
from workers.schedule import claim_due


async def _nothing():
    return None


HOURLY = Job(name="test.hourly", every=timedelta(hours=1), run=_nothing)
OFTEN = Job(name="test.often", every=timedelta(seconds=1), run=_nothing)


def _jump(db, **offset):
    clock.write_offset(db.clock_file, timedelta(**offset))


async def test_a_job_is_given_out_once_per_time_however_many_ask(db):
    for hours in range(20):
        _jump(db, hours=hours * 2)
        given = await asyncio.gather(*(claim_due([HOURLY]) for _ in range(8)))
        assert [name for names in given for name in names] == ["test.hourly"]


async def test_each_job_has_its_own_time(db):
    assert sorted(await claim_due([HOURLY, OFTEN])) == ["test.hourly", "test.often"]
    _jump(db, seconds=2)
    assert await claim_due([HOURLY, OFTEN]) == ["test.often"]
    _jump(db, minutes=61)
    assert sorted(await claim_due([HOURLY, OFTEN])) == ["test.hourly", "test.often"]


async def test_two_days_later_a_job_runs_once(db):
    await claim_due([HOURLY])
    _jump(db, hours=49)
    assert await claim_due([HOURLY]) == ["test.hourly"]
    assert await claim_due([HOURLY]) == []


async def test_a_clock_that_was_set_back_keeps_no_job_waiting(db):
    _jump(db, days=30)
    await claim_due([HOURLY])
    _jump(db, days=0)
    assert await claim_due([HOURLY]) == ["test.hourly"]
