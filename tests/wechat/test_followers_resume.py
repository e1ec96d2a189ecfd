"""A run that is broken off, by a crash, by a spent quota or by `kill -9`, goes on and counts everybody once."""

import asyncio
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from infra import clock, database, parameters
from tests import factories as make
from tests.factories import rows
from tests.simulator.harness import until
from tests.wechat import fan_world as world
from wechat.followers import profiles, service
from wechat.followers.comparing import Claimed, Overtaken
from wechat.followers.rules import RunState
from wechat.platform.errors import PlatformAway

FANS = 23


class Crash(BaseException):
    """As sudden as a kill: nothing of ours catches it."""


@pytest.fixture
async def account(platform):
    account = await world.connected(platform, limits={"user_get_page": 5})
    await world.follow(platform, account, *await world.people(platform, FANS))
    return account


async def _everybody_once(run):
    assert (run["state"], run["seen"], run["missing"]) == ("done", FANS, 0)
    assert await make.count("customer") == await make.count("touch") == await make.count("timeline") == FANS
    assert await make.count("wechat_follower_seen") == 0


@pytest.mark.parametrize("place", ["_heal", "_turn_page"])
async def test_a_run_goes_on_after_a_crash_at_any_page(platform, account, db, monkeypatch, place):
    await service.start(account.id)
    original, crashes = getattr(service, place), 0

    async def crash_after_every_other(*args):
        nonlocal crashes
        await original(*args)
        crashes += 1
        if crashes % 2:
            raise Crash

    monkeypatch.setattr(service, place, crash_after_every_other)
    for attempt in range(1, 12):
        try:
            await service.reconcile_due(world.nobody_takes)
        except Crash:
            # The lease of the one that died.
            make.jump(db, minutes=4 * attempt)
        else:
            break
    await _everybody_once(await world.last_run())
    assert crashes > 2


async def test_nobody_else_touches_a_run_that_is_claimed(platform, account, db, monkeypatch):
    await service.start(account.id)

    async def crash(*_args):
        raise Crash

    with monkeypatch.context() as patched:
        patched.setattr(service, "_heal", crash)
        with pytest.raises(Crash):
            await service.reconcile_due(world.nobody_takes)
    await service.reconcile_due(world.nobody_takes)
    assert (await world.last_run())["seen"] == 0
    make.jump(db, minutes=4)
    await service.reconcile_due(world.nobody_takes)
    await _everybody_once(await world.last_run())


async def test_whoever_lost_the_lease_does_not_turn_the_page_of_another(platform, account, db):
    run_id = await service.start(account.id)
    stale = Claimed(id=run_id, account=account, state=RunState.READING, started_at=clock.now())
    await service._read_page(stale, world.nobody_takes, float("inf"))
    with pytest.raises(Overtaken):
        await service._turn_page(stale, [b"somebody"], "next")
    assert (await world.last_run())["seen"] == 5


async def test_a_quota_spent_in_the_middle_lets_the_run_go_on_the_next_day(platform, account, db):
    await parameters.change("wechat.daily.user_get", 2, expected_version=0, by="test")
    await service.start(account.id)
    await service.reconcile_due(world.nobody_takes)
    run = await world.last_run()
    assert (run["state"], run["seen"]) == ("reading", 10)
    assert run["next_at"] == clock.start_of_day(clock.business_day() + timedelta(days=1))
    for day in (1, 2):
        make.jump(db, days=day)
        await service.reconcile_due(world.nobody_takes)
    await _everybody_once(await world.last_run())
    assert await world.calls(platform, account, "user_get") == 6


async def test_a_platform_that_goes_away_is_asked_again_after_a_while(platform, account, db, monkeypatch):
    await service.start(account.id)

    async def away(*_args):
        raise PlatformAway

    with monkeypatch.context() as patched:
        patched.setattr(profiles, "asked", away)
        await service.reconcile_due(world.nobody_takes)
    run = await world.last_run()
    assert (run["state"], run["error"]) == ("reading", "wechat_unavailable")
    assert run["next_at"] > clock.now()
    make.jump(db, seconds=61)
    await service.reconcile_due(world.nobody_takes)
    await _everybody_once(await world.last_run())


async def test_the_cursor_is_kept_as_ciphertext(platform, account, db, monkeypatch):
    await service.start(account.id)
    await parameters.change("wechat.daily.user_get", 1, expected_version=0, by="test")
    await service.reconcile_due(world.nobody_takes)
    cursor = (await world.last_run())["cursor"]
    assert not any(openid.encode() in cursor for openid in await world.openids(platform, account))


async def test_a_place_the_platform_has_forgotten_is_read_from_the_beginning(platform, account, db):
    from infra import crypto

    await service.start(account.id)
    await database.execute("UPDATE wechat_follower_run SET cursor = $1", crypto.encrypt("o-forgotten"))
    await service.reconcile_due(world.nobody_takes)
    make.jump(db, seconds=61)
    await service.reconcile_due(world.nobody_takes)
    await _everybody_once(await world.last_run())


_PROGRAM = """
import asyncio
from app.contexts import MODELS
from infra import database
from tests.wechat.fan_world import nobody_takes
from wechat.followers import service

async def main():
    await database.connect(MODELS)
    while True:
        await service.reconcile_due(nobody_takes)
        await asyncio.sleep(0.01)

asyncio.run(main())
"""


@pytest.mark.prove
async def test_a_process_killed_again_and_again_leaves_everybody_once(platform, db):
    count = 400
    account = await world.connected(platform, limits={"user_get_page": 40})
    await world.follow(platform, account, *await world.people(platform, count))
    await parameters.change("wechat.profile_batch", 7, expected_version=0, by="test")
    await service.start(account.id)

    async def progress():
        return (await rows("SELECT count(*) AS n FROM identity"))[0]["n"]

    environment = os.environ | {"GUANXI_WECHAT_API_URL": platform.base}
    kills = 0
    for goal in range(40, count, 60):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _PROGRAM, env=environment, cwd=Path(__file__).parents[2]
        )

        async def reached(goal=goal):
            return await progress() >= goal

        await until(reached, 60)
        process.send_signal(signal.SIGKILL)
        await process.wait()
        kills += 1
        make.jump(db, minutes=4 * kills)
    await service.reconcile_due(world.nobody_takes)
    run = await world.last_run()
    assert (run["state"], run["seen"], kills) == ("done", count, 6)
    assert await make.count("customer") == await make.count("touch") == await make.count("timeline") == count
