"""Announcements (M-12): to whom they go, who is alerted, who has read them, what a change and a withdrawal do."""

import asyncio
from uuid import uuid4

import orjson
import pytest

from app.contexts import registry
from core.announcements.events import AnnouncementIssued
from core.permissions.rules import RoleKey
from infra import database, outbox
from tests import factories as make
from tests.doors import error_of

TEXT = {"title": "放假通知", "body": "五一放假三天"}


@pytest.fixture
async def boss(http):
    return await make.headers(await make.admin())


@pytest.fixture
async def tree(http):
    """A region with a shop department below it, each with a post, and a department beside them."""
    region = await make.department("大区")
    shops, beside = await make.department("门店部", parent=region), await make.department("总务")
    return {place.name: await make.post(place) for place in (region, shops, beside)}


async def announce(http, headers, **audience):
    answer = await http.post("/staff/v1/announcements", headers=headers, json=TEXT | {"audience": audience})
    assert answer.status_code == 201, answer.text
    await make.settle(registry())
    return answer.json()


async def mine(http, staff, query=""):
    headers = await make.headers(staff)
    page = (await http.get(f"/staff/v1/me/announcements{query}", headers=headers)).json()
    return [item["title"] for item in page["items"]]


async def opened(http, staff, announcement):
    path = f"/staff/v1/announcements/{announcement['id']}"
    return await http.get(path, headers=await make.headers(staff))


async def alerts(staff, kind="announcement.new", *, unread=False):
    rows = await make.rows(
        "SELECT title, body, link FROM notice WHERE staff_id = $1 AND kind = $2 AND (read_at IS NULL OR NOT $3)",
        staff.id,
        kind,
        unread,
    )
    return [tuple(row.values()) for row in rows]


async def test_an_announcement_reaches_departments_with_those_below_posts_stores_and_people_once(http, boss, tree):
    above = await make.colleague(RoleKey.REP, post=tree["大区"])
    below = await make.colleague(RoleKey.REP, post=tree["门店部"])
    beside = await make.colleague(RoleKey.REP, post=tree["总务"])
    guide, named, nobody = await make.guide(), await make.guide(), await make.guide()
    announcement = await announce(
        http,
        boss,
        department_ids=[str(tree["大区"].department_id)],
        post_ids=[str(tree["总务"].id), str(tree["大区"].id)],
        store_ids=[str(guide.store_id)],
        staff_ids=[str(named.id), str(below.id)],
    )
    assert (announcement["readers"], announcement["read"]) == (5, 0)
    for staff in (above, below, beside, guide, named):
        assert await mine(http, staff) == ["放假通知"]
        link = f"/announcements/{announcement['id']}"
        assert await alerts(staff) == [("放假通知", "五一放假三天", link)]
    assert (await mine(http, nobody), await alerts(nobody)) == ([], [])
    assert error_of(await opened(http, nobody, announcement)) == (404, "announcement_not_found")


async def test_the_alert_is_heard_live(http, boss):
    guide = await make.guide()
    announcement = await announce(http, boss, staff_ids=[str(guide.id)])
    (event,) = await make.rows("SELECT kind, payload FROM live_event")
    data = orjson.loads(event["payload"])
    expected = ("notice", "announcement.new", f"/announcements/{announcement['id']}")
    assert (event["kind"], data["kind"], data["link"]) == expected


async def test_who_joins_or_left_is_not_addressed_and_the_author_has_read_it(http, tree):
    author = await make.colleague(RoleKey.ADMIN, post=tree["大区"])
    stays = await make.colleague(RoleKey.REP, post=tree["大区"])
    left = await make.colleague(RoleKey.REP, post=tree["大区"])
    await database.execute("UPDATE staff SET left_at = created_at WHERE id = $1", left.id)
    issued = await announce(http, await make.headers(author), department_ids=[str(tree["大区"].department_id)])
    joins = await make.colleague(RoleKey.REP, post=tree["大区"])
    assert (issued["readers"], issued["read"]) == (2, 1)
    assert (await mine(http, stays), await mine(http, joins)) == (["放假通知"], [])
    assert await alerts(author) == []


async def test_reading_stands_from_the_first_time_and_takes_the_alert_with_it(http, db, boss):
    guide, other = await make.guide(), await make.guide()
    announcement = await announce(http, boss, staff_ids=[str(guide.id), str(other.id)])
    assert await mine(http, guide, "?unread=true") == ["放假通知"]
    first = (await opened(http, guide, announcement)).json()
    assert (first["body"], first["author_name"]) == ("五一放假三天", announcement["author_name"])
    make.jump(db, hours=1)
    assert (await opened(http, guide, announcement)).json()["read_at"] == first["read_at"] is not None
    assert (await mine(http, guide, "?unread=true"), await mine(http, guide)) == ([], ["放假通知"])
    assert (await alerts(guide, unread=True), len(await alerts(other, unread=True))) == ([], 1)
    headers = await make.headers(other)
    assert (await http.get("/staff/v1/me/announcements/unread", headers=headers)).json() == {"unread": 1}


async def test_who_has_and_who_has_not_read_it(http, boss):
    people = [await make.guide(f"导购{n:02}") for n in range(5)]
    announcement = await announce(http, boss, staff_ids=[str(person.id) for person in people])
    for person in people[:2]:
        await opened(http, person, announcement)
    path = f"/staff/v1/announcements/{announcement['id']}"
    for query, names in (("read=true", people[:2]), ("read=false", people[2:]), ("", people)):
        found, cursor = [], ""
        while cursor is not None:
            page = (await http.get(f"{path}/readers?limit=2&{query}{cursor}", headers=boss)).json()
            found += page["items"]
            cursor = page["next"] and f"&cursor={page['next']}"
        assert [item["name"] for item in found] == [person.name for person in names]
        assert {item["department"] for item in found} == {"总部"}
    counts = (await http.get(f"{path}/counts", headers=boss)).json()
    assert (counts["readers"], counts["read"]) == (5, 2)
    assert counts["audience"]["staff_ids"] == [str(person.id) for person in people]


async def test_only_people_in_reach_can_be_addressed_and_what_is_unknown_looks_the_same(http, tree):
    manager = await make.headers(await make.colleague(RoleKey.MANAGER, post=tree["大区"]))
    within = await make.colleague(RoleKey.REP, post=tree["门店部"])
    shop = await make.store()
    outside = await make.colleague(RoleKey.REP, post=tree["总务"], store_id=shop.id)
    out = [
        {"everybody": True},
        {"staff_ids": [str(within.id), str(outside.id)]},
        {"department_ids": [str(tree["总务"].department_id)]},
        {"post_ids": [str(tree["总务"].id)]},
        {"store_ids": [str(shop.id)]},
        *({name: [str(uuid4())]} for name in ("staff_ids", "department_ids", "post_ids", "store_ids")),
    ]
    for audience in out:
        answer = await http.post("/staff/v1/announcements", headers=manager, json=TEXT | {"audience": audience})
        assert error_of(answer) == (422, "audience_out_of_reach"), audience
    assert await make.count("announcement") == 0
    issued = await announce(http, manager, department_ids=[str(tree["门店部"].department_id)])
    assert issued["readers"] == 1


async def test_an_audience_of_nobody_is_refused(http, boss, tree):
    for audience in ({}, {"post_ids": [str(tree["总务"].id)]}):
        answer = await http.post("/staff/v1/announcements", headers=boss, json=TEXT | {"audience": audience})
        assert error_of(answer) == (422, "audience_empty")


@pytest.mark.parametrize("changes", [{"title": ""}, {"title": "x" * 101}, {"body": ""}, {"audience": None}, {"x": 1}])
async def test_what_cannot_be_an_announcement_is_refused(http, boss, changes):
    body = TEXT | {"audience": {"everybody": True}} | changes
    assert error_of(await http.post("/staff/v1/announcements", headers=boss, json=body)) == (422, "invalid_input")


async def test_a_change_is_told_to_who_had_read_it_and_makes_it_unread_again(http, boss):
    had_read, had_not = await make.guide(), await make.guide()
    announcement = await announce(http, boss, staff_ids=[str(had_read.id), str(had_not.id)])
    await opened(http, had_read, announcement)
    path = f"/staff/v1/announcements/{announcement['id']}"
    changed = (await http.patch(path, headers=boss, json={"version": 1, "body": "改为四天"})).json()
    await make.settle(registry())
    assert (changed["version"], changed["title"], changed["body"], changed["read"]) == (2, "放假通知", "改为四天", 0)
    assert [title for title, _, _ in await alerts(had_read, "announcement.changed")] == ["放假通知"]
    assert await alerts(had_not, "announcement.changed") == []
    assert await mine(http, had_read, "?unread=true") == ["放假通知"]
    assert (await opened(http, had_not, announcement)).json()["body"] == "改为四天"
    answer = await http.patch(path, headers=boss, json={"version": 1, "title": "x"})
    assert error_of(answer) == (409, "announcement_changed")
    assert answer.json()["error"]["details"] == {"version": 2}
    assert error_of(await http.patch(path, headers=boss, json={"version": 2})) == (422, "invalid_input")


async def test_of_parallel_changes_of_one_version_one_stands(http, boss):
    announcement = await announce(http, boss, everybody=True)
    path = f"/staff/v1/announcements/{announcement['id']}"
    answers = await asyncio.gather(
        *(http.patch(path, headers=boss, json={"version": 1, "title": f"标题{n}"}) for n in range(5))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]


async def test_a_withdrawn_one_is_gone_for_those_it_was_addressed_to(http, boss):
    guide = await make.guide()
    announcement = await announce(http, boss, staff_ids=[str(guide.id)])
    path = f"/staff/v1/announcements/{announcement['id']}"
    withdrawn = [(await http.post(f"{path}/withdraw", headers=boss)).json() for _ in range(2)]
    assert withdrawn[0] == withdrawn[1]
    assert withdrawn[0]["withdrawn_at"]
    assert (await mine(http, guide), await alerts(guide, unread=True)) == ([], [])
    assert error_of(await opened(http, guide, announcement)) == (404, "announcement_not_found")
    assert (await http.get(path, headers=boss)).status_code == 200
    answer = await http.patch(path, headers=boss, json={"version": 1, "title": "x"})
    assert error_of(answer) == (409, "announcement_withdrawn")


async def test_nobody_is_alerted_of_what_was_withdrawn_before(http, boss):
    guide = await make.guide()
    body = TEXT | {"audience": {"staff_ids": [str(guide.id)]}}
    announcement = (await http.post("/staff/v1/announcements", headers=boss, json=body)).json()
    await http.post(f"/staff/v1/announcements/{announcement['id']}/withdraw", headers=boss)
    await make.settle(registry())
    assert await alerts(guide) == []


async def test_who_has_read_it_before_the_alert_was_written_is_not_alerted(http, boss):
    reader, other = await make.guide(), await make.guide()
    body = TEXT | {"audience": {"staff_ids": [str(reader.id), str(other.id)]}}
    announcement = (await http.post("/staff/v1/announcements", headers=boss, json=body)).json()
    await opened(http, reader, announcement)
    await make.settle(registry())
    assert [len(await alerts(one)) for one in (reader, other)] == [0, 1]


async def test_it_is_looked_after_by_its_author_and_by_who_has_the_author_in_reach(http, tree):
    author = await make.colleague(RoleKey.MANAGER, post=tree["门店部"])
    above = await make.colleague(RoleKey.MANAGER, post=tree["大区"])
    beside = await make.colleague(RoleKey.MANAGER, post=tree["总务"])
    rep = await make.colleague(RoleKey.REP, post=tree["门店部"])
    announcement = await announce(http, await make.headers(author), staff_ids=[str(rep.id)])
    path = f"/staff/v1/announcements/{announcement['id']}"
    for staff, status in ((author, 200), (above, 200), (beside, 404), (rep, 403)):
        headers = await make.headers(staff)
        answers = [
            await http.get(f"{path}/readers", headers=headers),
            await http.get(f"{path}/counts", headers=headers),
            await http.patch(path, headers=headers, json={"version": 1, "title": "x"}),
        ]
        if status == 200:
            assert [a.status_code for a in answers[:2]] == [200, 200]
        else:
            assert {a.status_code for a in answers} == {status}
    listed = {}
    for name, staff in (("author", author), ("above", above), ("beside", beside)):
        page = (await http.get("/staff/v1/announcements", headers=await make.headers(staff))).json()
        listed[name] = [item["id"] for item in page["items"]]
    assert listed == {"author": [announcement["id"]], "above": [announcement["id"]], "beside": []}


async def test_the_same_post_sent_again_announces_once_and_is_noted_once(http, boss):
    body = TEXT | {"audience": {"everybody": True}}
    headers = boss | {"Idempotency-Key": "k1"}
    answers = [await http.post("/staff/v1/announcements", headers=headers, json=body) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert await make.count("announcement") == 1
    path = f"/staff/v1/announcements/{answers[0].json()['id']}"
    await http.patch(path, headers=boss, json={"version": 1, "title": "新标题"})
    await http.post(f"{path}/withdraw", headers=boss)
    noted = await make.rows("SELECT action, subject_id FROM audit WHERE subject_kind = 'announcement' ORDER BY id")
    actions = ["announcement.published", "announcement.changed", "announcement.withdrawn"]
    assert [(row["action"], row["subject_id"]) for row in noted] == [(a, answers[0].json()["id"]) for a in actions]


async def test_thousands_are_alerted_in_chunks_and_handled_twice_changes_nothing(http, boss):
    one = await make.guide()
    await database.execute(
        """INSERT INTO staff (id, name, username, password_hash, role_id, department_id, post_id, special_rights,
        created_at) SELECT gen_random_uuid(), 'x', 'copy-' || n, '', role_id, department_id, post_id, '[]', created_at
        FROM staff, generate_series(1, 2100) AS n WHERE id = $1""",
        one.id,
    )
    announcement = await announce(http, boss, everybody=True)
    assert announcement["readers"] == 2_102
    sizes = "SELECT jsonb_array_length(payload->'staff_ids') AS n FROM outbox WHERE name = 'announcements.issued.v1'"
    assert sorted(row["n"] for row in await make.rows(sizes)) == [101, 1_000, 1_000]
    assert await make.count("notice") == 2_101
    again = AnnouncementIssued(announcement_id=announcement["id"], version=1, staff_ids=(one.id,))
    async with database.transaction():
        await outbox.publish(again)
    await make.settle(registry())
    assert await make.count("notice") == 2_101
