"""Who decides about what a colleague asks for: whoever holds the point and has that colleague in reach, the nearest.

A file of its own: it is the one place that asks for reach backwards.
"""

from itertools import groupby
from uuid import UUID

from core.organisation import queries, scopes
from core.organisation.places import rights_of
from core.organisation.queries import Colleague
from infra import database

_ROLES = "SELECT id, key, points, scope, special_rights FROM role WHERE deleted_at IS NULL"

# Whoever may reach a colleague works in the same store, or in a department above, or was given one: how far up it is.
_NEAR = """
WITH RECURSIVE above (id, parent_id, distance) AS (
    SELECT d.id, d.parent_id, 1 FROM staff s JOIN department d ON d.id = s.department_id WHERE s.id = $1
    UNION ALL SELECT d.id, d.parent_id, a.distance + 1 FROM above a JOIN department d ON d.id = a.parent_id
), near AS (
    SELECT s.id, CASE WHEN s.store_id = o.store_id THEN 0 ELSE (
            SELECT min(a.distance) FROM above a WHERE a.id = s.department_id OR EXISTS (
                SELECT FROM staff_department_grant g WHERE g.staff_id = s.id AND g.department_id = a.id
            )
        ) END AS distance
    FROM staff o, staff s
    WHERE o.id = $1 AND s.role_id = ANY($2::uuid[]) AND s.left_at IS NULL AND s.disabled_at IS NULL AND s.id <> $3
)
SELECT id, distance FROM near WHERE distance IS NOT NULL ORDER BY distance, id LIMIT $4
"""
# So many are asked at most whether they reach so far.
_MOST = 50


async def deciders(point: str, staff_id: UUID, *, but: UUID) -> list[Colleague]:
    """The nearest colleagues at work, without `but`, who hold a point and see a colleague's data; none: there are none.

    Nearest are those of the same store, then of the same department, then of the ones above it.
    """
    roles = [row["id"] for row in await database.fetch(_ROLES) if point in rights_of(row).points]
    rows = await database.fetch(_NEAR, staff_id, roles, but, _MOST)
    people = {one.id: one for one in await queries.colleagues("s.id = ANY($1::uuid[])", [row["id"] for row in rows])}
    for _, tier in groupby(rows, key=lambda row: row["distance"]):
        found = [one for row in tier if await scopes.reaches(one := people[row["id"]], staff_id)]
        if found:
            return found
    return []
