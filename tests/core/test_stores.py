"""Stores: hours, phone and picture; changed; listed per channel in the omnichannel view only (AT-51)."""

from dataclasses import replace
from uuid import uuid4

import pytest

from core.permissions import rules
from core.permissions.rules import RoleKey, Scope
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
    manager = rules.READY_MADE[RoleKey.MANAGER]
    less = replace(manager, points=manager.points - {"omnichannel:read"})
    monkeypatch.setitem(rules.READY_MADE, RoleKey.MANAGER, less)
    assert (await http.get(STORES, headers=boss)).status_code == 200
    answer = await http.get(f"{STORES}?channel_id={uuid4()}", headers=boss)
    assert error_of(answer) == (403, "forbidden")
    assert answer.json()["error"]["details"] == {"permission": "omnichannel:read"}


SHANGHAI = {"latitude": 31.2304, "longitude": 121.4737}


async def test_a_position_comes_back_in_its_own_datum_and_is_kept_in_wgs84(http, boss):
    shown = {}
    for datum in ("wgs84", "gcj02"):
        body = {"name": datum, "position": SHANGHAI | {"datum": datum}}
        shown[datum] = (await http.post(STORES, headers=boss, json=body)).json()["position"]
        assert shown[datum]["datum"] == datum
        for name, degrees in SHANGHAI.items():
            assert shown[datum][name] == pytest.approx(degrees, abs=1e-8)
    assert shown["wgs84"]["wgs84_latitude"] == SHANGHAI["latitude"]
    apart = shown["gcj02"]["wgs84_longitude"] - SHANGHAI["longitude"]
    assert -0.006 < apart < -0.003
    kept = await make.rows("SELECT latitude, longitude, datum FROM store ORDER BY id")
    assert kept[1]["longitude"] == shown["gcj02"]["wgs84_longitude"]


async def test_a_position_is_changed_and_taken_away_as_a_whole(http, boss):
    store = await make.store()
    path = f"{STORES}/{store.id}"
    assert (await http.get(path, headers=boss)).json()["position"] is None
    body = {"position": SHANGHAI | {"datum": "wgs84"}}
    there = (await http.patch(path, headers=boss, json=body)).json()
    assert there["position"]["latitude"] == SHANGHAI["latitude"]
    assert (await http.patch(path, headers=boss, json={"hours": "全天"})).json()["position"] == there["position"]
    assert (await http.patch(path, headers=boss, json={"position": None})).json()["position"] is None
    for wrong in (
        SHANGHAI,
        SHANGHAI | {"datum": "bd09"},
        SHANGHAI | {"datum": "wgs84", "latitude": 90.1},
        SHANGHAI | {"datum": "wgs84", "longitude": -180.1},
        SHANGHAI | {"datum": "wgs84", "longitude": None},
        {"datum": "wgs84"},
    ):
        answer = await http.patch(path, headers=boss, json={"position": wrong})
        assert error_of(answer) == (422, "invalid_input"), wrong


async def test_stores_are_seen_and_changed_within_reach_only(http, boss):
    east, west = await make.department(), await make.department()
    city = await make.department(parent=east)
    stores = {}
    for name, department in (("east", east), ("city", city), ("west", west), ("nowhere", None)):
        body = {"name": name, "department_id": department and str(department.id)}
        stores[name] = (await http.post(STORES, headers=await make.headers(await make.admin()), json=body)).json()
    chief = await make.colleague(RoleKey.MANAGER, post=await make.post(east), store_id=stores["west"]["id"])
    headers = await make.headers(chief)
    listed = (await http.get(STORES, headers=headers)).json()["items"]
    assert [store["name"] for store in listed] == ["east", "city", "west"]  # the last is the own one
    path = f"{STORES}/{stores['nowhere']['id']}"
    for answer in (
        await http.get(path, headers=headers),
        await http.patch(path, headers=headers, json={"hours": "全天"}),
        await http.post(f"{path}/close", headers=headers),
    ):
        assert error_of(answer) == (404, "store_not_found")
    for body in ({"name": "新店", "department_id": str(west.id)}, {"name": "新店", "department_id": str(uuid4())}):
        assert error_of(await http.post(STORES, headers=headers, json=body)) == (404, "department_not_found")
    added = await http.post(STORES, headers=headers, json={"name": "新店"})
    assert added.json()["department_id"] == str(east.id)
    for away in (str(west.id), None):
        path = f"{STORES}/{added.json()['id']}"
        answer = await http.patch(path, headers=headers, json={"department_id": away})
        assert error_of(answer) == (404, "department_not_found")
    assert (await http.patch(path, headers=headers, json={"department_id": str(city.id)})).status_code == 200


async def test_the_scope_of_ones_own_store_shows_that_one(http):
    await make.admin()
    store, _ = await make.store(), await make.store()
    for scope in (Scope.OWN, Scope.STORE):
        guide = await make.colleague(RoleKey.GUIDE, store_id=store.id, scope=scope)
        listed = (await http.get(STORES, headers=await make.headers(guide))).json()["items"]
        assert [item["id"] for item in listed] == [str(store.id)]


async def test_every_change_of_a_store_is_in_the_audit_without_its_phone(http, boss):
    store = (await http.post(STORES, headers=boss, json={"name": "一店", "phone": "021-5888 0001"})).json()
    path = f"{STORES}/{store['id']}"
    await http.patch(path, headers=boss, json={"name": "二店", "phone": "021-5888 0002"})
    await http.patch(path, headers=boss, json={"name": "二店"})
    for _ in range(2):
        await http.post(f"{path}/close", headers=boss)
    asked = "SELECT action, details::text AS details FROM audit WHERE subject_id = $1 ORDER BY id"
    noted = await make.rows(asked, store["id"])
    assert [row["action"] for row in noted] == ["store.added", "store.changed", "store.closed"]
    assert '"name": ["一店", "二店"]' in noted[1]["details"]
    assert "5888 000" not in str(noted)
