"""The second factor: set up, asked for at log-in, used once, taken away."""

import asyncio
from io import BytesIO

import pytest
import zxingcpp
from PIL import Image

from core.sessions import service as sessions
from infra import database, parameters
from tests import factories as make
from tests.core.account_world import STEP, audited, bearer, code_of, log_in, logged_in, me, with_second_factor
from tests.doors import error_of
from tests.factories import PASSWORD

FACTOR = "/staff/v1/me/second-factor"


@pytest.fixture
async def guide(http, db):
    make.jump_to(db, make.NOON)
    return await make.guide()


async def _demand(demand):
    await parameters.change("staff.second_factor", demand, expected_version=0, by="test")


async def test_it_is_asked_for_only_after_its_confirmation(http, guide):
    headers = await make.headers(guide)
    started = (await http.post(FACTOR, headers=headers)).json()
    assert started["uri"].startswith("otpauth://totp/Guanxi:")
    assert (await log_in(http, guide)).status_code == 200
    assert error_of(await http.put(FACTOR, headers=headers, json={"code": "000000"})) == (401, "second_factor_wrong")
    confirmed = await http.put(FACTOR, headers=headers, json={"code": code_of(started["secret"])})
    assert confirmed.status_code == 204
    assert error_of(await log_in(http, guide)) == (401, "second_factor_needed")
    assert (await me(http, headers)).json()["has_second_factor"]
    assert [row["actor"] for row in await audited("staff.second_factor_set_up")] == [f"staff:{guide.id}"]


async def test_the_picture_holds_what_the_secret_says_until_it_is_confirmed(http, guide):
    headers = await make.headers(guide)
    assert error_of(await http.get(f"{FACTOR}.png", headers=headers)) == (404, "second_factor_missing")
    started = (await http.post(FACTOR, headers=headers)).json()
    picture = await http.get(f"{FACTOR}.png", headers=headers)
    assert picture.headers["cache-control"] == "no-store"
    assert zxingcpp.read_barcode(Image.open(BytesIO(picture.content))).text == started["uri"]
    await http.put(FACTOR, headers=headers, json={"code": code_of(started["secret"])})
    assert error_of(await http.get(f"{FACTOR}.png", headers=headers)) == (404, "second_factor_missing")
    assert error_of(await http.post(FACTOR, headers=headers)) == (409, "second_factor_exists")


async def test_starting_again_replaces_the_secret(http, guide):
    headers = await make.headers(guide)
    one, two = [(await http.post(FACTOR, headers=headers)).json()["secret"] for _ in range(2)]
    assert (await http.put(FACTOR, headers=headers, json={"code": code_of(one)})).status_code == 401
    assert (await http.put(FACTOR, headers=headers, json={"code": code_of(two)})).status_code == 204


async def test_a_code_opens_once_within_a_step_around_now(http, guide, db):
    secret = await with_second_factor(http, guide)
    assert error_of(await log_in(http, guide, code=code_of(secret))) == (401, "second_factor_wrong")
    assert (await log_in(http, guide, code=code_of(secret, 1))).status_code == 200
    for steps in (1, 0, -1, 2):
        assert error_of(await log_in(http, guide, code=code_of(secret, steps))) == (401, "second_factor_wrong")
    make.jump_to(db, make.NOON.replace(second=2 * STEP - 1, minute=1))
    assert (await log_in(http, guide, code=code_of(secret, -1))).status_code == 200
    assert (await log_in(http, guide, code=code_of(secret))).status_code == 200


async def test_ten_log_ins_at_once_with_one_code_open_one_session(http, guide, db):
    secret = await with_second_factor(http, guide)
    make.jump_to(db, make.NOON.replace(minute=5))
    await parameters.change("sessions.attempts", 100, expected_version=0, by="test")
    before = await make.count("session")
    code = code_of(secret)
    answers = await asyncio.gather(*(log_in(http, guide, code=code) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 9
    assert await make.count("session") == before + 1


async def test_wrong_codes_count_as_attempts_and_a_missing_one_does_not(http, guide):
    secret = await with_second_factor(http, guide)
    await parameters.change("sessions.attempts", 3, expected_version=0, by="test")
    for _ in range(5):
        assert error_of(await log_in(http, guide)) == (401, "second_factor_needed")
    for _ in range(3):
        assert error_of(await log_in(http, guide, code="000000")) == (401, "second_factor_wrong")
    assert error_of(await log_in(http, guide, code=code_of(secret, 1))) == (429, "too_many_attempts")
    refused = await audited("staff.login_refused")
    assert [(row["subject_id"], row["details"]) for row in refused] == [(str(guide.id), '{"wrong": "code"}')] * 3


async def test_a_wrong_password_is_told_before_any_code_is_asked_for(http, guide):
    secret = await with_second_factor(http, guide)
    for code in (None, code_of(secret, 1), "000000"):
        assert error_of(await log_in(http, guide, "wrong", code=code)) == (401, "wrong_password")


async def test_it_is_taken_away_with_password_and_code(http, guide, db):
    secret = await with_second_factor(http, guide)
    headers = await logged_in(http, guide, code=code_of(secret, 1))
    make.jump_to(db, make.NOON.replace(minute=5))

    async def remove(password, code):
        return await http.request("DELETE", FACTOR, headers=headers, json={"password": password, "code": code})

    assert error_of(await remove("wrong", code_of(secret))) == (401, "wrong_password")
    assert error_of(await remove(PASSWORD, "000000")) == (401, "second_factor_wrong")
    assert (await remove(PASSWORD, code_of(secret))).status_code == 204
    assert (await log_in(http, guide)).status_code == 200
    assert error_of(await remove(PASSWORD, code_of(secret))) == (404, "second_factor_missing")
    assert len(await audited("staff.second_factor_taken_away")) == 1


async def test_an_administrator_takes_it_away_from_who_lost_the_phone(http, guide):
    secret = await with_second_factor(http, guide)
    headers = await logged_in(http, guide, code=code_of(secret, 1))
    boss = await make.admin()
    path = f"/staff/v1/staff/{guide.id}/second-factor"
    assert (await http.delete(path, headers=await make.headers(boss))).status_code == 204
    assert error_of(await me(http, headers)) == (401, "unauthenticated")
    assert (await log_in(http, guide)).status_code == 200
    assert error_of(await http.delete(path, headers=await make.headers(boss))) == (404, "second_factor_missing")
    [noted] = await audited("staff.second_factor_taken_away")
    assert (noted["actor"], noted["subject_id"]) == (f"staff:{boss.id}", str(guide.id))


async def test_where_it_is_off_nobody_sets_one_up_and_who_has_one_still_needs_it(http, guide):
    other = await make.guide()
    await with_second_factor(http, guide)
    await _demand("off")
    assert error_of(await http.post(FACTOR, headers=await make.headers(other))) == (409, "second_factor_off")
    assert error_of(await log_in(http, guide)) == (401, "second_factor_needed")


async def test_where_it_is_required_a_session_without_one_may_only_set_it_up(http, guide):
    await _demand("required")
    headers = await logged_in(http, guide)
    assert (await me(http, headers)).json()["due_first"] == "second_factor_setup_needed"
    refused = await http.get("/staff/v1/stores", headers=headers)
    assert error_of(refused) == (403, "second_factor_setup_needed")
    secret = (await http.post(FACTOR, headers=headers)).json()["secret"]
    assert (await http.get(f"{FACTOR}.png", headers=headers)).status_code == 200
    await http.put(FACTOR, headers=headers, json={"code": code_of(secret)})
    assert (await http.get("/staff/v1/stores", headers=headers)).status_code == 200
    assert (await me(http, headers)).json()["due_first"] is None


async def test_who_came_by_wechat_needs_no_second_factor(http, guide):
    await _demand("required")
    opened = await sessions.open_session("staff", guide.id, way="wechat")
    answer = await http.get("/staff/v1/stores", headers=bearer(opened.token))
    assert answer.status_code == 200


async def test_the_secret_is_kept_encrypted(http, guide):
    secret = await with_second_factor(http, guide)
    row = await database.fetch_one("SELECT totp_secret FROM staff WHERE id = $1", guide.id)
    assert secret.encode() not in row["totp_secret"]


async def test_codes_are_not_guessed_at_to_take_it_away(http, guide):
    await with_second_factor(http, guide)
    await parameters.change("sessions.attempts", 3, expected_version=0, by="test")
    headers = await make.headers(guide)
    body = {"password": PASSWORD, "code": "000000"}
    answers = [await http.request("DELETE", FACTOR, headers=headers, json=body) for _ in range(4)]
    assert [error_of(answer) for answer in answers] == [(401, "second_factor_wrong")] * 3 + [(429, "too_many_attempts")]
