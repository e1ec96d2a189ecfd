"""An Idempotency-Key: one effect and one answer, however often and however parallel the request comes."""

import asyncio

import pytest

from infra import database, idempotency, parameters
from infra.idempotency import BadKey, KeyReused
from tests import factories as make


@pytest.fixture
async def effects(db):
    await database.execute("CREATE TABLE IF NOT EXISTS effect_of_key (number int)")
    await database.execute("DELETE FROM effect_of_key")
    yield lambda: make.count("effect_of_key")
    await database.execute("DROP TABLE effect_of_key")


async def _once(key="key", body=b"body", *, act=None, principal="staff:1", route="POST /x"):
    return await idempotency.once(principal=principal, route=route, key=key, body=body, act=act or _act)


async def _act():
    await database.execute("INSERT INTO effect_of_key VALUES (1)")
    return f"answer {await make.count('effect_of_key')}"


async def test_the_same_key_and_body_give_the_first_answer_and_one_effect(effects):
    answers = [await _once() for _ in range(3)]
    assert answers == ["answer 1"] * 3
    assert await effects() == 1


async def test_twenty_at_once_give_one_answer_and_one_effect(effects):
    async def slow():
        await asyncio.sleep(0.05)
        return await _act()

    answers = await asyncio.gather(*(_once(act=slow) for _ in range(20)))
    assert answers == ["answer 1"] * 20
    assert await effects() == 1


async def test_another_body_under_the_same_key_is_refused(effects):
    await _once()
    with pytest.raises(KeyReused):
        await _once(body=b"another")
    assert await effects() == 1


async def test_at_once_with_different_bodies_one_wins_and_the_others_are_refused(effects):
    results = await asyncio.gather(*(_once(body=b"%d" % n) for n in range(8)), return_exceptions=True)
    assert sum(isinstance(r, str) for r in results) == 1
    assert sum(isinstance(r, KeyReused) for r in results) == 7
    assert await effects() == 1


async def test_a_failed_attempt_frees_the_key_and_leaves_nothing(effects):
    async def fail():
        await _act()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await _once(act=fail)
    assert await effects() == 0
    assert await _once(body=b"corrected") == "answer 1"


async def test_who_waits_for_a_failing_attempt_takes_its_place(effects):
    turns = []

    async def fail_first():
        turns.append(1)
        await asyncio.sleep(0.02)
        if len(turns) == 1:
            raise ZeroDivisionError
        return await _act()

    results = await asyncio.gather(*(_once(act=fail_first) for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(r, ZeroDivisionError) for r in results) == 1
    assert results.count("answer 1") == 4
    assert await effects() == 1


async def test_keys_of_other_people_and_routes_are_other_keys(effects):
    await _once()
    await _once(principal="staff:2", body=b"other")
    await _once(route="POST /y", body=b"other")
    assert await effects() == 3


@pytest.mark.parametrize("key", ["", "x" * 101, "ключ", "a\nb", "a\x7f", "é"])
async def test_a_key_of_another_shape_is_refused(effects, key):
    with pytest.raises(BadKey):
        await _once(key)
    assert await effects() == 0


async def test_keys_are_forgotten_after_their_days(effects, db):
    await _once()
    make.jump(db, days=13)
    assert await idempotency.forget_old() == 0
    await parameters.change("idempotency.kept_days", 10, expected_version=0, by="test")
    assert await idempotency.forget_old() == 1
    assert await _once(body=b"new meaning") == "answer 2"
