"""Whom the platform is asked about, and when it is left alone."""

import pytest

from infra import database, parameters
from tests import factories as make
from tests.factories import rows
from tests.wechat import fan_world as world

BATCHGET = "/cgi-bin/user/info/batchget"


@pytest.fixture
async def accounts_(platform):
    """Two accounts with nine people each who are due, asked about three at a time."""
    await parameters.change("wechat.profile_batch", 3, expected_version=0, by="test")
    made = [await world.connected(platform, number, open_platform=None) for number in (1, 2)]
    for account in made:
        await world.follow(platform, account, *await world.people(platform, 9))
        await world.record_follows(account, await world.openids(platform, account))
    return made


async def _asked(platform, account):
    stats = await platform.ok(f"/sim/stats?app_id={account.app_id}")
    return sum(stats[kind].get("user_info_batchget", 0) for kind in ("calls", "faulted"))


async def test_a_platform_that_refuses_is_asked_once_and_then_left_alone(platform, accounts_, db):
    refused, _ = accounts_
    await platform.fault(refused.app_id, BATCHGET, errcode=48001)
    assert await world.ask() == 9
    assert [await _asked(platform, account) for account in accounts_] == [1, 3]
    make.jump(db, minutes=4)
    assert await world.ask() == 0
    assert await _asked(platform, refused) == 1
    await platform.mend(refused.app_id)
    make.jump(db, minutes=6)
    assert await world.ask() == 9
    assert await _asked(platform, refused) == 4


async def test_a_platform_that_is_away_is_asked_for_nobody_else_at_once(platform, accounts_, db):
    away, other = accounts_
    await platform.fault(away.app_id, BATCHGET, "http_500")
    assert await world.ask() == 0
    assert await _asked(platform, other) == 0
    assert await world.ask() == 9
    tries = await _asked(platform, away)
    assert await world.ask() == 0
    assert await _asked(platform, away) == tries


async def test_nobody_of_a_disabled_account_is_claimed(platform, accounts_, db):
    disabled, _ = accounts_
    due = await rows("SELECT id, ask_at FROM identity WHERE app_id = $1 ORDER BY id", disabled.app_id)
    # The workers' two seconds of memory still know it as enabled.
    await database.execute("UPDATE wechat_account SET disabled_at = created_at WHERE id = $1", disabled.id)
    assert await world.ask() == 9
    assert await rows("SELECT id, ask_at FROM identity WHERE app_id = $1 ORDER BY id", disabled.app_id) == due
