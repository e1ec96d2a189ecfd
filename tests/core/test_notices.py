"""Notices: raised once, listed, counted, read once on every device; quiet hours and what stays off WeChat."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.notices import queries, service
from core.notices.rules import NoticeKind, quiet_until, time_of
from core.notices.service import NewNotice, mark_delivered, notify_many
from infra import clock, database, parameters
from infra.live import staff_topic
from tests import factories as make
from tests.doors import error_of

A, B = NoticeKind("test.a", title="甲"), NoticeKind("test.b", title="乙")
ZONE = ZoneInfo("Asia/Shanghai")


async def notify(staff, *keys, kind=A, **values):
    async with database.transaction() as connection:
        told = [NewNotice(staff_id=staff.id, key=key, kind=kind.name, title=f"标题{key}", **values) for key in keys]
        return await notify_many(connection, told)


async def live_events(staff):
    rows = await make.rows("SELECT kind, payload FROM live_event WHERE topic = $1 ORDER BY seq", staff_topic(staff.id))
    return [(row["kind"], orjson.loads(row["payload"])) for row in rows]


@pytest.fixture
async def guide(http):
    return await make.guide()


@pytest.fixture
async def mine(guide):
    return await make.headers(guide)


async def listed(http, headers, query=""):
    return (await http.get(f"/staff/v1/me/notices{query}", headers=headers)).json()


async def test_a_notice_is_raised_once_listed_told_live_and_published(http, guide, mine):
    assert [await notify(guide, "1", "2", body="内容", link="/x"), await notify(guide, "2", "3")] == [2, 1]
    items = (await listed(http, mine))["items"]
    assert [item["title"] for item in items] == ["标题3", "标题2", "标题1"]
    assert (items[2]["body"], items[2]["link"], items[2]["urgent"], items[2]["read_at"]) == ("内容", "/x", False, None)
    assert [(kind, data["title"]) for kind, data in await live_events(guide)] == [
        ("notice", "标题1"),
        ("notice", "标题2"),
        ("notice", "标题3"),
    ]
    events = await make.rows("SELECT payload FROM outbox WHERE name = 'notices.raised.v1' ORDER BY id")
    assert [len(orjson.loads(row["payload"])["notice_ids"]) for row in events] == [2, 1]


async def test_a_kind_that_nobody_declares_is_refused(guide):
    with pytest.raises(ValueError, match=r"test\.unknown"):
        await _notify_unknown(guide)
    assert await make.count("notice") == 0
    with pytest.raises(ValueError, match="two kinds"):
        NoticeKind("test.a", title="丙")


async def _notify_unknown(guide):
    async with database.transaction() as connection:
        await notify_many(connection, [NewNotice(staff_id=guide.id, key="1", kind="test.unknown", title="x")])


async def test_thousands_are_told_at_once_and_published_in_chunks(db):
    one = await make.guide()
    copy = """INSERT INTO staff (id, name, username, password_hash, role_id, department_id, post_id, special_rights,
        created_at) SELECT gen_random_uuid(), 'x', 'copy-' || n, '', role_id, department_id, post_id, '[]', created_at
        FROM staff, generate_series(1, 2500) AS n WHERE id = $1 RETURNING id"""
    people = [row["id"] for row in await make.rows(copy, one.id)]
    async with database.transaction() as connection:
        told = [NewNotice(staff_id=person, key="1", kind=A.name, title="x") for person in people]
        assert await notify_many(connection, told) == 2_500
    sizes = "SELECT jsonb_array_length(payload->'notice_ids') AS n FROM outbox WHERE name = 'notices.raised.v1'"
    assert sorted(row["n"] for row in await make.rows(sizes)) == [500, 1_000, 1_000]
    assert await make.count("live_event") == 2_500


async def test_pages_filters_and_counts(http, guide, mine):
    other = await make.guide()
    await notify(other, "not mine")
    await notify(guide, *map(str, range(5)))
    await notify(guide, "b", kind=B)
    titles, cursor = [], ""
    while cursor is not None:
        page = await listed(http, mine, f"?limit=4{cursor}")
        titles += [item["title"] for item in page["items"]]
        cursor = page["next"] and f"&cursor={page['next']}"
    assert titles == ["标题b", "标题4", "标题3", "标题2", "标题1", "标题0"]
    assert [item["kind"] for item in (await listed(http, mine, "?kind=test.b"))["items"]] == ["test.b"]
    first = (await listed(http, mine))["items"][-1]
    await http.post(f"/staff/v1/me/notices/{first['id']}/read", headers=mine)
    assert len((await listed(http, mine, "?unread=true"))["items"]) == 5
    unread = (await http.get("/staff/v1/me/notices/unread", headers=mine)).json()
    assert unread == {"unread": 5, "kinds": {"test.a": 4, "test.b": 1}}


async def test_reading_stands_from_the_first_time_and_is_told_to_the_other_devices_once(http, db, guide, mine):
    await notify(guide, "1", "2", "3")
    ids = [item["id"] for item in (await listed(http, mine))["items"]]
    first = (await http.post(f"/staff/v1/me/notices/{ids[0]}/read", headers=mine)).json()
    make.jump(db, hours=1)
    again = (await http.post(f"/staff/v1/me/notices/{ids[0]}/read", headers=mine)).json()
    assert first["read_at"] == again["read_at"] is not None
    answer = await http.post("/staff/v1/me/notices/read", headers=mine, json={"ids": [ids[0], ids[1], str(uuid4())]})
    assert answer.json() == {"unread": 1, "kinds": {"test.a": 1}}
    told = [data["ids"] for kind, data in await live_events(guide) if kind == "notices_read"]
    assert told == [[ids[0]], [ids[1]]]


async def test_all_up_to_one_are_read_and_what_came_meanwhile_is_not(http, guide, mine):
    await notify(guide, "1", "2")
    newest = (await listed(http, mine))["items"][0]["id"]
    await notify(guide, "3")
    for _ in range(2):
        answer = await http.post("/staff/v1/me/notices/read", headers=mine, json={"up_to": newest})
        assert answer.json()["unread"] == 1
    told = [data for kind, data in await live_events(guide) if kind == "notices_read"]
    assert told == [{"up_to": newest}]


async def test_parallel_readings_of_one_notice_are_told_once(http, guide, mine):
    await notify(guide, *map(str, range(20)))
    ids = [item["id"] for item in (await listed(http, mine))["items"]]
    bodies = [{"ids": ids}, {"ids": ids[::-1]}, {"up_to": ids[0]}]
    answers = await asyncio.gather(
        *(http.post("/staff/v1/me/notices/read", headers=mine, json=body) for body in bodies * 3)
    )
    assert {answer.status_code for answer in answers} == {200}
    assert len([1 for kind, _ in await live_events(guide) if kind == "notices_read"]) == 1


@pytest.mark.parametrize("body", [{}, {"ids": []}, {"ids": ["x"]}, {"ids": [str(uuid4())], "up_to": str(uuid4())}])
async def test_what_to_read_is_said_in_one_way(http, mine, body):
    answer = await http.post("/staff/v1/me/notices/read", headers=mine, json=body)
    assert error_of(answer) == (422, "invalid_input")


async def test_somebody_elses_notice_is_as_unknown_as_one_that_never_was(http, guide, mine):
    await notify(guide, "1")
    foreign = (await listed(http, mine))["items"][0]["id"]
    stranger = await make.headers(await make.guide())
    for notice_id in (foreign, uuid4()):
        answer = await http.post(f"/staff/v1/me/notices/{notice_id}/read", headers=stranger)
        assert error_of(answer) == (404, "notice_not_found")
    await http.post("/staff/v1/me/notices/read", headers=stranger, json={"ids": [foreign]})
    assert (await listed(http, mine))["items"][0]["read_at"] is None


async def test_what_the_list_showed_is_delivered_and_the_earliest_time_stands(http, db, guide, mine):
    await notify(guide, "1", "2")
    shown = (await listed(http, mine, "?limit=1"))["items"][0]["id"]
    rows = {str(r["id"]): r["delivered_at"] for r in await make.rows("SELECT id, delivered_at FROM notice")}
    assert [key for key, at in rows.items() if at] == [shown]
    ids, early, late = [*rows], clock.now() - timedelta(hours=1), clock.now() + timedelta(hours=1)
    for at in (late, early, late):
        async with database.transaction() as connection:
            await mark_delivered(connection, ids, at)
    assert {row["delivered_at"] for row in await make.rows("SELECT delivered_at FROM notice")} == {early}


async def test_settings_are_one_s_own_and_list_every_kind(http, mine):
    before = (await http.get("/staff/v1/me/notice-settings", headers=mine)).json()
    assert (before["quiet_from"], before["quiet_until"]) == (None, None)
    assert {"kind": "test.a", "title": "甲", "muted": False} in before["kinds"]
    wanted = {"quiet_from": "22:30", "quiet_until": "07:00", "muted_kinds": ["test.a", "test.a"]}
    after = (await http.put("/staff/v1/me/notice-settings", headers=mine, json=wanted)).json()
    assert after == (await http.get("/staff/v1/me/notice-settings", headers=mine)).json()
    assert (after["quiet_from"], after["quiet_until"]) == ("22:30", "07:00")
    assert [kind["kind"] for kind in after["kinds"] if kind["muted"]] == ["test.a"]
    await http.put("/staff/v1/me/notice-settings", headers=mine, json={})
    assert (await http.get("/staff/v1/me/notice-settings", headers=mine)).json() == before


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"quiet_from": "22:00"}, "invalid_input"),
        ({"quiet_from": "22:00", "quiet_until": "22:00"}, "invalid_input"),
        ({"quiet_from": "24:00", "quiet_until": "07:00"}, "invalid_input"),
        ({"quiet_from": "7:00", "quiet_until": "08:00"}, "invalid_input"),
        ({"muted_kinds": ["test.nothing"]}, "notice_kind_unknown"),
    ],
)
async def test_settings_that_mean_nothing_are_refused(http, mine, wanted, code):
    assert error_of(await http.put("/staff/v1/me/notice-settings", headers=mine, json=wanted)) == (422, code)


async def test_a_channel_that_rings_learns_when_and_whether(http, db, guide, mine):
    wanted = {"quiet_from": "22:00", "quiet_until": "07:00", "muted_kinds": ["test.b"]}
    await http.put("/staff/v1/me/notice-settings", headers=mine, json=wanted)
    free = await make.guide()
    make.jump_to(db, datetime(2026, 3, 4, 23, 15, tzinfo=ZONE))
    await notify(guide, "plain")
    await notify(guide, "urgent", urgent=True)
    await notify(guide, "muted", kind=B)
    await notify(free, "free")
    ids = [row["id"] for row in await make.rows("SELECT id FROM notice")]
    async with database.connection() as connection:
        found = {row.title: row for row in await queries.to_send(connection, [*ids, uuid4()])}
    morning = datetime(2026, 3, 4, 23, tzinfo=UTC)
    assert {title: (row.send_after, row.muted) for title, row in found.items()} == {
        "标题plain": (morning, False),
        "标题urgent": (None, False),
        "标题muted": (morning, True),
        "标题free": (None, False),
    }
    assert found["标题plain"].staff_id == guide.id


@pytest.mark.parametrize(
    ("here", "span", "until"),
    [
        ("21:59", ("22:00", "07:00"), None),
        ("22:00", ("22:00", "07:00"), "07:00 next day"),
        ("23:59", ("22:00", "07:00"), "07:00 next day"),
        ("00:00", ("22:00", "07:00"), "07:00"),
        ("06:59", ("22:00", "07:00"), "07:00"),
        ("07:00", ("22:00", "07:00"), None),
        ("12:30", ("12:00", "13:00"), "13:00"),
        ("13:00", ("12:00", "13:00"), None),
        ("23:30", ("23:00", "00:00"), "00:00 next day"),
        ("00:00", ("00:00", "06:00"), "06:00"),
    ],
)
def test_quiet_hours_end_at_their_end(here, span, until):
    hour, minute = map(int, here.split(":"))
    begin, end = (int(text[:2]) * 60 + int(text[3:]) for text in span)
    found = quiet_until(datetime(2026, 3, 4, hour, minute, tzinfo=ZONE), begin, end, ZONE)
    if until is None:
        assert found is None
    else:
        assert found.astimezone(ZONE).strftime("%H:%M") == until[:5]
        assert found.astimezone(ZONE).day == (5 if "next" in until else 4)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)), st.integers(0, 1439), st.integers(0, 1439))
def test_quiet_hours_end_within_a_day_and_then_they_are_over(at, begin, end):
    now = at.replace(tzinfo=UTC)
    found = quiet_until(now, begin, end, ZONE)
    if found is None:
        return
    assert now < found <= now + timedelta(days=1)
    assert time_of(end) == found.astimezone(ZONE).strftime("%H:%M")
    assert quiet_until(found, begin, end, ZONE) is None


async def test_old_notices_are_forgotten(http, db, guide):
    make.jump(db, days=-181)
    await notify(guide, *map(str, range(7)))
    make.jump(db)
    await notify(guide, "new")
    service._FORGOTTEN_AT_ONCE, usual = 3, service._FORGOTTEN_AT_ONCE
    try:
        assert await service.forget_old() == 7
    finally:
        service._FORGOTTEN_AT_ONCE = usual
    assert [row["key"] for row in await make.rows("SELECT key FROM notice")] == ["new"]
    await parameters.change("notices.kept_days", 3_650, expected_version=0, by="test")
    assert await service.forget_old() == 0
