"""Reading posts."""

from typing import Any
from uuid import UUID

from core.organisation.errors import DepartmentNotFound, PostNotFound
from infra import database

_POSTS = """
SELECT p.id, p.department_id, p.name, (
    SELECT count(*) FROM staff s WHERE s.post_id = p.id AND s.left_at IS NULL
) AS people
FROM post p WHERE p.deleted_at IS NULL AND
"""
_DEPARTMENT = "SELECT EXISTS (SELECT 1 FROM department WHERE id = $1 AND deleted_at IS NULL) AS found"


async def of_department(department_id: UUID) -> list[dict[str, Any]]:
    """The posts of a department by name. Raises DepartmentNotFound."""
    row = await database.fetch_one(_DEPARTMENT, department_id)
    if not (row and row["found"]):
        raise DepartmentNotFound
    return [dict(row) for row in await database.fetch(f"{_POSTS} p.department_id = $1 ORDER BY p.name", department_id)]


async def post(post_id: UUID) -> dict[str, Any]:
    """One post. Raises PostNotFound."""
    row = await database.fetch_one(f"{_POSTS} p.id = $1", post_id)
    if row is None:
        raise PostNotFound
    return dict(row)
