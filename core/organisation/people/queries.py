"""Reading people."""

from dataclasses import dataclass
from uuid import UUID

import orjson

from core.organisation import queries
from core.organisation.errors import StaffNotFound
from core.organisation.people.schemas import StaffDetailOut, StaffState
from core.organisation.queries import Colleague
from core.organisation.schemas import StaffOut
from core.organisation.scopes import Values, of_staff, reached
from core.permissions.rules import special_rights_in
from infra import database

_BELOW = """
WITH RECURSIVE below AS (
    SELECT {root}::uuid AS id UNION SELECT d.id FROM department d JOIN below b ON d.parent_id = b.id
) SELECT id FROM below
"""

_STATES = {
    StaffState.AT_WORK: "s.left_at IS NULL AND s.disabled_at IS NULL",
    StaffState.DISABLED: "s.left_at IS NULL AND s.disabled_at IS NOT NULL",
    StaffState.LEFT: "s.left_at IS NOT NULL",
}

_BESIDES = """
SELECT s.phone, s.email, s.version, s.scope AS own_scope, s.special_rights AS own_special_rights,
       d.name AS department_name, p.name AS post_name, o.name AS store_name
FROM staff s JOIN department d ON d.id = s.department_id JOIN post p ON p.id = s.post_id
LEFT JOIN store o ON o.id = s.store_id WHERE s.id = $1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffFilter:
    """Which people: `department_id` stands for those below it too, `text` is part of the name or the user name."""

    department_id: UUID | None = None
    post_id: UUID | None = None
    store_id: UUID | None = None
    role_id: UUID | None = None
    state: StaffState | None = None
    text: str | None = None


async def page(by: Colleague, wanted: StaffFilter, after: UUID | None, limit: int) -> list[Colleague]:
    """The people in reach, in the order they were added."""
    values = Values()
    parts = [of_staff(by, values.put, "s.id")]
    parts += [
        f"s.{column} = {values.put(value)}"
        for column in ("post_id", "store_id", "role_id")
        if (value := getattr(wanted, column)) is not None
    ]
    if wanted.department_id is not None:
        parts.append(f"s.department_id IN ({_BELOW.format(root=values.put(wanted.department_id))})")
    if wanted.state is not None:
        parts.append(_STATES[wanted.state])
    if wanted.text is not None:
        part = values.put(wanted.text.lower())
        parts.append(f"(strpos(lower(s.name), {part}) > 0 OR strpos(s.username, {part}) > 0)")
    if after is not None:
        parts.append(f"s.id > {values.put(after)}")
    return await queries.colleagues(f"{' AND '.join(parts)} ORDER BY s.id LIMIT {values.put(limit)}", *values)


async def detail(by: Colleague, staff_id: UUID) -> StaffDetailOut:
    """One of them, with what only the detail shows. Raises StaffNotFound."""
    found = await reached(by, staff_id)
    row = await database.fetch_one(_BESIDES, staff_id)
    if row is None:
        raise StaffNotFound
    besides = dict(row) | {
        "own_special_rights": sorted(special_rights_in(orjson.loads(row["own_special_rights"]))),
        "special_rights": sorted(found.special_rights),
        "granted_departments": sorted(found.granted_departments),
        "has_second_factor": found.has_second_factor,
        "must_change_password": found.must_change_password,
        "created_at": found.created_at,
    }
    return StaffDetailOut.model_validate(StaffOut.model_validate(found).model_dump() | besides)
