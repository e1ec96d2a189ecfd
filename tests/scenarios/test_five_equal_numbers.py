"""Whatever dies while fans follow, five numbers are equal in the end.

The simulator's followers, our customers, their first touches, the stored replies, the welcomes seen on phones. The API,
the worker and the relay are each killed with their children while pushes are in flight, Redis is flushed once,
PostgreSQL is restarted once.
"""

import asyncio
import random
import tempfile
import time
from pathlib import Path

import pytest
import redis.asyncio

from tests.scenarios.outside import running_demo

pytestmark = pytest.mark.prove

_FANS = 500
_WAVE = 100


async def _wave(outside, fans, codes):
    """A hundred fans scan at once; none waits for the answer."""
    app_codes = random.Random(1).choices(codes, k=len(fans))
    scans = (
        outside.call("scan", fan_id=fan, body={"ticket": code["ticket"], "wait": False})
        for fan, code in zip(fans, app_codes, strict=True)
    )
    statuses = {status for status, _ in await asyncio.gather(*scans)}
    assert statuses == {202}


async def _equal(outside, before, count):
    """Wait until all five have grown by `count`; gives the seconds that took, 30 at the most."""
    began = time.monotonic()
    while True:
        gained = [after - was for after, was in zip(await outside.five_numbers(), before, strict=True)]
        if gained == [count] * 5:
            return time.monotonic() - began
        assert time.monotonic() - began < 30, f"followers, customers, touches, replies, welcomes: {gained}"
        await asyncio.sleep(0.5)


async def test_five_numbers_are_equal_whatever_dies():
    with tempfile.TemporaryDirectory(prefix="guanxi-prove-") as folder:
        home = Path(folder)
        home.chmod(0o755)
        async with running_demo(home) as (outside, _):
            before = await outside.five_numbers()
            codes = outside.facts["codes"]
            fans = await outside.new_fans(_FANS)
            waves = [fans[start : start + _WAVE] for start in range(0, _FANS, _WAVE)]

            async def flush():
                async with redis.asyncio.Redis.from_url(outside.facts["redis_url"]) as client:
                    await client.flushall()
                return 0.0

            disasters = {
                "api": lambda: outside.kill("api"),
                "worker": lambda: outside.kill("worker"),
                "relay": lambda: outside.kill("relay"),
                "redis": flush,
                "postgres": lambda: outside.restart("postgres"),
            }
            for wave, (what, disaster) in zip(waves, disasters.items(), strict=True):
                running = asyncio.create_task(_wave(outside, wave, codes))
                await asyncio.sleep(0.05)
                seconds = await disaster()
                print(f"{what}: back after {seconds:.2f} s")
                # A polite end of PostgreSQL takes its own time first; the successor must follow at once.
                assert seconds < 2 or what == "postgres"
                await running

            print(f"five times {_FANS} after {await _equal(outside, before, _FANS):.1f} s")
            assert (await outside.sql(outside.facts["sql"]["failed_events"]))["count"] == 0


async def test_five_numbers_are_equal_when_servers_and_platform_are_killed_too():
    """`kill -9` for Valkey, beat, the simulator, PostgreSQL and the API, one after the other, each amid forty scans."""
    with tempfile.TemporaryDirectory(prefix="guanxi-prove-") as folder:
        home = Path(folder)
        home.chmod(0o755)
        async with running_demo(home) as (outside, _):
            before = await outside.five_numbers()
            victims = ("valkey", "beat", "simulator", "postgres", "api")
            for victim in victims:
                running = asyncio.create_task(_wave(outside, await outside.new_fans(40), outside.facts["codes"]))
                if victim == "simulator":
                    # Its own door must take the scans; it dies with the pushes they caused.
                    await running
                else:
                    await asyncio.sleep(0.03)
                assert await outside.kill(victim) < 2
                await running
                await outside.open_again()
                await asyncio.sleep(2)
            print(f"five times {40 * len(victims)} after {await _equal(outside, before, 40 * len(victims)):.1f} s")
