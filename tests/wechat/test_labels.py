"""Groups and tags: the platform's limits kept before it is asked, our changes told, its own taken over."""

import asyncio
from datetime import timedelta

import pytest

from core.customers.rules import ContactKind, Credit
from infra import clock, database, parameters
from infra.ids import new_id
from tests import factories as make
from tests.doors import error_of
from tests.factories import contact, customer_of, record, rows
from tests.wechat import fan_world as world
from tests.wechat.label_world import add, at_platform, bearers, import_again, known, on_platform
from wechat.followers import profiles
from wechat.labels import importing, reading, service, syncing
from wechat.labels.rules import LabelKind


@pytest.fixture
async def account(platform):
    """Imported, so that it may be written to."""
    account = await world.connected(platform)
    await world.imported(account)
    return account


@pytest.fixture
async def fans(platform, account):
    return await known(platform, account, 6)


@pytest.fixture
async def boss(http):
    return await make.headers(await make.manager())


async def sync():
    await syncing.sync_due()


async def test_labels_and_bearers_reach_the_platform(http, platform, account, fans, boss):
    first, second = list(fans)[:2]
    vip = await add(http, boss, "会员")
    answer = await http.post(
        f"/staff/v1/labels/{vip}/fans", headers=boss, json={"customer_ids": [str(i) for i in fans.values()]}
    )
    assert answer.json() == {"labelled": 6, "left_out": 0}
    await sync()
    assert await on_platform(platform, account) == {"会员": set(fans)}
    await http.delete(f"/staff/v1/fans/{fans[first]}/labels/{vip}", headers=boss)
    await http.patch(f"/staff/v1/labels/{vip}", headers=boss, json={"name": "老会员"})
    other = await add(http, boss, "新客")
    await http.put(f"/staff/v1/fans/{fans[second]}/labels", headers=boss, json={"label_ids": [other]})
    await sync()
    assert await on_platform(platform, account) == {"老会员": set(fans) - {first, second}, "新客": {second}}
    listed = (await http.get("/staff/v1/labels", headers=boss)).json()
    assert {(one["name"], one["fans"], one["synced"], one["error"]) for one in listed} == {
        ("老会员", 4, True, None),
        ("新客", 1, True, None),
    }
    assert (await http.delete(f"/staff/v1/labels/{vip}", headers=boss)).status_code == 204
    await sync()
    assert await on_platform(platform, account) == {"新客": {second}}
    assert await make.count("wechat_label_member") == 1


async def test_a_fan_is_in_one_group_of_an_account(http, platform, account, fans, boss):
    openid, fan = next(iter(fans.items()))
    a, b = await add(http, boss, "甲组", "group"), await add(http, boss, "乙组", "group")
    both = await http.post(f"/staff/v1/fans/{fan}/labels", headers=boss, json={"label_ids": [a, b]})
    assert error_of(both) == (422, "two_groups")
    for group in (a, b):
        assert (
            await http.post(f"/staff/v1/fans/{fan}/labels", headers=boss, json={"label_ids": [group]})
        ).status_code == 204
        await sync()
    assert await on_platform(platform, account) == {"甲组": set(), "乙组": {openid}}


async def test_a_call_names_fifty_fans_at_most(http, platform, account, boss, db):
    people = await world.people(platform, 120)
    await world.follow(platform, account, *people)
    await world.record_follows(account, await world.openids(platform, account))
    ids = [str(row["id"]) for row in await rows("SELECT id FROM customer")]
    label = await add(http, boss, "全部")
    await http.post(f"/staff/v1/labels/{label}/fans", headers=boss, json={"customer_ids": ids})
    await sync()
    assert await world.calls(platform, account, "tags_members_batchtagging") == 3
    assert len((await on_platform(platform, account))["全部"]) == 120


async def test_limits_are_kept_before_the_platform_is_asked(http, account, fans, boss):
    fan = next(iter(fans.values()))
    await parameters.change("wechat.labels_per_account", 3, expected_version=0, by="test")
    await parameters.change("wechat.labels_per_fan", 2, expected_version=0, by="test")
    ids = [await add(http, boss, f"标签{n}") for n in range(3)]
    path = "/staff/v1/labels"

    async def refused(name, kind="tag"):
        body = {"app_id": account.app_id, "kind": kind, "name": name}
        return error_of(await http.post(path, headers=boss, json=body))

    assert await refused("标签3") == (409, "labels_used_up")
    assert await refused("标签0") == (409, "label_exists")
    assert await refused("一二三四五六七八九十一") == (422, "label_name_too_long")
    assert await refused("星标组") == (422, "label_name_reserved")
    assert await refused("x" * 31) == (422, "invalid_input")
    assert error_of(await http.patch(f"{path}/{ids[0]}", headers=boss, json={"name": "标签1"})) == (409, "label_exists")
    assert error_of(await http.patch(f"{path}/{new_id()}", headers=boss, json={"name": "无"})) == (
        404,
        "label_not_found",
    )
    assert error_of(await http.delete(f"{path}/{new_id()}", headers=boss)) == (404, "label_not_found")
    full = await http.put(f"/staff/v1/fans/{fan}/labels", headers=boss, json={"label_ids": ids})
    assert error_of(full) == (409, "fan_labels_used_up")
    bulk = {"customer_ids": [str(one) for one in fans.values()]}
    for label in ids[:2]:
        assert (await http.post(f"{path}/{label}/fans", headers=boss, json=bulk)).status_code == 200
    assert error_of(await http.post(f"{path}/{ids[2]}/fans", headers=boss, json=bulk)) == (409, "fan_labels_used_up")
    assert await rows("SELECT count(*) AS n FROM wechat_label_member") == [{"n": 12}]


async def test_the_limit_of_labels_holds_for_many_at_once(http, account):
    await parameters.change("wechat.labels_per_account", 5, expected_version=0, by="test")

    async def one(number):
        try:
            offered = await service.offer(account.app_id, f"标签{number}")
            await service.add_label(offered, LabelKind.TAG)
        except service.LabelsUsedUp:
            return 0
        return 1

    assert sum(await asyncio.gather(*(one(n) for n in range(12)))) == 5
    assert await make.count("wechat_label") == 5


async def test_the_limit_per_fan_holds_for_many_at_once(http, account, fans, boss):
    await parameters.change("wechat.labels_per_fan", 2, expected_version=0, by="test")
    ids = [await add(http, boss, f"标签{n}") for n in range(8)]
    fan = next(iter(fans.values()))
    answers = await asyncio.gather(
        *(http.post(f"/staff/v1/fans/{fan}/labels", headers=boss, json={"label_ids": [one]}) for one in ids)
    )
    assert sorted(answer.status_code for answer in answers) == [204, 204] + [409] * 6
    assert await make.count("wechat_label_member") == 2


async def test_a_fan_unknown_to_the_account_is_refused_or_left_out(http, platform, account, fans, boss):
    other = await make.account(2)
    label = await add(http, boss, "二号", app_id=other.app_id)
    fan = next(iter(fans.values()))
    one = await http.post(f"/staff/v1/fans/{fan}/labels", headers=boss, json={"label_ids": [label]})
    assert error_of(one) == (409, "fan_not_in_account")
    many = await http.post(f"/staff/v1/labels/{label}/fans", headers=boss, json={"customer_ids": [str(fan)]})
    assert many.json() == {"labelled": 0, "left_out": 1}


async def test_a_guide_labels_the_own_fans_only(http, account, boss):
    guide = await make.guide()
    await record(contact(ContactKind.FOLLOW, person="mine", credit=Credit(guide_id=guide.id)))
    await record(contact(ContactKind.FOLLOW, person="other"))
    label = await add(http, boss, "常客")
    headers, body = await make.headers(guide), {"label_ids": [label]}
    mine, other = (await customer_of("mine"))["id"], (await customer_of("other"))["id"]
    assert (await http.post(f"/staff/v1/fans/{mine}/labels", headers=headers, json=body)).status_code == 204
    theirs = await http.post(f"/staff/v1/fans/{other}/labels", headers=headers, json=body)
    assert error_of(theirs) == (404, "customer_not_found")
    assert (await http.get("/staff/v1/labels", headers=headers)).status_code == 200
    for method, path in (("POST", f"labels/{label}/fans"), ("PATCH", f"labels/{label}"), ("DELETE", f"labels/{label}")):
        refused = await http.request(method, f"/staff/v1/{path}", headers=headers, json={})
        assert refused.status_code in {403, 422}, path
    assert (await http.delete(f"/staff/v1/fans/{mine}/labels/{label}", headers=headers)).status_code == 204


async def test_nothing_is_told_before_an_import_or_in_shadow(http, platform, account, fans, boss):
    label = await add(http, boss, "等待")
    await http.post(
        f"/staff/v1/labels/{label}/fans", headers=boss, json={"customer_ids": [str(*list(fans.values())[:1])]}
    )
    for column in ("imported_at = NULL", "shadow = true, imported_at = created_at"):
        await database.execute(f"UPDATE wechat_account SET {column}")
        world.forget()
        await sync()
        assert await on_platform(platform, account) == {}
    await database.execute("UPDATE wechat_account SET shadow = false")
    world.forget()
    await sync()
    assert len((await on_platform(platform, account))["等待"]) == 1


async def test_one_who_left_does_not_keep_the_others_from_the_label(http, platform, account, fans, boss):
    people = (await platform.ok("/sim/fans"))["fans"]
    await world.act(platform, account, people[2]["fan_id"], "unfollow")
    label = await add(http, boss, "会员")
    await http.post(
        f"/staff/v1/labels/{label}/fans", headers=boss, json={"customer_ids": [str(i) for i in fans.values()]}
    )
    await sync()
    assert len((await on_platform(platform, account))["会员"]) == 5
    (marked,) = await rows("SELECT synced, error FROM wechat_label_member WHERE error IS NOT NULL")
    assert marked["synced"]
    assert marked["error"].startswith("50005")


async def test_a_label_that_the_platform_has_already_is_adopted(http, platform, account, boss):
    made = await at_platform(platform, account, "create", tag={"name": "双方"})
    label = await add(http, boss, "双方")
    await sync()
    assert await rows("SELECT id, platform_id, synced FROM wechat_label") == [
        {"id": service.UUID(label), "platform_id": made["tag"]["id"], "synced": True}
    ]


async def test_what_was_changed_on_the_platform_is_taken_over(http, platform, account, fans, boss):
    some = list(fans)
    tag = (await at_platform(platform, account, "create", tag={"name": "线下"}))["tag"]["id"]
    await at_platform(platform, account, "members/batchtagging", tagid=tag, openid_list=some[:3])
    await service.import_labels(account)
    await reading.read_due()
    assert await bearers() == {"线下": {fans[openid] for openid in some[:3]}}
    await at_platform(platform, account, "members/batchuntagging", tagid=tag, openid_list=some[:1])
    await at_platform(platform, account, "members/batchtagging", tagid=tag, openid_list=some[4:5])
    await at_platform(platform, account, "update", tag={"id": tag, "name": "门店"})
    await import_again(account)
    assert await bearers() == {"门店": {fans[openid] for openid in (some[1], some[2], some[4])}}
    await at_platform(platform, account, "delete", tag={"id": tag})
    await import_again(account)
    assert await bearers() == {}
    assert await make.count("wechat_label") == 0


async def test_a_change_of_ours_that_is_not_told_yet_wins(http, platform, account, fans, boss):
    some = list(fans)
    label = await add(http, boss, "本地")
    await http.post(f"/staff/v1/labels/{label}/fans", headers=boss, json={"customer_ids": [str(fans[some[0]])]})
    await sync()
    await http.delete(f"/staff/v1/fans/{fans[some[0]]}/labels/{label}", headers=boss)
    await http.post(f"/staff/v1/fans/{fans[some[1]]}/labels", headers=boss, json={"label_ids": [label]})
    await http.patch(f"/staff/v1/labels/{label}", headers=boss, json={"name": "改名"})
    await import_again(account)
    assert await bearers() == {"改名": {fans[some[1]]}}
    await sync()
    assert await on_platform(platform, account) == {"改名": {some[1]}}


async def test_a_label_that_vanished_there_goes_here_unless_it_was_changed_since(http, platform, account, fans, boss):
    openid, fan = next(iter(fans.items()))
    kept, lost = await add(http, boss, "保留"), await add(http, boss, "消失")
    for label in (kept, lost):
        await http.post(f"/staff/v1/fans/{fan}/labels", headers=boss, json={"label_ids": [label]})
    await sync()
    numbers = {row["name"]: row["platform_id"] for row in await rows("SELECT name, platform_id FROM wechat_label")}
    for number in numbers.values():
        await at_platform(platform, account, "delete", tag={"id": number})
    await http.patch(f"/staff/v1/labels/{kept}", headers=boss, json={"name": "改名"})
    await import_again(account)
    await sync()
    assert await on_platform(platform, account) == {"改名": {openid}}
    assert await bearers() == {"改名": {fan}}


async def test_tagging_with_a_vanished_label_waits_for_the_import(http, platform, account, fans, boss):
    label = await add(http, boss, "会员")
    await sync()
    (row,) = await rows("SELECT platform_id FROM wechat_label")
    await at_platform(platform, account, "delete", tag={"id": row["platform_id"]})
    await http.post(
        f"/staff/v1/labels/{label}/fans", headers=boss, json={"customer_ids": [str(i) for i in fans.values()]}
    )
    await sync()
    assert await rows("SELECT DISTINCT synced, left(error, 5) AS e FROM wechat_label_member") == [
        {"synced": False, "e": "45159"}
    ]


async def test_profiles_tell_of_single_fans(platform, http, account, fans, boss):
    openid, fan = next(iter(fans.items()))
    tag = (await at_platform(platform, account, "create", tag={"name": "线上"}))["tag"]["id"]
    await service.import_labels(account)
    await at_platform(platform, account, "members/batchtagging", tagid=tag, openid_list=[openid])

    async def ask():
        await database.execute("UPDATE wechat_label_member SET changed_at = changed_at - interval '1 minute'")
        await database.execute("UPDATE identity SET ask_at = $1", clock.now() - timedelta(seconds=1))
        assert await profiles.ask_due(importing.take_tags) == 6

    await ask()
    assert await bearers() == {"线上": {fan}}
    await at_platform(platform, account, "members/batchuntagging", tagid=tag, openid_list=[openid])
    await ask()
    assert await bearers() == {"线上": {None}}


async def test_a_platform_that_is_busy_is_told_later(http, platform, account, boss, db):
    await platform.fault(account.app_id, "/cgi-bin/tags/create", errcode=45009, times=1)
    await add(http, boss, "迟到")
    await sync()
    await sync()
    assert await on_platform(platform, account) == {}
    make.jump(db, days=1)
    await sync()
    assert "迟到" in await on_platform(platform, account)


async def test_two_workers_tell_each_thing_once(http, platform, account, fans, boss):
    for number in range(5):
        label = await add(http, boss, f"标签{number}")
        await http.post(
            f"/staff/v1/labels/{label}/fans", headers=boss, json={"customer_ids": [str(i) for i in fans.values()]}
        )
    await asyncio.gather(*(syncing.sync_due() for _ in range(4)))
    await sync()
    assert await world.calls(platform, account, "tags_create") == 5
    assert all(carriers == set(fans) for carriers in (await on_platform(platform, account)).values())
    assert await rows("SELECT count(*) AS n FROM wechat_label_member WHERE NOT synced") == [{"n": 0}]


async def test_a_label_told_while_the_list_was_on_its_way_is_not_missing_there(http, account, boss):
    await add(http, boss, "刚建")
    asked = clock.now()
    await sync()
    await importing._take_list(account, [], asked)
    assert await make.count("wechat_label") == 1
    await importing._take_list(account, [], clock.now())
    assert await make.count("wechat_label") == 0


async def test_one_whom_the_platform_has_in_two_groups_is_in_one_in_the_end(http, platform, account, fans, boss):
    openid = next(iter(fans))
    for name in ("甲组", "乙组"):
        await add(http, boss, name, "group")
    await sync()
    for row in await rows("SELECT platform_id FROM wechat_label"):
        await at_platform(platform, account, "members/batchtagging", tagid=row["platform_id"], openid_list=[openid])
    await import_again(account)
    await sync()
    await import_again(account)
    assert sorted(map(len, (await on_platform(platform, account)).values())) == [0, 1]
    assert await rows("SELECT wanted, synced FROM wechat_label_member") == [{"wanted": True, "synced": True}]


async def test_a_job_for_all_accounts_goes_on_after_one_that_refuses(http, platform, account, fans, db):
    spoilt = await world.connected(platform, 2)
    await world.imported(spoilt)
    await platform.fault(spoilt.app_id, "/cgi-bin/tags/get", errcode=48001, times=9)
    await at_platform(platform, account, "create", tag={"name": "有的"})
    await importing.import_all()
    assert [row["name"] for row in await rows("SELECT name FROM wechat_label")] == ["有的"]
