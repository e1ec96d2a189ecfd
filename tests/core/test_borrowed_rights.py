"""Nobody comes by rights they don't hold: through another's account, a grant, an import, or a way left open."""

from datetime import timedelta

import pytest

from core.organisation import bindings
from core.organisation.bindings import Outcome
from core.organisation.imports.rules import HEADERS
from core.organisation.models import Department, DepartmentGrant
from core.permissions.rules import READY_MADE, RoleKey, Scope
from core.sessions import service as sessions
from infra import clock, crypto
from infra.ids import new_id
from tests import factories as make
from tests.core.account_world import me
from tests.core.sheets import filled, sent
from tests.doors import error_of

STAFF = "/staff/v1/staff"
APP = "wx0000000000000001"
REP = str(READY_MADE[RoleKey.REP].id)


async def _grant(staff, department):
    await DepartmentGrant.create(id=new_id(), staff_id=staff.id, department_id=department.id)


@pytest.fixture
async def home(http):
    return await Department.get(id=(await make.admin()).department_id)


@pytest.fixture
async def branch(home):
    return await make.post(await make.department(parent=home))


@pytest.fixture
async def clerk(branch):
    """Administers a branch and what is below it."""
    return await make.colleague(RoleKey.ADMIN, post=branch, scope=Scope.BELOW)


WAYS = {
    "password": ("PUT", "password", {}),
    "second factor": ("DELETE", "second-factor", None),
    "wechat": ("PUT", "wechat", {"app_id": APP, "openid": "the clerk's"}),
    "role": ("PATCH", "", {"version": 1, "role_id": REP, "scope": None}),
}


async def _ask(http, by, staff, way):
    method, path, body = WAYS[way]
    return await http.request(
        method, f"{STAFF}/{staff.id}/{path}".rstrip("/"), headers=await make.headers(by), json=body
    )


@pytest.mark.parametrize("way", WAYS)
async def test_nobody_opens_or_changes_an_account_that_sees_departments_they_do_not(http, home, branch, clerk, way):
    person = await make.colleague(RoleKey.GUIDE, post=branch)
    await _grant(person, await make.department(parent=home))
    answer = await _ask(http, clerk, person, way)
    assert error_of(answer) == (403, "right_not_yours")
    assert answer.json()["error"]["details"] == {"beyond": ["granted_departments"]}


async def test_what_is_granted_within_the_own_reach_stands_in_nobodys_way(http, branch, clerk):
    person = await make.colleague(RoleKey.GUIDE, post=branch)
    await _grant(person, await make.department(parent=await Department.get(id=branch.department_id)))
    statuses = [(await _ask(http, clerk, person, way)).status_code for way in ("password", "wechat", "role")]
    assert statuses == [200, 204, 200]


async def test_nobody_is_bound_as_who_may_more(http, branch, clerk):
    above = await make.colleague(RoleKey.ADMIN, post=branch)
    answer = await _ask(http, clerk, above, "wechat")
    assert (error_of(answer), answer.json()["error"]["details"]) == ((403, "right_not_yours"), {"beyond": ["all"]})
    assert await bindings.of_staff(above.id) == []


async def test_nobody_makes_a_code_to_log_in_as_who_may_more(http, branch, clerk):
    above = await make.colleague(RoleKey.ADMIN, post=branch)
    answer = await http.post(f"{STAFF}/{above.id}/wechat/code", headers=await make.headers(clerk))
    assert error_of(answer) == (403, "right_not_yours")
    assert await make.rows("SELECT 1 FROM staff_binding_code") == []


async def test_who_is_granted_the_top_sees_all_at_once_and_not_by_moving_there(http, home, clerk):
    headers = await make.headers(clerk)
    assert (await me(http, headers)).json()["scope"] == "below"
    await _grant(clerk, home)
    assert (await me(http, headers)).json()["scope"] == "all"
    await make.department()
    assert (await me(http, headers)).json()["scope"] == "below"


async def test_an_import_into_the_own_store_makes_no_posts(http, branch):
    store = await make.store("一店")
    owner = await make.colleague(RoleKey.ADMIN, post=branch, scope=Scope.STORE, store_id=store.id)
    path = f"总部/{(await Department.get(id=branch.department_id)).name}"
    cells = ["员工01", "person-01", path, "新岗位", "外勤", "一店", "", "", ""]
    content = filled(tuple(HEADERS.values()), [dict(zip(HEADERS.values(), cells, strict=True))])
    headers = sent(await make.headers(owner)) | {"Initial-Password": "first-Password-1"}
    answer = await http.post(f"{STAFF}/import?dry_run=false&make_missing=true", headers=headers, content=content)
    assert [(p["field"], p["code"]) for p in answer.json()["problems"]] == [("岗位", "post_not_found")]


async def _waiting_code(staff):
    """Looks at a binding code that somebody made for this account."""
    digest = crypto.digest("binding code", APP, str(staff.id))
    await bindings.put_code(staff.id, digest, clock.now() + timedelta(minutes=10))

    async def look():
        return (await bindings.preview(digest, b"whoever")).outcome

    return look


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("DELETE", "sessions", None), ("PUT", "password", {}), ("POST", "disable", None)],
)
async def test_at77_with_the_sessions_end_the_codes_that_would_bind_a_phone(http, method, path, body):
    guide, other = await make.guide(), await make.guide()
    ended, spared = await _waiting_code(guide), await _waiting_code(other)
    assert await ended() is Outcome.BOUND
    boss = await make.headers(await make.admin())
    assert (await http.request(method, f"{STAFF}/{guide.id}/{path}", headers=boss, json=body)).status_code == 200
    if path == "disable":
        await http.post(f"{STAFF}/{guide.id}/enable", headers=boss)
    assert (await ended(), await spared()) == (Outcome.OVER, Outcome.BOUND)


async def test_unbinding_ends_the_sessions_that_wechat_opened(http):
    guide = await make.guide()
    await bindings.bind_wechat(guide.id, APP, "a lost phone")
    [binding] = await bindings.of_staff(guide.id)
    opened = [await sessions.open_session("staff", guide.id, way=way) for way in ("wechat", "password")]
    await bindings.unbind(guide.id, binding.id)
    statuses = [(await me(http, {"Authorization": f"Bearer {one.token}"})).status_code for one in opened]
    assert statuses == [401, 200]
