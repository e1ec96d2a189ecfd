"""Who is missing from the follower list: it takes the platform's word about each one, in steps that stay small."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from core.customers.rules import ContactKind
from infra import alerts, clock, crypto, database, parameters
from infra.settings import settings
from tests import factories as make
from tests.factories import contact, record, rows
from tests.simulator.harness import until
from tests.wechat import fan_world as world
from wechat.followers import comparing, service
from wechat.followers.rules import list_is_short

FANS = 12


@pytest.fixture
async def account(platform):
    """Twelve follow, all of them known and asked about."""
    account = await world.connected(platform)
    await world.follow(platform, account, *await world.people(platform, FANS))
    await world.record_follows(account, await world.openids(platform, account))
    assert await world.ask() == FANS
    return account


async def _set(name, value):
    await parameters.change(name, value, expected_version=0, by="test")


async def _reconcile_an_empty_list(platform, account):
    """The last follower is where the list is read from, so nobody is left to be read."""
    run_id = await service.start(account.id)
    last = (await world.openids(platform, account))[-1]
    await database.execute("UPDATE wechat_follower_run SET cursor = $2 WHERE id = $1", run_id, crypto.encrypt(last))
    await service.reconcile_due(world.nobody_takes)
    return await world.last_run()


async def _following():
    return (await rows("SELECT count(*) AS n FROM customer WHERE following"))[0]["n"]


async def _alerts():
    return [alert["kind"] for alert in await alerts.listed()]


async def test_an_empty_list_alone_makes_nobody_leave(platform, account):
    run = await _reconcile_an_empty_list(platform, account)
    assert (run["state"], run["seen"], run["missing"], run["error"]) == ("done", 0, FANS, None)
    assert await world.ask() == FANS
    assert await _following() == FANS


async def test_a_list_that_lacks_too_many_only_alerts(platform, account):
    await _set("wechat.reconcile_missing_most", FANS - 1)
    run = await _reconcile_an_empty_list(platform, account)
    assert (run["state"], run["missing"]) == ("done", FANS)
    assert "short" in run["error"]
    assert await _alerts() == ["wechat.followers_short"]
    assert await world.ask() == 0
    assert await _following() == FANS
    assert (await world.reconcile(account))["error"] is None
    assert await _alerts() == []


@pytest.mark.parametrize(
    ("seen", "missing", "short"), [(0, 50, False), (0, 51, True), (2449, 51, True), (2499, 51, False), (0, 0, False)]
)
def test_a_list_is_short_when_many_and_a_share_are_missing(seen, missing, short):
    assert list_is_short(seen, missing, 50, 2) is short


async def _one_step():
    """What one claim does."""
    now = clock.now()
    row = await database.fetch_one(service._CLAIM, now, now + timedelta(minutes=3))
    await service._go_on(row, world.nobody_takes, float("inf"))
    return await world.last_run()


async def test_the_walk_goes_on_in_steps_and_counts_everybody_once(platform, account, monkeypatch):
    monkeypatch.setattr(comparing, "_STEP_ROWS", 5)
    await database.execute("UPDATE identity SET unionid = NULL, profiled_at = NULL")
    await service.start(account.id)
    while (await _one_step())["state"] == "reading":
        pass
    await database.execute("DELETE FROM wechat_follower_seen")
    assert [(await _one_step())["missing"] for _ in range(4)] == [5, 10, 12, 12]
    waiting = "SELECT count(*) AS n FROM identity WHERE ask_at IS NOT NULL"
    asked = [(await _one_step(), (await rows(waiting))[0]["n"]) for _ in range(4)]
    assert [(run["state"], count) for run, count in asked] == [
        ("settling", 5), ("settling", 10), ("settling", 12), ("clearing", 12)
    ]  # fmt: skip
    assert (await _one_step())["state"] == "done"


async def test_whom_the_run_has_seen_is_forgotten_in_steps(platform, account, monkeypatch):
    await service.start(account.id)
    monkeypatch.setattr(comparing, "_STEP_ROWS", 5)
    while (run := await _one_step())["state"] != "clearing":
        pass
    left = []
    while run["state"] != "done":
        run = await _one_step()
        left.append(await make.count("wechat_follower_seen"))
    assert left == [7, 2, 0, 0]


async def test_a_step_that_somebody_else_has_taken_is_not_taken_again(platform, account):
    await service.start(account.id)
    row = await database.fetch_one("SELECT * FROM wechat_follower_run")
    stale = comparing.Claimed(
        id=row["id"], account=account, state=service.RunState.COMPARING, started_at=row["started_at"]
    )
    await database.execute("UPDATE wechat_follower_run SET state = 'comparing'")
    await comparing.compare(stale)
    with pytest.raises(comparing.Overtaken):
        await comparing.compare(stale)
    assert (await world.last_run())["missing"] == FANS


async def test_a_fan_from_before_is_asked_about_after_the_next_run(platform, account):
    """Followers of a time when nobody asked: no migration touches them."""
    await database.execute("UPDATE identity SET unionid = NULL, profiled_at = NULL, ask_at = NULL")
    assert await world.ask() == 0
    await world.reconcile(account)
    assert await world.ask() == FANS
    assert await rows("SELECT count(*) AS n FROM identity WHERE unionid IS NULL") == [{"n": 0}]


async def test_a_refusal_that_stays_is_met_later_and_later_with_one_alert(platform, account, db):
    await platform.fault(account.app_id, "/cgi-bin/user/get", errcode=50002)
    await service.start(account.id)
    waits, elapsed = [], 0
    for _ in range(13):
        before = clock.now()
        await service.reconcile_due(world.nobody_takes)
        run = await world.last_run()
        waits.append(round((run["next_at"] - before).total_seconds()))
        elapsed += waits[-1] + 1
        make.jump(db, seconds=elapsed)
    assert waits == [60 * 2**n for n in range(11)] + [86_400, 86_400]
    assert [(a["kind"], a["count"]) for a in await alerts.listed()] == [("wechat.followers_failed", 13)]
    await platform.mend(account.app_id)
    assert (await world.reconcile(account))["state"] == "done"
    assert await _alerts() == []


async def test_what_the_client_has_alerted_is_alerted_once(platform, account):
    await platform.fault(account.app_id, "/cgi-bin/user/get", errcode=48001)
    assert (await world.reconcile(account))["attempts"] == 1
    assert await _alerts() == ["wechat.48001"]


async def test_what_nobody_expected_pauses_the_run_and_alerts(platform, account, db):
    run_id = await service.start(account.id)
    await database.execute("UPDATE wechat_follower_run SET state = 'settling' WHERE id = $1", run_id)
    other = await asyncpg.connect(settings().database_url.get_secret_value())
    async with other.transaction():
        await other.execute("LOCK TABLE wechat_follower_seen IN ACCESS EXCLUSIVE MODE")
        await service.reconcile_due(world.nobody_takes)
    await other.close()
    run = await world.last_run()
    assert (run["state"], run["attempts"], run["error"]) == ("settling", 1, "LockNotAvailableError")
    assert run["next_at"] > clock.now()
    assert await _alerts() == ["wechat.followers_failed"]
    make.jump(db, seconds=61)
    await service.reconcile_due(world.nobody_takes)
    assert (await world.last_run())["state"] == "done"
    assert await _alerts() == []


async def test_who_follows_anew_while_being_asked_about_has_not_left_and_is_asked_again(platform, db):
    account = await world.connected(platform)
    (fan,) = await world.people(platform, 1)
    await world.follow(platform, account, fan)
    (openid,) = await world.openids(platform, account)
    await world.record_follows(account, [openid])
    await world.act(platform, account, fan, "unfollow")
    (before,) = await rows("SELECT ask_at FROM identity")
    await _set("wechat.daily.user_info", 1)
    await platform.fault(account.app_id, "/cgi-bin/user/info/batchget", "latency", latency_ms=400)
    asking = asyncio.create_task(world.ask())

    async def claimed():
        return await rows("SELECT ask_at FROM identity") != [before]

    await until(claimed)
    # Their clock is behind ours, so the follow seems older than the question.
    await record(contact(ContactKind.FOLLOW, clock.now() - timedelta(seconds=5), person=openid, app_id=account.app_id))
    assert await asking == 1
    (after,) = await rows("SELECT following, ask_at FROM identity")
    assert (after["following"], after["ask_at"] is not None) == (True, True)
