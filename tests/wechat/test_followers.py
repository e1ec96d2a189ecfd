"""The platform's word about people: profiles by batches, and follows lost while we were down."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from core.customers.rules import ContactKind
from infra import clock, crypto, database, parameters
from tests import factories as make
from tests.factories import contact, record, rows
from tests.wechat import fan_world as world
from wechat.followers import service
from wechat.followers.rules import read

FOLLOW, SCAN, UNFOLLOW = ContactKind.FOLLOW, ContactKind.SCAN, ContactKind.UNFOLLOW
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def account(platform):
    return await world.connected(platform)


async def following(count):
    return await rows("SELECT count(*) AS n FROM customer WHERE following") == [{"n": count}]


async def _set(name, value):
    await parameters.change(name, value, expected_version=0, by="test")


async def test_two_accounts_one_person_one_customer(platform, account):
    """The story of the issue: one unionid in two accounts is one customer."""
    other = await world.connected(platform, 2)
    (fan,) = await world.people(platform, 1)
    for each in (account, other):
        await world.follow(platform, each, fan)
        await world.record_follows(each, await world.openids(platform, each))
    assert await make.count("customer") == 2
    assert await world.ask() == 2
    standing = await rows("SELECT id FROM customer WHERE merged_into_id IS NULL")
    assert len(standing) == 1
    assert await rows("SELECT DISTINCT customer_id AS id FROM identity") == standing
    assert await world.ask() == 0


async def test_profiles_are_asked_for_in_batches(platform, account):
    await _set("wechat.profile_batch", 10)
    await world.follow(platform, account, *await world.people(platform, 25))
    await world.record_follows(account, await world.openids(platform, account))
    assert await world.ask() == 25
    assert await world.calls(platform, account, "user_info_batchget") == 3
    assert await rows("SELECT count(*) AS n FROM identity WHERE profiled_at IS NULL OR unionid IS NULL") == [{"n": 0}]


async def test_who_turns_out_to_have_left_follows_no_more(platform, account, db):
    fans = await world.people(platform, 2)
    await world.follow(platform, account, *fans)
    await world.record_follows(account, await world.openids(platform, account))
    await world.act(platform, account, fans[0], "unfollow")
    await world.ask()
    assert sorted(row["following"] for row in await rows("SELECT following FROM customer")) == [False, True]
    assert await rows("SELECT kind FROM timeline WHERE kind = 'unfollow'") == [{"kind": "unfollow"}]


async def test_an_openid_the_platform_does_not_know_spoils_nobody_elses_profile(platform, account, db):
    await world.follow(platform, account, *await world.people(platform, 9))
    await world.record_follows(account, [*await world.openids(platform, account), "o-nobody"])
    assert await world.ask() == 9
    assert await rows("SELECT openid, following FROM identity WHERE unionid IS NULL") == [
        {"openid": "o-nobody", "following": True}
    ]
    make.jump(db, days=1)
    asked = await world.calls(platform, account, "user_info_batchget")
    assert await world.ask() == 0
    assert await world.calls(platform, account, "user_info_batchget") == asked


async def test_a_platform_that_is_away_is_left_alone_for_a_while(platform, account, db):
    await world.follow(platform, account, *await world.people(platform, 3))
    await world.record_follows(account, await world.openids(platform, account))
    await platform.fault(account.app_id, "/cgi-bin/user/info/batchget", "http_500")
    assert await world.ask() == 0
    asked = await world.calls(platform, account, "user_info_batchget")
    assert await world.ask() == 0
    assert await world.calls(platform, account, "user_info_batchget") == asked
    await platform.mend(account.app_id)
    make.jump(db, minutes=6)
    assert await world.ask() == 3


async def test_a_spent_quota_waits_for_midnight(platform, account, db):
    await _set("wechat.daily.user_info", 0)
    await world.follow(platform, account, *await world.people(platform, 2))
    await world.record_follows(account, await world.openids(platform, account))
    assert await world.ask() == 0
    midnight = clock.start_of_day(clock.business_day() + timedelta(days=1))
    assert await rows("SELECT ask_from FROM wechat_account") == [{"ask_from": midnight}]


async def test_a_mini_programs_people_are_not_asked_about(platform, db):
    from wechat.accounts.rules import Kind

    mini = await make.account(5, kind=Kind.MINI)
    await world.record_follows(mini, ["o1"])
    assert await world.ask() == await world.ask() == 0


async def test_a_follow_that_no_push_told_of_is_healed_and_credited(platform, account):
    guide = await make.guide()
    code = await make.code(account, guide)
    scene = await make.key_of(code)
    await _issue(platform, account, scene)
    fans = await world.people(platform, 3)
    await world.follow(platform, account, fans[0], scene=scene)
    await world.follow(platform, account, *fans[1:])
    run = await world.reconcile(account)
    assert (run["state"], run["seen"], run["healed"], run["missing"], run["error"]) == ("done", 3, 3, 0, None)
    assert await rows("SELECT guide_id, code_id, kind FROM touch WHERE guide_id IS NOT NULL") == [
        {"guide_id": guide.id, "code_id": code.id, "kind": "follow"}
    ]
    assert await rows("SELECT count(*) AS n FROM identity WHERE following AND unionid IS NOT NULL") == [{"n": 3}]
    assert await make.count("wechat_follower_seen") == 0
    again = await world.reconcile(account)
    assert (again["healed"], again["missing"], await make.count("touch")) == (0, 0, 3)


async def _issue(platform, account, scene):
    token = await platform.token(account.app_id, account.secret)
    body = {"action_name": "QR_LIMIT_STR_SCENE", "action_info": {"scene": {"scene_str": scene}}}
    answer = (await platform.post("/cgi-bin/qrcode/create", body, access_token=token))[1]
    assert "ticket" in answer


async def test_the_push_of_a_healed_follow_that_comes_late_makes_no_second_touch(platform, account):
    (fan,) = await world.people(platform, 1)
    await world.follow(platform, account, fan)
    await world.reconcile(account)
    (openid,) = await world.openids(platform, account)
    (touch,) = await rows("SELECT occurred_at FROM touch")
    late = contact(FOLLOW, touch["occurred_at"], person=openid, app_id=account.app_id)
    assert await record(late) == 0
    assert await make.count("touch") == await make.count("timeline") == 1


async def test_healing_while_the_push_is_handled_makes_one_touch(platform, account):
    fans = await world.people(platform, 20)
    await world.follow(platform, account, *fans)
    known = await world.openids(platform, account)
    since = {info["openid"]: info["subscribe_time"] for info in await _infos(platform, account, known)}

    async def pushes():
        for openid in known:
            at = datetime.fromtimestamp(since[openid], UTC)
            await record(contact(FOLLOW, at, person=openid, app_id=account.app_id))

    await asyncio.gather(pushes(), world.reconcile(account))
    assert await make.count("touch") == await make.count("customer") == await make.count("timeline") == 20


async def _infos(platform, account, openids):
    token = await platform.token(account.app_id, account.secret)
    body = {"user_list": [{"openid": openid} for openid in openids]}
    return (await platform.post("/cgi-bin/user/info/batchget", body, access_token=token))[1]["user_info_list"]


async def test_a_departure_that_no_push_told_of_is_found_at_the_end(platform, account, db):
    fans = await world.people(platform, 3)
    await world.follow(platform, account, *fans)
    await world.record_follows(account, await world.openids(platform, account))
    assert await world.ask() == 3
    await world.act(platform, account, fans[1], "unfollow")
    run = await world.reconcile(account)
    assert (run["seen"], run["healed"], run["missing"]) == (2, 0, 1)
    assert await following(3)
    assert await world.ask() == 1
    (gone,) = await rows("SELECT state_at FROM identity WHERE NOT following")
    assert gone["state_at"] >= run["started_at"].replace(microsecond=0)
    assert await following(2)


@pytest.mark.parametrize("minutes", [-9, -1, 0, 1])
async def test_who_followed_about_when_the_list_was_read_is_not_missing(platform, account, minutes):
    """Their clock is not ours."""
    await service.start(account.id)
    await world.record_follows(account, ["o-follows-just-now"], clock.now() + minutes * MINUTE)
    await service.reconcile_due(world.nobody_takes)
    assert (await world.last_run())["missing"] == 0


async def test_who_we_took_for_gone_follows_again_when_the_platform_says_so(platform, account):
    (fan,) = await world.people(platform, 1)
    await world.follow(platform, account, fan)
    await world.reconcile(account)
    (openid,) = await world.openids(platform, account)
    await record(contact(UNFOLLOW, clock.now(), person=openid, app_id=account.app_id))
    await database.execute("UPDATE identity SET state_at = state_at - interval '1 minute'")
    await world.reconcile(account)
    assert await rows("SELECT c.following, i.following AS here FROM customer c, identity i") == [
        {"following": True, "here": True}
    ]
    assert await make.count("touch") == 1


async def test_an_account_bound_to_the_open_platform_later_still_makes_one_person_one_customer(platform, db):
    bound, late = await world.connected(platform, 1), await world.connected(platform, 2, open_platform=None)
    (fan,) = await world.people(platform, 1)
    for each in (bound, late):
        await world.follow(platform, each, fan)
        await world.reconcile(each)
    assert await rows("SELECT count(*) AS n FROM customer WHERE merged_into_id IS NULL") == [{"n": 2}]
    await platform.account(app_id=late.app_id, original_id=late.original_id, secret=late.secret, name=late.name)
    make.jump(db, days=2)
    await world.reconcile(late)
    assert await world.ask() == 0
    make.jump(db, days=8)
    await world.reconcile(late)
    assert await world.ask() == 1
    assert await rows("SELECT count(*) AS n FROM customer WHERE merged_into_id IS NULL") == [{"n": 1}]


async def test_colleagues_are_neither_healed_nor_lost(platform, account, db):
    from core.organisation import bindings

    fans = await world.people(platform, 1)
    await world.follow(platform, account, *fans)
    guide = await make.guide()
    (openid,) = await world.openids(platform, account)
    await bindings.bind_wechat(guide.id, account.app_id, openid)
    await bindings.bind_wechat(guide.id, account.app_id, "o-left")
    await database.execute("DELETE FROM staff_wechat WHERE digest = $1", crypto.digest(account.app_id, "o-left"))
    await world.record_follows(account, ["o-left"])
    await bindings.bind_wechat(guide.id, account.app_id, "o-left")
    run = await world.reconcile(account)
    assert (run["state"], run["healed"], run["missing"]) == ("done", 0, 0)
    assert await make.count("touch") == 1


async def test_one_run_per_account_is_under_way(platform, account):
    assert len(set(await asyncio.gather(*(service.start(account.id) for _ in range(6))))) == 1
    assert await make.count("wechat_follower_run") == 1
    await asyncio.gather(*(service.reconcile_due(world.nobody_takes) for _ in range(4)))
    assert (await world.last_run())["state"] == "done"


async def test_a_run_begins_once_a_day_after_the_quiet_hour(platform, account, db):
    make.jump_to(db, datetime.now(UTC) + timedelta(days=1))
    hour = clock.start_of_day(clock.business_day()) + timedelta(hours=4)
    tomorrow = hour + timedelta(days=1)
    for at, runs in ((hour - MINUTE, 0), (hour + MINUTE, 1), (hour + 60 * MINUTE, 1), (tomorrow + MINUTE, 2)):
        if at < clock.now() - timedelta(days=1):
            continue
        make.jump_to(db, at)
        await database.execute("UPDATE wechat_account SET created_at = $1", hour - timedelta(hours=1))
        await service.start_daily()
        await database.execute("UPDATE wechat_follower_run SET state = 'done'")
        assert await make.count("wechat_follower_run") == runs, at


@pytest.mark.parametrize(
    "info", [{}, {"openid": 1, "subscribe": 1}, {"openid": "o", "subscribe": "1"}, {"subscribe": 0}]
)
def test_what_is_no_person_is_left_out(info):
    assert read(info) is None


def test_a_person_is_read_whatever_the_platform_leaves_out():
    assert read({"openid": "o", "subscribe": 1}).since is None
    full = read(
        {"openid": "o", "subscribe": 1, "subscribe_time": 5, "qr_scene": 7, "qr_scene_str": "", "tagid_list": [1, "2"]}
    )
    assert (full.scene, full.tags, full.since) == ("7", (1,), datetime(1970, 1, 1, 0, 0, 5, tzinfo=UTC))
