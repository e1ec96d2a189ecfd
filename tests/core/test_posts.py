"""AT-70: posts stand between departments and people; they are renamed, moved with their people, deleted when free."""

from uuid import uuid4

import pytest

from core.organisation import service as organisation
from core.permissions.rules import READY_MADE, RoleKey, Scope
from tests import factories as make
from tests.doors import error_of

POSTS, DEPARTMENTS = "/staff/v1/posts", "/staff/v1/departments"


@pytest.fixture
async def boss(http):
    return await make.headers(await make.admin())


async def test_posts_are_added_to_a_department_once_per_name(http, boss):
    east, west = await make.department(), await make.department()
    path = f"{DEPARTMENTS}/{east.id}/posts"
    added = await http.post(path, headers=boss, json={"name": "店员"})
    assert (added.status_code, added.json()["department_id"], added.json()["people"]) == (201, str(east.id), 0)
    assert error_of(await http.post(path, headers=boss, json={"name": "店员"})) == (409, "post_name_taken")
    assert (await http.post(f"{DEPARTMENTS}/{west.id}/posts", headers=boss, json={"name": "店员"})).status_code == 201
    await make.colleague(RoleKey.GUIDE, post=await make.post(east, "经理"))
    listed = (await http.get(path, headers=boss)).json()
    assert sorted((post["name"], post["people"]) for post in listed) == [("店员", 0), ("经理", 1)]


async def test_a_post_is_renamed_and_names_stay_apart(http, boss):
    east = await make.department()
    post, _ = await make.post(east, "店员"), await make.post(east, "经理")
    assert (await http.patch(f"{POSTS}/{post.id}", headers=boss, json={"name": "导购"})).json()["name"] == "导购"
    answer = await http.patch(f"{POSTS}/{post.id}", headers=boss, json={"name": "经理"})
    assert error_of(answer) == (409, "post_name_taken")
    assert error_of(await http.patch(f"{POSTS}/{post.id}", headers=boss, json={"name": ""})) == (422, "invalid_input")


async def test_people_follow_their_post_into_another_department(http, boss):
    east, west = await make.department(), await make.department()
    post = await make.post(east)
    person, leaver = [await make.colleague(RoleKey.GUIDE, post=post) for _ in range(2)]
    await organisation.leave(leaver.id)
    moved = await http.patch(f"{POSTS}/{post.id}", headers=boss, json={"department_id": str(west.id)})
    assert (moved.json()["department_id"], moved.json()["people"]) == (str(west.id), 1)
    for one in (person, leaver):
        shown = (await http.get(f"/staff/v1/staff/{one.id}", headers=boss)).json()
        assert (shown["department_id"], shown["post_id"]) == (str(west.id), str(post.id))
    clash = await make.post(east, "店员"), await make.post(west, "店员")
    answer = await http.patch(f"{POSTS}/{clash[0].id}", headers=boss, json={"department_id": str(west.id)})
    assert error_of(answer) == (409, "post_name_taken")


async def test_a_post_is_deleted_when_nobody_holds_it_who_has_not_left(http, boss):
    post = await make.post(await make.department())
    person = await make.colleague(RoleKey.GUIDE, post=post)
    answer = await http.delete(f"{POSTS}/{post.id}", headers=boss)
    assert error_of(answer) == (409, "post_in_use")
    assert answer.json()["error"]["details"] == {"people": 1}
    await organisation.leave(person.id)
    assert (await http.delete(f"{POSTS}/{post.id}", headers=boss)).status_code == 204
    for id_ in (post.id, uuid4()):
        assert error_of(await http.delete(f"{POSTS}/{id_}", headers=boss)) == (404, "post_not_found")
        assert error_of(await http.patch(f"{POSTS}/{id_}", headers=boss, json={})) == (404, "post_not_found")


async def test_at70_nobody_is_put_on_a_post_or_into_a_department_that_is_gone_or_another(http, boss):
    east, west = await make.department(), await make.department()
    gone, foreign, kept = await make.post(east), await make.post(west), await make.post(east)
    await http.delete(f"{POSTS}/{gone.id}", headers=boss)
    body = {
        "name": "员工01",
        "username": "employee-01",
        "password": "password-1",
        "role_id": str(READY_MADE["guide"].id),
    }
    for post_id in (gone.id, foreign.id, uuid4()):
        place = {"department_id": str(east.id), "post_id": str(post_id)}
        answer = await http.post("/staff/v1/staff", headers=boss, json=body | place)
        assert error_of(answer) == (404, "post_not_found")
    place = {"department_id": str(uuid4()), "post_id": str(kept.id)}
    answer = await http.post("/staff/v1/staff", headers=boss, json=body | place)
    assert error_of(answer) == (404, "department_not_found")
    for missing in ("department_id", "post_id"):
        place = {"department_id": str(east.id), "post_id": str(kept.id)}
        del place[missing]
        answer = await http.post("/staff/v1/staff", headers=boss, json=body | place)
        assert error_of(answer) == (422, "invalid_input")
    person = await make.colleague(RoleKey.GUIDE, post=kept)
    answer = await http.patch(
        f"/staff/v1/staff/{person.id}", headers=boss, json={"version": 1, "post_id": str(gone.id)}
    )
    assert error_of(answer) == (404, "post_not_found")


async def test_posts_out_of_reach_are_as_unknown(http):
    await make.admin()
    east, west = await make.department(), await make.department()
    person = await make.colleague(RoleKey.ADMIN, post=await make.post(east), scope=Scope.BELOW)
    theirs, foreign, own = await make.headers(person), await make.post(west), await make.post(east)
    for answer in (
        await http.patch(f"{POSTS}/{foreign.id}", headers=theirs, json={"name": "店员"}),
        await http.delete(f"{POSTS}/{foreign.id}", headers=theirs),
    ):
        assert error_of(answer) == (404, "post_not_found")
    away = await http.patch(f"{POSTS}/{own.id}", headers=theirs, json={"department_id": str(west.id)})
    assert error_of(away) == (404, "department_not_found")


async def test_every_change_of_a_post_is_in_the_audit(http, boss):
    east, west = await make.department(), await make.department()
    post = (await http.post(f"{DEPARTMENTS}/{east.id}/posts", headers=boss, json={"name": "店员"})).json()
    for change in ({"name": "导购"}, {"department_id": str(west.id)}):
        await http.patch(f"{POSTS}/{post['id']}", headers=boss, json=change)
    await http.delete(f"{POSTS}/{post['id']}", headers=boss)
    noted = await make.rows("SELECT action FROM audit WHERE subject_id = $1 ORDER BY id", post["id"])
    assert [row["action"] for row in noted] == ["post.added", "post.renamed", "post.moved", "post.deleted"]
