"""50,000 events and five handlers, published at once; Redis flushed and all workers killed in the middle."""

import asyncio
import os
import sys
import time
from pathlib import Path

import psutil
import pytest

from app.launcher.supervisor import Child, Supervisor
from infra import database, outbox, redis
from tests.scenarios.pipeline_processes import HANDLERS, Tried

pytestmark = pytest.mark.prove

_ROOT = Path(__file__).parents[2]
_EVENTS = 50_000
_EFFECTS = _EVENTS * len(HANDLERS)
_MODULE = "tests.scenarios.pipeline_processes"


def _child(name, *arguments):
    return Child(name=name, argv=(sys.executable, "-m", *arguments), env=dict(os.environ), cwd=_ROOT)


async def _effects():
    return (await database.fetch_one("SELECT count(*) AS n FROM trial_effect"))["n"]


async def test_exactly_one_effect_per_event_and_handler(db, tmp_path):
    await database.execute("CREATE TABLE trial_effect (handler text, number int)")
    for start in range(0, _EVENTS, 1000):
        async with database.transaction():
            await outbox.publish(*(Tried(number=number) for number in range(start, start + 1000)))

    supervisor = Supervisor(tmp_path, print)
    celery = ("celery", "-A", _MODULE)
    worker = _child("worker", *celery, "worker", "--pool=prefork", "-c", "2", "-Q", "critical,default,bulk,media")
    began = time.monotonic()
    try:
        await supervisor.start([[_child("relay", _MODULE), worker, _child("beat", *celery, "beat")]])
        for share in (0.2, 0.4, 0.6):
            while await _effects() < _EFFECTS * share:
                await asyncio.sleep(0.05)
                assert time.monotonic() - began < 600
            parent = psutil.Process(int(Path(supervisor.pid_files()["worker"]).read_text()))
            for process in [*parent.children(recursive=True), parent]:
                process.kill()
            await redis.client().flushall()
        while await _effects() < _EFFECTS or await database.fetch(
            "SELECT 1 FROM event_delivery WHERE state <> 'done' LIMIT 1"
        ):
            await asyncio.sleep(0.1)
            assert time.monotonic() - began < 600
        await asyncio.sleep(2)
    finally:
        await supervisor.stop()
    seconds = time.monotonic() - began
    print(f"{_EFFECTS} effects in {seconds:.0f} s, three crashes and three flushes included")
    row = await database.fetch_one("SELECT count(*) AS n, count(DISTINCT (handler, number)) AS d FROM trial_effect")
    assert (row["n"], row["d"]) == (_EFFECTS, _EFFECTS)
    await database.execute("DROP TABLE trial_effect")
