"""A leaver's codes lead to the receiver: scans are judged by their time, printed codes go on, standing ones stay."""

import asyncio
from datetime import timedelta

import pytest

from app.contexts import registry
from infra import clock
from tests import factories as make
from tests.core.hand_over_world import hand_over, leave
from tests.doors import error_of
from tests.pushes import Pushes
from wechat.codes import service
from wechat.codes.rules import Life, TargetKind


@pytest.fixture
async def account(http):
    return await make.account()


@pytest.fixture
async def pair(account):
    """A guide who goes and a colleague of the same store, with their standing codes."""
    store = await make.store()
    guides = [await make.guide(name, store=store) for name in ("导购01", "导购02")]
    await make.settle(registry())
    return guides


async def _standing(guide):
    """(scene, standing) of the codes that lead to a guide, oldest first."""
    return await make.rows("SELECT key, standing FROM wechat_code WHERE guide_id = $1 ORDER BY id", guide.id)


async def _scene(guide):
    return next(code["key"] for code in await _standing(guide) if code["standing"])


async def _push(http, account, scene, at=None, openid=None):
    """A follow, not handled yet."""
    openid = openid or make.openid()
    fan = Pushes(account, openid)
    answer = await fan.sealed(fan.follow(scene, at)).send(http)
    assert answer.status_code == 200
    return openid


async def _follow(http, account, scene, at=None):
    """Who is credited for somebody new who follows, and who looks after that person."""
    openid = await _push(http, account, scene, at)
    await make.settle(registry())
    customer = await make.customer_of(openid, account.app_id)
    return customer["brought_by"], customer["guide_id"]


async def test_at15_a_scan_counts_for_whom_the_code_led_to_at_its_time(http, account, pair):
    leaver, receiver = pair
    scene, early = await _scene(leaver), clock.now() - timedelta(seconds=30)
    assert await _follow(http, account, scene) == (leaver.id, leaver.id)
    answer = await leave(http, await make.admin(), leaver, hand_over_to=str(receiver.id))
    assert answer.status_code == 200
    assert await _follow(http, account, scene) == (receiver.id, receiver.id)
    # Scanned before, heard of after: the credit is the leaver's, the customer is not.
    assert await _follow(http, account, scene, early) == (leaver.id, receiver.id)


async def test_the_receivers_own_code_stays_the_standing_one_and_a_leaver_gets_no_new_one(http, account, pair):
    leaver, receiver = pair
    scenes = [await _scene(guide) for guide in pair]
    await leave(http, await make.admin(), leaver, hand_over_to=str(receiver.id))
    await make.settle(registry())
    assert await _standing(leaver) == []
    assert await _standing(receiver) == [
        {"key": scenes[0], "standing": False},
        {"key": scenes[1], "standing": True},
    ]
    assert await make.rows("SELECT permanent_codes FROM wechat_account") == [{"permanent_codes": 3}]  # the store's too


async def test_a_giver_who_stays_gets_a_new_standing_code(http, account, pair):
    giver, receiver = pair
    former = await _scene(giver)
    made = (await hand_over(http, giver, giver, receiver, parts=["codes"])).json()
    assert made["parts"] == {"codes": 1}
    [present] = await _standing(giver)
    assert present["standing"]
    assert present["key"] != former
    assert await _follow(http, account, former) == (receiver.id, receiver.id)
    assert await _follow(http, account, present["key"]) == (giver.id, giver.id)


async def test_a_stopped_code_of_a_season_goes_too_and_stays_stopped(http, account, pair):
    leaver, receiver = pair
    offered = await service.offer(account.app_id, Life.TEMPORARY)
    code_id = await service.add_code(offered, kind=TargetKind.GUIDE, target_id=leaver.id, name="活动")
    await service.stop(code_id)
    await hand_over(http, leaver, leaver, receiver, parts=["codes"])
    [code] = await make.rows("SELECT key, guide_id, stopped_at FROM wechat_code WHERE id = $1", code_id)
    assert (code["guide_id"], code["stopped_at"] is None) == (receiver.id, False)
    assert await _follow(http, account, code["key"]) == (None, None)


async def test_codes_go_to_a_guide_only_and_the_refusal_changes_nothing(http, account, pair):
    leaver, _ = pair
    boss, clerk = await make.admin(), await make.manager()
    assert error_of(await leave(http, boss, leaver, hand_over_to=str(clerk.id))) == (409, "receiver_not_a_guide")
    assert [row["left_at"] for row in await make.rows("SELECT left_at FROM staff WHERE id = $1", leaver.id)] == [None]
    assert len(await _standing(leaver)) == 1
    answer = await leave(http, boss, leaver, hand_over_to=str(clerk.id), parts=["customers"])
    assert answer.status_code == 200


async def test_at15_fans_who_scan_while_the_guide_leaves_are_nobody_elses(http, account, pair):
    leaver, receiver = pair
    scene, boss = await _scene(leaver), await make.admin()
    openids = [await _push(http, account, scene) for _ in range(40)]

    async def handle():
        for _ in range(3):
            await make.settle(registry())

    going = leave(http, boss, leaver, hand_over_to=str(receiver.id))
    pushing = asyncio.gather(*(_push(http, account, scene) for _ in range(10)))
    answer, _, openids_during, _ = await asyncio.gather(going, handle(), pushing, handle())
    assert answer.status_code == 200
    await make.settle(registry())
    owners = await make.rows("SELECT DISTINCT guide_id FROM customer")
    assert owners == [{"guide_id": receiver.id}]
    assert await make.count("customer") == len(openids) + len(openids_during)
