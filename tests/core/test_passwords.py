"""The rule of passwords, the own change, the administrator's reset, and who must change the password first."""

import asyncio
from datetime import timedelta
from itertools import pairwise
from uuid import uuid4

import orjson
import pytest

from core.organisation.models import Department
from core.permissions.rules import RoleKey, Scope
from infra import clock, database, parameters
from tests import factories as make
from tests.core.account_world import audited, log_in, logged_in, me
from tests.doors import error_of
from tests.factories import PASSWORD

NEW = "another-1 of this test"
PATH = "/staff/v1/me/password"


async def _change(http, headers, new=NEW, present=PASSWORD):
    return await http.put(PATH, headers=headers, json={"present": present, "new": new})


@pytest.fixture
async def guide(http):
    return await make.guide()


async def test_the_own_password_is_changed_with_the_present_one_and_ends_all_other_sessions(http, guide):
    here, there = await logged_in(http, guide), await logged_in(http, guide)
    refused = await _change(http, here, present="wrong")
    assert error_of(refused) == (401, "wrong_password")
    assert refused.json()["error"]["message"] == "当前密码不正确"
    assert (await _change(http, here)).status_code == 204
    assert [(await me(http, headers)).status_code for headers in (here, there)] == [200, 401]
    assert error_of(await log_in(http, guide)) == (401, "wrong_password")
    assert (await log_in(http, guide, NEW)).status_code == 200
    assert [row["actor"] for row in await audited("staff.password_changed")] == [f"staff:{guide.id}"]


async def test_guessing_at_the_present_password_is_limited_like_log_in(http, guide):
    await parameters.change("sessions.attempts", 3, expected_version=0, by="test")
    headers = await make.headers(guide)
    for _ in range(3):
        assert error_of(await _change(http, headers, present="wrong")) == (401, "wrong_password")
    assert error_of(await _change(http, headers)) == (429, "too_many_attempts")
    assert error_of(await log_in(http, guide)) == (429, "too_many_attempts")


@pytest.mark.parametrize(
    ("new", "problems"),
    [("abcdefgh", ["too_few_kinds"]), ("12345678", ["too_few_kinds"]), ("my {username}", ["holds_username"])],
)
async def test_what_does_not_meet_the_rule_is_refused_with_its_problems(http, guide, new, problems):
    answer = await _change(http, await make.headers(guide), new.format(username=guide.username.upper()))
    assert error_of(answer) == (422, "password_too_weak")
    details = answer.json()["error"]["details"]
    assert details == {"problems": problems, "least_length": 8, "least_kinds": 2}


async def test_the_rule_is_made_of_parameters(http, guide):
    await parameters.change("passwords.least_length", 12, expected_version=0, by="test")
    await parameters.change("passwords.least_kinds", 4, expected_version=0, by="test")
    headers = await make.headers(guide)
    for new, problems in (("aB1!aB1!aB1", ["too_short"]), ("aaaaBBBB1111", ["too_few_kinds"])):
        answer = await _change(http, headers, new)
        assert answer.json()["error"]["details"]["problems"] == problems
    assert (await _change(http, headers, "aB1!aB1!aB1!")).status_code == 204


async def test_the_rule_holds_for_new_colleagues_too(http):
    body = {"name": "员工01", "username": "employee-01", "role_id": str(uuid4()), **await make.place()}
    boss = await make.headers(await make.admin())
    answer = await http.post("/staff/v1/staff", headers=boss, json=body | {"password": "abcdefgh"})
    assert error_of(answer) == (422, "password_too_weak")


async def test_the_last_passwords_are_not_taken_again(http, guide):
    await parameters.change("passwords.kept_former", 1, expected_version=0, by="test")
    headers = await make.headers(guide)
    words = [PASSWORD, "word-1 of mine", "word-2 of mine"]
    for present, new in pairwise(words):
        assert (await _change(http, headers, new, present)).status_code == 204
    for used in words[1:]:
        assert error_of(await _change(http, headers, used, words[-1])) == (422, "password_used_before")
    assert await make.count("staff_former_password") == 1
    assert (await _change(http, headers, words[0], words[-1])).status_code == 204


async def test_without_former_ones_only_the_present_one_is_refused(http, guide):
    await parameters.change("passwords.kept_former", 0, expected_version=0, by="test")
    headers = await make.headers(guide)
    assert error_of(await _change(http, headers, PASSWORD)) == (422, "password_used_before")
    assert (await _change(http, headers)).status_code == 204
    assert (await _change(http, headers, PASSWORD, NEW)).status_code == 204
    assert await make.count("staff_former_password") == 0


async def test_of_two_changes_at_once_one_wins(http, guide):
    headers = await make.headers(guide)
    news = ["one-1 of them", "two-2 of them"]
    answers = await asyncio.gather(*(_change(http, headers, new) for new in news))
    assert sorted(answer.status_code for answer in answers) == [204, 401]
    won = news[[answer.status_code for answer in answers].index(204)]
    assert (await log_in(http, guide, won)).status_code == 200


async def test_an_old_password_has_to_be_changed_at_log_in(http, guide, db):
    await parameters.change("passwords.days", 90, expected_version=0, by="test")
    made = clock.now()
    make.jump_to(db, made + timedelta(days=89, hours=23))
    assert (await me(http, await logged_in(http, guide))).json()["due_first"] is None
    make.jump_to(db, made + timedelta(days=90, minutes=1))
    headers = await logged_in(http, guide)
    assert (await me(http, headers)).json()["due_first"] == "password_change_needed"
    assert (await _change(http, headers)).status_code == 204
    make.jump_to(db, made + timedelta(days=180))
    assert (await me(http, await logged_in(http, guide, NEW))).json()["due_first"] is None


async def _reset(http, by, staff, **body):
    path = f"/staff/v1/staff/{staff.id}/password"
    return await http.put(path, headers=await make.headers(by), json=body)


@pytest.mark.parametrize("given", [None, "an initial one"])
async def test_at73_an_administrator_resets_a_password_directly(http, guide, given):
    boss, former = await make.admin(), await logged_in(http, guide)
    answer = await _reset(http, boss, guide, password=given)
    assert answer.status_code == 200
    initial = answer.json()["password"]
    assert given is None or initial == given
    assert (await me(http, former)).status_code == 401
    assert error_of(await log_in(http, guide)) == (401, "wrong_password")
    headers = await logged_in(http, guide, initial)
    assert (await me(http, headers)).json()["due_first"] == "password_change_needed"
    assert error_of(await http.get("/staff/v1/stores", headers=headers)) == (403, "password_change_needed")
    assert error_of(await _change(http, headers, initial, initial)) == (422, "password_used_before")
    assert (await _change(http, headers, present=initial)).status_code == 204
    assert (await http.get("/staff/v1/stores", headers=headers)).status_code == 200
    [noted] = await audited("staff.password_reset")
    assert (noted["actor"], noted["subject_id"]) == (f"staff:{boss.id}", str(guide.id))
    assert orjson.loads(noted["details"]) == {"made_here": given is None}
    assert initial not in str(await make.rows("SELECT * FROM audit"))


async def test_at73_a_made_password_meets_whatever_the_rule_is(http, guide):
    await parameters.change("passwords.least_length", 20, expected_version=0, by="test")
    await parameters.change("passwords.least_kinds", 4, expected_version=0, by="test")
    initial = (await _reset(http, await make.admin(), guide)).json()["password"]
    assert len(initial) == 20
    assert (await log_in(http, guide, initial)).status_code == 200


async def test_at73_a_reset_with_an_idempotency_key_stores_no_password(http, guide):
    headers = await make.headers(await make.admin()) | {"Idempotency-Key": "once"}
    path = f"/staff/v1/staff/{guide.id}/password"
    assert (await http.put(path, headers=headers, json={"password": "an initial one"})).status_code == 200
    assert "an initial one" not in str(await make.rows("SELECT * FROM idempotency_key"))


async def test_who_must_change_the_password_may_log_out_and_look_at_themself(http, guide):
    await database.execute("UPDATE staff SET must_change_password = true WHERE id = $1", guide.id)
    headers = await logged_in(http, guide)
    for method, path in (("PATCH", "/staff/v1/me"), ("GET", "/staff/v1/me/sessions"), ("GET", "/staff/v1/me/codes")):
        answer = await http.request(method, path, headers=headers, json={"version": 1} if method == "PATCH" else None)
        assert error_of(answer) == (403, "password_change_needed"), path
    assert (await me(http, headers)).status_code == 200
    assert (await http.post("/staff/v1/logout", headers=headers)).status_code == 204


async def test_nobody_resets_the_own_password_or_that_of_somebody_gone_unknown_or_out_of_reach(http, guide):
    boss = await make.admin()
    assert error_of(await _reset(http, boss, boss)) == (409, "own_account")
    await http.post(f"/staff/v1/staff/{guide.id}/leave", headers=await make.headers(boss))
    assert error_of(await _reset(http, boss, guide)) == (409, "staff_left")
    unknown = await http.put(
        f"/staff/v1/staff/{uuid4()}/password", headers=await make.headers(boss), json={"password": None}
    )
    assert error_of(unknown) == (404, "staff_not_found")


async def test_nobody_resets_the_password_of_who_may_more(http):
    boss = await make.admin()
    home = await Department.get(id=boss.department_id)
    branch = await make.post(await make.department(parent=home))
    clerk = await make.colleague(RoleKey.ADMIN, post=branch, scope=Scope.DEPARTMENT)
    above, beside = await make.colleague(RoleKey.ADMIN, post=branch), await make.colleague(RoleKey.REP, post=branch)
    answer = await _reset(http, clerk, above)
    assert (error_of(answer), answer.json()["error"]["details"]) == ((403, "right_not_yours"), {"beyond": ["all"]})
    assert (await _reset(http, clerk, beside)).status_code == 200
    assert error_of(await _reset(http, clerk, boss)) == (404, "staff_not_found")
