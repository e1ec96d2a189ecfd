"""People: listed within reach, changed by version, moved, disabled and let in again; nobody gives what they lack."""

import asyncio
from uuid import uuid4

import pytest

from app.contexts import registry
from core.permissions.rules import READY_MADE, RoleKey, Scope, SpecialRight
from infra import database
from infra.ids import new_id
from tests import factories as make
from tests.doors import error_of

STAFF = "/staff/v1/staff"


@pytest.fixture
async def boss(http):
    return await make.headers(await make.admin())


async def _role(name, points, scope=Scope.ALL):
    """The id of a role with these operation points."""
    role_id = new_id()
    await database.execute(
        """INSERT INTO role (id, name, points, scope, special_rights, version, created_at)
        SELECT $1, $2, to_jsonb($3::text[]), $4, '[]', 1, created_at FROM role WHERE key = 'admin'""",
        role_id,
        name,
        points,
        scope.value,
    )
    return role_id


async def _with(role_id, **values):
    """Somebody with a role of one's own."""
    person = await make.colleague(RoleKey.REP, **values)
    await database.execute("UPDATE staff SET role_id = $2 WHERE id = $1", person.id, role_id)
    return await make.headers(person)


async def _shown(http, boss, person):
    return (await http.get(f"{STAFF}/{person.id}", headers=boss)).json()


async def _change(http, headers, person, version=1, **values):
    return await http.patch(f"{STAFF}/{person.id}", headers=headers, json={"version": version} | values)


async def test_people_are_filtered_by_place_role_state_and_text(http, boss):
    east = await make.department()
    city = await make.department(parent=east)
    posts = [await make.post(department) for department in (east, city)]
    store = await make.store()
    a = await make.colleague(RoleKey.REP, "张经理", post=posts[0])
    b = await make.colleague(RoleKey.REP, "李店员", post=posts[1], store_id=store.id)
    c = await make.colleague(RoleKey.FINANCE, "100%", post=posts[1])
    await http.post(f"{STAFF}/{b.id}/disable", headers=boss)
    await http.post(f"{STAFF}/{c.id}/leave", headers=boss)
    everybody = [str(p.id) for p in (a, b, c)]
    for query, found in (
        (f"department_id={east.id}", "abc"),
        (f"department_id={city.id}", "bc"),
        (f"post_id={posts[0].id}", "a"),
        (f"store_id={store.id}", "b"),
        (f"role_id={READY_MADE[RoleKey.FINANCE].id}", "c"),
        (f"department_id={east.id}&state=at_work", "a"),
        (f"department_id={east.id}&state=disabled", "b"),
        (f"department_id={east.id}&state=left", "c"),
        ("text=经理", "a"),
        ("text=0%25", "c"),
        ("text=FINANCE-", "c"),
        (f"department_id={uuid4()}", ""),
    ):
        items = (await http.get(f"{STAFF}?{query}", headers=boss)).json()["items"]
        assert [item["id"] for item in items] == [everybody["abc".index(letter)] for letter in found], query


async def test_pages_hold_everybody_once(http, boss):
    people = {str((await make.guide()).id) for _ in range(4)}
    seen, cursor = [], ""
    while cursor is not None:
        page = (await http.get(f"{STAFF}?limit=2{cursor and f'&cursor={cursor}'}", headers=boss)).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
    assert len(seen) == len(set(seen)) == 5
    assert people < set(seen)


async def test_only_people_in_reach_are_listed_and_shown(http):
    await make.admin()
    east, west = await make.department(), await make.department()
    city = await make.department(parent=east)
    posts = {d.id: await make.post(d) for d in (east, west, city)}
    store = await make.store()
    keeper = await make.colleague(RoleKey.STORE_MANAGER, post=posts[east.id], store_id=store.id)
    mate = await make.colleague(RoleKey.REP, post=posts[west.id], store_id=store.id)
    deep = await make.colleague(RoleKey.REP, post=posts[city.id])
    for scope, expected in (
        (Scope.OWN, {keeper}),
        (Scope.STORE, {keeper, mate}),
        (Scope.DEPARTMENT, {keeper}),
        (Scope.BELOW, {keeper, deep}),
    ):
        await database.execute("UPDATE staff SET scope = $2 WHERE id = $1", keeper.id, scope.value)
        headers = await make.headers(keeper)
        items = (await http.get(STAFF, headers=headers)).json()["items"]
        assert {item["id"] for item in items} == {str(p.id) for p in expected}, scope
        for person in (mate, deep):
            answer = await http.get(f"{STAFF}/{person.id}", headers=headers)
            assert answer.status_code == (200 if person in expected else 404), scope
    assert error_of(await http.get(f"{STAFF}/{uuid4()}", headers=headers)) == (404, "staff_not_found")


async def test_what_is_given_changes_and_the_rest_stays(http, boss):
    person = await make.colleague(RoleKey.REP)
    before = await _shown(http, boss, person)
    changed = await _change(http, boss, person, name=" 员工99 ", phone="13800138000", email="a@example.com")
    told = {"name": "员工99", "phone": "13800138000", "email": "a@example.com", "version": 2}
    assert changed.json() == before | told
    same = await _change(http, boss, person, 2, name="员工99", role_id=before["role_id"])
    assert same.json()["version"] == 2
    cleared = await _change(http, boss, person, 2, phone="", email="")
    assert (cleared.json()["phone"], cleared.json()["email"], cleared.json()["name"]) == ("", "", "员工99")
    for wrong in ({"name": ""}, {"post_id": None}, {"role_id": None}, {"phone": "12"}, {"email": "a"}, {"x": 1}):
        assert error_of(await _change(http, boss, person, 3, **wrong)) == (422, "invalid_input")
    assert error_of(await http.patch(f"{STAFF}/{person.id}", headers=boss, json={})) == (422, "invalid_input")


async def test_of_two_changes_of_one_version_the_second_hears_of_the_first(http, boss):
    person = await make.colleague(RoleKey.REP)
    answers = await asyncio.gather(*(_change(http, boss, person, name=f"员工{n}") for n in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]
    late = next(answer for answer in answers if answer.status_code == 409)
    assert error_of(late) == (409, "staff_changed")
    assert late.json()["error"]["details"] == {"version": 2}


async def test_at71_a_person_moves_with_the_post_and_to_another_store(http, boss):
    post, store, closed = await make.post(await make.department()), await make.store(), await make.store()
    await http.post(f"/staff/v1/stores/{closed.id}/close", headers=boss)
    guide = await make.guide()
    moved = (await _change(http, boss, guide, post_id=str(post.id), store_id=str(store.id))).json()
    assert (moved["post_id"], moved["department_id"]) == (str(post.id), str(post.department_id))
    assert (moved["store_id"], moved["store_name"], moved["is_guide"]) == (str(store.id), store.name, True)
    assert error_of(await _change(http, boss, guide, 2, store_id=None)) == (422, "store_needed")
    for gone in (closed.id, uuid4()):
        assert error_of(await _change(http, boss, guide, 2, store_id=str(gone))) == (404, "store_not_found")
    assert error_of(await _change(http, boss, guide, 2, post_id=str(uuid4()))) == (404, "post_not_found")
    assert (await _shown(http, boss, guide))["version"] == 2


async def test_who_becomes_a_guide_gets_a_code(http, boss):
    account, store = await make.account(), await make.store()
    person = await make.colleague(RoleKey.GUIDE)
    assert error_of(await _change(http, boss, person, is_guide=True)) == (422, "store_needed")
    assert (await _change(http, boss, person, is_guide=True, store_id=str(store.id))).json()["is_guide"] is True
    await make.settle(registry())
    codes = await make.rows("SELECT guide_id FROM wechat_code WHERE guide_id IS NOT NULL")
    assert [row["guide_id"] for row in codes] == [person.id]
    assert account.app_id


async def test_rights_are_changed_by_who_may_change_roles(http, boss):
    department = await make.department()
    person = await make.colleague(RoleKey.REP)
    rights = {
        "role_id": str(READY_MADE[RoleKey.GUIDE].id),
        "scope": "department",
        "special_rights": ["schedule"],
        "granted_departments": [str(department.id)],
    }
    clerk = await _with(await _role("人事", sorted(READY_MADE[RoleKey.ADMIN].points - {"roles:write"})))
    for name, value in rights.items():
        answer = await _change(http, clerk, person, **{name: value})
        assert error_of(answer) == (403, "forbidden"), name
        assert answer.json()["error"]["details"] == {"permission": "roles:write"}
    assert (await _change(http, clerk, person, name="员工99", scope=None)).status_code == 200
    changed = (await _change(http, boss, person, 2, **rights)).json()
    assert {name: changed[name] for name in ("role_id", "scope", "own_scope")} == {
        "role_id": rights["role_id"],
        "scope": "department",
        "own_scope": "department",
    }
    assert changed["special_rights"] == changed["own_special_rights"] == ["schedule"]
    assert changed["granted_departments"] == [str(department.id)]
    back = (await _change(http, boss, person, 3, scope=None, special_rights=[], granted_departments=[])).json()
    assert (back["scope"], back["special_rights"], back["granted_departments"]) == ("own", [], [])
    nobody = str(uuid4())
    for name, value, code in (("role_id", nobody, "role"), ("granted_departments", [nobody], "department")):
        assert error_of(await _change(http, boss, person, 4, **{name: value})) == (404, f"{code}_not_found")


async def test_nobody_gives_a_right_they_lack_or_touches_the_rights_of_who_has_more(http, boss):
    points = READY_MADE[RoleKey.REP].points | {"staff:read", "staff:write", "roles:write"}
    headers = await _with(await _role("组长", sorted(points), Scope.ALL), scope=Scope.BELOW)
    east = await make.department()
    rep, admin = await make.colleague(RoleKey.REP), await make.colleague(RoleKey.ADMIN)
    for values, beyond in (
        ({"role_id": str(READY_MADE[RoleKey.FINANCE].id)}, ["month_result"]),
        ({"role_id": str(READY_MADE[RoleKey.GUIDE].id)}, ["codes:read"]),
        ({"special_rights": [SpecialRight.SCHEDULE]}, ["schedule"]),
        ({"scope": "all"}, ["all"]),
    ):
        answer = await _change(http, headers, rep, **values)
        assert error_of(answer) == (403, "right_not_yours"), values
        assert set(beyond) <= set(answer.json()["error"]["details"]["beyond"])
    granted = await _change(http, headers, rep, granted_departments=[str(east.id)])
    assert error_of(granted) == (404, "department_not_found")
    demoted = await _change(http, headers, admin, role_id=str(READY_MADE[RoleKey.REP].id))
    assert error_of(demoted) == (403, "right_not_yours")
    assert (await _change(http, headers, rep, scope="store")).status_code == 200
    body = {"name": "员工01", "username": "employee-01", "password": "password-1"} | await make.place()
    for role, status in ((RoleKey.REP, 201), (RoleKey.ADMIN, 403)):
        person = {"username": f"by-the-{role}", "role_id": str(READY_MADE[role].id)}
        assert (await http.post(STAFF, headers=headers, json=body | person)).status_code == status


async def test_nobody_puts_a_person_where_they_do_not_see(http, boss):
    east, west = await make.department(), await make.department()
    posts = [await make.post(department) for department in (east, west)]
    here, there = await make.store(), await make.store()
    for store, department in ((here, east), (there, west)):
        await http.patch(f"/staff/v1/stores/{store.id}", headers=boss, json={"department_id": str(department.id)})
    chief = await make.colleague(RoleKey.ADMIN, post=posts[0], scope=Scope.BELOW)
    person, headers = await make.colleague(RoleKey.REP, post=posts[0]), await make.headers(chief)
    away = {"post_id": str(posts[1].id)}
    assert error_of(await _change(http, headers, person, **away)) == (404, "department_not_found")
    assert error_of(await _change(http, headers, chief, **away)) == (404, "department_not_found")
    assert error_of(await _change(http, headers, person, store_id=str(there.id))) == (404, "store_not_found")
    assert (await _change(http, headers, person, store_id=str(here.id))).status_code == 200
    body = {"name": "员工01", "username": "employee-01", "password": "password-1"}
    body |= {"role_id": str(READY_MADE[RoleKey.REP].id), "department_id": str(west.id)} | away
    assert error_of(await http.post(STAFF, headers=headers, json=body)) == (404, "department_not_found")
    guide = {k: v for k, v in body.items() if k != "role_id"} | {"store_id": str(here.id)}
    assert error_of(await http.post("/staff/v1/guides", headers=headers, json=guide)) == (404, "department_not_found")
    guide |= {"department_id": str(east.id), "post_id": str(posts[0].id), "store_id": str(there.id)}
    assert error_of(await http.post("/staff/v1/guides", headers=headers, json=guide)) == (404, "store_not_found")
    assert await make.rows("SELECT 1 FROM staff WHERE username = 'employee-01'") == []


async def test_who_sees_one_store_adds_people_to_it(http):
    await make.admin()
    store, other = await make.store(), await make.store()
    points = sorted(READY_MADE[RoleKey.REP].points | {"staff:read", "staff:write"})
    headers = await _with(await _role("店主", points), store_id=store.id, scope=Scope.STORE)
    body = {"name": "员工01", "username": "employee-01", "password": "password-1"} | await make.place()
    body |= {"role_id": str(READY_MADE[RoleKey.REP].id)}
    for place in ({}, {"store_id": str(other.id)}):
        assert (await http.post(STAFF, headers=headers, json=body | place)).status_code == 404
    assert (await http.post(STAFF, headers=headers, json=body | {"store_id": str(store.id)})).status_code == 201


async def test_at72_a_disabled_account_is_out_at_once_and_its_data_stay(http, boss):
    account, guide = await make.account(), await make.guide()
    code, headers = await make.code(account, guide), await make.headers(guide)
    assert (await http.get("/staff/v1/me", headers=headers)).status_code == 200
    disabled = (await http.post(f"{STAFF}/{guide.id}/disable", headers=boss)).json()
    assert disabled["disabled_at"] is not None
    assert error_of(await http.get("/staff/v1/me", headers=headers)) == (401, "unauthenticated")
    login = {"username": guide.username, "password": make.PASSWORD}
    assert error_of(await http.post("/staff/v1/login", json=login)) == (401, "wrong_password")
    assert (await http.post(f"{STAFF}/{guide.id}/disable", headers=boss)).json() == disabled
    assert (await http.get(f"/staff/v1/codes/{code.id}", headers=boss)).json()["target_id"] == str(guide.id)
    assert (await http.post(f"{STAFF}/{guide.id}/enable", headers=boss)).json()["disabled_at"] is None
    assert error_of(await http.get("/staff/v1/me", headers=headers)) == (401, "unauthenticated")
    assert (await http.post("/staff/v1/login", json=login)).status_code == 200


async def test_who_left_is_neither_changed_nor_disabled_nor_let_in_again(http, boss):
    person = await make.colleague(RoleKey.REP)
    await http.post(f"{STAFF}/{person.id}/leave", headers=boss)
    for answer in (
        await _change(http, boss, person, name="员工99"),
        await http.post(f"{STAFF}/{person.id}/disable", headers=boss),
        await http.post(f"{STAFF}/{person.id}/enable", headers=boss),
    ):
        assert error_of(answer) == (409, "staff_left")


async def test_who_lets_somebody_in_again_holds_their_rights(http, boss):
    admin = await make.colleague(RoleKey.ADMIN)
    await http.post(f"{STAFF}/{admin.id}/disable", headers=boss)
    headers = await _with(await _role("组长", ["staff:write", "staff:read"]))
    assert error_of(await http.post(f"{STAFF}/{admin.id}/enable", headers=headers)) == (403, "right_not_yours")


@pytest.mark.parametrize("way", ["disable", "leave", "role", "scope"])
async def test_the_last_administrator_at_work_stays_one(http, way):
    first, second = await make.admin(), await make.admin()
    headers = await make.headers(first)
    role = str(READY_MADE[RoleKey.MANAGER].id)
    ask = {
        "disable": lambda p: http.post(f"{STAFF}/{p.id}/disable", headers=headers),
        "leave": lambda p: http.post(f"{STAFF}/{p.id}/leave", headers=headers),
        "role": lambda p: _change(http, headers, p, role_id=role),
        "scope": lambda p: _change(http, headers, p, scope="below"),
    }[way]
    assert (await ask(second)).status_code == 200
    assert error_of(await ask(first)) == (409, "last_administrator")
    assert (await http.get("/staff/v1/me", headers=headers)).json()["role"] == "admin"


@pytest.mark.parametrize("way", ["disable", "leave", "role"])
async def test_two_administrators_who_take_each_other_away_at_once_leave_one(http, way):
    role = str(READY_MADE[RoleKey.MANAGER].id)
    for _ in range(4):
        await database.execute("UPDATE staff SET left_at = created_at WHERE left_at IS NULL")
        two = [await make.admin() for _ in range(2)]
        headers = [await make.headers(one) for one in two]
        asked = [
            _change(http, by, other, role_id=role)
            if way == "role"
            else http.post(f"{STAFF}/{other.id}/{way}", headers=by)
            for by, other in zip(headers, two[::-1], strict=True)
        ]
        answers = await asyncio.gather(*asked)
        left = await make.rows(
            "SELECT 1 FROM staff WHERE left_at IS NULL AND disabled_at IS NULL AND role_id = $1",
            READY_MADE[RoleKey.ADMIN].id,
        )
        assert (min(a.status_code for a in answers), len(left)) == (200, 1)
        refused = {a.status_code: a for a in answers if a.status_code != 200}
        assert refused.keys() <= {401, 403, 409}


async def test_every_change_of_a_person_is_in_the_audit_without_phone_and_email(http, boss):
    role = str(READY_MADE[RoleKey.REP].id)
    body = {"name": "员工01", "username": "employee-01", "password": "password-1", "phone": "13800138000"}
    added = (await http.post(STAFF, headers=boss, json=body | {"role_id": role} | await make.place())).json()
    path = f"{STAFF}/{added['id']}"
    change = {"version": 1, "name": "员工02", "phone": "13900139000", "email": "secret@example.com", "scope": "store"}
    assert (await http.patch(path, headers=boss, json=change)).status_code == 200
    for way in ("disable", "enable", "leave"):
        await http.post(f"{path}/{way}", headers=boss)
    noted = await make.rows(
        "SELECT action, actor, details::text AS details FROM audit WHERE subject_id = $1 ORDER BY id", added["id"]
    )
    actions = [row["action"].removeprefix("staff.") for row in noted]
    assert actions == ["added", "changed", "disabled", "enabled", "left"]
    assert all(row["actor"].startswith("staff:") for row in noted)
    told = noted[1]["details"]
    assert '"name": ["员工01", "员工02"]' in told
    assert '"phone": "changed"' in told
    assert '"scope": [null, "store"]' in told
    assert not any(secret in str(noted) for secret in ("13800138000", "13900139000", "secret@"))
