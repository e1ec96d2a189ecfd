"""The relay as the process it is: what it takes is fanned out, and its handlers are woken through the broker."""

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from infra import redis
from tests import factories as make
from tests.simulator.harness import until

ROOT = Path(__file__).parents[2]


@contextmanager
def _relay():
    process = subprocess.Popen([sys.executable, "-m", "app.cli", "relay"], cwd=ROOT, env=dict(os.environ))
    try:
        yield process
    finally:
        process.terminate()
        assert process.wait(20) == 0


async def test_handlers_are_woken_without_beat(db):
    async def woken():
        return await redis.client().llen("default")

    with _relay() as process:
        await make.account()
        await until(woken)
        assert process.poll() is None
    assert await make.rows("SELECT id FROM outbox WHERE relayed_at IS NULL") == []
