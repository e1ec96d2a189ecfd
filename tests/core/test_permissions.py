"""Ready-made roles: a guide has the own data, a manager stores and words, an administrator people and accounts too."""

from core.permissions.rules import PERMISSIONS, Role, allows

# What nobody below an administrator may do.
ADMINISTRATION = {"staff:write", "accounts:write", "alerts:read"}


def test_a_guide_may_see_the_own_data_and_the_labels_to_choose_from():
    assert PERMISSIONS[Role.GUIDE] == {"codes:own", "fans:own", "labels:read"}


def test_a_manager_administers_neither_people_nor_accounts_and_has_no_data_of_a_guides():
    assert not PERMISSIONS[Role.MANAGER] & ADMINISTRATION
    assert not any(permission.endswith(":own") for permission in PERMISSIONS[Role.MANAGER])


def test_an_administrator_may_what_a_manager_may_and_administers():
    assert PERMISSIONS[Role.ADMIN] == PERMISSIONS[Role.MANAGER] | ADMINISTRATION


def test_a_right_nobody_holds_is_allowed_to_nobody():
    assert not any(allows(role, "anything:else") for role in Role)
