"""Staff, stores, channels and guides over HTTP: added, listed page by page, closed, left, and every refusal named."""

import asyncio
from uuid import uuid4

import pytest

from core.permissions.rules import READY_MADE, RoleKey
from tests import factories as make
from tests.doors import error_of

STAFF = {
    "name": "员工01",
    "username": "employee-01",
    "password": make.PASSWORD,
    "role_id": str(READY_MADE[RoleKey.MANAGER].id),
}
GUIDE = {"name": "导购01", "username": "guide-01", "password": make.PASSWORD}


@pytest.fixture
async def boss(http):
    return await make.headers(await make.admin())


@pytest.fixture
async def person(boss):
    """The body that adds a manager."""
    return STAFF | await make.place()


@pytest.fixture
async def guide(boss):
    """The body that adds a guide, but for the store."""
    return GUIDE | await make.place()


async def test_a_colleague_is_added_and_logs_in(http, boss, person):
    added = await http.post("/staff/v1/staff", headers=boss, json=person)
    assert (added.status_code, added.json()["role"], added.json()["left_at"]) == (201, "manager", None)
    assert make.PASSWORD not in added.text
    login = {"username": "employee-01", "password": make.PASSWORD}
    assert (await http.post("/staff/v1/login", json=login)).status_code == 200


async def test_a_user_name_is_taken_once_whoever_has_it(http, boss, person, guide):
    store = await make.store()
    await http.post("/staff/v1/staff", headers=boss, json=person)
    assert error_of(await http.post("/staff/v1/staff", headers=boss, json=person)) == (409, "username_taken")
    guide |= {"username": STAFF["username"], "store_id": str(store.id)}
    assert error_of(await http.post("/staff/v1/guides", headers=boss, json=guide)) == (409, "username_taken")
    assert await make.rows("SELECT 1 FROM outbox WHERE name = 'organisation.staff_became_guide.v1'") == []


@pytest.mark.parametrize(
    "changes",
    [
        {"username": "a"},
        {"username": "Ab"},
        {"username": "-ab"},
        {"username": "导购"},
        {"username": "a" * 51},
        {"password": "1234567"},
        {"password": "p" * 129},
        {"name": ""},
        {"name": "  "},
        {"name": "名" * 51},
        {"name": "a\x00b"},
        {"role_id": "owner"},
        {"phone": "电话"},
        {"email": "no address"},
        {"extra": 1},
    ],
)
async def test_what_cannot_be_a_colleague_is_refused(http, boss, person, changes):
    answer = await http.post("/staff/v1/staff", headers=boss, json=person | changes)
    assert error_of(answer) == (422, "invalid_input")
    assert len(await make.rows("SELECT 1 FROM staff")) == 1


async def test_leaving_needs_a_colleague(http, boss):
    assert error_of(await http.post(f"/staff/v1/staff/{uuid4()}/leave", headers=boss)) == (404, "staff_not_found")
    assert error_of(await http.post("/staff/v1/staff/none/leave", headers=boss)) == (422, "invalid_input")


async def test_who_left_loses_every_right_at_once(http):
    manager, boss = await make.manager(), await make.headers(await make.admin())
    headers = await make.headers(manager)
    assert (await http.get("/staff/v1/stores", headers=headers)).status_code == 200
    await http.post(f"/staff/v1/staff/{manager.id}/leave", headers=boss)
    assert error_of(await http.get("/staff/v1/stores", headers=headers)) == (401, "unauthenticated")


async def test_a_store_is_added_with_its_channel_and_closes_once(http, boss):
    channel = await make.channel()
    body = {"name": " 一店 ", "address": "人民路1号", "channel_id": str(channel.id)}
    store = (await http.post("/staff/v1/stores", headers=boss, json=body)).json()
    assert (store["name"], store["channel_id"], store["closed_at"]) == ("一店", str(channel.id), None)
    closed = [(await http.post(f"/staff/v1/stores/{store['id']}/close", headers=boss)).json() for _ in range(2)]
    assert closed[0] == closed[1]
    assert closed[0]["closed_at"] is not None
    listed = (await http.get("/staff/v1/stores", headers=boss)).json()["items"]
    assert listed == [closed[0]]


async def test_what_cannot_be_a_store_is_refused(http, boss):
    await make.store("一店")
    for body, expected in (
        ({"name": "一店"}, (409, "store_name_taken")),
        ({"name": "二店", "channel_id": str(uuid4())}, (404, "channel_not_found")),
        ({"name": "二店", "address": "x" * 201}, (422, "invalid_input")),
        ({"name": "二店", "channel_id": "one"}, (422, "invalid_input")),
        ({}, (422, "invalid_input")),
    ):
        assert error_of(await http.post("/staff/v1/stores", headers=boss, json=body)) == expected
    assert await make.count("store") == 1
    answer = await http.post(f"/staff/v1/stores/{uuid4()}/close", headers=boss)
    assert error_of(answer) == (404, "store_not_found")


async def test_of_parallel_additions_of_one_name_exactly_one_succeeds(http, boss, person):
    for path, body in (("stores", {"name": "一店"}), ("channels", {"name": "展会"}), ("staff", person)):
        answers = await asyncio.gather(*(http.post(f"/staff/v1/{path}", headers=boss, json=body) for _ in range(5)))
        assert sorted(a.status_code for a in answers) == [201, 409, 409, 409, 409]


async def test_channels_have_names_of_their_own(http, boss):
    assert (await http.post("/staff/v1/channels", headers=boss, json={"name": "展会"})).status_code == 201
    answer = await http.post("/staff/v1/channels", headers=boss, json={"name": "展会"})
    assert error_of(answer) == (409, "channel_name_taken")
    assert [c["name"] for c in (await http.get("/staff/v1/channels", headers=boss)).json()["items"]] == ["展会"]


async def test_a_guide_works_in_an_open_store(http, boss, guide):
    open_store, closed = await make.store(), await make.store()
    await http.post(f"/staff/v1/stores/{closed.id}/close", headers=boss)
    for store_id, expected in ((uuid4(), (404, "store_not_found")), (closed.id, (404, "store_not_found"))):
        answer = await http.post("/staff/v1/guides", headers=boss, json=guide | {"store_id": str(store_id)})
        assert error_of(answer) == expected
    added = await http.post("/staff/v1/guides", headers=boss, json=guide | {"store_id": str(open_store.id)})
    assert (added.status_code, added.json()["store_id"]) == (201, str(open_store.id))
    listed = (await http.get("/staff/v1/guides", headers=boss)).json()["items"]
    assert [guide["username"] for guide in listed] == ["guide-01"]


async def test_the_list_of_guides_holds_those_who_left_and_nobody_else(http, boss):
    gone, stays = await make.guide(), await make.guide()
    await http.post(f"/staff/v1/staff/{gone.id}/leave", headers=boss)
    listed = (await http.get("/staff/v1/guides", headers=boss)).json()["items"]
    assert [(g["id"], g["left_at"] is None) for g in listed] == [(str(gone.id), False), (str(stays.id), True)]


async def test_guides_and_stores_are_found_by_a_part_of_their_names(http, boss):
    store = await make.store("Nanjing 路店")
    guide = await make.guide("导购01", store=store)
    await make.guide("导购02", store=await make.store("陆家嘴店"))
    for path, text, found in (
        ("guides", "购01", guide.id),
        ("guides", guide.username.upper(), guide.id),
        ("stores", "nanJING", store.id),
    ):
        listed = (await http.get(f"/staff/v1/{path}", params={"text": text}, headers=boss)).json()["items"]
        assert [one["id"] for one in listed] == [str(found)]


@pytest.mark.parametrize("path", ["stores", "channels", "guides"])
async def test_pages_follow_the_order_of_addition_and_hold_each_row_once(http, boss, path):
    one = {"stores": make.store, "channels": make.channel, "guides": make.guide}[path]
    added = [str((await one()).id) for _ in range(5)]
    seen, cursor = [], ""
    while True:
        page = (await http.get(f"/staff/v1/{path}?limit=2{cursor}", headers=boss)).json()
        seen += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == added
    for limit in ("0", "201", "many"):
        assert error_of(await http.get(f"/staff/v1/{path}?limit={limit}", headers=boss)) == (422, "invalid_input")


@pytest.mark.parametrize(
    ("event", "body", "path"),
    [
        ("stores.store_added.v1", {"name": "一店"}, "stores"),
        ("channels.channel_added.v1", {"name": "展会"}, "channels"),
    ],
)
async def test_what_is_added_is_published_in_the_same_transaction(http, boss, event, body, path):
    added = (await http.post(f"/staff/v1/{path}", headers=boss, json=body)).json()
    published = await make.rows("SELECT key, payload::text AS payload FROM outbox WHERE name = $1", event)
    assert [row["key"] for row in published] == [added["id"]]
    await http.post(f"/staff/v1/{path}", headers=boss, json=body)
    assert len(await make.rows("SELECT 1 FROM outbox WHERE name = $1", event)) == 1
