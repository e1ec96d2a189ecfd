"""How a role sees customers: ready-made ones as is fixed, others as set, or as their points are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.permissions.points import POINTS
from core.permissions.rules import Layout, RoleKey, layout_of
from tests import factories as make

FIXED = {
    RoleKey.GUIDE: Layout.SALES,
    RoleKey.REP: Layout.SALES,
    RoleKey.STORE_MANAGER: Layout.SALES,
    RoleKey.SERVICE: Layout.SERVICE,
    RoleKey.MARKETER: Layout.MANAGEMENT,
    RoleKey.FINANCE: Layout.MANAGEMENT,
    RoleKey.MANAGER: Layout.MANAGEMENT,
    RoleKey.ADMIN: Layout.MANAGEMENT,
}


@pytest.mark.parametrize("key", list(RoleKey))
async def test_the_layout_of_a_ready_made_role_is_fixed(db, key):
    assert (await make.colleague(key)).layout is FIXED[key]


@given(st.sets(st.sampled_from(sorted(POINTS))), st.sampled_from([None, *Layout]))
def test_what_is_set_stands_and_else_the_points_decide(points, stored):
    layout = layout_of(None, stored, points)
    assert stored is None or layout is stored
    if stored is None and "followups:write" in points:
        assert layout is Layout.SALES


async def test_an_administrator_sets_the_layout_of_a_role_and_takes_it_back(http):
    boss = await make.headers(await make.admin())
    points = ["customers:read", "customers:write"]
    added = (await http.post("/staff/v1/roles", json={"name": "质检", "points": points}, headers=boss)).json()
    assert added["layout"] == "service"
    path = f"/staff/v1/roles/{added['id']}"
    changed = (await http.patch(path, json={"version": 1, "layout": "management"}, headers=boss)).json()
    assert (changed["layout"], changed["points"]) == ("management", points)
    kept = (await http.patch(path, json={"version": 2, "name": "质检组"}, headers=boss)).json()
    assert kept["layout"] == "management"
    back = (await http.patch(path, json={"version": 3, "layout": None}, headers=boss)).json()
    assert back["layout"] == "service"


async def test_a_copy_sees_customers_as_its_model_does_unless_told_otherwise(http):
    boss = await make.headers(await make.admin())
    roles = (await http.get("/staff/v1/roles", headers=boss)).json()["items"]
    guide = next(role["id"] for role in roles if role["key"] == "guide")
    copy = (await http.post("/staff/v1/roles", json={"name": "副本", "copy_of": guide}, headers=boss)).json()
    told = {"name": "副本二", "copy_of": copy["id"], "layout": "service"}
    other = (await http.post("/staff/v1/roles", json=told, headers=boss)).json()
    third = (await http.post("/staff/v1/roles", json={"name": "副本三", "copy_of": other["id"]}, headers=boss)).json()
    assert [role["layout"] for role in (copy, other, third)] == ["sales", "service", "service"]
