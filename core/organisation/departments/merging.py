"""One department goes into another: departments below it, posts, people, stores, and who was granted it.

A file of its own: it is the one change that touches everything that hangs on a department.
"""

from uuid import UUID

from core.organisation.departments.errors import DepartmentNameTaken
from infra import clock
from infra.database import Connection

_HOLD_PEOPLE = "SELECT id FROM staff WHERE department_id = $1 ORDER BY id FOR NO KEY UPDATE"

_CLASHES = """
SELECT name FROM department WHERE parent_id = $1 AND deleted_at IS NULL AND id <> $2 INTERSECT
SELECT name FROM department WHERE parent_id = $2 AND deleted_at IS NULL AND id <> $1
"""

_CLOSE = "UPDATE department SET deleted_at = $2, head_id = NULL WHERE id = $1"

_MOVE_CHILDREN = """
UPDATE department d SET parent_id = $2, position = last + c.place
FROM (SELECT id, row_number() OVER (ORDER BY position, id) AS place FROM department
      WHERE parent_id = $1 AND deleted_at IS NULL) c,
     (SELECT COALESCE(max(position), 0) AS last FROM department WHERE parent_id = $2 AND deleted_at IS NULL) l
WHERE d.id = c.id
"""

# A post of the same name is the same post; whoever holds it, also who has left, goes along.
_JOIN_POSTS = """
UPDATE staff s SET post_id = n.id, department_id = n.department_id
FROM post o JOIN post n ON n.department_id = $2 AND n.name = o.name AND n.deleted_at IS NULL
WHERE o.department_id = $1 AND o.deleted_at IS NULL AND s.post_id = o.id
"""
_CLOSE_JOINED = """
UPDATE post o SET deleted_at = $3 FROM post n
WHERE o.department_id = $1 AND o.deleted_at IS NULL
AND n.department_id = $2 AND n.name = o.name AND n.deleted_at IS NULL
"""

# The composite foreign key takes the people along.
_MOVE_POSTS = "UPDATE post SET department_id = $2 WHERE department_id = $1 AND deleted_at IS NULL"

# A deleted post may still be that of somebody who has left: they stay where they were.
_COUNT = "SELECT count(*) FROM staff WHERE department_id = $1 AND left_at IS NULL"

_MOVE_STORES = "UPDATE store SET department_id = $2 WHERE department_id = $1"

_MOVE_GRANTS = """
UPDATE staff_department_grant g SET department_id = $2 WHERE department_id = $1 AND NOT EXISTS (
    SELECT 1 FROM staff_department_grant o WHERE o.staff_id = g.staff_id AND o.department_id = $2)
"""
_DROP_GRANTS = "DELETE FROM staff_department_grant WHERE department_id = $1"


async def hold_people(connection: Connection, department_id: UUID) -> None:
    """Lock the people of a department, as whoever changes one of them does first."""
    await connection.execute(_HOLD_PEOPLE, department_id)


async def merge(connection: Connection, source: UUID, target: UUID) -> dict[str, int]:
    """Merge `source` into `target`; both are locked and in no circle. Returns how much moved of what.

    Raises DepartmentNameTaken with `names` when departments of one name stand below both.
    """
    clashes = [row["name"] for row in await connection.fetch(_CLASHES, source, target)]
    if clashes:
        raise DepartmentNameTaken({"names": sorted(clashes)})
    people = await connection.fetchval(_COUNT, source)
    await connection.execute(_CLOSE, source, clock.now())
    children = await connection.execute(_MOVE_CHILDREN, source, target)
    await connection.execute(_JOIN_POSTS, source, target)
    await connection.execute(_CLOSE_JOINED, source, target, clock.now())
    posts = await connection.execute(_MOVE_POSTS, source, target)
    stores = await connection.execute(_MOVE_STORES, source, target)
    await connection.execute(_MOVE_GRANTS, source, target)
    await connection.execute(_DROP_GRANTS, source)
    return {"people": people, "departments": _touched(children), "posts": _touched(posts), "stores": _touched(stores)}


def _touched(status: str) -> int:
    return int(status.rsplit(" ", 1)[-1])
