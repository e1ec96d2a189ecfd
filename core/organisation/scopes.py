"""Whose data a colleague sees, as SQL: every list, detail, export and total asks it the same way.

`put` hands a value to the statement and gives its placeholder (`$3`); `Values` has one.
"""

from collections.abc import Callable
from typing import Any, TypeAlias
from uuid import UUID

from core.organisation import queries
from core.organisation.errors import RightNotYours, StaffNotFound
from core.organisation.queries import Colleague
from core.permissions.rules import Scope
from infra import database

Put: TypeAlias = Callable[[object], str]

_BELOW = """
WITH RECURSIVE below AS (
    SELECT unnest({roots}::uuid[]) AS id UNION SELECT d.id FROM department d JOIN below b ON d.parent_id = b.id
) SELECT id FROM below
"""


class Values(list[Any]):
    """The values of a statement that is put together, in order."""

    def __init__(self, *values: object) -> None:
        super().__init__(values)

    def put(self, value: object) -> str:
        """Add one; gives its placeholder."""
        self.append(value)
        return f"${len(self)}"


def of_staff(by: Colleague, put: Put, column: str) -> str:
    """Condition: the colleague in `column` is in reach of `by`. Nobody (NULL) is in reach of Scope.ALL only."""
    return _within(column, staff_in_reach(by, put))


def of_stores(by: Colleague, put: Put, column: str) -> str:
    """Condition: the store in `column` is in reach of `by`. No store (NULL) is in reach of Scope.ALL only."""
    return _within(column, stores_in_reach(by, put))


def _within(column: str, reach: str | None) -> str:
    return "true" if reach is None else f"{column} IN ({reach})"


def alone(by: Colleague) -> bool:
    """Whether `by` reaches nobody but themself."""
    no_others = by.scope is Scope.OWN or (by.scope is Scope.STORE and by.store_id is None)
    return no_others and not by.granted_departments


def staff_in_reach(by: Colleague, put: Put) -> str | None:
    """SQL of the ids of the colleagues whose data `by` sees, `by` included; None: everybody's."""
    if by.scope is Scope.ALL:
        return None
    parts = [f"SELECT {put(by.id)}::uuid"]
    if by.scope is Scope.STORE and by.store_id is not None:
        parts.append(f"SELECT id FROM staff WHERE store_id = {put(by.store_id)}")
    if departments := departments_in_reach(by, put):
        parts.append(f"SELECT id FROM staff WHERE department_id IN ({departments})")
    return " UNION ".join(parts)


def stores_in_reach(by: Colleague, put: Put) -> str | None:
    """SQL of the ids of the stores whose data `by` sees, the own one included; None: every store's."""
    if by.scope is Scope.ALL:
        return None
    parts = [f"SELECT {put(by.store_id)}::uuid"]
    if departments := departments_in_reach(by, put):
        parts.append(f"SELECT id FROM store WHERE department_id IN ({departments})")
    return " UNION ".join(parts)


def departments_in_reach(by: Colleague, put: Put) -> str | None:
    """SQL of the ids of the departments whose data `by` sees as a whole; None: none, or with Scope.ALL every one."""
    roots = set(by.granted_departments)
    if by.scope in {Scope.DEPARTMENT, Scope.BELOW}:
        roots.add(by.department_id)
    if by.scope is Scope.ALL or not roots:
        return None
    placeholder = put(sorted(roots))
    return _BELOW.format(roots=placeholder) if by.scope is Scope.BELOW else f"SELECT unnest({placeholder}::uuid[])"


async def reaches(by: Colleague, staff_id: UUID) -> bool:
    """Whether `by` sees the data of a colleague."""
    return await _holds(staff_in_reach, by, staff_id)


async def reaches_store(by: Colleague, store_id: UUID) -> bool:
    """Whether `by` sees the data of a store."""
    return await _holds(stores_in_reach, by, store_id)


async def _holds(reach: Callable[[Colleague, Put], str | None], by: Colleague, id_: UUID) -> bool:
    values = Values(id_)
    ids = reach(by, values.put)
    if ids is None:
        return True
    row = await database.fetch_one(f"SELECT $1::uuid IN ({ids}) AS found", *values)
    return bool(row and row["found"])


async def reached(by: Colleague, staff_id: UUID) -> Colleague:
    """A colleague whose data `by` sees, also one who has left. Raises StaffNotFound."""
    found = await queries.colleague(staff_id) if await reaches(by, staff_id) else None
    if found is None:
        raise StaffNotFound
    return found


async def expect_no_more(by: Colleague, staff: Colleague) -> None:
    """Nobody gives, takes, brings back or borrows what they don't hold: rights, or departments seen as a whole.

    Raises RightNotYours with what goes beyond.
    """
    beyond = staff.rights.beyond(by.rights)
    if await _sees_further(staff, by):
        beyond.append("granted_departments")
    if beyond:
        raise RightNotYours({"beyond": beyond})


async def _sees_further(staff: Colleague, by: Colleague) -> bool:
    values = Values()
    theirs, own = departments_in_reach(staff, values.put), departments_in_reach(by, values.put)
    if by.scope is Scope.ALL or theirs is None:
        return False
    if own is None:
        return True
    row = await database.fetch_one(f"SELECT EXISTS (({theirs}) EXCEPT ({own})) AS found", *values)
    return bool(row and row["found"])
