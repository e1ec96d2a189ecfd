"""Rights as rules: ready-made roles, what goes beyond what somebody holds, what is stored and exists no more."""

import pytest

from core.permissions.points import MODULES, POINTS, SCOPES, SPECIAL_RIGHTS, rights_of_role
from core.permissions.rules import READY_MADE, Rights, RoleKey, Scope, SpecialRight, scope_in_force, special_rights_in

# What nobody below an administrator may do.
ADMINISTRATION = {"staff:write", "roles:write", "accounts:write", "parameters:write", "audit:read", "backups:read"}


def held(points=(), scope=Scope.OWN, rights=()):
    return Rights(frozenset(points), scope, frozenset(rights))


def test_only_an_administrator_administers_and_may_what_every_other_role_may():
    administrator = READY_MADE[RoleKey.ADMIN]
    assert administrator.points >= ADMINISTRATION
    for key, role in READY_MADE.items():
        assert role.points <= administrator.points, key
        if key is not RoleKey.ADMIN:
            assert not role.points & ADMINISTRATION, key


def test_guides_and_reps_have_the_own_data_and_a_store_manager_the_stores():
    scopes = {key: role.scope for key, role in READY_MADE.items()}
    assert scopes[RoleKey.GUIDE] == scopes[RoleKey.REP] == Scope.OWN
    assert scopes[RoleKey.STORE_MANAGER] == Scope.STORE
    assert scopes[RoleKey.MANAGER] == Scope.BELOW


def test_ready_made_roles_hold_points_there_are_and_every_point_has_a_title_in_its_module():
    assert {point for role in READY_MADE.values() for point in role.points} == POINTS
    for module in MODULES:
        assert module.title
        assert all(point.split(":")[0] == module.key and title for point, title in module.points.items())
    assert len({module.key for module in MODULES}) == len(MODULES)
    assert list(SCOPES) == list(Scope)
    assert list(SPECIAL_RIGHTS) == list(SpecialRight)


@pytest.mark.parametrize(
    ("wanted", "beyond"),
    [
        (held(["a:read"]), []),
        (held(["a:read", "b:read"], Scope.STORE), ["b:read"]),
        (held(["a:read"], Scope.DEPARTMENT), ["department"]),
        (held([], Scope.OWN, [SpecialRight.SCHEDULE, SpecialRight.MONTH_RESULT]), ["month_result"]),
        (held(["b:read"], Scope.ALL, [SpecialRight.MONTH_RESULT]), ["b:read", "all", "month_result"]),
    ],
)
def test_what_goes_beyond_is_named(wanted, beyond):
    assert wanted.beyond(held(["a:read"], Scope.STORE, [SpecialRight.SCHEDULE])) == beyond


def test_what_is_stored_and_exists_no_more_counts_for_nothing():
    stored = rights_of_role(None, ["fans:read", "gone:read"], "store", ["schedule", "gone"])
    assert stored == held(["fans:read"], Scope.STORE, [SpecialRight.SCHEDULE])
    assert special_rights_in(["gone"]) == frozenset()


def test_a_ready_made_role_holds_what_the_code_says_whatever_is_stored():
    assert rights_of_role("finance", ["staff:write"], "own", []).points == READY_MADE[RoleKey.FINANCE].points
    assert rights_of_role("finance", [], "own", []).scope is Scope.ALL


def test_below_the_one_top_is_everything():
    assert scope_in_force(Scope.BELOW, on_top=True) is Scope.ALL
    assert scope_in_force(Scope.BELOW, on_top=False) is Scope.BELOW
    assert scope_in_force(Scope.DEPARTMENT, on_top=True) is Scope.DEPARTMENT
