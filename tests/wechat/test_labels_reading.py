"""Who carries a label on the platform: read in the background, page by page, going on where it stopped."""

import asyncio

import pytest

from infra import clock, database, parameters
from tests import factories as make
from tests.factories import rows
from tests.simulator.harness import until
from tests.wechat import fan_world as world
from tests.wechat.label_world import add, at_platform, bearers, calls, known
from wechat.labels import importing, reading, service, syncing


@pytest.fixture
async def account(platform):
    """Ten fans, four on a page."""
    account = await world.connected(platform, limits={"user_get_page": 4})
    await world.imported(account)
    return account


@pytest.fixture
async def fans(platform, account):
    return await known(platform, account, 10)


@pytest.fixture
async def boss(http):
    return await make.headers(await make.manager())


async def tag_of(platform, account, openids, name="多"):
    number = (await at_platform(platform, account, "create", tag={"name": name}))["tag"]["id"]
    await at_platform(platform, account, "members/batchtagging", tagid=number, openid_list=openids)
    return number


async def pages(platform, account):
    return await world.calls(platform, account, "user_tag_get")


async def test_an_import_reads_the_list_only_and_bearers_come_later_once_a_day(platform, account, fans, db):
    await tag_of(platform, account, list(fans))
    await service.import_labels(account)
    assert (await pages(platform, account), await bearers()) == (0, {"多": {None}})
    await reading.read_due()
    assert (await bearers())["多"] == set(fans.values())
    read = await pages(platform, account)
    make.jump(db, hours=23)
    await reading.read_due()
    assert await pages(platform, account) == read
    make.jump(db, hours=25)
    await reading.read_due()
    assert await pages(platform, account) == 2 * read


async def test_a_reading_goes_on_where_it_stopped_and_drops_in_the_end(platform, account, fans, db):
    number = await tag_of(platform, account, list(fans))
    await service.import_labels(account)
    await reading.read_due()
    lost = list(fans)[1]
    await at_platform(platform, account, "members/batchuntagging", tagid=number, openid_list=[lost])
    await parameters.change("wechat.daily.tags", 1, expected_version=0, by="test")
    before = await pages(platform, account)
    for day in range(2, 5):
        make.jump(db, days=day)
        assert len((await bearers())["多"]) == 10, "nobody is dropped before the end"
        assert await rows("SELECT (read_next_at <= $1) AS due FROM wechat_label", clock.now()) == [{"due": True}]
        await reading.read_due()
        await reading.read_due()
    # Nine bearers are three pages; the last openid of a page leads to one more, which is empty.
    assert await pages(platform, account) - before == 3
    make.jump(db, days=5)
    await reading.read_due()
    assert (await bearers())["多"] == {fan for openid, fan in fans.items() if openid != lost}
    assert await rows("SELECT reading_at, cursor FROM wechat_label") == [{"reading_at": None, "cursor": None}]


async def test_the_place_we_stopped_at_is_stored_as_ciphertext_and_may_be_gone(platform, account, fans, db):
    await tag_of(platform, account, list(fans))
    await service.import_labels(account)
    await parameters.change("wechat.daily.tags", 1, expected_version=0, by="test")
    await reading.read_due()
    (row,) = await rows("SELECT cursor FROM wechat_label")
    assert not any(openid.encode() in row["cursor"] for openid in fans)
    make.jump(db, days=1)
    await platform.fault(account.app_id, "/cgi-bin/user/tag/get", errcode=40003, times=1)
    await reading.read_due()
    assert await rows("SELECT cursor, reading_at IS NULL AS done FROM wechat_label") == [
        {"cursor": None, "done": False}
    ]
    await parameters.change("wechat.daily.tags", 100, expected_version=1, by="test")
    make.jump(db, days=1, hours=2)
    await reading.read_due()
    assert (await bearers())["多"] == set(fans.values())


async def test_a_platform_that_is_away_is_asked_once_and_then_left_alone(platform, account, fans, db):
    for name in ("甲", "乙", "丙"):
        await at_platform(platform, account, "create", tag={"name": name})
    other = await world.connected(platform, 2)
    await world.imported(other)
    await at_platform(platform, other, "create", tag={"name": "丁"})
    for each in (account, other):
        await service.import_labels(each)
    await platform.fault(account.app_id, "/cgi-bin/user/tag/get", "http_500")
    await reading.read_due()
    assert await pages(platform, other) == 0  # a run ends when the platform is away
    await reading.read_due()
    assert await pages(platform, other) == 1
    assert await calls(account, "/cgi-bin/user/tag/get") == 2  # one call, and once more
    await platform.mend(account.app_id)
    make.jump(db, seconds=61)
    await reading.read_due()
    assert await rows("SELECT count(*) AS n FROM wechat_label WHERE read_next_at > $1", clock.now()) == [{"n": 4}]


async def test_many_bearers_are_taken_and_dropped_in_steps(platform, account, fans, monkeypatch):
    monkeypatch.setattr(reading, "_ROWS", 3)
    number = await tag_of(platform, account, list(fans))
    await service.import_labels(account)
    await reading.read_due()
    assert len((await bearers())["多"]) == 10
    await at_platform(platform, account, "members/batchuntagging", tagid=number, openid_list=list(fans)[2:])
    await database.execute("UPDATE wechat_label SET read_next_at = NULL")
    await reading.read_due()
    assert (await bearers())["多"] == set(list(fans.values())[:2])


async def two_groups(http, platform, account, boss, openids):
    ids = [await add(http, boss, name, "group") for name in ("甲组", "乙组")]
    await syncing.sync_due()
    for row in await rows("SELECT platform_id FROM wechat_label"):
        body = {"tagid": row["platform_id"], "openid_list": openids}
        await at_platform(platform, account, "members/batchtagging", **body)
    return ids


async def carried(account):
    """What the platform says of everybody: all groups at once."""
    digests = [row["digest"] for row in await rows("SELECT digest FROM identity")]
    numbers = [row["platform_id"] for row in await rows("SELECT platform_id FROM wechat_label ORDER BY platform_id")]
    await importing.take_tags(account, dict.fromkeys(digests, numbers), clock.now())


async def test_one_told_to_be_in_two_groups_at_once_is_in_the_newest(http, platform, account, fans, boss):
    _, newest = await two_groups(http, platform, account, boss, list(fans))
    for _ in range(2):
        await carried(account)
        assert await rows("SELECT DISTINCT label_id, wanted, synced FROM wechat_label_member") == [
            {"label_id": service.UUID(newest), "wanted": True, "synced": True}
        ]


async def test_a_group_of_ours_that_is_not_told_yet_wins_over_two_of_the_platform(http, platform, account, fans, boss):
    groups = await two_groups(http, platform, account, boss, list(fans))
    await carried(account)
    fan = next(iter(fans.values()))
    await service.label_fan(fan, [service.UUID(groups[0])])
    await platform.fault(account.app_id, "/cgi-bin/tags/members/batchuntagging", errcode=45009)
    await syncing.sync_due()
    await carried(account)
    await database.execute("UPDATE wechat_label SET read_next_at = NULL")
    await reading.read_due()
    found = await bearers()
    assert (fan in found["甲组"], fan in found["乙组"]) == (True, False)


async def test_nobody_is_taken_over_while_somebody_changes_the_person(http, platform, account, fans, boss):
    await two_groups(http, platform, account, boss, list(fans))
    start = asyncio.Event()

    async def take():
        await start.wait()
        await carried(account)

    async def waits():
        return task.done() or await make.somebody_waits()

    task = asyncio.create_task(take())
    async with database.transaction() as connection:
        await connection.execute("SELECT FROM customer FOR NO KEY UPDATE")
        start.set()
        await until(waits)
        assert not task.done()
    await task
    assert len((await bearers())["乙组"]) == 10


async def test_groups_change_here_and_are_read_there_at_the_same_time(http, platform, account, fans, boss):
    groups = [service.UUID(group) for group in await two_groups(http, platform, account, boss, list(fans))]

    async def change():
        for number, fan in enumerate(fans.values()):
            await service.label_fan(fan, [groups[number % 2]])

    async def read():
        # Locked in one order: two at once that meet moved rows would wait for each other.
        locked = "WITH l AS MATERIALIZED (SELECT id FROM wechat_label ORDER BY id FOR UPDATE)"
        await database.execute(f"{locked} UPDATE wechat_label SET read_next_at = NULL WHERE id IN (SELECT id FROM l)")
        await reading.read_due()

    await asyncio.gather(change(), read(), change(), carried(account), carried(account), read())
    most = "SELECT max(n) AS n FROM (SELECT count(*) AS n FROM wechat_label_member WHERE wanted GROUP BY identity_id) g"
    assert await rows(most) == [{"n": 1}]
