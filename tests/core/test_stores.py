"""Stores: hours, phone and picture; changed; listed per channel in the omnichannel view only (AT-51)."""

from uuid import uuid4

import pytest

from core.permissions import rules
from tests import factories as make
from tests.doors import error_of

STORES = "/staff/v1/stores"
FACTS = {"hours": "10:00–22:00", "phone": "021-5888 0001", "picture_url": "https://img.example.com/a.jpg?w=750"}


@pytest.fixture
async def boss(http):
    return await make.headers(await make.manager())


async def test_a_store_has_hours_phone_and_picture_and_none_of_them_must_be_given(http, boss):
    added = (await http.post(STORES, headers=boss, json={"name": "一店"} | FACTS)).json()
    assert {name: added[name] for name in FACTS} == FACTS
    bare = (await http.post(STORES, headers=boss, json={"name": "二店"})).json()
    assert (bare["hours"], bare["phone"], bare["picture_url"]) == ("", "", None)
    assert (await http.get(STORES, headers=boss)).json()["items"] == [added, bare]


@pytest.mark.parametrize(
    "changes",
    [
        {"phone": "12"},
        {"phone": "电话"},
        {"phone": "021/58880001"},
        {"phone": "1" * 31},
        {"hours": "x" * 101},
        {"hours": "a\x00b"},
        {"picture_url": "http://img.example.com/a.jpg"},
        {"picture_url": "https://"},
        {"picture_url": "https://user@img.example.com/a.jpg"},
        {"picture_url": "https://img.example.com/a b"},
        {"picture_url": "javascript:alert(1)"},
        {"picture_url": "https://img.example.com/" + "a" * 300},
    ],
)
async def test_facts_of_the_wrong_form_are_refused_when_adding_and_when_changing(http, boss, changes):
    store = await make.store()
    body = {"name": "一店"} | FACTS | changes
    assert error_of(await http.post(STORES, headers=boss, json=body)) == (422, "invalid_input")
    assert error_of(await http.patch(f"{STORES}/{store.id}", headers=boss, json=changes)) == (422, "invalid_input")


@pytest.mark.parametrize("phone", ["", "10086", "+86 21 5888 0001", "400-800-1234", "13800138000"])
async def test_usual_phone_numbers_are_taken(http, boss, phone):
    assert (await http.post(STORES, headers=boss, json={"name": "一店", "phone": phone})).json()["phone"] == phone


async def test_a_change_touches_what_is_given_and_null_takes_away(http, boss):
    channel = await make.channel()
    body = {"name": "一店", "address": "人民路1号", "channel_id": str(channel.id)} | FACTS
    store = (await http.post(STORES, headers=boss, json=body)).json()
    path = f"{STORES}/{store['id']}"
    assert (await http.patch(path, headers=boss, json={})).json() == store
    changed = (await http.patch(path, headers=boss, json={"hours": "全天", "name": "新一店"})).json()
    assert changed == store | {"hours": "全天", "name": "新一店"}
    cleared = (await http.patch(path, headers=boss, json={"picture_url": None, "channel_id": None, "phone": ""})).json()
    assert cleared == changed | {"picture_url": None, "channel_id": None, "phone": ""}
    for wrong in ({"name": None}, {"name": ""}, {"hours": None}, {"closed_at": None}):
        assert error_of(await http.patch(path, headers=boss, json=wrong)) == (422, "invalid_input")


async def test_a_change_names_what_stands_against_it(http, boss):
    store, other = await make.store("一店"), await make.store("二店")
    path = f"{STORES}/{store.id}"
    assert error_of(await http.patch(path, headers=boss, json={"name": other.name})) == (409, "store_name_taken")
    unknown = {"channel_id": str(uuid4())}
    assert error_of(await http.patch(path, headers=boss, json=unknown)) == (404, "channel_not_found")
    assert error_of(await http.patch(f"{STORES}/{uuid4()}", headers=boss, json={})) == (404, "store_not_found")


async def test_stores_are_picked_by_channel_and_by_being_open(http, boss):
    one, two = await make.channel(), await make.channel()
    stores = {
        "a": await make.store(channel=one),
        "b": await make.store(channel=one),
        "c": await make.store(channel=two),
    }
    await http.post(f"{STORES}/{stores['b'].id}/close", headers=boss)
    for query, names in (
        ("", "abc"),
        ("?open=true", "ac"),
        ("?open=false", "b"),
        (f"?channel_id={one.id}", "ab"),
        (f"?channel_id={one.id}&open=true", "a"),
        (f"?channel_id={uuid4()}", ""),
    ):
        items = (await http.get(f"{STORES}{query}", headers=boss)).json()["items"]
        assert [item["id"] for item in items] == [str(stores[name].id) for name in names], query


async def test_the_omnichannel_view_lists_open_stores_of_a_channel_with_their_codes(http, boss):
    channel, account = await make.channel(), await make.account()
    body = {"name": "一店", "address": "人民路1号", "channel_id": str(channel.id)} | FACTS
    store = (await http.post(STORES, headers=boss, json=body)).json()
    bare, closed = await make.store(channel=channel), await make.store(channel=channel)
    await make.store()
    await http.post(f"{STORES}/{closed.id}/close", headers=boss)
    code = await make.code(account, bare)
    path = f"/staff/v1/channels/{channel.id}/stores"
    first = (await http.get(f"{path}?limit=1", headers=boss)).json()
    kept = ("id", "name", "address", "hours", "phone", "picture_url")
    assert first["items"] == [{name: store[name] for name in kept} | {"codes": []}]
    second = (await http.get(f"{path}?cursor={first['next']}", headers=boss)).json()
    assert [(item["id"], item["codes"]) for item in second["items"]] == [
        (str(bare.id), [{"app_id": account.app_id, "code_id": str(code.id)}])
    ]
    assert second["next"] is None
    unknown = await http.get(f"/staff/v1/channels/{uuid4()}/stores", headers=boss)
    assert error_of(unknown) == (404, "channel_not_found")


async def test_who_lacks_the_omnichannel_view_sees_no_list_per_channel(http):
    channel = await make.channel()
    headers = await make.headers(await make.guide())
    answer = await http.get(f"/staff/v1/channels/{channel.id}/stores", headers=headers)
    assert error_of(answer) == (403, "forbidden")
    assert answer.json()["error"]["details"] == {"permission": "omnichannel:read"}


async def test_the_filter_by_channel_asks_for_the_omnichannel_view(http, boss, monkeypatch):
    manager = rules.PERMISSIONS[rules.Role.MANAGER] - {"omnichannel:read"}
    monkeypatch.setitem(rules.PERMISSIONS, rules.Role.MANAGER, manager)
    assert (await http.get(STORES, headers=boss)).status_code == 200
    answer = await http.get(f"{STORES}?channel_id={uuid4()}", headers=boss)
    assert error_of(answer) == (403, "forbidden")
    assert answer.json()["error"]["details"] == {"permission": "omnichannel:read"}
