"""Whom a scan counts for: leavers, closed stores, second scans, no code, new targets, seasons, stopped codes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.contexts import registry
from core.customers.rules import Credit
from infra import clock
from infra.ids import new_id
from tests import factories as make
from tests.pushes import Pushes
from wechat.codes import service
from wechat.codes.rules import Life, Owner, Owners, TargetKind, Terms
from wechat.welcomes import responders

AT = datetime(2026, 3, 4, 4, tzinfo=UTC)
SECOND = timedelta(seconds=1)
GUIDE, STORE, CHANNEL, OTHER = (new_id() for _ in range(4))
WHOLE = Owner(guide_id=GUIDE, store_id=STORE, channel_id=CHANNEL)
moments = st.none() | st.integers(-5, 5).map(lambda n: AT + n * SECOND / 2)


def _owners(owner=WHOLE, **more):
    return Owners(code_id=OTHER, owner=owner, **more)


@given(starts=moments, ends=moments, stopped=moments)
def test_a_second_counts_when_none_of_it_lies_beyond_an_end_and_some_of_it_after_the_start(starts, ends, stopped):
    terms = Terms(starts_at=starts, ends_at=ends, stopped_at=stopped)
    holds = terms.hold(AT)
    begun = starts is None or starts < AT + SECOND
    assert holds == (begun and all(end is None or end >= AT + SECOND for end in (ends, stopped)))
    credit = _owners(replace(WHOLE, terms=terms)).credit(AT)
    assert credit == (
        Credit(code_id=OTHER, guide_id=GUIDE, store_id=STORE, channel_id=CHANNEL) if holds else Credit(code_id=OTHER)
    )


@given(left=moments, closed=moments)
def test_guide_store_and_channel_fall_away_one_by_one(left, closed):
    owner = Owner(guide_id=GUIDE, guide_left_at=left, store_id=STORE, store_closed_at=closed, channel_id=CHANNEL)
    credit = _owners(owner).credit(AT)
    assert credit.guide_id == (None if left is not None and left < AT + SECOND else GUIDE)
    assert credit.store_id == (None if closed is not None and closed < AT + SECOND else STORE)
    assert credit.channel_id == CHANNEL


def test_the_first_former_owner_who_had_it_through_the_second_is_credited():
    one, two = Owner(guide_id=GUIDE), Owner(store_id=STORE)
    owners = _owners(Owner(channel_id=CHANNEL), former=((AT, one), (AT + 10 * SECOND, two)))
    found = [owners.credit(AT + n * SECOND) for n in (-2, -1, 0, 9, 10)]
    assert [(c.guide_id, c.store_id, c.channel_id) for c in found] == [
        (GUIDE, None, None),
        (GUIDE, None, None),
        (None, STORE, None),
        (None, STORE, None),
        (None, None, CHANNEL),
    ]


class World:
    """One account and whoever comes to it."""

    def __init__(self, http, account):
        self.http = http
        self.account = account

    async def push(self, openid, fields_of):
        fan = Pushes(self.account, openid)
        responders.forget()
        answer = await fan.sealed(fields_of(fan)).send(self.http)
        await make.settle(registry())
        return fan.opened(answer).get("Content")

    async def follow(self, scene=None, at=None, openid=None):
        """The newest touch of somebody (new) who follows, and what that person reads."""
        openid = openid or make.openid()
        said = await self.push(openid, lambda fan: fan.follow(scene, at))
        return await self.touch(openid), said

    async def scan(self, scene, openid, at=None):
        said = await self.push(openid, lambda fan: fan.scan(scene, at))
        return await self.touch(openid), said

    async def touch(self, openid):
        customer = await make.customer_of(openid, self.account.app_id)
        newest = await make.rows(
            """SELECT code_id, guide_id, store_id, channel_id, is_first FROM touch WHERE customer_id = $1
            ORDER BY occurred_at DESC, id DESC LIMIT 1""",
            customer["id"],
        )
        return newest[0] | {"customers_guide": customer["guide_id"]}


@pytest.fixture
async def world(http):
    await make.welcome("大家")
    return World(http, await make.account())


async def _code(world, kind, target, **more):
    offered = await service.offer(world.account.app_id, Life.TEMPORARY)
    code_id = await service.add_code(offered, kind=kind, target_id=target.id, name="活动", **more)
    row = await make.rows("SELECT key FROM wechat_code WHERE id = $1", code_id)
    return code_id, row[0]["key"]


def _credit(touch):
    return touch["guide_id"], touch["store_id"], touch["channel_id"]


async def test_a_guides_code_credits_guide_store_and_channel_and_when_the_guide_left_the_rest(world, http):
    channel = await make.channel()
    store = await make.store(channel=channel)
    guide = await make.guide(store=store)
    code_id, scene = await _code(world, TargetKind.GUIDE, guide)
    touch, _ = await world.follow(scene)
    assert (touch["code_id"], *_credit(touch)) == (code_id, guide.id, store.id, channel.id)
    boss = await make.headers(await make.admin())
    await http.post(f"/staff/v1/staff/{guide.id}/leave", headers=boss)
    early = clock.now() - timedelta(seconds=30)
    assert _credit((await world.follow(scene))[0]) == (None, store.id, channel.id)
    assert _credit((await world.follow(scene, early))[0]) == (guide.id, store.id, channel.id)
    await http.post(f"/staff/v1/stores/{store.id}/close", headers=boss)
    assert _credit((await world.follow(scene))[0]) == (None, None, channel.id)
    assert _credit((await world.follow(scene, early))[0]) == (guide.id, store.id, channel.id)


async def test_a_second_scan_is_a_touch_and_changes_the_guide_only_when_the_former_has_left(world, http):
    one, two = await make.guide(), await make.guide()
    scenes = [(await _code(world, TargetKind.GUIDE, guide))[1] for guide in (one, two)]
    openid, now = make.openid(), clock.now()
    touch, _ = await world.follow(scenes[0], now - timedelta(seconds=9), openid)
    assert (touch["is_first"], touch["guide_id"], touch["customers_guide"]) == (True, one.id, one.id)
    touch, _ = await world.scan(scenes[1], openid, now - timedelta(seconds=6))
    assert (touch["is_first"], touch["guide_id"], touch["customers_guide"]) == (False, two.id, one.id)
    await http.post(f"/staff/v1/staff/{one.id}/leave", headers=await make.headers(await make.admin()))
    touch, _ = await world.scan(scenes[1], openid, now - timedelta(seconds=3))
    assert (touch["guide_id"], touch["customers_guide"]) == (two.id, two.id)


async def test_a_follow_without_a_code_or_with_a_foreign_scene_counts_for_nobody(world):
    for scene in (None, "of-another-system"):
        touch, said = await world.follow(scene)
        assert (touch["code_id"], *_credit(touch), said) == (None, None, None, None, "大家")


async def test_a_push_of_before_a_new_aim_counts_for_the_former_target(world):
    guide, store, channel = await make.guide(), await make.store(), await make.channel()
    code_id, scene = await _code(world, TargetKind.GUIDE, guide)
    await make.welcome("{门店}的话", store_id=store.id)
    await service.aim(code_id, TargetKind.STORE, store.id)
    touch, said = await world.follow(scene)
    assert (*_credit(touch), said) == (None, store.id, None, f"{store.name}的话")
    late, _ = await world.follow(scene, clock.now() - timedelta(seconds=30))
    assert _credit(late) == (guide.id, guide.store_id, None)
    await service.aim(code_id, TargetKind.CHANNEL, channel.id)
    late, _ = await world.follow(scene, clock.now() - timedelta(seconds=30))
    assert _credit(late) == (guide.id, guide.store_id, None)
    assert _credit((await world.follow(scene))[0]) == (None, None, channel.id)


async def test_aiming_again_at_the_same_target_changes_nothing(world):
    guide = await make.guide()
    code_id, _ = await _code(world, TargetKind.GUIDE, guide)
    await service.aim(code_id, TargetKind.GUIDE, guide.id)
    assert await make.count("wechat_code_former") == 0


async def test_a_standing_code_aimed_elsewhere_is_replaced_for_who_had_it(world):
    one, two = await make.guide(), await make.guide()
    await make.settle(registry())
    before = await make.rows("SELECT id FROM wechat_code WHERE guide_id = $1", one.id)
    await service.aim(before[0]["id"], TargetKind.GUIDE, two.id)
    of_one = await make.rows("SELECT id, standing FROM wechat_code WHERE guide_id = $1", one.id)
    assert [row["standing"] for row in of_one] == [True]
    assert of_one[0]["id"] != before[0]["id"]
    of_two = await make.rows("SELECT standing FROM wechat_code WHERE guide_id = $1", two.id)
    assert sorted(row["standing"] for row in of_two) == [False, True]


async def test_a_code_out_of_season_welcomes_with_everybodys_words_and_counts_for_nobody(world):
    guide, now = await make.guide(), clock.now()
    await make.welcome("导购的话", guide_id=guide.id)
    for starts_at, ends_at, counts in (
        (now - timedelta(days=1), now + timedelta(days=1), True),
        (now + timedelta(days=1), None, False),
        (None, now - timedelta(seconds=2), False),
    ):
        code_id, scene = await _code(world, TargetKind.GUIDE, guide, starts_at=starts_at, ends_at=ends_at)
        touch, said = await world.follow(scene)
        assert touch["code_id"] == code_id
        assert (touch["guide_id"], said) == ((guide.id, "导购的话") if counts else (None, "大家"))
    late, _ = await world.follow(scene, now - timedelta(seconds=30))
    assert late["guide_id"] == guide.id


async def test_a_stopped_code_welcomes_and_counts_for_nobody_until_it_is_resumed(world):
    channel = await make.channel()
    await make.welcome("渠道的话", channel_id=channel.id)
    code_id, scene = await _code(world, TargetKind.CHANNEL, channel)
    await service.stop(code_id)
    stopped = await make.rows("SELECT stopped_at FROM wechat_code")
    await service.stop(code_id)
    assert await make.rows("SELECT stopped_at FROM wechat_code") == stopped
    touch, said = await world.follow(scene)
    assert (touch["code_id"], *_credit(touch), said) == (code_id, None, None, None, "大家")
    late, _ = await world.follow(scene, clock.now() - timedelta(seconds=30))
    assert late["channel_id"] == channel.id
    await service.resume(code_id)
    touch, said = await world.follow(scene)
    assert (touch["channel_id"], said) == (channel.id, "渠道的话")


async def test_a_scan_during_a_stop_that_comes_late_counts_for_nobody_after_the_resumption_either(world, db):
    channel = await make.channel()
    code_id, scene = await _code(world, TargetKind.CHANNEL, channel)
    begun = clock.now()
    for seconds, act in ((10, service.stop), (20, service.resume), (30, service.stop), (40, service.resume)):
        make.jump(db, seconds=seconds)
        await act(code_id)
    make.jump(db, seconds=50)
    late = {n: (await world.follow(scene, begun + n * SECOND))[0]["channel_id"] for n in (5, 15, 25, 35, 45)}
    assert late == {5: channel.id, 15: None, 25: channel.id, 35: None, 45: channel.id}
    await service.resume(code_id)
    assert await make.count("wechat_code_former") == 2


async def test_a_late_scan_is_judged_by_the_season_of_its_time(world, db):
    channel, begun = await make.channel(), clock.now()
    code_id, scene = await _code(world, TargetKind.CHANNEL, channel, ends_at=begun + 10 * SECOND)
    make.jump(db, seconds=20)
    await service.change(code_id, {"ends_at": None})
    await service.change(code_id, {"ends_at": None, "name": "新名"})
    assert await make.count("wechat_code_former") == 1
    make.jump(db, seconds=40)
    late = {n: (await world.follow(scene, begun + n * SECOND))[0]["channel_id"] for n in (5, 15, 30)}
    assert late == {5: channel.id, 15: None, 30: channel.id}


async def test_a_code_made_by_hand_does_not_take_the_place_of_the_standing_one(world):
    channel = await make.channel()
    await _code(world, TargetKind.CHANNEL, channel)
    await make.settle(registry())
    rows = await make.rows("SELECT standing FROM wechat_code WHERE channel_id = $1", channel.id)
    assert sorted(row["standing"] for row in rows) == [False, True]
