"""Roles over HTTP: composed, copied, changed, deleted; nobody gives what they don't hold (J-09, J-10, AT-74, AT-76)."""

import asyncio
from uuid import uuid4

import pytest
from fastapi import APIRouter, FastAPI

from core.organisation.dependencies import RequireSpecialRight
from core.permissions.rules import READY_MADE, RoleKey, SpecialRight
from infra import database
from tests import factories as make
from tests.doors import error_of, open_door

ROLES = "/staff/v1/roles"


@pytest.fixture
async def boss(http):
    return await make.headers(await make.admin())


async def added(http, headers, **body):
    answer = await http.post(ROLES, headers=headers, json={"name": "巡店员"} | body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def give(staff, role_id):
    await database.execute("UPDATE staff SET role_id = $2 WHERE id = $1", staff.id, role_id)


async def with_role(http, boss, **body):
    """A colleague with a role of these rights, and the role."""
    role = await added(http, boss, **body)
    staff = await make.colleague(RoleKey.GUIDE)
    await give(staff, role["id"])
    return await make.headers(staff), role


async def test_a_role_is_composed_listed_and_counted(http, boss):
    points = ["stores:read", "fans:read"]
    role = await added(http, boss, points=points, scope="store", special_rights=["schedule"])
    assert (role["key"], role["points"], role["scope"]) == (None, sorted(points), "store")
    assert (role["special_rights"], role["holders"], role["version"]) == (["schedule"], 0, 1)
    holder, leaver = await make.colleague(RoleKey.GUIDE), await make.colleague(RoleKey.GUIDE)
    for staff in (holder, leaver):
        await give(staff, role["id"])
    await database.execute("UPDATE staff SET left_at = now() WHERE id = $1", leaver.id)
    listed, cursor = [], ""
    while cursor is not None:
        page = (await http.get(f"{ROLES}?limit=4{cursor}", headers=boss)).json()
        listed += page["items"]
        cursor = f"&cursor={page['next']}" if page["next"] else None
    assert [one["key"] for one in listed] == [*RoleKey, None]
    assert listed[-1] == role | {"holders": 1}
    assert (await http.get(f"{ROLES}/{role['id']}", headers=boss)).json() == listed[-1]
    ready = listed[0]
    assert ready["points"] == sorted(READY_MADE[RoleKey.GUIDE].points)


async def test_what_cannot_be_a_role_is_refused(http, boss):
    await added(http, boss)
    for body, expected in (
        ({"name": "巡店员"}, (409, "role_name_taken")),
        ({"name": "导购"}, (409, "role_name_taken")),
        ({"name": "一", "points": ["fans:fly"]}, (422, "unknown_points")),
        ({"name": "一", "points": ["fans"]}, (422, "invalid_input")),
        ({"name": "一", "scope": "world"}, (422, "invalid_input")),
        ({"name": "一", "special_rights": ["gold"]}, (422, "invalid_input")),
        ({"name": "一", "copy_of": str(uuid4())}, (404, "role_not_found")),
        ({"name": " "}, (422, "invalid_input")),
    ):
        assert error_of(await http.post(ROLES, headers=boss, json=body)) == expected, body
    assert len(await make.rows("SELECT 1 FROM role WHERE key IS NULL")) == 1


async def test_a_copy_has_what_its_model_has_but_for_what_is_given(http, boss):
    model = READY_MADE[RoleKey.STORE_MANAGER]
    copy = await added(http, boss, copy_of=str(model.id), scope="own")
    assert (copy["points"], copy["scope"], copy["special_rights"]) == (sorted(model.points), "own", ["schedule"])
    bare = await added(http, boss, name="二", copy_of=copy["id"], points=[], special_rights=[])
    assert (bare["points"], bare["scope"], bare["special_rights"]) == ([], "own", [])


async def test_at74_a_role_without_the_create_point_is_refused_and_a_hidden_module_not_offered(http, boss):
    headers, _ = await with_role(http, boss, points=["stores:read", "roles:read"], scope="all")
    answer = await http.post("/staff/v1/stores", headers=headers, json={"name": "一店"})
    assert error_of(answer) == (403, "forbidden")
    assert answer.json()["error"]["details"] == {"permission": "stores:write"}
    assert (await http.get("/staff/v1/stores", headers=headers)).status_code == 200
    offered = (await http.get("/staff/v1/permissions", headers=headers)).json()
    assert [module["key"] for module in offered["modules"]] == ["stores", "roles"]
    assert [point["key"] for module in offered["modules"] for point in module["points"]] == [
        "stores:read",
        "roles:read",
    ]
    assert ([one["key"] for one in offered["scopes"]][-1], offered["special_rights"]) == ("all", [])


async def test_an_administrator_is_offered_everything_with_titles(http, boss):
    offered = (await http.get("/staff/v1/permissions", headers=boss)).json()
    points = {point["key"] for module in offered["modules"] for point in module["points"]}
    assert points == READY_MADE[RoleKey.ADMIN].points
    assert [right["key"] for right in offered["special_rights"]] == list(SpecialRight)
    assert all(one["title"] for part in offered.values() for one in part)


async def test_a_changed_role_is_in_force_at_the_next_request(http, boss):
    headers, role = await with_role(http, boss, points=["stores:read"])
    path = f"{ROLES}/{role['id']}"
    assert (await http.get("/staff/v1/stores", headers=headers)).status_code == 200
    changed = await http.patch(path, headers=boss, json={"version": 1, "points": ["channels:read"]})
    assert (changed.json()["points"], changed.json()["version"]) == (["channels:read"], 2)
    assert error_of(await http.get("/staff/v1/stores", headers=headers)) == (403, "forbidden")
    assert (await http.get("/staff/v1/channels", headers=headers)).status_code == 200


async def test_a_change_needs_the_version_one_saw(http, boss):
    role = await added(http, boss)
    path = f"{ROLES}/{role['id']}"
    bodies = [{"version": 1, "name": f"名{number}"} for number in range(5)]
    answers = await asyncio.gather(*(http.patch(path, headers=boss, json=body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]
    late = next(answer for answer in answers if answer.status_code == 409)
    assert (error_of(late), late.json()["error"]["details"]) == ((409, "role_changed"), {"version": 2})
    assert error_of(await http.patch(path, headers=boss, json={"name": "名"})) == (422, "invalid_input")


async def test_ready_made_roles_are_neither_changed_nor_deleted(http, boss):
    for role in READY_MADE.values():
        path = f"{ROLES}/{role.id}"
        assert error_of(await http.patch(path, headers=boss, json={"version": 1})) == (409, "role_ready_made")
        assert error_of(await http.delete(path, headers=boss)) == (409, "role_ready_made")


async def test_a_role_that_somebody_holds_is_not_deleted_until_they_have_left(http, boss):
    role = await added(http, boss)
    staff = await make.colleague(RoleKey.GUIDE)
    await give(staff, role["id"])
    path = f"{ROLES}/{role['id']}"
    refused = await http.delete(path, headers=boss)
    assert (error_of(refused), refused.json()["error"]["details"]) == ((409, "role_held"), {"holders": 1})
    await database.execute("UPDATE staff SET left_at = now() WHERE id = $1", staff.id)
    assert (await http.delete(path, headers=boss)).status_code == 204
    for method in ("GET", "DELETE"):
        assert error_of(await http.request(method, path, headers=boss)) == (404, "role_not_found")
    again = await added(http, boss)
    assert again["id"] != role["id"]


async def test_nobody_composes_a_role_with_rights_they_do_not_hold(http, boss):
    headers, role = await with_role(http, boss, points=["roles:read", "roles:write", "fans:read"], scope="store")
    strong = await added(http, boss, name="强", points=["staff:write"])
    for body, beyond in (
        ({"points": ["fans:read", "fans:write"]}, ["fans:write"]),
        ({"scope": "department"}, ["department"]),
        ({"special_rights": ["schedule"]}, ["schedule"]),
        ({"copy_of": str(READY_MADE[RoleKey.FINANCE].id), "points": []}, ["all"]),
    ):
        expected = [*beyond, *({"copy_of"} & set(body) and ["month_result", "payable_plan", "receivable_plan"])]
        answer = await http.post(ROLES, headers=headers, json={"name": "一"} | body)
        assert (error_of(answer), answer.json()["error"]["details"]) == (
            (403, "right_not_yours"),
            {"beyond": expected},
        )
    for answer in (
        await http.patch(f"{ROLES}/{role['id']}", headers=headers, json={"version": 1, "points": ["staff:write"]}),
        await http.patch(f"{ROLES}/{strong['id']}", headers=headers, json={"version": 1, "points": []}),
        await http.delete(f"{ROLES}/{strong['id']}", headers=headers),
    ):
        assert error_of(answer) == (403, "right_not_yours")
    assert (await added(http, headers, name="弱", points=["fans:read"], scope="own"))["points"] == ["fans:read"]


async def test_the_last_administrators_role_does_not_get_smaller(http, boss):
    everything = sorted(READY_MADE[RoleKey.ADMIN].points)
    headers, role = await with_role(http, boss, points=everything, scope="all")
    await database.execute("UPDATE staff SET left_at = now() WHERE role_id = $1", READY_MADE[RoleKey.ADMIN].id)
    path = f"{ROLES}/{role['id']}"
    smaller = await http.patch(path, headers=headers, json={"version": 1, "points": ["roles:write"]})
    assert error_of(smaller) == (409, "last_administrator")
    assert (await http.patch(path, headers=headers, json={"version": 1, "name": "总管"})).status_code == 200


async def test_a_stored_point_that_exists_no_more_is_passed_over(http, boss):
    headers, role = await with_role(http, boss, points=["stores:read"])
    await database.execute("""UPDATE role SET points = '["stores:read", "gone:read"]' WHERE id = $1""", role["id"])
    assert (await http.get("/staff/v1/stores", headers=headers)).status_code == 200
    assert (await http.get(f"{ROLES}/{role['id']}", headers=boss)).json()["points"] == ["stores:read"]
    renamed = await http.patch(f"{ROLES}/{role['id']}", headers=boss, json={"version": 1, "name": "二"})
    assert renamed.status_code == 200


async def test_what_is_done_to_roles_is_in_the_audit_log(http, boss):
    role = await added(http, boss, points=["fans:read"])
    path = f"{ROLES}/{role['id']}"
    await http.patch(path, headers=boss, json={"version": 1, "points": []})
    await http.delete(path, headers=boss)
    await http.delete(path, headers=boss)
    noted = await make.rows("SELECT action, actor, subject_id, details::text FROM audit ORDER BY created_at, id")
    noted = [row for row in noted if row["action"].startswith("role.")]
    assert [row["action"] for row in noted] == ["role.added", "role.changed", "role.deleted"]
    assert {row["subject_id"] for row in noted} == {role["id"]}
    assert all(row["actor"].startswith("staff:") for row in noted)
    assert "fans:read" in noted[1]["details"]


async def test_at76_each_sensitive_card_needs_its_special_right(http, boss):
    async def cards(headers):
        return [card["key"] for card in (await http.get("/staff/v1/me/cards", headers=headers)).json()]

    for right in SpecialRight:
        headers, _ = await with_role(http, boss, name=right, special_rights=[right])
        assert await cards(headers) == [right]
    headers, _ = await with_role(http, boss, name="无")
    assert await cards(headers) == []
    assert await cards(boss) == list(SpecialRight)


async def test_at76_a_route_may_ask_for_a_special_right(http, boss):
    router = APIRouter()

    @router.get("/plan", dependencies=[RequireSpecialRight(SpecialRight.RECEIVABLE_PLAN)])
    async def plan() -> str:
        return "plan"

    from api import errors

    app = FastAPI()
    app.include_router(router)
    errors.install(app)
    async with open_door(app) as door:
        holder, _ = await with_role(http, boss, special_rights=["receivable_plan"])
        other, _ = await with_role(http, boss, name="二", special_rights=["payable_plan"])
        assert (await door.get("/plan", headers=holder)).status_code == 200
        refused = await door.get("/plan", headers=other)
        assert refused.status_code == 403
        assert refused.json()["error"]["details"] == {"special_right": "receivable_plan"}
