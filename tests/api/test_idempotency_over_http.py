"""Idempotency-Key over HTTP: one effect and one answer per caller, route and key."""

import asyncio

import pytest

from core.permissions.rules import READY_MADE, RoleKey
from tests import factories as make
from tests.doors import error_of

PATH = "/staff/v1/channels"


@pytest.fixture
async def boss(http):
    return await make.headers(await make.admin())


async def _add(http, headers, key, name="展会", path=PATH):
    return await http.post(path, headers=headers | {"Idempotency-Key": key}, json={"name": name})


async def test_sent_again_the_same_answer_comes_and_nothing_is_added(http, boss):
    answers = [await _add(http, boss, "key-1") for _ in range(3)]
    assert [a.status_code for a in answers] == [201] * 3
    assert answers[0].json() == answers[1].json() == answers[2].json()
    assert await make.count("channel") == 1
    assert len(await make.rows("SELECT 1 FROM outbox WHERE name = 'channels.channel_added.v1'")) == 1


async def test_sent_many_times_at_once_it_is_added_once(http, boss):
    answers = await asyncio.gather(*(_add(http, boss, "key-1") for _ in range(10)))
    assert {a.status_code for a in answers} == {201}
    assert len({a.json()["id"] for a in answers}) == 1


async def test_with_another_body_it_is_a_conflict(http, boss):
    await _add(http, boss, "key-1")
    assert error_of(await _add(http, boss, "key-1", "别的")) == (409, "idempotency_key_reused")


async def test_a_refusal_is_not_stored(http, boss):
    await make.channel("展会")
    assert error_of(await _add(http, boss, "key-1")) == (409, "channel_name_taken")
    assert (await _add(http, boss, "key-1", "别的")).status_code == 201


async def test_keys_of_two_people_and_of_two_routes_are_apart(http, boss):
    other = await make.headers(await make.manager())
    await _add(http, boss, "key-1", "一")
    assert (await _add(http, other, "key-1", "二")).status_code == 201
    assert (await _add(http, boss, "key-1", "三", "/staff/v1/stores")).status_code == 201


async def test_without_a_key_each_request_stands_for_itself(http, boss):
    assert (await http.post(PATH, headers=boss, json={"name": "展会"})).status_code == 201
    assert error_of(await http.post(PATH, headers=boss, json={"name": "展会"})) == (409, "channel_name_taken")


@pytest.mark.parametrize("key", ["", "x" * 101])
async def test_a_key_of_another_shape_is_refused(http, boss, key):
    assert error_of(await _add(http, boss, key)) == (422, "idempotency_key_invalid")
    assert await make.count("channel") == 0


async def test_no_secret_of_a_request_is_kept_with_its_key(http, boss):
    role = str(READY_MADE[RoleKey.MANAGER].id)
    body = {"name": "员工01", "username": "employee-01", "password": "a-secret-password", "role_id": role}
    await http.post("/staff/v1/staff", headers=boss | {"Idempotency-Key": "key-1"}, json=body | await make.place())
    kept = await make.rows("SELECT principal, route, key, answer FROM idempotency_key")
    assert len(kept) == 1
    assert "a-secret-password" not in str(kept)
