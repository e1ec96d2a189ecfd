"""Operation points (`part:action`), data scopes and special rights, and the ready-made roles made of them.

Three kinds of right, each given apart (AT-75): what somebody may do, whose data it may be done to, and what is
sensitive enough to be granted by name.
"""

from collections.abc import Container, Iterable
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Scope(StrEnum):
    """Whose data a colleague sees: the own, the store's, the department's, also those below it, everybody's.

    They are in this order, from the least to the most.
    """

    OWN = "own"
    STORE = "store"
    DEPARTMENT = "department"
    BELOW = "below"
    ALL = "all"


class SpecialRight(StrEnum):
    """The sensitive cards of the workbench (AT-76)."""

    SCHEDULE = "schedule"
    UNHANDLED_CALLS = "unhandled_calls"
    RECEIVABLE_PLAN = "receivable_plan"
    PAYABLE_PLAN = "payable_plan"
    MONTH_RESULT = "month_result"


class Layout(StrEnum):
    """How a role sees a customer (K-08): everything to sell with, what service needs, totals for management."""

    SALES = "sales"
    SERVICE = "service"
    MANAGEMENT = "management"


class RoleKey(StrEnum):
    """The ready-made roles."""

    GUIDE = "guide"
    REP = "rep"
    STORE_MANAGER = "store_manager"
    MARKETER = "marketer"
    SERVICE = "service"
    FINANCE = "finance"
    MANAGER = "manager"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class ReadyMade:
    """A role that comes with the product."""

    id: UUID
    name: str
    points: frozenset[str]
    scope: Scope
    special_rights: frozenset[SpecialRight] = frozenset()


_STAFF = frozenset({"stores:read"})
_CUSTOMERS = frozenset({"customers:read", "fields:read", "tags:attach", "tags:read"})
# Who answers fans.
_ANSWERING = {"inbox:read", "inbox:reply"}
_GUIDE = _STAFF | _CUSTOMERS | _ANSWERING | {"codes:read", "customers:write", "fans:read", "fans:write", "labels:read"}
# What it takes to have customers of one's own.
_SELLER = {"customers:transfer", "followups:write", "pool:claim", "pool:read"}
_SERVICE = _GUIDE | {"inbox:assign", "inbox:report", "replies:read"}
_STORE_MANAGER = (
    _GUIDE
    | _SELLER
    | {
        "customers:assign",
        "customers:correct",
        "pool:assign",
        "guides:read",
        "handovers:write",
        "inbox:assign",
        "inbox:report",
        "ranking:read",
        "staff:read",
        "tasks:write",
        "views:share",
    }
)
_MARKETER = (
    _STAFF
    | _CUSTOMERS
    | {
        "accounts:read",
        "announcements:write",
        "channels:read",
        "channels:write",
        "codes:read",
        "codes:write",
        "fans:read",
        "fans:write",
        "guides:read",
        "images:read",
        "images:write",
        "inbox:read",
        "labels:read",
        "labels:write",
        "menus:read",
        "menus:write",
        "omnichannel:read",
        "ranking:read",
        "replies:read",
        "replies:write",
        "tags:write",
        "views:share",
        "welcomes:read",
        "welcomes:write",
        "words:write",
    }
)
_MANAGER = (
    _STORE_MANAGER
    | _MARKETER
    | {
        "customers:credit",
        "customers:export",
        "customers:import",
        "customers:merge",
        "customers:unmask",
        "pool:discard",
        "pool:write",
        "blocks:write",
        "departments:read",
        "guides:write",
        "stores:write",
    }
)
_ADMIN = _MANAGER | {
    "accounts:write",
    "alerts:read",
    "audit:read",
    "backups:read",
    "departments:write",
    "fields:write",
    "parameters:read",
    "parameters:write",
    "roles:read",
    "roles:write",
    "staff:write",
    "consents:write",
    "customers:erase",
}
_ALL_SPECIAL = frozenset(SpecialRight)


def _id(number: int) -> UUID:
    """The fixed id of a ready-made role; a migration writes its row."""
    return UUID(f"00000000-0000-7000-8000-{number:012d}")


READY_MADE: dict[RoleKey, ReadyMade] = {
    RoleKey.GUIDE: ReadyMade(_id(1), "导购", _GUIDE | _SELLER, Scope.OWN),
    RoleKey.REP: ReadyMade(_id(2), "外勤", _STAFF | _CUSTOMERS | _SELLER | _ANSWERING | {"customers:write"}, Scope.OWN),
    RoleKey.STORE_MANAGER: ReadyMade(_id(3), "店长", _STORE_MANAGER, Scope.STORE, frozenset({SpecialRight.SCHEDULE})),
    RoleKey.MARKETER: ReadyMade(_id(4), "市场", _MARKETER, Scope.ALL),
    RoleKey.SERVICE: ReadyMade(_id(5), "客服", _SERVICE, Scope.ALL, frozenset({SpecialRight.UNHANDLED_CALLS})),
    RoleKey.FINANCE: ReadyMade(
        _id(6),
        "财务",
        _STAFF | {"customers:credit", "customers:read", "fields:read"},
        Scope.ALL,
        frozenset({SpecialRight.RECEIVABLE_PLAN, SpecialRight.PAYABLE_PLAN, SpecialRight.MONTH_RESULT}),
    ),
    RoleKey.MANAGER: ReadyMade(_id(7), "经理", _MANAGER, Scope.BELOW, _ALL_SPECIAL),
    RoleKey.ADMIN: ReadyMade(_id(8), "管理员", _ADMIN, Scope.ALL, _ALL_SPECIAL),
}


_LAYOUTS = {
    RoleKey.GUIDE: Layout.SALES,
    RoleKey.REP: Layout.SALES,
    RoleKey.STORE_MANAGER: Layout.SALES,
    RoleKey.SERVICE: Layout.SERVICE,
}


def layout_of(key: str | None, stored: str | None, points: Container[str]) -> Layout:
    """How holders of a role see a customer: fixed for a ready-made one, else as set, else what the points are for."""
    if key:
        return _LAYOUTS.get(RoleKey(key), Layout.MANAGEMENT)
    if stored:
        return Layout(stored)
    if "followups:write" in points:
        return Layout.SALES
    return Layout.SERVICE if "customers:write" in points else Layout.MANAGEMENT


@dataclass(frozen=True, slots=True)
class Rights:
    """The three kinds together: what a role gives, or what a colleague holds."""

    points: frozenset[str]
    scope: Scope
    special_rights: frozenset[SpecialRight]

    def beyond(self, held: "Rights") -> list[str]:
        """What of this goes beyond what somebody holds: nobody gives what they don't have."""
        scopes = list(Scope)
        wider = [self.scope.value] if scopes.index(self.scope) > scopes.index(held.scope) else []
        return [*sorted(self.points - held.points), *wider, *sorted(self.special_rights - held.special_rights)]


def special_rights_in(names: Iterable[str]) -> frozenset[SpecialRight]:
    """Those of the stored names that are special rights; what there is no more counts for nothing."""
    return frozenset(right for right in SpecialRight if right in set(names))


def scope_in_force(scope: Scope, *, on_top: bool) -> Scope:
    """Everything below all departments at the top is everything, also what nobody looks after.

    `on_top`: each of them is the own one or granted.
    """
    return Scope.ALL if scope is Scope.BELOW and on_top else scope
