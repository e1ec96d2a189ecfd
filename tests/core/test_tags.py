"""Tags and groups by hand: who gives them to whom, and what becomes of them."""

import asyncio
from uuid import UUID, uuid4

import pytest

from core.customers import people
from core.customers.joining import MergeReason, merge
from core.customers.linking import undoing
from core.customers.tags import evaluating, parts, queries, service
from core.permissions.rules import RoleKey
from infra import database, parameters
from tests import factories as make
from tests.core.field_world import customer, pool
from tests.core.task_world import Person
from tests.doors import error_of


async def somebody(http, role=RoleKey.GUIDE, **values):
    staff = await make.colleague(role, **values)
    return Person(staff, await make.headers(staff), http)


@pytest.fixture
async def guide(http):
    return await somebody(http)


@pytest.fixture
async def marketer(http):
    return await somebody(http, RoleKey.MARKETER)


async def added(person, name="会员", **values):
    answer = await person.call("POST", "/tags", {"name": name} | values)
    return answer.json() if answer.status_code == 201 else answer


async def give(person, customers, add=(), remove=()):
    body = {"customer_ids": [str(one) for one in customers], "add": [*add], "remove": [*remove]}
    answer = await person.call("POST", "/customers/tags", body)
    if answer.status_code != 200:
        return answer
    assert [one["customer_id"] for one in answer.json()["items"]] == list(dict.fromkeys(body["customer_ids"]))
    return [one["outcome"] for one in answer.json()["items"]]


async def tags_of(person, customer_id):
    found = await person.get(f"/customers/{customer_id}/tags")
    return [one["name"] for one in found]


async def terms_of(customer_id):
    (row,) = await make.rows("SELECT terms FROM customer_search WHERE customer_id = $1", customer_id)
    return {term for term in row["terms"] if term.startswith("t:")}


async def test_tags_and_groups_are_defined_renamed_and_deleted(marketer):
    tag, group = await added(marketer), await added(marketer, kind="group")
    assert error_of(await added(marketer)) == (409, "tag_name_taken")
    assert (tag["kind"], group["kind"], tag["rule"], tag["customers"]) == ("tag", "group", None, 0)
    renamed = (await marketer.call("PATCH", f"/tags/{tag['id']}", {"version": 1, "name": "老会员"})).json()
    assert (renamed["name"], renamed["version"]) == ("老会员", 2)
    refused = await marketer.call("PATCH", f"/tags/{tag['id']}", {"version": 1, "name": "新会员"})
    assert error_of(refused) == (409, "tag_changed")
    page = await marketer.get("/tags", limit=1)
    assert [one["name"] for one in page["items"]] == ["老会员"]
    assert [one["name"] for one in (await marketer.get("/tags", cursor=page["next"]))["items"]] == ["会员"]
    assert [one["name"] for one in (await marketer.get("/tags", kind="group"))["items"]] == ["会员"]
    assert (await marketer.call("DELETE", f"/tags/{tag['id']}", None)).status_code == 204
    for method, body in (("DELETE", None), ("PATCH", {"version": 2})):
        assert error_of(await marketer.call(method, f"/tags/{tag['id']}", body)) == (404, "tag_not_found")
    assert (await added(marketer, "老会员"))["name"] == "老会员"
    await parameters.change(service.MOST_TAGS.name, 2, expected_version=0, by="test")
    assert error_of(await added(marketer, "太多")) == (409, "tags_used_up")


async def test_only_who_may_defines_tags(guide):
    assert error_of(await added(guide)) == (403, "forbidden")
    assert (await guide.get("/tags")) == {"items": [], "next": None}


async def test_at08_tags_are_given_to_whom_one_may_edit_and_the_others_are_named(guide, marketer, http):
    tag = (await added(marketer))["id"]
    own, foreign = await customer(owner=guide.staff), await customer(owner=await make.guide())
    pooled, unknown = await customer(), uuid4()
    await pool(pooled)
    assert await give(guide, [own, foreign, pooled, unknown, own], [tag]) == [
        "changed", "customer_not_found", "customer_in_pool", "customer_not_found"
    ]  # fmt: skip
    assert await give(guide, [own], [tag]) == ["unchanged"]
    assert await tags_of(guide, own) == ["会员"]
    admin = await somebody(http, RoleKey.ADMIN)
    assert await give(admin, [pooled, foreign], [tag]) == ["customer_in_pool", "changed"]
    await database.execute(
        "UPDATE customer SET discarded_at = pooled_at, pooled_at = NULL, pool_reason = NULL WHERE id = $1", pooled
    )
    assert await give(admin, [pooled], [tag]) == ["customer_in_trash"]
    assert await give(guide, [pooled], [tag]) == ["customer_not_found"]
    assert error_of(await guide.get(f"/customers/{foreign}/tags")) == (404, "customer_not_found")
    assert await make.count("customer_tag") == 2


async def test_what_was_given_and_taken_is_told_once_and_found(guide, marketer):
    one, two = (await added(marketer, "一"))["id"], (await added(marketer, "二"))["id"]
    people = [await customer(owner=guide.staff) for _ in range(2)]
    await give(guide, people[:1], [one])
    assert await give(guide, people, [two], [one]) == ["changed", "changed"]
    assert await give(guide, people, [two], [two, one]) == ["unchanged", "unchanged"]
    assert [await terms_of(person) for person in people] == [{f"t:{two}"}] * 2
    entries = await make.rows("SELECT details FROM timeline WHERE customer_id = $1 AND kind = 'tagged'", people[1])
    assert len(entries) == 1
    listed = await guide.get(f"/customers/{people[0]}/timeline")
    assert [entry["kind"] for entry in listed["items"]].count("tagged") == 2
    assert len(await make.rows("SELECT FROM audit WHERE action = 'customers.tagged'")) == 2


async def test_unknown_tags_are_refused_as_a_whole(guide, marketer):
    tag = (await added(marketer))["id"]
    person = await customer(owner=guide.staff)
    assert error_of(await give(guide, [person], [tag, str(uuid4())])) == (404, "tag_not_found")
    assert await tags_of(guide, person) == []


async def test_who_was_merged_is_tagged_as_whom_it_became(guide, marketer):
    tag = (await added(marketer))["id"]
    source, target = await customer(owner=guide.staff), await customer(owner=guide.staff)
    await database.execute("UPDATE customer SET merged_into_id = $2 WHERE id = $1", source, target)
    assert await give(guide, [source], [tag]) == ["changed"]
    assert await tags_of(guide, target) == await tags_of(guide, source) == ["会员"]


async def test_counts_are_of_those_in_reach(guide, marketer, http):
    tag, other = await added(marketer, "一"), await added(marketer, "二")
    own = [await customer(owner=guide.staff) for _ in range(2)]
    foreign = await customer(owner=await make.guide())
    await give(marketer, [*own, foreign], [tag["id"]])

    async def counts(person):
        return {one["name"]: (one["customers"], one["more"]) for one in (await person.get("/tags"))["items"]}

    assert await counts(marketer) == {"一": (3, False), "二": (0, False)}
    assert await counts(guide) == {"一": (2, False), "二": (0, False)}
    manager = await somebody(http, RoleKey.MANAGER, post=await make.post(await make.department()))
    assert await counts(manager) == {"一": (None, False), "二": (None, False)}
    queries_most = queries._MOST
    try:
        queries._MOST = 2
        assert await counts(marketer) == {"一": (2, True), "二": (0, False)}
    finally:
        queries._MOST = queries_most
    assert other["customers"] == 0


async def test_a_deleted_tag_is_taken_off_everybody(guide, marketer, monkeypatch):
    monkeypatch.setattr(evaluating, "_CHUNK", 2)
    tag, kept = (await added(marketer))["id"], (await added(marketer, "留下"))["id"]
    people = [await customer(owner=guide.staff) for _ in range(5)]
    await give(guide, people, [tag, kept])
    await marketer.call("DELETE", f"/tags/{tag}", None)
    assert await tags_of(guide, people[0]) == ["留下"]
    assert await evaluating.evaluate_due() == 5
    assert await make.count("customer_tag") == 5
    assert await terms_of(people[4]) == {f"t:{kept}"}
    assert await evaluating.evaluate_due() == 0


async def test_a_tag_isnt_deleted_while_it_is_given(guide, marketer):
    tag = UUID((await added(marketer))["id"])
    people = [await customer(owner=guide.staff) for _ in range(20)]
    outcomes = await asyncio.gather(
        *(service.tag_customers(guide.staff, [person], [tag], []) for person in people[:10]),
        service.delete_tag(tag),
        *(service.tag_customers(guide.staff, [person], [tag], []) for person in people[10:]),
        return_exceptions=True,
    )
    given = [one for one in outcomes if isinstance(one, list)]
    assert await make.count("customer_tag") == len(given)
    await evaluating.evaluate_due()
    assert await make.count("customer_tag") == 0


async def test_a_persons_tags_are_data_of_the_person_and_go_with_it(guide, marketer):
    tag = (await added(marketer))["id"]
    person, other = await customer(owner=guide.staff), await customer(owner=guide.staff)
    await give(guide, [person, other], [tag])
    assert [one["name"] for one in await parts.PART.summary(person, guide.staff)] == ["会员"]
    assert [(one["kind"], one["name"]) for one in await parts.PART.data(person)] == [("tag", "会员")]
    async with database.transaction() as connection:
        assert await parts.PART.counts(connection, [person, other]) == {person: 1, other: 1}
        await parts.PART.erase(connection, [person], "request")
    assert await tags_of(guide, person) == []
    assert await terms_of(person) == set()
    assert await terms_of(other) == {f"t:{tag}"}


async def test_what_rules_gave_follows_a_merge_and_hinders_no_undoing(marketer):
    """Rules give and take daily: an undoing is about what people did."""
    source, target = await customer(city="杭州"), await customer(city="上海")
    by_hand, by_rule = await added(marketer), await added(marketer, "杭州客户", rule={"cities": ["杭州"]})
    await give(marketer, [source], [by_hand["id"]])
    await evaluating.evaluate_due()
    async with database.transaction() as connection:
        await people.lock_these(connection, [source, target])
        merges = await merge(connection, {source: target}, MergeReason.BY_HAND, by=marketer.staff.id)
    assert await tags_of(marketer, target) == ["会员", "杭州客户"]
    await database.execute("DELETE FROM customer_tag WHERE added_by IS NULL")
    async with database.transaction() as connection:
        await undoing.undo(connection, merges[source], marketer.staff.id)
    assert (await tags_of(marketer, source), await tags_of(marketer, target)) == (["会员"], [])
    assert by_rule["rule"]["cities"] == ["杭州"]
