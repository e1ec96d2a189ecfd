"""Reading the tree of departments. Names of departments are no secret: whoever may read them sees all."""

from typing import Any
from uuid import UUID

from core.organisation.departments.rules import arranged
from core.organisation.errors import DepartmentNotFound
from infra import database

_TREE = """
SELECT d.id, d.parent_id, d.name, d.head_id, h.name AS head_name, COALESCE(p.people, 0) AS people
FROM department d LEFT JOIN staff h ON h.id = d.head_id
LEFT JOIN (SELECT department_id, count(*) AS people FROM staff WHERE left_at IS NULL GROUP BY 1) p
    ON p.department_id = d.id
WHERE d.deleted_at IS NULL ORDER BY d.position, d.id
"""


async def tree() -> list[dict[str, Any]]:
    """All departments, each before those below it."""
    return arranged([dict(row) for row in await database.fetch(_TREE)])


async def department(department_id: UUID) -> dict[str, Any]:
    """One of them. Raises DepartmentNotFound."""
    for row in await tree():
        if row["id"] == department_id:
            return row
    raise DepartmentNotFound
