"""The blacklist, the same here and on the platform."""

import asyncio

import pytest

from core.customers.rules import ContactKind
from infra import alerts, clock, database, parameters
from tests import factories as make
from tests.doors import error_of
from tests.factories import contact, customer_of, record, rows
from tests.simulator.harness import until
from tests.wechat import fan_world as world
from tests.wechat.label_world import calls
from wechat.accounts import queries as accounts
from wechat.accounts.rules import Kind
from wechat.blocks import queries, service

BLOCKING = "/cgi-bin/tags/members/batchblacklist"


@pytest.fixture
async def account(platform):
    account = await world.connected(platform)
    await world.imported(account)
    return account


@pytest.fixture
async def boss(http):
    return await make.headers(await make.manager())


async def _fans(platform, account, count):
    await world.follow(platform, account, *await world.people(platform, count))
    openids = await world.openids(platform, account)
    await world.record_follows(account, openids)
    return {openid: (await customer_of(openid, account.app_id))["id"] for openid in openids}


async def _listed(platform, account):
    token = await platform.token(account.app_id, account.secret)
    found, after, path = set(), "", "/cgi-bin/tags/members/getblacklist"
    while True:
        answer = (await platform.post(path, {"begin_openid": after}, access_token=token))[1]
        if not answer["count"]:
            return found
        found |= set(answer["data"]["openid"])
        after = answer["next_openid"]


async def _at_platform(platform, account, verb, openids):
    token = await platform.token(account.app_id, account.secret)
    body = {"openid_list": openids}
    answer = (await platform.post(f"/cgi-bin/tags/members/{verb}", body, access_token=token))[1]
    assert answer["errcode"] == 0, answer


async def test_blocking_and_letting_go_reach_the_platform_by_twenties(http, platform, account, boss):
    fans = await _fans(platform, account, 45)
    for fan in fans.values():
        assert (await http.put(f"/staff/v1/fans/{fan}/block", headers=boss)).status_code == 204
    await service.sync_due()
    assert await _listed(platform, account) == set(fans)
    assert await world.calls(platform, account, "tags_members_batchblacklist") == 3
    page = (await http.get("/staff/v1/blocks?limit=40", headers=boss)).json()
    assert (len(page["items"]), page["items"][0]["synced"], page["next"] is None) == (40, True, False)
    openid, fan = next(iter(fans.items()))
    assert (await http.delete(f"/staff/v1/fans/{fan}/block", headers=boss)).status_code == 204
    await service.sync_due()
    assert await _listed(platform, account) == set(fans) - {openid}
    assert await make.count("wechat_block") == 44


async def test_a_fan_is_blocked_in_one_account_or_in_all(http, platform, account, boss):
    other = await world.connected(platform, 2)
    (fan,) = await world.people(platform, 1)
    for each in (account, other):
        await world.follow(platform, each, fan)
        await world.record_follows(each, await world.openids(platform, each))
    await world.ask()
    (openid,) = await world.openids(platform, account)
    customer = (await customer_of(openid))["id"]
    path = f"/staff/v1/fans/{customer}/block"
    await http.put(f"{path}?app_id={other.app_id}", headers=boss)
    assert [row["app_id"] for row in (await http.get("/staff/v1/blocks", headers=boss)).json()["items"]] == [
        "wx0000000000000002"
    ]
    await http.put(path, headers=boss)
    identities = [row["id"] for row in await rows("SELECT id FROM identity")]
    async with database.connection() as connection:
        assert await queries.blocked(connection, identities) == set(identities)
        await http.delete(path, headers=boss)
        assert await queries.blocked(connection, identities) == set()


async def test_a_mini_programs_visitor_has_no_blacklist(http, boss):
    await make.account(3, kind=Kind.MINI)
    await record(contact(ContactKind.MESSAGE, app_id="wx0000000000000003"))
    customer = (await customer_of("person", "wx0000000000000003"))["id"]
    refused = await http.put(f"/staff/v1/fans/{customer}/block", headers=boss)
    assert error_of(refused) == (409, "fan_has_no_official_account")


async def test_guides_block_nobody(http):
    guide = await make.headers(await make.guide())
    assert error_of(await http.get("/staff/v1/blocks", headers=guide)) == (403, "forbidden")


async def test_what_was_changed_on_the_platform_is_taken_over_page_by_page(http, platform, boss, db):
    account = await world.connected(platform, limits={"user_get_page": 3})
    await world.imported(account)
    fans = await _fans(platform, account, 8)
    some = list(fans)
    await _at_platform(platform, account, "batchblacklist", some[:7])
    await service.import_all()
    assert await rows("SELECT count(*) AS n FROM wechat_block WHERE wanted AND synced") == [{"n": 7}]
    await _at_platform(platform, account, "batchunblacklist", some[:2])
    await database.execute("UPDATE wechat_block SET changed_at = changed_at - interval '1 minute'")
    await http.put(f"/staff/v1/fans/{fans[some[0]]}/block", headers=boss)
    await http.delete(f"/staff/v1/fans/{fans[some[3]]}/block", headers=boss)
    await http.put(f"/staff/v1/fans/{fans[some[7]]}/block", headers=boss)
    await service.import_all()
    wanted = await rows("SELECT i.openid FROM wechat_block b JOIN identity i ON i.id = b.identity_id WHERE b.wanted")
    # The first was blocked here already, so there was nothing to tell: what the platform did since holds.
    assert {row["openid"] for row in wanted} == {some[2], *some[4:8]}
    await service.sync_due()
    assert await _listed(platform, account) == {some[2], *some[4:8]}


async def test_nothing_is_told_before_the_import(http, platform, account, boss):
    fans = await _fans(platform, account, 1)
    await database.execute("UPDATE wechat_account SET imported_at = NULL")
    world.forget()
    await http.put(f"/staff/v1/fans/{next(iter(fans.values()))}/block", headers=boss)
    await service.sync_due()
    assert await _listed(platform, account) == set()


async def test_one_the_platform_does_not_know_keeps_nobody_from_the_list(http, platform, account, boss):
    fans = await _fans(platform, account, 3)
    await world.record_follows(account, ["o-nobody"])
    for fan in [*fans.values(), (await customer_of("o-nobody"))["id"]]:
        await http.put(f"/staff/v1/fans/{fan}/block", headers=boss)
    await service.sync_due()
    assert await _listed(platform, account) == set(fans)
    (marked,) = await rows("SELECT synced, wanted, error FROM wechat_block WHERE error IS NOT NULL")
    assert (marked["synced"], marked["wanted"], marked["error"][:5]) == (True, True, "40003")


async def _blocked(http, boss, fans):
    for fan in fans:
        assert (await http.put(f"/staff/v1/fans/{fan}/block", headers=boss)).status_code == 204


async def _states():
    return await rows("SELECT DISTINCT wanted, synced, left(error, 5) AS error FROM wechat_block ORDER BY 3")


async def test_a_platform_that_is_away_is_asked_once_and_then_left_alone(http, platform, account, boss, db):
    await parameters.change("wechat.block_batch", 2, expected_version=0, by="test")
    other = await world.connected(platform, 2)
    await world.imported(other)
    fans = await _fans(platform, account, 6)
    await _blocked(http, boss, fans.values())
    await _blocked(http, boss, (await _fans(platform, other, 1)).values())
    await platform.fault(account.app_id, BLOCKING, "http_500")
    await service.sync_due()
    assert await calls(other, BLOCKING) == 0  # a run ends when the platform is away
    await service.sync_due()
    assert await calls(other, BLOCKING) == 1
    assert await calls(account, BLOCKING) == 2  # one call, and once more
    assert await rows("SELECT DISTINCT attempts FROM wechat_block") == [{"attempts": 0}]
    await platform.mend(account.app_id)
    make.jump(db, seconds=61)
    await service.sync_due()
    assert await _listed(platform, account) == set(fans)


@pytest.mark.parametrize("errcode", [40003, 43004])
async def test_one_refused_stays_and_is_told_again_after_a_follow(platform, account, db, errcode):
    fans = await _fans(platform, account, 1)
    ((openid, fan),) = fans.items()
    await platform.fault(account.app_id, BLOCKING, errcode=errcode)
    await service.block(fan, None, "test")
    await service.sync_due()
    await platform.mend(account.app_id)
    refused = [{"wanted": True, "synced": True, "error": str(errcode)}]
    make.jump(db, hours=1)
    await service.import_all()
    await service.try_again()
    assert await _states() == refused
    await record(contact(ContactKind.UNFOLLOW, person=openid, at=clock.now()))
    await record(contact(ContactKind.FOLLOW, person=openid, at=clock.now()))
    await service.try_again()
    await service.sync_due()
    assert await _listed(platform, account) == {openid}
    assert await _states() == [{"wanted": True, "synced": True, "error": None}]


async def test_one_refused_is_told_again_when_staff_ask_again(platform, account):
    fans = await _fans(platform, account, 2)
    await platform.fault(account.app_id, BLOCKING, errcode=40003)
    for fan in fans.values():
        await service.block(fan, None, "test")
    await service.sync_due()
    await platform.mend(account.app_id)
    first, second = fans
    await service.block(fans[first], None, "test")
    await service.sync_due()
    assert await _listed(platform, account) == {first}
    # Found on the platform's own list, the other one is no longer refused either.
    await _at_platform(platform, account, "batchblacklist", [second])
    await service.import_all()
    assert await _states() == [{"wanted": True, "synced": True, "error": None}]


@pytest.mark.parametrize("errcode", [49003, 40032])
async def test_a_refusal_of_a_whole_batch_is_not_everybodys(platform, account, errcode):
    fans = await _fans(platform, account, 5)
    await platform.fault(account.app_id, BLOCKING, errcode=errcode, times=1)
    for fan in fans.values():
        await service.block(fan, None, "test")
    await service.sync_due()
    assert await _listed(platform, account) == set(fans)


async def test_an_unknown_refusal_ends_after_some_tries_with_an_alert(platform, account, db):
    fans = await _fans(platform, account, 3)
    await platform.fault(account.app_id, BLOCKING, errcode=40032)
    for fan in fans.values():
        await service.block(fan, None, "test")
    for hours in range(12):
        make.jump(db, hours=hours)
        await service.sync_due()
    assert await _states() == [{"wanted": True, "synced": True, "error": "40032"}]
    (alert,) = await alerts.listed()
    assert (alert["kind"], alert["subject"], alert["count"]) == ("wechat.blocks_refused", account.app_id, 3)
    await service.import_all()
    assert await make.count("wechat_block") == 3


async def test_accounts_are_read_before_anybody_is_held(platform, account):
    """A read that waits holds no lock of ours."""
    fan = next(iter((await _fans(platform, account, 1)).values()))
    start = asyncio.Event()

    async def block():
        await start.wait()
        await service.block(fan, None, "test")

    task = asyncio.create_task(block())
    async with database.transaction() as connection:
        await connection.execute("LOCK TABLE wechat_account")
        accounts.forget()
        start.set()
        await until(make.somebody_waits)
        held = await rows(
            "SELECT 1 FROM pg_stat_activity WHERE state = 'idle in transaction' AND datname = current_database()"
        )
    await task
    assert (held, await make.count("wechat_block")) == ([], 1)
