"""A department goes into another one: what hangs on it goes along, and clashing names are refused."""

import asyncio
from contextvars import Context
from functools import partial

import pytest

from core.organisation import service as organisation
from core.permissions.rules import RoleKey
from infra import database
from tests import factories as make
from tests.doors import error_of
from tests.simulator.harness import until

PATH = "/staff/v1/departments"


@pytest.fixture
async def boss(http):
    return await make.headers(await make.admin())


@pytest.fixture
async def two(db):
    return await make.department("甲"), await make.department("乙")


async def _merge(http, boss, source, target):
    return await http.post(f"{PATH}/{source.id}/merge", headers=boss, json={"into_id": str(target.id)})


async def _names_below(http, boss, department):
    tree = (await http.get(PATH, headers=boss)).json()
    return [row["name"] for row in tree if row["parent_id"] == str(department.id)]


async def test_people_posts_stores_and_departments_go_along(http, boss, two):
    a, b = two
    same, other, sales = await make.post(a, "店员"), await make.post(b, "店员"), await make.post(a, "销售")
    one = await make.colleague(RoleKey.GUIDE, post=same)
    two_ = await make.colleague(RoleKey.GUIDE, post=sales)
    await make.department("上海", parent=b)
    await make.department("杭州", parent=a)
    store = await make.store()
    await http.patch(f"/staff/v1/stores/{store.id}", headers=boss, json={"department_id": str(a.id)})
    merged = await _merge(http, boss, a, b)
    assert (merged.status_code, merged.json()["id"], merged.json()["people"]) == (200, str(b.id), 2)
    found = {p: (await http.get(f"/staff/v1/staff/{p.id}", headers=boss)).json() for p in (one, two_)}
    assert (found[one]["department_id"], found[one]["post_id"]) == (str(b.id), str(other.id))
    assert (found[two_]["department_id"], found[two_]["post_id"]) == (str(b.id), str(sales.id))
    posts = (await http.get(f"{PATH}/{b.id}/posts", headers=boss)).json()
    assert sorted((post["name"], post["people"]) for post in posts) == [("店员", 1), ("销售", 1)]
    assert await _names_below(http, boss, b) == ["上海", "杭州"]
    assert (await http.get(f"/staff/v1/stores/{store.id}", headers=boss)).json()["department_id"] == str(b.id)
    assert error_of(await _merge(http, boss, a, b)) == (404, "department_not_found")


async def test_who_was_granted_the_one_has_the_other_once(http, boss, two):
    a, b = two
    people = [await make.colleague(RoleKey.GUIDE) for _ in range(2)]
    for person, granted in zip(people, ([a], [a, b]), strict=True):
        body = {"version": 1, "granted_departments": [str(department.id) for department in granted]}
        assert (await http.patch(f"/staff/v1/staff/{person.id}", headers=boss, json=body)).status_code == 200
    await _merge(http, boss, a, b)
    for person in people:
        shown = (await http.get(f"/staff/v1/staff/{person.id}", headers=boss)).json()
        assert shown["granted_departments"] == [str(b.id)]


async def test_departments_of_one_name_below_both_are_named_and_nothing_happens(http, boss, two):
    a, b = two
    for parent in two:
        await make.department("上海", parent=parent)
    post = await make.post(a)
    answer = await _merge(http, boss, a, b)
    assert error_of(answer) == (409, "department_name_taken")
    assert answer.json()["error"]["details"] == {"names": ["上海"]}
    assert [p["id"] for p in (await http.get(f"{PATH}/{a.id}/posts", headers=boss)).json()] == [str(post.id)]


async def test_a_department_goes_into_its_parent_and_not_into_one_below_it(http, boss, two):
    a, _ = two
    child = await make.department("甲", parent=a)
    grandchild = await make.department("孙", parent=child)
    for source, target in ((a, grandchild), (a, a)):
        assert error_of(await _merge(http, boss, source, target)) == (409, "department_below_itself")
    assert (await _merge(http, boss, child, a)).status_code == 200
    assert await _names_below(http, boss, a) == ["孙"]


async def test_the_head_of_the_one_that_stays_stays(http, boss, two):
    a, b = two
    heads = [await make.colleague(RoleKey.GUIDE, post=await make.post(department)) for department in two]
    for department, head in zip(two, heads, strict=True):
        await http.patch(f"{PATH}/{department.id}", headers=boss, json={"head_id": str(head.id)})
    assert (await _merge(http, boss, a, b)).json()["head_id"] == str(heads[1].id)


async def test_who_left_and_whose_post_is_gone_stands_in_nobodys_way(http, boss, two):
    a, b = two
    post = await make.post(a)
    leaver = await make.colleague(RoleKey.GUIDE, post=post)
    await organisation.leave(leaver.id)
    await http.delete(f"/staff/v1/posts/{post.id}", headers=boss)
    assert (await _merge(http, boss, a, b)).status_code == 200


async def test_two_merges_into_each_other_at_once_leave_one(http, boss, two):
    a, b = two
    for department in two:
        await make.colleague(RoleKey.GUIDE, post=await make.post(department))
    answers = await asyncio.gather(_merge(http, boss, a, b), _merge(http, boss, b, a))
    assert sorted(answer.status_code for answer in answers) == [200, 404]
    tree = (await http.get(PATH, headers=boss)).json()
    assert [row["people"] for row in tree if row["name"] != "总部"] == [2]


async def test_people_who_come_leave_and_move_during_a_merge_end_in_the_one_that_stays(http, boss, two):
    a, b = two
    post, place = await make.post(a, "店员"), await make.post(b, "销售")
    people = [await make.colleague(RoleKey.GUIDE, post=post) for _ in range(6)]

    async def move(person):
        body = {"version": 1, "post_id": str(place.id)}
        return await http.patch(f"/staff/v1/staff/{person.id}", headers=boss, json=body)

    async def leave(person):
        return await http.post(f"/staff/v1/staff/{person.id}/leave", headers=boss)

    answers = await asyncio.gather(
        *(move(person) for person in people[:3]), _merge(http, boss, a, b), *(leave(person) for person in people[3:])
    )
    assert {answer.status_code for answer in answers} == {200}
    rows = await make.rows(
        "SELECT DISTINCT department_id FROM staff WHERE id = ANY($1::uuid[])", [p.id for p in people]
    )
    assert [row["department_id"] for row in rows] == [b.id]


async def test_a_store_that_changes_departments_meanwhile_is_in_nobodys_way(http):
    boss = await make.headers(await make.admin())
    east, west = await make.department(), await make.department()
    post, store = await make.post(east), await make.store()
    path = f"/staff/v1/stores/{store.id}"
    await http.patch(path, headers=boss, json={"department_id": str(east.id)})
    async with database.transaction() as connection:
        # The merge holds both departments, and waits before it comes to the stores.
        await connection.execute("SELECT 1 FROM post WHERE id = $1 FOR UPDATE", post.id)
        merge = http.post(f"/staff/v1/departments/{east.id}/merge", headers=boss, json={"into_id": str(west.id)})
        answers = [asyncio.create_task(merge, context=Context())]
        await until(make.somebody_waits)
        change = http.patch(path, headers=boss, json={"department_id": str(west.id)})
        answers.append(asyncio.create_task(change, context=Context()))
        await until(partial(make.somebody_waits, 2))
    assert [answer.status_code for answer in await asyncio.gather(*answers)] == [200, 200]
    assert (await http.get(path, headers=boss)).json()["department_id"] == str(west.id)
