"""Big imports by real workers: killed in the middle, nothing is there twice; a hundred thousand dirty rows, exactly."""

import asyncio
import os
import random
import sys
import time
from pathlib import Path

import psutil
import pytest

from app.launcher.supervisor import Child, Supervisor
from core.customers.imports import running
from core.customers.imports.queries import run
from core.permissions.rules import RoleKey
from tests import factories as make
from tests.architecture.sources import ROOT
from tests.core.file_world import empty_store
from tests.core.import_world import counts, imported, order, report_of, table

pytestmark = pytest.mark.prove

_KILLS, _LEASE = 3, 121
_FAULTS = {"12345": "phone_refused", "010-62345678": "phone_refused"}


@pytest.fixture(autouse=True)
def _empty_store(db):
    empty_store()


@pytest.fixture
async def manager(db):
    return await make.colleague(RoleKey.ADMIN, "经理01")


def dirty(count):
    """Rows, and what has to be said about those that are not simply taken."""
    luck, rows, said, taken = random.Random(3), [], [], {}
    for row in range(2, count + 2):
        name, mobile = f"顾客{row}", f"13{row % 10}{row:08d}"
        fault = luck.random()
        if fault < 0.02:
            mobile = luck.choice(list(_FAULTS))
            said.append((row, "refused", _FAULTS[mobile], "手机"))
        elif fault < 0.04 and taken:
            mobile = luck.choice(list(taken)[-50:])
            same = luck.random() < 0.5
            name = taken[mobile] if same else name
            code = "duplicate_customer" if same else "possible_duplicate"
            said.append((row, "refused", code, "手机"))
        elif fault < 0.05:
            said.append((row, "refused", "date_unreadable", "生日"))
        else:
            taken[mobile] = name
        rows.append((name, mobile, "不知道" if 0.04 <= fault < 0.05 else "1990-01-01"))
    return table(*rows, headers=("姓名", "手机", "生日")), said


async def test_a_hundred_thousand_dirty_rows_are_reported_exactly(manager):
    content, said = dirty(100_000)
    started = time.monotonic()
    done, report = await imported(manager, content)
    print(f"{100_000 / (time.monotonic() - started):,.0f} rows/s")
    assert done.state == "done"
    assert report == said
    assert counts(done) == {"created": 100_000 - len(said), "linked": 0, "refused": len(said), "warned": 0}
    assert await make.count("customer") == await make.count("customer_search") == done.created


def _child(name, *arguments):
    return Child(name=name, argv=(sys.executable, "-m", *arguments), env=dict(os.environ), cwd=ROOT)


def _kill(supervisor):
    parent = psutil.Process(int(Path(supervisor.pid_files()["worker"]).read_text()))
    for process in [*parent.children(recursive=True), parent]:
        process.kill()


async def _until(ready):
    deadline = time.monotonic() + 180
    while not await ready():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def test_workers_killed_in_the_middle_take_each_row_once(manager, db, tmp_path):
    content, said = dirty(20_000)
    ordered = await order(manager, content)

    async def done():
        return (await run(ordered.id, manager)).done

    supervisor = Supervisor(tmp_path, print)
    queues = ("--queues", "critical,default,bulk,media", "--concurrency", "3")
    try:
        await supervisor.start([[_child("worker", "app.cli", "worker", *queues), _child("beat", "app.cli", "beat")]])
        for number in range(1, _KILLS + 1):
            before = await done()
            await _until(lambda before=before: _more(done, before))
            await asyncio.sleep(random.Random(number).random())
            _kill(supervisor)
            make.jump(db, seconds=number * _LEASE)
        await _until(lambda: _ended(ordered.id, manager))
    finally:
        await supervisor.stop()
    ended = await run(ordered.id, manager)
    assert (ended.state, ended.done) == ("done", 20_000)
    assert await report_of(ordered.id) == said
    assert await make.count("customer") == await make.count("customer_arrival") == ended.created
    assert ended.created == 20_000 - len(said)


async def _more(done, before):
    return await done() > before


async def _ended(run_id, by):
    return (await run(run_id, by)).ended_at is not None


async def test_two_imports_of_the_same_people_at_once_take_each_person_once(manager):
    content, _ = dirty(3_000)
    first, second = await order(manager, content), await order(manager, content)
    await asyncio.gather(running.run_due(), running.run_due())
    done = [await run(one.id, manager) for one in (first, second)]
    assert {one.state for one in done} == {"done"}
    assert sum(one.created for one in done) == await make.count("customer")
    rows = await make.rows("SELECT count(*) AS n FROM customer_phone GROUP BY number HAVING count(*) > 1")
    assert rows == []
