"""The list of conversations, search, counts and presence over HTTP: each colleague sees what is theirs to see."""

from datetime import timedelta

import pytest

from core.customers.ownership import Place, Reason, move
from core.permissions.rules import RoleKey
from infra import clock, database
from infra.ids import new_id
from tests import factories as make
from tests.core.audit_world import forget
from tests.core.pool_world import named
from tests.doors import error_of
from tests.factories import NOON
from tests.wechat.inbox_world import (
    agent,
    answered,
    answers,
    conversation,
    follower,
    here,
    id_of,
    leaves,
    says,
    version,
)
from wechat.inbox import service

INBOX = "/staff/v1/inbox"
MINUTE = timedelta(minutes=1)


class Door:
    """The API as one colleague."""

    def __init__(self, http, headers):
        self.http, self.headers = http, headers

    async def get(self, path, **query):
        answer = await self.http.get(f"{INBOX}{path}", params=query, headers=self.headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def seen(self, view, **query):
        """Ids of a view, all pages of it."""
        found, cursor = [], None
        while True:
            page = await self.get("/conversations", view=view, **query, **({"cursor": cursor} if cursor else {}))
            found += [one["id"] for one in page["items"]]
            cursor = page["next"]
            if cursor is None:
                return found

    async def post(self, path, body, **headers):
        return await self.http.post(f"{INBOX}{path}", json=body, headers=self.headers | headers)


@pytest.fixture
async def account(db):
    make.jump_to(db, NOON)
    return await make.account()


@pytest.fixture
async def door(http):
    async def of(staff):
        return Door(http, await make.headers(staff))

    return of


async def ids(*fans):
    return [str(await id_of(fan)) for fan in fans]


async def test_each_view_has_its_own_and_the_newest_comes_first(account, door, db):
    store = await make.store()
    guide, boss = await make.guide(store=store), await make.colleague(RoleKey.STORE_MANAGER, store_id=store.id)
    someone = await agent()
    own, line, nobodys, foreign = [
        await follower(account, guide),
        await follower(account, store=store),
        await follower(account),
        await follower(account, await make.guide()),
    ]
    for minute, fan in enumerate((own, line, nobodys, foreign)):
        make.jump_to(db, NOON + minute * MINUTE)
        await says(fan)
    own_id, line_id, nobodys_id, foreign_id = await ids(own, line, nobodys, foreign)
    seen = {}
    for name, who in (("guide", guide), ("boss", boss), ("agent", someone)):
        views = ("mine", "store", "agents", "waiting", "all")
        seen[name] = {view: await (await door(who)).seen(view, limit=1) for view in views}
    assert seen["guide"] == {
        "mine": [own_id],
        "store": [line_id],
        "agents": [],
        "waiting": [own_id, line_id],
        "all": [line_id, own_id],
    }
    assert seen["boss"] == {
        "mine": [],
        "store": [line_id],
        "agents": [],
        "waiting": [own_id, line_id],
        "all": [line_id, own_id],
    }
    everything = [foreign_id, nobodys_id, line_id, own_id]
    assert seen["agent"] == {
        "mine": [],
        "store": [line_id],
        "agents": [nobodys_id],
        "waiting": everything[::-1],
        "all": everything,
    }
    counts = await (await door(guide)).get("/counts")
    assert {name: counts[name] for name in counts if name != "longest_wait_since"} == {
        "mine_unread": 1,
        "mine_waiting": 1,
        "store_waiting": 1,
        "agents_waiting": 0,
    }
    assert counts["longest_wait_since"].startswith("2026-03-04T04:00:00")
    assert (await (await door(someone)).get("/counts"))["agents_waiting"] == 1


async def test_a_customer_that_goes_to_another_owner_takes_the_conversation_along(account, door):
    former, owner = await make.guide(), await make.guide()
    fan = await follower(account, former)
    await says(fan, "营业时间", answer=answered())
    customer = await make.customer_of(fan.openid)
    assert await (await door(former)).seen("all") == await ids(fan)
    async with database.transaction() as connection:
        await move(
            connection, [customer["id"]], Place.OWNED, owner.id, reason=Reason.ASSIGNED, source=new_id(), by=None
        )
    assert await (await door(former)).seen("all") == []
    assert await (await door(owner)).seen("all") == await ids(fan)
    # Who serves somebody goes on seeing them.
    await says(fan)
    async with database.transaction() as connection:
        await move(connection, [customer["id"]], Place.POOL, None, reason=Reason.RELEASED, source=new_id(), by=None)
    assert await (await door(owner)).seen("all") == await ids(fan)
    assert await (await door(former)).seen("all") == []


async def test_filters(account, door):
    guide, someone = await make.guide(), await agent()
    other_account = await make.account(2)
    open_, closed, elsewhere = [
        await follower(account, guide),
        await follower(account, guide),
        await follower(other_account, guide),
    ]
    for fan in (open_, closed, elsewhere):
        await says(fan)
    await service.close(guide, await id_of(closed), await version(closed))
    await service.take(someone, await id_of(elsewhere), await version(elsewhere))
    at = await door(someone)
    open_id, closed_id, elsewhere_id = await ids(open_, closed, elsewhere)
    customer = await make.customer_of(open_.openid)
    for query, expected in (
        ({"open": "true"}, {open_id, elsewhere_id}),
        ({"open": "false"}, {closed_id}),
        ({"unread": "true"}, {open_id, elsewhere_id}),
        ({"app_id": other_account.app_id}, {elsewhere_id}),
        ({"staff_id": str(guide.id)}, {open_id, closed_id}),
        ({"store_id": str(guide.store_id)}, {open_id, closed_id}),
        ({"customer_id": str(customer["id"])}, {open_id}),
        ({"customer_id": str(customer["id"]), "open": "false"}, set()),
    ):
        assert set(await at.seen("all", **query)) == expected, query


async def test_one_conversation_says_how_far_it_may_be_answered_and_who_else_looks(account, door, db):
    guide, boss = await make.guide("导购01"), await agent("客服01")
    fan = await follower(account, guide)
    await named((await make.customer_of(fan.openid))["id"], "顾客01")
    await says(fan, "有没有红色的")
    [id_] = await ids(fan)
    at, above = await door(guide), await door(boss)
    await above.get(f"/conversations/{id_}/messages")
    found = await at.get(f"/conversations/{id_}")
    assert (found["name"], found["staff"], found["owner"], found["following"]) == ("顾客01", "导购01", "导购01", True)
    assert found["others"] == ["客服01"]
    assert found["window"]["left"] == 5
    assert found["window"]["until"] == found["window_until"]
    assert found["window"]["until"].startswith("2026-03-06T04:00:00")
    assert found["case"]["wanted"] == "no_answer"
    # Looking marks nothing as read.
    assert found["unread"] == 1
    make.jump_to(db, NOON + 3 * MINUTE)
    assert (await at.get(f"/conversations/{id_}"))["others"] == []
    make.jump_to(db, NOON + timedelta(hours=49))
    at = await door(guide)
    window = (await at.get(f"/conversations/{id_}"))["window"]
    assert window == {"until": None, "left": 0, "why_not": "window_shut"}
    await leaves(fan)
    assert (await at.get(f"/conversations/{id_}"))["window"]["why_not"] == "not_following"


async def test_the_thread_is_read_backwards_and_from_a_number_on(account, door):
    guide = await make.guide()
    fan = await follower(account, guide)
    for number in range(1, 8):
        await says(fan, f"第 {number} 句")
    [id_] = await ids(fan)
    at = await door(guide)

    async def numbers(**query):
        return [one["number"] for one in await at.get(f"/conversations/{id_}/messages", **query)]

    assert await numbers(limit=3) == [7, 6, 5]
    assert await numbers(before=5, limit=3) == [4, 3, 2]
    assert await numbers(after=4) == [5, 6, 7]
    assert await numbers(after=7) == []


async def test_who_reads_what_neither_they_serve_nor_own_is_noted_once_each_time(account, door, db):
    guide, someone = await make.guide(), await agent()
    fan = await follower(account, guide)
    await says(fan, "有没有红色的")
    customer = str((await make.customer_of(fan.openid, account.app_id))["id"])
    [id_] = await ids(fan)
    await forget()
    for staff in (guide, someone):
        at = await door(staff)
        for query in ({}, {"after": 0}, {"before": 2}):
            await at.get(f"/conversations/{id_}/messages", **query)
    noted = "SELECT actor, action, subject_id, details FROM audit ORDER BY id"
    note = {"actor": f"staff:{someone.id}", "action": "customer.seen", "subject_id": customer}
    [row] = await make.rows(noted)
    assert row == note | {"details": row["details"]}
    assert "chat" in row["details"]
    make.jump_to(db, NOON + 10 * MINUTE)
    await at.get(f"/conversations/{id_}/messages")
    assert len(await make.rows(noted)) == 2
    # Found by its words, it shows a line of somebody, too; the words are in no note.
    await forget()
    await (await door(guide)).get("/search", q="红色")
    assert await make.rows(noted) == []
    await at.get("/search", q="红色")
    [row] = await make.rows(noted)
    assert (row["action"], row["subject_id"]) == ("messages.searched", str(someone.id))
    assert (customer in row["details"], "红" in row["details"]) == (True, False)


async def test_an_answer_that_arrives_twice_is_one(account, door):
    guide = await make.guide()
    fan = await follower(account, guide)
    await says(fan)
    [id_] = await ids(fan)
    at = await door(guide)
    body = {"content": {"kind": "text", "text": "在的"}, "seen": 1}
    answers_ = [
        await at.post(f"/conversations/{id_}/messages", body, **{"Idempotency-Key": "reply-1"}) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers_] == [201, 201]
    assert answers_[0].json() == answers_[1].json()
    first = answers_[0].json()
    assert (first["number"], first["author"], first["staff"], first["text"]) == (2, "staff", guide.name, "在的")
    assert first["sent"]["state"] == "pending"
    assert await make.count("outbound_message") == 1


async def test_what_is_not_in_reach_is_as_if_it_did_not_exist(account, door):
    guide, stranger = await make.guide(), await make.guide()
    fan = await follower(account, guide)
    await says(fan)
    [id_] = await ids(fan)
    at = await door(stranger)
    seen = await version(fan)
    reply = {"content": {"kind": "text", "text": "在的"}, "seen": 1}
    for path, body in (
        ("messages", reply),
        ("notes", {"text": "在吗"}),
        ("take", {"version": seen}),
        ("assign", {"version": seen}),
        ("close", {"version": seen}),
        ("reopen", {"version": seen}),
        ("read", {"number": 1}),
    ):
        for one in (id_, str(new_id())):
            answer = await at.post(f"/conversations/{one}/{path}", body)
            assert error_of(answer) == (404, "conversation_not_found"), path
    for path in ("", "/messages"):
        answer = await at.http.get(f"{INBOX}/conversations/{id_}{path}", headers=at.headers)
        assert error_of(answer) == (404, "conversation_not_found")


async def test_search_finds_words_in_reach_the_newest_first(account, door, db):
    guide, other, someone = await make.guide(), await make.guide(), await agent()
    mine, theirs = await follower(account, guide), await follower(account, other)
    await named((await make.customer_of(mine.openid))["id"], "顾客01")
    for day, (fan, text) in enumerate(
        [
            (mine, "有没有红色的外套"),
            (theirs, "红色 外套还有吗"),
            (mine, "外套"),
            (mine, "ＲＥＤ红色外套"),
            (mine, "红外套色"),
        ]
    ):
        make.jump_to(db, NOON + timedelta(days=2 * day))
        await says(fan, text)
    at, above = await door(guide), await door(someone)

    async def texts(one, q, **query):
        found, cursor = [], None
        while True:
            page = await one.get("/search", q=q, **query, **({"cursor": cursor} if cursor else {}))
            found += [item["message"]["text"] for item in page["items"]]
            cursor = page["next"]
            if cursor is None:
                return found

    assert await texts(at, "红色外套") == ["ＲＥＤ红色外套"]
    assert await texts(at, "红色的外套") == ["有没有红色的外套"]
    assert await texts(at, "红色") == ["ＲＥＤ红色外套", "有没有红色的外套"]
    assert await texts(above, "红色", limit=1) == ["ＲＥＤ红色外套", "红色 外套还有吗", "有没有红色的外套"]
    assert await texts(at, "red红") == ["ＲＥＤ红色外套"]
    [first, *_] = (await at.get("/search", q="外套"))["items"]
    assert (first["name"], first["conversation_id"]) == ("顾客01", (await ids(mine))[0])
    for q in ("红", "红 "):
        assert (await at.http.get(f"{INBOX}/search", params={"q": q}, headers=at.headers)).status_code == 422


async def test_presence_lists_to_whom_one_may_hand_over(account, door):
    store = await make.store()
    guide, mate, someone = await make.guide(store=store), await make.guide(store=store), await agent("客服01")
    await make.guide()
    await make.colleague(RoleKey.MARKETER)
    fan = await follower(account)
    await here(someone)
    await here(mate, away=True)
    await says(fan)
    found = {one["staff_id"]: one for one in await (await door(guide)).get("/presence")}
    assert set(found) == {str(one.id) for one in (guide, mate, someone)}
    shown = {name: found[str(someone.id)][name] for name in ("name", "here", "away", "open_cases")}
    assert shown == {"name": "客服01", "here": True, "away": False, "open_cases": 1}
    assert (found[str(mate.id)]["here"], found[str(mate.id)]["away"]) == (True, True)
    assert found[str(guide.id)]["here"] is False


async def test_quick_replies_are_ones_own_or_everybodys(door, http, db):
    guide, other, boss = await make.guide(), await make.guide(), await agent()
    path = "/staff/v1/quick-replies"

    async def call(who, method, address="", body=None):
        return await http.request(method, f"{path}{address}", json=body, headers=await make.headers(who))

    own = (await call(guide, "POST", body={"title": "营业时间", "text": "9 点到 21 点", "position": 2})).json()
    shared = {"title": "您好", "text": "您好，请问需要什么？", "shared": True}
    assert error_of(await call(guide, "POST", body=shared)) == (403, "forbidden")
    common = (await call(boss, "POST", body=shared)).json()
    assert [one["title"] for one in (await call(guide, "GET")).json()] == ["营业时间", "您好"]
    assert [one["title"] for one in (await call(other, "GET")).json()] == ["您好"]
    change = {"title": "时间", "text": "9-21", "version": 1}
    assert error_of(await call(other, "PUT", f"/{own['id']}", change)) == (404, "quick_reply_not_found")
    assert error_of(await call(guide, "PUT", f"/{common['id']}", change)) == (403, "forbidden")
    assert (await call(guide, "PUT", f"/{own['id']}", change)).json()["version"] == 2
    stale = await call(guide, "PUT", f"/{own['id']}", change)
    assert error_of(stale) == (409, "quick_reply_changed")
    assert stale.json()["error"]["details"] == {"version": 2}
    assert error_of(await call(other, "DELETE", f"/{own['id']}")) == (404, "quick_reply_not_found")
    assert (await call(guide, "DELETE", f"/{own['id']}")).status_code == 204
    assert (await call(boss, "DELETE", f"/{common['id']}")).status_code == 204
    assert (await call(guide, "GET")).json() == []


async def test_service_levels_by_colleague_and_store(account, door, db):
    store = await make.store("一店")
    guide, mate = await make.guide("导购01", store=store), await make.guide("导购02", store=store)
    boss = await make.colleague(RoleKey.STORE_MANAGER, store_id=store.id)
    elsewhere = await make.guide()
    fans = [await follower(account, guide) for _ in range(4)] + [await follower(account, elsewhere)]
    for fan in fans:
        await says(fan)
    for seconds, fan, who in (
        (60, fans[0], guide),
        (120, fans[1], guide),
        (600, fans[2], guide),
        (900, fans[4], elsewhere),
    ):
        make.jump_to(db, NOON + timedelta(seconds=seconds))
        await answers(who, fan)
    await service.close(guide, await id_of(fans[0]), await version(fans[0]))
    # What a colleague begins, nobody waited for.
    await answers(guide, fans[0], "还有一件事")
    make.jump_to(db, NOON + timedelta(days=1))
    at = await door(boss)
    query = {"first": "2026-03-04", "last": "2026-03-05"}
    found = await at.get("/service-levels", **query)
    assert found["target_seconds"] == 180
    total = found["total"]
    assert {name: total[name] for name in ("cases", "answered", "closed", "waiting")} == {
        "cases": 4,
        "answered": 3,
        "closed": 1,
        "waiting": 1,
    }
    assert total["within"] == 0.5
    assert abs(total["median_seconds"] - 120) <= 2
    assert abs(total["p90_seconds"] - 504) <= 2
    assert [(one["name"], one["cases"]) for one in found["lines"]] == [("导购01", 4)]
    by_store = await at.get("/service-levels", **query, by="store")
    assert [(one["name"], one["cases"], one["waiting"]) for one in by_store["lines"]] == [("一店", 4, 1)]
    above = await (await door(await agent())).get("/service-levels", **query, by="store")
    assert above["total"]["cases"] == 5
    assert (await at.get("/service-levels", first="2026-03-05", last="2026-03-05"))["total"]["cases"] == 0
    assert mate.id != guide.id
    answer = await at.http.get(
        f"{INBOX}/service-levels", params={"first": "2026-03-05", "last": "2026-03-04"}, headers=at.headers
    )
    assert answer.status_code == 422


async def test_a_cursor_that_is_none_is_refused(account, door):
    at = await door(await make.guide())
    for path, query in (("conversations", {}), ("search", {"q": "红色"})):
        for cursor in ("x", "20260304T040000.000000Z_x", "1_2_3", "_" * 90):
            answer = await at.http.get(f"{INBOX}/{path}", params={"cursor": cursor} | query, headers=at.headers)
            assert answer.status_code == 422, cursor


async def test_the_list_tells_of_a_conversation_what_the_page_shows(account, door):
    guide = await make.guide("导购01")
    fan = await follower(account, guide)
    await says(fan, "有没有红色的")
    [item] = (await (await door(guide)).get("/conversations"))["items"]
    row = await conversation(fan)
    assert (item["account"], item["app_id"]) == (account.name, account.app_id)
    assert (item["last_text"], item["last_author"], item["last_number"]) == ("有没有红色的", "fan", 1)
    assert (item["open"], item["version"], item["unread"], item["name"]) == (True, row["version"], 1, "")
    assert fan.openid not in str(item)
    assert clock.now().isoformat()[:10] in item["waiting_since"]
