"""Log-in, its end by time, by hand and by leaving, and the limit of attempts."""

import asyncio

from core.sessions import service as sessions
from infra import crypto, database, parameters, redis
from infra.settings import settings
from tests import factories as make
from tests.doors import error_of
from tests.factories import PASSWORD


async def _log_in(http, username, password=PASSWORD):
    return await http.post("/staff/v1/login", json={"username": username, "password": password})


async def _me(http, token):
    return await http.get("/staff/v1/me", headers={"Authorization": f"Bearer {token}"})


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
