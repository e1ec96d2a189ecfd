"""Sealing while others write and while the sealer is killed again and again: one chain, without a gap."""

import asyncio
import os
import random
import subprocess
import sys

import pytest

from core.audit import service
from core.audit.checking import check
from infra import database
from tests import factories as make
from tests.architecture.sources import ROOT
from tests.core.audit_world import noted

pytestmark = pytest.mark.prove

_KILLS = 20
_SEALER = """
import asyncio
from core.audit import service
from infra import database

async def main():
    service._BATCH = 50
    await database.connect(["infra.models"])
    print("ready", flush=True)
    while True:
        await service.seal()

asyncio.run(main())
"""


def _sealer():
    child = subprocess.Popen(
        [sys.executable, "-c", _SEALER], cwd=ROOT, env=dict(os.environ), stdout=subprocess.PIPE, text=True
    )
    assert child.stdout.readline() == "ready\n"
    return child


async def test_a_sealer_killed_in_the_middle_is_followed_by_another_that_goes_on(db):
    stop = asyncio.Event()

    async def write():
        while not stop.is_set():
            async with database.transaction():
                await noted(20)
            await asyncio.sleep(0.01)

    writers = [asyncio.create_task(write()) for _ in range(3)]
    for kill in range(_KILLS):
        sealer = await asyncio.to_thread(_sealer)
        await asyncio.sleep(random.Random(kill).uniform(0.01, 0.4))
        sealer.kill()
        sealer.communicate()
    stop.set()
    await asyncio.gather(*writers)
    await service.seal()
    verdict = await check()
    assert verdict.intact, (verdict.fault, verdict.place)
    assert verdict.rows == verdict.head.seq == await make.count("audit") > 1_000
    assert await make.count("audit_unsealed") == 0
