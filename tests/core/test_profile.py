"""The own profile: what I may do, what I may change, and two who change at once."""

import asyncio

import pytest

from tests import factories as make
from tests.core.account_world import audited, me
from tests.doors import error_of

PATH = "/staff/v1/me"


@pytest.fixture
async def guide(http):
    return await make.guide()


async def test_at74_a_module_without_a_held_point_is_not_listed(http, guide):
    seen = (await me(http, await make.headers(guide))).json()
    assert set(seen["points"]) == guide.points
    assert seen["modules"] == sorted({point.split(":")[0] for point in guide.points})
    assert "staff" not in seen["modules"]
    boss = (await me(http, await make.headers(await make.admin()))).json()
    assert {"staff", "roles", "parameters"} <= set(boss["modules"])
    assert (boss["scope"], len(boss["special_rights"])) == ("all", 5)


async def test_name_phone_and_email_are_changed_and_nothing_else(http, guide):
    headers = await make.headers(guide)
    change = {"version": 1, "name": "新名", "phone": "138 0000 0000", "email": "guide@example.com"}
    changed = (await http.patch(PATH, headers=headers, json=change)).json()
    assert {key: changed[key] for key in change} == change | {"version": 2}
    assert changed == (await me(http, headers)).json()
    for field in ("username", "role_id", "department_id", "password", "left_at"):
        answer = await http.patch(PATH, headers=headers, json={"version": 2, field: "x"})
        assert error_of(answer) == (422, "invalid_input")
    cleared = (await http.patch(PATH, headers=headers, json={"version": 2, "phone": ""})).json()
    assert (cleared["phone"], cleared["email"]) == ("", "guide@example.com")
    noted = await audited("staff.profile_changed")
    assert [row["details"] for row in noted] == ['{"fields": ["email", "name", "phone"]}', '{"fields": ["phone"]}']


@pytest.mark.parametrize(
    "change", [{"name": ""}, {"name": None}, {"phone": "call me"}, {"email": "no address"}, {"email": "a@b@c d"}]
)
async def test_what_cannot_be_a_profile_is_refused(http, guide, change):
    answer = await http.patch(PATH, headers=await make.headers(guide), json={"version": 1} | change)
    assert error_of(answer) == (422, "invalid_input")


async def test_of_two_who_change_at_once_one_is_told_the_present_version(http, guide):
    headers = await make.headers(guide)
    answers = await asyncio.gather(
        *(http.patch(PATH, headers=headers, json={"version": 1, "name": name}) for name in ("一", "二"))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert error_of(refused) == (409, "staff_changed")
    assert refused.json()["error"]["details"] == {"version": 2}
