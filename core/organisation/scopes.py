"""Whose data a colleague sees, as SQL: every list, detail, export and total asks it the same way.

`put` hands a value to the statement and gives its placeholder (`$3`).
"""

from collections.abc import Callable
from typing import TypeAlias
from uuid import UUID

from core.organisation.queries import Colleague
from core.permissions.rules import Scope
from infra import database

Put: TypeAlias = Callable[[object], str]

_BELOW = """
WITH RECURSIVE below AS (
    SELECT unnest({roots}::uuid[]) AS id UNION SELECT d.id FROM department d JOIN below b ON d.parent_id = b.id
) SELECT id FROM below
"""


def staff_in_reach(by: Colleague, put: Put) -> str | None:
    """SQL of the ids of the colleagues whose data `by` sees; None: everybody's."""
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
    values: list[object] = [staff_id]

    def put(value: object) -> str:
        values.append(value)
        return f"${len(values)}"

    within = staff_in_reach(by, put)
    if within is None or staff_id == by.id:
        return True
    row = await database.fetch_one(f"SELECT $1::uuid IN ({within}) AS found", *values)
    return bool(row and row["found"])
