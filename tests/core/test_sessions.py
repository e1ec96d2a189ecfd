"""Log-in, its end by time, by idleness, by hand, by force and by leaving; who is where; the limit of attempts."""

import asyncio
from contextvars import Context
from datetime import timedelta
from uuid import uuid4

import orjson

from core.permissions.rules import RoleKey
from core.sessions import service as sessions
from infra import crypto, database, parameters, redis
from infra.settings import settings
from tests import factories as make
from tests.core.account_world import audited, bearer, logged_in
from tests.doors import error_of
from tests.factories import PASSWORD


async def _log_in(http, username, password=PASSWORD):
    return await http.post("/staff/v1/login", json={"username": username, "password": password})


async def _me(http, token):
    return await http.get("/staff/v1/me", headers=bearer(token))


async def _ended(staff):
    """What open live streams of a colleague are told, event by event."""
    events = await make.rows(
        "SELECT payload::text AS payload FROM live_event WHERE topic = $1 AND kind = 'sessions_ended' ORDER BY seq",
        f"staff:{staff.id}",
    )
    return [orjson.loads(event["payload"])["session_ids"] for event in events]


async def test_the_right_password_opens_a_session_of_the_person(http):
    guide = await make.guide()
    answer = await _log_in(http, f" {guide.username.upper()} ")
    assert answer.status_code == 200
    me = (await _me(http, answer.json()["token"])).json()
    assert (me["id"], me["role"]) == (str(guide.id), "guide")


async def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(http):
    guide = await make.guide()
    answers = [await _log_in(http, guide.username, "wrong password"), await _log_in(http, "nobody-like-this")]
    assert [error_of(answer) for answer in answers] == [(401, "wrong_password")] * 2
    bodies = [answer.json()["error"] | {"request_id": ""} for answer in answers]
    assert bodies[0] == bodies[1]


async def test_a_session_ends_after_its_hours_and_its_row_is_tidied_away(http, db):
    token = (await _log_in(http, (await make.admin()).username)).json()["token"]
    make.jump(db, hours=11, minutes=59)
    assert (await _me(http, token)).status_code == 200
    assert await sessions.drop_expired() == 0
    make.jump(db, hours=12, minutes=1)
    assert error_of(await _me(http, token)) == (401, "unauthenticated")
    assert await sessions.drop_expired() == 1


async def test_the_hours_are_a_parameter(http, db):
    await parameters.change("sessions.staff_hours", 2, expected_version=0, by="test")
    token = (await _log_in(http, (await make.admin()).username)).json()["token"]
    make.jump(db, hours=1, minutes=59)
    assert (await _me(http, token)).status_code == 200
    make.jump(db, hours=2, minutes=1)
    assert (await _me(http, token)).status_code == 401


async def test_logging_out_ends_this_session_only(http):
    admin = await make.admin()
    tokens = [(await _log_in(http, admin.username)).json()["token"] for _ in range(2)]
    answer = await http.post("/staff/v1/logout", headers={"Authorization": f"Bearer {tokens[0]}"})
    assert answer.status_code == 204
    assert [(await _me(http, token)).status_code for token in tokens] == [401, 200]


async def test_leaving_ends_every_session_and_the_log_in(http):
    guide, boss = await make.guide(), await make.headers(await make.admin())
    tokens = [(await _log_in(http, guide.username)).json()["token"] for _ in range(2)]
    for _ in range(2):
        answer = await http.post(f"/staff/v1/staff/{guide.id}/leave", headers=boss)
        assert answer.status_code == 200
        assert answer.json()["left_at"]
    assert [(await _me(http, token)).status_code for token in tokens] == [401, 401]
    assert await make.count("session") == 1  # the administrator's
    assert error_of(await _log_in(http, guide.username)) == (401, "wrong_password")
    left = await make.rows("SELECT 1 FROM outbox WHERE name = 'organisation.staff_left.v1'")
    assert len(left) == 1


async def test_ending_all_sessions_spares_other_people_and_other_kinds(db):
    one, two = await make.admin(), await make.admin()
    for staff in (one, one, two):
        await sessions.open_session("staff", staff.id)
    await sessions.open_session("customer", one.id)
    assert await sessions.end_all("staff", one.id) == 2
    assert await make.count("session") == 2


async def test_a_token_of_another_kind_is_no_staff_session(http):
    opened = await sessions.open_session("customer", (await make.admin()).id)
    assert (await _me(http, opened.token)).status_code == 401


async def test_only_the_digest_of_a_token_is_stored(http):
    token = (await _log_in(http, (await make.admin()).username)).json()["token"]
    stored = await make.rows("SELECT token_digest FROM session")
    assert stored == [{"token_digest": crypto.token_digest(token)}]


async def test_too_many_attempts_are_told_to_wait_until_the_window_ends(http, db):
    admin = await make.admin()
    await parameters.change("sessions.attempts", 3, expected_version=0, by="test")
    make.jump_to(db, make.NOON)  # windows of 900 seconds begin on the quarter hour
    refused = [error_of(await _log_in(http, admin.username, "wrong")) for _ in range(3)]
    assert refused == [(401, "wrong_password")] * 3
    answer = await _log_in(http, admin.username)
    assert error_of(answer) == (429, "too_many_attempts")
    assert 880 <= int(answer.headers["retry-after"]) <= 900
    assert (await _log_in(http, (await make.admin()).username)).status_code == 200
    make.jump_to(db, make.NOON.replace(minute=15))
    assert (await _log_in(http, admin.username)).status_code == 200


async def test_parallel_guesses_pass_the_limit_no_further(http):
    admin = await make.admin()
    await parameters.change("sessions.attempts", 3, expected_version=0, by="test")
    statuses = [
        a.status_code for a in await asyncio.gather(*(_log_in(http, admin.username, "wrong") for _ in range(9)))
    ]
    assert sorted(statuses) == [401] * 3 + [429] * 6


async def test_one_source_guessing_many_names_is_stopped(http):
    await parameters.change("sessions.attempts_per_source", 10, expected_version=0, by="test")
    answers = [await _log_in(http, f"name-{n}", "wrong") for n in range(11)]
    assert [a.status_code for a in answers] == [401] * 10 + [429]


async def test_the_counters_name_no_account(http):
    admin = await make.admin()
    await _log_in(http, admin.username)
    names = await redis.client().keys("*")
    assert names
    assert not any(admin.username.encode() in name for name in names)


async def test_without_redis_people_still_log_in(http, fresh_settings):
    admin = await make.admin()
    await redis.disconnect()
    fresh_settings.setenv("GUANXI_REDIS_URL", "redis://127.0.0.1:1/0")
    settings.cache_clear()
    try:
        assert (await _log_in(http, admin.username)).status_code == 200
        assert (await http.get("/readyz")).json() == {"status": "without redis"}
    finally:
        await redis.disconnect()


async def test_a_session_whose_person_was_removed_opens_nothing(http):
    admin = await make.admin()
    headers = await make.headers(admin)
    await database.execute("DELETE FROM staff WHERE id = $1", admin.id)
    assert error_of(await http.get("/staff/v1/me", headers=headers)) == (401, "unauthenticated")


async def test_a_session_left_idle_ends_and_one_in_use_does_not(http, db):
    await parameters.change("sessions.idle_minutes", 30, expected_version=0, by="test")
    idle, used = [(await _log_in(http, (await make.admin()).username)).json()["token"] for _ in range(2)]
    for minutes in (15, 31, 46):
        make.jump(db, minutes=minutes)
        assert (await _me(http, used)).status_code == 200
    assert error_of(await _me(http, idle)) == (401, "unauthenticated")
    assert await sessions.drop_expired() == 1
    assert (await _me(http, used)).status_code == 200


async def test_a_use_is_noted_once_a_minute(http, db):
    make.jump_to(db, make.NOON)
    token = (await _log_in(http, (await make.admin()).username)).json()["token"]
    noted = []
    for seconds in (20, 40, 70, 100, 140):
        make.jump_to(db, make.NOON + timedelta(seconds=seconds))
        await _me(http, token)
        seen_at = (await make.rows("SELECT seen_at FROM session"))[0]["seen_at"]
        noted.append(round((seen_at - make.NOON).total_seconds()))
    assert noted == [0, 0, 70, 70, 140]


async def test_noting_a_use_waits_for_nobody(http, db):
    token = (await _log_in(http, (await make.admin()).username)).json()["token"]
    make.jump(db, minutes=5)
    async with database.transaction() as connection:
        await connection.execute("SELECT 1 FROM session FOR UPDATE")
        # In a task of its own: it must not join our transaction.
        answer = await asyncio.get_running_loop().create_task(_me(http, token), context=Context())
    assert answer.status_code == 200


async def test_a_colleague_sees_where_they_are_logged_in_and_ends_a_session(http):
    guide, other = await make.guide(), await make.guide()
    await logged_in(http, other)
    http.headers["user-agent"] = "a phone" + "x" * 300
    phone = await logged_in(http, guide)
    http.headers["user-agent"] = "a browser"
    desk = await logged_in(http, guide)
    listed = (await http.get("/staff/v1/me/sessions", headers=desk)).json()["items"]
    assert [(s["way"], s["address"], s["current"]) for s in listed] == [
        ("password", "127.0.0.1", False),
        ("password", "127.0.0.1", True),
    ]
    assert [len(s["device"]) for s in listed] == [200, len("a browser")]
    ended = await http.delete(f"/staff/v1/me/sessions/{listed[0]['id']}", headers=desk)
    assert ended.status_code == 204
    statuses = [(await http.get("/staff/v1/me", headers=headers)).status_code for headers in (phone, desk)]
    assert statuses == [401, 200]
    assert await _ended(guide) == [[listed[0]["id"]]]


async def test_nobody_ends_another_persons_session_as_their_own(http):
    guide, other = await make.guide(), await make.guide()
    foreign = await sessions.open_session("staff", other.id)
    for session_id in (foreign.id, uuid4()):
        answer = await http.delete(f"/staff/v1/me/sessions/{session_id}", headers=await make.headers(guide))
        assert error_of(answer) == (404, "session_not_found")
    assert (await _me(http, foreign.token)).status_code == 200


async def test_at77_forced_log_out_ends_every_session_of_the_account_at_once(http):
    guide, other, boss = await make.guide(), await make.guide(), await make.admin()
    opened = [await sessions.open_session("staff", guide.id, way=way) for way in ("password", "wechat", "password")]
    spared = await sessions.open_session("staff", other.id)
    headers = await make.headers(boss)
    listed = (await http.get(f"/staff/v1/staff/{guide.id}/sessions", headers=headers)).json()["items"]
    assert [(s["id"], s["way"], s["current"]) for s in listed] == [
        (str(one.id), way, False) for one, way in zip(opened, ("password", "wechat", "password"), strict=True)
    ]
    answer = await http.delete(f"/staff/v1/staff/{guide.id}/sessions", headers=headers)
    assert (answer.status_code, answer.json()) == (200, {"sessions": 3})
    assert [(await _me(http, one.token)).status_code for one in opened] == [401] * 3
    assert (await _me(http, spared.token)).status_code == 200
    [told] = await _ended(guide)
    assert set(told) == {str(one.id) for one in opened}
    [noted] = await audited("staff.logged_out")
    assert (noted["actor"], noted["subject_id"]) == (f"staff:{boss.id}", str(guide.id))


async def test_at77_a_log_in_at_the_same_time_as_a_reset_is_ended_or_refused(http):
    guide, boss = await make.guide(), await make.headers(await make.admin())
    reset = http.put(f"/staff/v1/staff/{guide.id}/password", headers=boss, json={})
    log_ins = [_log_in(http, guide.username) for _ in range(4)]
    answers = (await asyncio.gather(reset, *log_ins))[1:]
    tokens = [answer.json()["token"] for answer in answers if answer.status_code == 200]
    assert [(await _me(http, token)).status_code for token in tokens] == [401] * len(tokens)


async def test_sessions_beyond_reach_are_those_of_nobody(http):
    store = await make.store()
    manager = await make.headers(await make.colleague(RoleKey.STORE_MANAGER, store_id=store.id))
    near, far = await make.guide(store=store), await make.guide()
    assert (await http.get(f"/staff/v1/staff/{near.id}/sessions", headers=manager)).status_code == 200
    for staff_id in (far.id, uuid4()):
        answer = await http.get(f"/staff/v1/staff/{staff_id}/sessions", headers=manager)
        assert error_of(answer) == (404, "staff_not_found")
    refused = await http.delete(f"/staff/v1/staff/{near.id}/sessions", headers=manager)
    assert error_of(refused) == (403, "forbidden")


async def test_at72_a_disabled_account_cannot_log_in_and_its_data_stays(http):
    guide = await make.guide()
    token = (await _log_in(http, guide.username)).json()["token"]
    await database.execute("UPDATE staff SET disabled_at = $2 WHERE id = $1", guide.id, make.NOON)
    assert error_of(await _me(http, token)) == (401, "unauthenticated")
    assert error_of(await _log_in(http, guide.username)) == (401, "wrong_password")
    assert await make.rows("SELECT name FROM staff WHERE id = $1", guide.id) == [{"name": guide.name}]


async def test_log_ins_are_written_down_and_refused_ones_without_an_unknown_name(http):
    guide = await make.guide()
    await _log_in(http, guide.username, "wrong")
    await _log_in(http, "somebody-unknown", "wrong")
    await _log_in(http, guide.username)
    refused = await audited("staff.login_refused")
    assert [(row["actor"], row["subject_id"]) for row in refused] == [
        ("unknown", str(guide.id)),
        ("unknown", "unknown"),
    ]
    [opened] = await audited("staff.logged_in")
    assert (opened["actor"], opened["subject_id"], opened["address"]) == (
        f"staff:{guide.id}",
        str(guide.id),
        "127.0.0.1",
    )
    assert orjson.loads(opened["details"])["way"] == "password"
    assert "somebody-unknown" not in str(await make.rows("SELECT * FROM audit"))


async def test_an_account_without_a_password_opens_to_no_password(http):
    guide = await make.guide()
    await database.execute("UPDATE staff SET password_hash = '' WHERE id = $1", guide.id)
    for password in ("", "nobody has this password", PASSWORD):
        assert error_of(await _log_in(http, guide.username, password)) == (401, "wrong_password")
