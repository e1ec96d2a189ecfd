"""A million customers of ten thousand colleagues in a thousand departments, made by COPY, and who asks for them.

Few colleagues have very many customers, some have none, one region has old ones only.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import asyncpg

from core.permissions.rules import READY_MADE, RoleKey, Scope

CUSTOMERS = 1_000_000
_STAFF = 10_000
_REGIONS = 10
_DEPARTMENTS = 1_000
_TEAM = 10  # colleagues of a store, and of a department at the bottom
NOW = datetime(2026, 3, 4, tzinfo=UTC)
_APPS = ("wx0000000000000001", "wx0000000000000002")


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who asks, by the number of the row in `staff`."""

    name: str
    staff: int
    scope: Scope


# Numbers from 0: the head of the whole house, the head of all but ten, the heads of regions, then the teams.
_TOP, _ALMOST, _ELSEWHERE, _FIRST_REGION = 0, 1, 2, 3
_FIRST_TEAM = _FIRST_REGION + _REGIONS
OLD_REGION = 4
CALLERS = (
    Caller("own", 7_003, Scope.OWN),
    Caller("store", 7_004, Scope.STORE),
    Caller("department", 7_005, Scope.DEPARTMENT),
    Caller("region", _FIRST_REGION + 1, Scope.BELOW),
    Caller("old region", _FIRST_REGION + OLD_REGION, Scope.BELOW),
    Caller("nearly all", _ALMOST, Scope.BELOW),
    Caller("all", _TOP, Scope.BELOW),
)


def id_of(table: int, number: int) -> UUID:
    """Ids of a table in the order of their numbers."""
    return UUID(int=(0x0190_0000_0000_7000_8000 << 48) | (table << 40) | number)


def _department_of(staff: int) -> int:
    return staff if staff < _FIRST_TEAM else _FIRST_TEAM + (staff - _FIRST_TEAM) % (_DEPARTMENTS - _FIRST_TEAM)


def _parent(department: int) -> int | None:
    if department == _TOP:
        return None
    if department in {_ALMOST, _ELSEWHERE}:
        return _TOP
    return _ALMOST if department < _FIRST_TEAM else _region_of(department)


def _region_of(team: int) -> int:
    # One team of ten is elsewhere.
    return _ELSEWHERE if team == _FIRST_TEAM else _FIRST_REGION + team % _REGIONS


def _departments() -> Iterator[Sequence[object]]:
    for number in range(_DEPARTMENTS):
        parent = _parent(number)
        yield id_of(1, number), f"部门{number}", None if parent is None else id_of(1, parent), number, NOW


def _staff() -> Iterator[Sequence[object]]:
    scopes = {caller.staff: caller.scope.value for caller in CALLERS}
    role = READY_MADE[RoleKey.MANAGER].id
    for number in range(_STAFF):
        department = _department_of(number)
        place = id_of(1, department), id_of(2, department), id_of(3, department)
        yield (
            *(id_of(4, number), f"员工{number}", f"staff{number}", "-", role, *place),
            *(True, scopes.get(number), "[]", NOW),
        )


def owners() -> Iterator[int | None]:
    """Who looks after each customer, from the oldest customer to the newest."""
    random = Random(7)
    for number in range(CUSTOMERS):
        if random.random() < 0.01:
            yield None
            continue
        # The first hundredth of the staff has a tenth of the customers, the last twentieth has none.
        staff = int(_STAFF * 0.95 * random.random() ** 2)
        old = staff >= _FIRST_TEAM and _region_of(_department_of(staff)) == _FIRST_REGION + OLD_REGION
        # The team of the next number is of another region.
        yield staff + 1 if old and number >= CUSTOMERS // 5 else staff


def _customers() -> Iterator[Sequence[object]]:
    for number, owner in enumerate(owners()):
        guide = None if owner is None else id_of(4, owner)
        yield id_of(5, number), guide, number % 5 > 0, False, _at(number)


def _identities() -> Iterator[Sequence[object]]:
    for number in range(CUSTOMERS):
        talked = _at(number) if number % 3 == 0 else None
        yield (
            *(id_of(6, number), id_of(5, number), _APPS[number % 2], f"o{number}", number.to_bytes(16)),
            *(number % 5 > 0, _at(number), _at(number), talked, _at(number)),
        )


def _touches() -> Iterator[Sequence[object]]:
    for number, owner in enumerate(owners()):
        place = None if owner is None else id_of(3, _department_of(owner))
        code = None if owner is None else id_of(9, owner)
        guide = None if owner is None else id_of(4, owner)
        yield (
            *(id_of(7, number), id_of(5, number), id_of(8, number), "follow", code, guide, place),
            *(True, _at(number)),
        )


def _labels() -> Iterator[Sequence[object]]:
    """One label carried by one customer in fifty, one by one in ten thousand."""
    for number in range(0, CUSTOMERS, 50):
        yield id_of(10, 0), id_of(6, number), "tag", True, True, 0, NOW, NOW
        if number % 10_000 == 0:
            yield id_of(10, 1), id_of(6, number), "tag", True, True, 0, NOW, NOW


def _at(number: int) -> datetime:
    return NOW - timedelta(minutes=CUSTOMERS - number)


async def gather(url: str) -> None:
    """Make them all, with fresh statistics."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SET session_replication_role = replica; SET statement_timeout = 0")
        for table, columns, records in _tables():
            await connection.copy_records_to_table(table, records=records, columns=columns.split())
            await connection.execute(f"VACUUM ANALYZE {table}")
    finally:
        await connection.close()


def _tables() -> Iterator[tuple[str, str, Iterator[Sequence[object]]]]:
    places = [(id_of(2, n), id_of(1, n), "员工", NOW) for n in range(_DEPARTMENTS)]
    stores = [(id_of(3, n), f"门店{n}", "", id_of(1, n), NOW) for n in range(_DEPARTMENTS)]
    yield "department", "id name parent_id position created_at", _departments()
    yield "post", "id department_id name created_at", iter(places)
    yield "store", "id name address department_id created_at", iter(stores)
    staff = "id name username password_hash role_id department_id post_id store_id is_guide scope special_rights"
    yield "staff", f"{staff} created_at", _staff()
    yield "customer", "id guide_id following is_staff created_at", _customers()
    identity = "id customer_id app_id openid digest following state_at last_seen_at talked_at created_at"
    yield "identity", identity, _identities()
    yield "touch", "id customer_id source kind code_id guide_id store_id is_first occurred_at", _touches()
    member = "label_id identity_id kind wanted synced attempts next_at changed_at"
    yield "wechat_label_member", member, _labels()
