"""Bearers whom the platform refuses: kept here, told again, and nobody else waits for them."""

import asyncio

import pytest

from core.customers.rules import ContactKind
from infra import alerts, clock, database, parameters
from tests import factories as make
from tests.factories import contact, customer_of, record, rows
from tests.simulator.harness import until
from tests.wechat import fan_world as world
from tests.wechat.label_world import add, bearers, calls, import_again, known, on_platform
from wechat.accounts import queries as accounts
from wechat.followers.batches import send
from wechat.labels import importing, service, syncing
from wechat.labels.errors import LabelNotFound
from wechat.platform.errors import PlatformRefused

TAGGING = "/cgi-bin/tags/members/batchtagging"


@pytest.fixture
async def account(platform):
    account = await world.connected(platform)
    await world.imported(account)
    return account


@pytest.fixture
async def fans(platform, account):
    return await known(platform, account, 6)


@pytest.fixture
async def boss(http):
    return await make.headers(await make.manager())


async def labelled(http, fans, name="会员"):
    boss = await make.headers(await make.manager())
    label = await add(http, boss, name)
    body = {"customer_ids": [str(fan) for fan in fans.values()]}
    assert (await http.post(f"/staff/v1/labels/{label}/fans", headers=boss, json=body)).json()["left_out"] == 0
    return label


async def states():
    return await rows("SELECT DISTINCT synced, left(error, 5) AS error FROM wechat_label_member ORDER BY 1, 2")


async def told(account):
    return await calls(account, TAGGING)


async def test_a_platform_that_is_away_is_asked_once_and_then_left_alone(http, platform, account, fans, db):
    await parameters.change("wechat.tagging_batch", 2, expected_version=0, by="test")
    for name in ("甲", "乙"):
        await labelled(http, fans, name)
    await platform.fault(account.app_id, TAGGING, "http_500")
    await syncing.sync_due()
    assert await told(account) == 2  # one call, and once more
    await syncing.sync_due()
    assert await told(account) == 2
    assert await rows("SELECT DISTINCT attempts FROM wechat_label_member") == [{"attempts": 0}]
    await platform.mend(account.app_id)
    make.jump(db, seconds=61)
    await syncing.sync_due()
    assert await on_platform(platform, account) == {"甲": set(fans), "乙": set(fans)}


async def test_labels_wait_too_and_another_account_does_not(http, platform, account, boss, db):
    other = await world.connected(platform, 2)
    await world.imported(other)
    await platform.fault(account.app_id, "/cgi-bin/tags/create", "http_500")
    for app_id in (account.app_id, account.app_id, other.app_id):
        await add(http, boss, f"标签{await make.count('wechat_label')}", app_id=app_id)
    await syncing.sync_due()
    assert await calls(other, "/cgi-bin/tags/create") == 0  # a run ends when the platform is away
    await syncing.sync_due()
    assert await calls(account, "/cgi-bin/tags/create") == 1
    assert len(await on_platform(platform, other)) == 1
    assert await rows("SELECT sum(attempts) AS n FROM wechat_label") == [{"n": 1}]
    await platform.mend(account.app_id)
    make.jump(db, seconds=61)
    await syncing.sync_due()
    assert len(await on_platform(platform, account)) == 2


async def test_one_refused_keeps_the_label_and_is_told_again_after_a_follow(http, platform, account, db):
    (person,) = await world.people(platform, 1)
    await world.follow(platform, account, person)
    (openid,) = await world.openids(platform, account)
    await world.record_follows(account, [openid])
    await world.act(platform, account, person, "unfollow")
    fan = (await customer_of(openid))["id"]
    await labelled(http, {openid: fan})
    await syncing.sync_due()
    refused = [{"synced": True, "error": "50005"}]
    assert await states() == refused
    make.jump(db, minutes=2)
    await import_again(account)
    digests = [row["digest"] for row in await rows("SELECT digest FROM identity")]
    await importing.take_tags(account, {digests[0]: []}, clock.now())
    assert (await states(), await bearers()) == (refused, {"会员": {fan}})
    await syncing.try_again()
    await record(contact(ContactKind.UNFOLLOW, person=openid, at=clock.now()))
    await syncing.try_again()
    assert await states() == refused
    await world.act(platform, account, person, "follow")
    await record(contact(ContactKind.FOLLOW, person=openid, at=clock.now()))
    await syncing.try_again()
    await syncing.sync_due()
    assert await on_platform(platform, account) == {"会员": {openid}}
    assert await states() == [{"synced": True, "error": None}]


async def test_one_refused_is_told_again_when_staff_ask_again(http, platform, account, fans, boss):
    await platform.fault(account.app_id, TAGGING, errcode=40003)
    label = await labelled(http, fans)
    await syncing.sync_due()
    assert await states() == [{"synced": True, "error": "40003"}]
    await platform.mend(account.app_id)
    body = {"customer_ids": [str(fan) for fan in fans.values()]}
    await http.post(f"/staff/v1/labels/{label}/fans", headers=boss, json=body)
    await syncing.sync_due()
    assert await on_platform(platform, account) == {"会员": set(fans)}


async def test_one_refused_whom_the_platform_has_all_the_same_is_confirmed(http, platform, account, fans):
    await platform.fault(account.app_id, TAGGING, errcode=40003)
    await labelled(http, fans)
    await syncing.sync_due()
    numbers = [row["platform_id"] for row in await rows("SELECT platform_id FROM wechat_label")]
    digests = [row["digest"] for row in await rows("SELECT digest FROM identity")]
    await importing.take_tags(account, dict.fromkeys(digests, numbers), clock.now())
    assert await states() == [{"synced": True, "error": None}]


@pytest.mark.parametrize("errcode", [49003, 40032])
async def test_a_refusal_of_a_whole_batch_is_not_everybodys(http, platform, account, fans, errcode):
    await platform.fault(account.app_id, TAGGING, errcode=errcode, times=1)
    await labelled(http, fans)
    await syncing.sync_due()
    assert await on_platform(platform, account) == {"会员": set(fans)}


async def test_an_unknown_refusal_ends_after_some_tries_with_an_alert(http, platform, account, fans, db):
    await platform.fault(account.app_id, TAGGING, errcode=40032)
    await labelled(http, fans)
    for minutes in range(12):
        make.jump(db, minutes=20 * minutes)
        await syncing.sync_due()
    assert await states() == [{"synced": True, "error": "40032"}]
    (alert,) = await alerts.listed()
    assert (alert["kind"], alert["subject"], alert["count"]) == ("wechat.labels_refused", account.app_id, 6)
    make.jump(db, days=2)  # another day, also where the tries went past midnight
    await syncing.sync_due()
    await import_again(account)
    assert (await told(account), len((await bearers())["会员"])) == (0, 6)


async def test_what_an_operator_has_to_see_to_is_nobodys_fault(http, platform, account, fans, db):
    await parameters.change("wechat.tagging_batch", 2, expected_version=0, by="test")
    await platform.fault(account.app_id, TAGGING, errcode=48001)
    await labelled(http, fans)
    await syncing.sync_due()
    assert await told(account) == 1
    for hours in range(1, 14):
        make.jump(db, hours=2 * hours)
        await syncing.sync_due()
    assert await rows("SELECT DISTINCT synced FROM wechat_label_member") == [{"synced": False}]
    await platform.mend(account.app_id)
    make.jump(db, hours=30)
    await syncing.sync_due()
    assert await on_platform(platform, account) == {"会员": set(fans)}


@pytest.mark.parametrize(("errcode", "first"), [(40003, 49), (49003, 49), (40032, 25)])
async def test_one_culprit_is_found_among_fifty(errcode, first):
    calls = 0

    async def call(openids):
        nonlocal calls
        calls += 1
        if "o7" in openids:
            raise PlatformRefused(errcode, "no")

    everybody = {f"o{number}" for number in range(50)}
    outcome = await send(dict.fromkeys(everybody, 1), call)
    assert len(outcome.done) == first
    waiting, attempt = set(outcome.unclear), 1
    while waiting:
        attempt += 1
        outcome = await send(dict.fromkeys(waiting, attempt), call)
        waiting = set(outcome.unclear)
    assert set(outcome.refused | outcome.given_up) == {"o7"}
    assert (attempt, calls < 100) == (10 if errcode == 40032 else 1, True)


async def test_a_label_deleted_meanwhile_is_put_on_nobody(http, account, fans, boss):
    label = service.UUID(await add(http, boss, "会员"))
    deleted = asyncio.Event()

    async def put():
        await deleted.wait()
        await service.label_fan(next(iter(fans.values())), [label])

    async def waits():
        return task.done() or await make.somebody_waits()

    task = asyncio.create_task(put())
    async with database.transaction():
        await service.delete_label(label)
        deleted.set()
        await until(waits)
    with pytest.raises(LabelNotFound):
        await task
    assert await make.count("wechat_label_member") == 0


async def test_accounts_are_read_before_a_label_is_made(http, account, boss):
    """A read that waits holds no lock of ours."""
    body = {"app_id": account.app_id, "name": "慢"}
    headers = boss | {"Idempotency-Key": "one"}
    start = asyncio.Event()

    async def post():
        await start.wait()
        return await http.post("/staff/v1/labels", headers=headers, json=body)

    task = asyncio.create_task(post())
    async with database.transaction() as connection:
        await connection.execute("LOCK TABLE wechat_account")
        accounts.forget()
        start.set()
        await until(make.somebody_waits)
        held = await rows(
            "SELECT 1 FROM pg_stat_activity WHERE state = 'idle in transaction' AND datname = current_database()"
        )
    assert ((await task).status_code, held) == (201, [])
