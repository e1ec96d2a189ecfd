"""Tags given by rules: whom the search finds, no more and no less, whoever dies or runs twice."""

import asyncio
from types import SimpleNamespace
from uuid import UUID

import pytest

from core.customers import indexing, ownership
from core.customers.tags import evaluating
from core.permissions.rules import RoleKey
from infra import clock, database, parameters
from tests import factories as make
from tests.core.field_world import customer, field
from tests.core.task_world import Person
from tests.core.test_tags import added, give, tags_of, terms_of
from tests.doors import error_of


@pytest.fixture
async def marketer(http):
    staff = await make.colleague(RoleKey.MARKETER)
    return Person(staff, await make.headers(staff), http)


class Killed(BaseException):
    """As if the process died."""


async def bearers(tag):
    rows = await make.rows("SELECT customer_id FROM customer_tag WHERE tag_id = $1", UUID(tag["id"]))
    return {row["customer_id"] for row in rows}


async def move(customer_id, city):
    async with database.transaction() as connection:
        await connection.execute("UPDATE customer_profile SET city = $2 WHERE customer_id = $1", customer_id, city)
        indexing.changed([customer_id])


async def test_f10_a_rule_gives_the_tag_to_whom_it_finds_and_takes_it_back(db, marketer):
    here, there = await customer(city="杭州"), await customer(city="上海")
    tag = await added(marketer, "杭州客户", rule={"cities": ["杭州"]})
    assert (tag["rule"]["cities"], tag["evaluated_at"]) == (["杭州"], None)
    assert await evaluating.evaluate_due() == 1
    assert await bearers(tag) == {here}
    assert await terms_of(here) == {f"t:{tag['id']}"}
    await move(here, "苏州")
    await move(there, "杭州")
    assert await evaluating.evaluate_due() == 0
    make.jump(db, hours=1, seconds=5)
    assert await evaluating.evaluate_due() == 2
    assert await bearers(tag) == {there}
    assert await terms_of(here) == set()
    (found,) = (await marketer.get("/tags"))["items"]
    assert (found["customers"], found["missing"]) == (1, [])
    assert found["evaluated_at"] < found["evaluate_at"]
    assert await make.rows("SELECT FROM timeline WHERE kind = 'tagged'") == []


async def test_a_changed_rule_is_evaluated_at_once(marketer):
    here, there = await customer(city="杭州"), await customer(city="上海")
    tag = await added(marketer, rule={"cities": ["杭州"]})
    await evaluating.evaluate_due()
    renamed = (await marketer.call("PATCH", f"/tags/{tag['id']}", {"version": 1, "name": "改名"})).json()
    assert await evaluating.evaluate_due() == 0
    body = {"version": renamed["version"], "rule": {"cities": ["上海"]}}
    await marketer.call("PATCH", f"/tags/{tag['id']}", body)
    assert await evaluating.evaluate_due() == 2
    assert await bearers(tag) == {there}
    await parameters.change(evaluating.EVERY_MINUTES.name, 5, expected_version=0, by="test")
    await marketer.call("PATCH", f"/tags/{tag['id']}", body | {"version": 3})
    await evaluating.evaluate_due()
    (row,) = await make.rows("SELECT evaluate_at - evaluated_at AS pause FROM tag")
    assert row["pause"].total_seconds() == 300
    assert here not in await bearers(tag)


async def test_nobody_gives_or_takes_by_hand_what_a_rule_gives(marketer):
    person = await customer(city="杭州")
    tag, other = await added(marketer, rule={"cities": ["杭州"]}), await added(marketer, "手工")
    for change in ({"add": [tag["id"]]}, {"remove": [tag["id"]]}, {"add": [other["id"]], "remove": [tag["id"]]}):
        assert error_of(await give(marketer, [person], **change)) == (409, "tag_has_rule")
    for one, rule in ((tag, None), (other, {"cities": ["杭州"]})):
        answer = await marketer.call("PATCH", f"/tags/{one['id']}", {"version": 1, "rule": rule})
        assert error_of(answer) == (409, "tag_by_hand")


async def test_a_rule_may_ask_for_tags_by_hand_but_not_for_those_of_rules(marketer):
    person, other = await customer(), await customer()
    by_hand = (await added(marketer, "会员"))["id"]
    await give(marketer, [person], [by_hand])
    tag = await added(marketer, "有会员标签", rule={"tags_any": [by_hand]})
    await evaluating.evaluate_due()
    assert await bearers(tag) == {person}
    refused = await added(marketer, "绕圈", rule={"tags_none": [tag["id"]]})
    assert error_of(refused) == (422, "rule_needs_rule")
    unknown = await added(marketer, "未知", rule={"tags_all": [str(other)]})
    assert error_of(unknown) == (404, "tag_not_found")
    await marketer.call("DELETE", f"/tags/{by_hand}", None)
    (found,) = (await marketer.get("/tags"))["items"]
    assert [(one["kind"], one["name"]) for one in found["missing"]] == [("tag", "会员")]


async def test_a_rule_may_ask_for_custom_fields(marketer):
    size = await field("option", searchable=True)
    small, large = await customer(custom={size.key: "1"}), await customer(custom={size.key: "2"})
    tag = await added(marketer, rule={"fields": [{"field_id": size.key, "any_of": ["2"]}]})
    await evaluating.evaluate_due()
    assert await bearers(tag) == {large}
    assert small not in await bearers(tag)


async def test_killed_in_the_middle_and_started_twice_at_once_it_comes_out_the_same(marketer, monkeypatch):
    monkeypatch.setattr(evaluating, "_CHUNK", 3)
    monkeypatch.setattr(evaluating, "_WINDOW", 7)
    wanted = {await customer(city="杭州") for _ in range(20)}
    gone = [await customer(city="上海") for _ in range(5)]
    tag = await added(marketer, rule={"cities": ["杭州"]})
    await database.execute(
        "INSERT INTO customer_tag (customer_id, tag_id, added_at) SELECT id, $2, $3 FROM unnest($1::uuid[]) AS id",
        gone, UUID(tag["id"]), clock.now(),
    )  # fmt: skip

    real, chunks = ownership.hold, 0

    async def dying(connection, ids):
        nonlocal chunks
        chunks += 1
        if chunks > 3:
            raise Killed
        return await real(connection, ids)

    with monkeypatch.context() as patch:
        patch.setattr(ownership, "hold", dying)
        with pytest.raises(Killed):
            await evaluating.evaluate_due()
    so_far = await bearers(tag)
    done = len(so_far & wanted) + len(set(gone) - so_far)
    assert 0 < done < 25
    counts = await asyncio.gather(*(evaluating.evaluate_due() for _ in range(3)))
    assert sum(counts) == 25 - done
    assert await bearers(tag) == wanted
    assert await make.rows("SELECT FROM tag WHERE evaluate_at <= $1", clock.now()) == []


async def test_who_changes_while_a_rule_is_evaluated_is_looked_at_again_under_the_lock(marketer):
    person = await customer(city="杭州")
    tag = await added(marketer, rule={"cities": ["杭州"]})
    held = asyncio.Event()

    async def change():
        async with database.transaction() as connection:
            await ownership.hold(connection, [person])
            held.set()
            await asyncio.sleep(0.1)
            await connection.execute("UPDATE customer_profile SET city = '上海' WHERE customer_id = $1", person)
            indexing.changed([person])

    changing = asyncio.create_task(change())
    await held.wait()
    assert await evaluating.evaluate_due() == 0
    await changing
    assert await bearers(tag) == set()
    assert await tags_of(marketer, person) == []


async def test_a_rule_that_cannot_be_asked_keeps_no_other_from_its_turn(marketer):
    person = await customer(city="杭州")
    broken, fine = (
        await added(marketer, "坏了", rule={"cities": ["上海"]}),
        await added(marketer, rule={"cities": ["杭州"]}),
    )
    await database.execute("""UPDATE tag SET rule = '{"gone": 1}' WHERE id = $1""", UUID(broken["id"]))
    assert await evaluating.evaluate_due() == 1
    assert await bearers(fine) == {person}
    (row,) = await make.rows("SELECT evaluated_at, evaluate_at FROM tag WHERE id = $1", UUID(broken["id"]))
    assert (row["evaluated_at"], row["evaluate_at"] > clock.now()) == (None, True)
    assert [alert["kind"] for alert in await make.rows("SELECT kind FROM alert")] == ["tags.not_evaluated"]


async def test_who_runs_out_of_time_leaves_the_rest_due(marketer, monkeypatch):
    person = await customer(city="杭州")
    tag = await added(marketer, rule={"cities": ["杭州"]})
    times = iter([0.0, 0.0, 1000.0])
    with monkeypatch.context() as patch:
        patch.setattr(evaluating, "time", SimpleNamespace(monotonic=lambda: next(times)))
        assert await evaluating.evaluate_due() == 0
    (row,) = await make.rows("SELECT evaluated_at, evaluate_at FROM tag")
    assert (row["evaluated_at"], row["evaluate_at"] <= clock.now()) == (None, True)
    assert await evaluating.evaluate_due() == 1
    assert await bearers(tag) == {person}
