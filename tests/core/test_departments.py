"""AT-71: the tree of departments with heads: added, ordered, moved, merged and deleted, and every refusal named."""

import asyncio
from uuid import uuid4

import pytest

from core.organisation import service as organisation
from core.permissions.rules import RoleKey, Scope
from tests import factories as make
from tests.doors import error_of

PATH = "/staff/v1/departments"


@pytest.fixture
async def boss(http):
    return await make.headers(await make.admin())


async def _add(http, boss, name, parent=None):
    answer = await http.post(PATH, headers=boss, json={"name": name, "parent_id": parent})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def _tree(http, boss):
    """The tree as lines: two blanks per level."""
    return ["  " * row["depth"] + row["name"] for row in (await http.get(PATH, headers=boss)).json()]


async def _person(department, **values):
    return await make.colleague(RoleKey.GUIDE, post=await make.post(department), **values)


async def test_at71_the_tree_is_read_from_the_top_with_heads_and_how_many_people_there_are(http, boss):
    east = await make.department("华东")
    city = await make.department("上海", parent=east)
    head = await _person(city)
    await _person(east)
    await organisation.leave((await _person(city)).id)
    await http.patch(f"{PATH}/{city.id}", headers=boss, json={"head_id": str(head.id)})
    rows = {row["name"]: row for row in (await http.get(PATH, headers=boss)).json()}
    assert await _tree(http, boss) == ["总部", "华东", "  上海"]
    assert (rows["上海"]["head_id"], rows["上海"]["head_name"]) == (str(head.id), head.name)
    assert (rows["华东"]["people"], rows["华东"]["people_below"], rows["上海"]["people"]) == (1, 2, 1)


async def test_at71_departments_are_added_renamed_and_ordered(http, boss):
    east = await _add(http, boss, " 华东 ")
    cities = [await _add(http, boss, name, east) for name in ("上海", "杭州", "南京")]
    assert (await http.patch(f"{PATH}/{cities[1]}", headers=boss, json={"name": "杭州市"})).json()["name"] == "杭州市"
    order = {"parent_id": east, "ids": [cities[2], cities[0], cities[1]]}
    ordered = await http.put(f"{PATH}/order", headers=boss, json=order)
    assert [row["name"] for row in ordered.json()] == ["总部", "华东", "南京", "上海", "杭州市"]
    top = [row["id"] for row in ordered.json() if row["parent_id"] is None]
    await http.put(f"{PATH}/order", headers=boss, json={"parent_id": None, "ids": top[::-1]})
    assert await _tree(http, boss) == ["华东", "  南京", "  上海", "  杭州市", "总部"]


async def test_an_order_of_other_departments_than_there_are_is_refused_and_says_which_there_are(http, boss):
    east = await _add(http, boss, "华东")
    cities = [await _add(http, boss, name, east) for name in ("上海", "杭州")]
    for ids in (cities[:1], [*cities, str(uuid4())], [cities[0], cities[0]], []):
        answer = await http.put(f"{PATH}/order", headers=boss, json={"parent_id": east, "ids": ids})
        assert error_of(answer) == (409, "departments_changed")
        assert answer.json()["error"]["details"] == {"ids": cities}


@pytest.mark.parametrize("name", ["", " ", "名" * 51, "华东/上海", "a\nb", "a\x00b"])
async def test_what_cannot_be_a_name_is_refused(http, boss, name):
    east = await _add(http, boss, "华东")
    assert error_of(await http.post(PATH, headers=boss, json={"name": name})) == (422, "invalid_input")
    assert error_of(await http.patch(f"{PATH}/{east}", headers=boss, json={"name": name})) == (422, "invalid_input")


async def test_siblings_have_names_of_their_own_and_cousins_need_not(http, boss):
    east, west = await _add(http, boss, "华东"), await _add(http, boss, "华西")
    city = await _add(http, boss, "分公司", east)
    assert error_of(await http.post(PATH, headers=boss, json={"name": "华东"})) == (409, "department_name_taken")
    other = await _add(http, boss, "分公司", west)
    moved = await http.post(f"{PATH}/{other}/move", headers=boss, json={"parent_id": east})
    assert error_of(moved) == (409, "department_name_taken")
    renamed = await http.patch(f"{PATH}/{west}", headers=boss, json={"name": "华东"})
    assert error_of(renamed) == (409, "department_name_taken")
    await http.delete(f"{PATH}/{city}", headers=boss)
    assert (await http.post(f"{PATH}/{other}/move", headers=boss, json={"parent_id": east})).status_code == 200


async def test_of_parallel_additions_of_one_name_exactly_one_succeeds(http, boss):
    answers = await asyncio.gather(*(http.post(PATH, headers=boss, json={"name": "华东"}) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]


async def test_unknown_and_deleted_departments_are_not_found(http, boss):
    gone = await _add(http, boss, "华东")
    assert (await http.delete(f"{PATH}/{gone}", headers=boss)).status_code == 204
    for id_ in (gone, str(uuid4())):
        for answer in (
            await http.post(PATH, headers=boss, json={"name": "上海", "parent_id": id_}),
            await http.patch(f"{PATH}/{id_}", headers=boss, json={"name": "上海"}),
            await http.post(f"{PATH}/{id_}/move", headers=boss, json={"parent_id": None}),
            await http.post(f"{PATH}/{id_}/merge", headers=boss, json={"into_id": id_}),
            await http.put(f"{PATH}/order", headers=boss, json={"parent_id": id_, "ids": []}),
            await http.delete(f"{PATH}/{id_}", headers=boss),
            await http.get(f"{PATH}/{id_}/posts", headers=boss),
            await http.post(f"{PATH}/{id_}/posts", headers=boss, json={"name": "店员"}),
        ):
            assert error_of(answer) == (404, "department_not_found")


async def test_a_department_moves_with_what_is_below_it_and_never_below_itself(http, boss):
    east, west = await _add(http, boss, "华东"), await _add(http, boss, "华西")
    city = await _add(http, boss, "上海", east)
    shop = await _add(http, boss, "人民路", city)
    for target in (east, city, shop):
        answer = await http.post(f"{PATH}/{east}/move", headers=boss, json={"parent_id": target})
        assert error_of(answer) == (409, "department_below_itself")
    moved = await http.post(f"{PATH}/{city}/move", headers=boss, json={"parent_id": west})
    assert (moved.json()["parent_id"], moved.json()["depth"]) == (west, 1)
    assert await _tree(http, boss) == ["总部", "华东", "华西", "  上海", "    人民路"]
    await http.post(f"{PATH}/{city}/move", headers=boss, json={"parent_id": None})
    assert await _tree(http, boss) == ["总部", "华东", "华西", "上海", "  人民路"]


async def test_at71_two_moves_at_once_close_no_circle(http, boss):
    for number in range(10):
        a, b = await _add(http, boss, f"甲{number}"), await _add(http, boss, f"乙{number}")
        answers = await asyncio.gather(
            http.post(f"{PATH}/{a}/move", headers=boss, json={"parent_id": b}),
            http.post(f"{PATH}/{b}/move", headers=boss, json={"parent_id": a}),
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        assert error_of(max(answers, key=lambda a: a.status_code)) == (409, "department_below_itself")
    assert len(await _tree(http, boss)) == 21


async def test_the_head_is_somebody_at_work_and_loses_that_by_leaving_or_moving(http, boss):
    east, west = await make.department("华东"), await make.department("华西")
    away = str((await make.post(west)).id)

    async def made_head():
        head = await _person(east)
        answer = await http.patch(f"{PATH}/{east.id}", headers=boss, json={"head_id": str(head.id)})
        assert answer.json()["head_name"] == head.name
        return head

    async def head():
        return next(r for r in (await http.get(PATH, headers=boss)).json() if r["id"] == str(east.id))["head_id"]

    leaver = await made_head()
    await http.post(f"/staff/v1/staff/{leaver.id}/leave", headers=boss)
    assert await head() is None
    mover = await made_head()
    body = {"version": 1, "post_id": away}
    assert (await http.patch(f"/staff/v1/staff/{mover.id}", headers=boss, json=body)).status_code == 200
    assert await head() is None
    carried = await made_head()
    await http.patch(f"/staff/v1/posts/{carried.post_id}", headers=boss, json={"department_id": str(west.id)})
    assert await head() is None
    disabled = await made_head()
    await http.post(f"/staff/v1/staff/{disabled.id}/disable", headers=boss)
    assert await head() == str(disabled.id)
    taken = await http.patch(f"{PATH}/{east.id}", headers=boss, json={"head_id": None})
    assert (taken.json()["head_id"], taken.json()["head_name"]) == (None, None)
    for nobody in (leaver.id, disabled.id, uuid4()):
        answer = await http.patch(f"{PATH}/{east.id}", headers=boss, json={"head_id": str(nobody)})
        assert error_of(answer) == (404, "staff_not_found")


async def test_at71_a_department_in_use_is_not_deleted_and_says_by_what(http, boss):
    east = await make.department("华东")
    await make.department("上海", parent=east)
    person = await _person(east)
    store = await make.store()
    await http.patch(f"/staff/v1/stores/{store.id}", headers=boss, json={"department_id": str(east.id)})
    answer = await http.delete(f"{PATH}/{east.id}", headers=boss)
    assert error_of(answer) == (409, "department_in_use")
    assert answer.json()["error"]["details"] == {"departments": 1, "posts": 1, "people": 1, "stores": 1}
    await organisation.leave(person.id)
    await http.post(f"/staff/v1/stores/{store.id}/close", headers=boss)
    answer = await http.delete(f"{PATH}/{east.id}", headers=boss)
    assert answer.json()["error"]["details"] == {"departments": 1, "posts": 0, "people": 0, "stores": 0}


async def test_an_empty_department_goes_with_its_posts_and_what_was_granted_of_it(http, boss):
    east, west = await make.department("华东"), await make.department("华西")
    post, person = await make.post(east), await _person(west)
    grant = {"version": 1, "granted_departments": [str(east.id)]}
    assert (await http.patch(f"/staff/v1/staff/{person.id}", headers=boss, json=grant)).status_code == 200
    assert (await http.delete(f"{PATH}/{east.id}", headers=boss)).status_code == 204
    assert error_of(await http.delete(f"/staff/v1/posts/{post.id}", headers=boss)) == (404, "post_not_found")
    assert (await http.get(f"/staff/v1/staff/{person.id}", headers=boss)).json()["granted_departments"] == []
    assert await _add(http, boss, "华东") != str(east.id)


async def test_nobody_is_added_to_a_department_while_it_is_deleted(http, boss):
    role = (await make.admin()).role_id
    for number in range(8):
        department = await make.department()
        post = await make.post(department)
        body = {
            "name": "员工01",
            "username": f"racer-{number}",
            "password": "password-of-1-racer",
            "role_id": str(role),
            "department_id": str(department.id),
            "post_id": str(post.id),
        }
        added, deleted = await asyncio.gather(
            http.post("/staff/v1/staff", headers=boss, json=body),
            http.delete(f"{PATH}/{department.id}", headers=boss),
        )
        outcomes = {
            (added.status_code, deleted.status_code),
        }
        assert outcomes <= {(201, 409), (404, 204)}, (added.text, deleted.text)


async def test_who_sees_only_a_part_changes_only_that_part(http):
    await make.admin()
    east, west = await make.department("华东"), await make.department("华西")
    city = await make.department("上海", parent=east)
    person = await make.colleague(RoleKey.ADMIN, post=await make.post(east), scope=Scope.BELOW)
    theirs, stranger = await make.headers(person), await _person(west)
    assert len((await http.get(PATH, headers=theirs)).json()) == 4
    assert (await http.post(PATH, headers=theirs, json={"name": "杭州", "parent_id": str(city.id)})).status_code == 201
    top = await http.post(PATH, headers=theirs, json={"name": "海外"})
    assert error_of(top) == (403, "right_not_yours")
    foreign = (404, "department_not_found")
    move, merge = {"parent_id": str(west.id)}, {"into_id": str(west.id)}
    assert error_of(await http.patch(f"{PATH}/{west.id}", headers=theirs, json={"name": "西"})) == foreign
    assert error_of(await http.post(f"{PATH}/{city.id}/move", headers=theirs, json=move)) == foreign
    assert error_of(await http.post(f"{PATH}/{city.id}/merge", headers=theirs, json=merge)) == foreign
    assert error_of(await http.delete(f"{PATH}/{west.id}", headers=theirs)) == foreign
    head = {"head_id": str(stranger.id)}
    assert error_of(await http.patch(f"{PATH}/{city.id}", headers=theirs, json=head)) == (404, "staff_not_found")


async def test_the_tree_asks_for_its_operation_points(http):
    reader = await make.headers(await make.manager())
    assert (await http.get(PATH, headers=reader)).status_code == 200
    answer = await http.post(PATH, headers=reader, json={"name": "华东"})
    assert error_of(answer) == (403, "forbidden")
    assert answer.json()["error"]["details"] == {"permission": "departments:write"}
    guide = await make.headers(await make.guide())
    assert error_of(await http.get(PATH, headers=guide)) == (403, "forbidden")


async def test_every_change_of_the_tree_is_in_the_audit(http, boss):
    a, b = await _add(http, boss, "甲"), await _add(http, boss, "乙")
    await http.patch(f"{PATH}/{a}", headers=boss, json={"name": "甲甲"})
    await http.post(f"{PATH}/{a}/move", headers=boss, json={"parent_id": b})
    await http.put(f"{PATH}/order", headers=boss, json={"parent_id": b, "ids": [a]})
    await http.post(f"{PATH}/{a}/merge", headers=boss, json={"into_id": b})
    await http.delete(f"{PATH}/{b}", headers=boss)
    noted = await make.rows("SELECT action, details::text FROM audit WHERE subject_kind = 'department' ORDER BY id")
    actions = [row["action"].removeprefix("department.") for row in noted]
    assert actions == ["added", "added", "changed", "moved", "merged", "deleted"]
    assert '"name": ["甲", "甲甲"]' in noted[2]["details"]
