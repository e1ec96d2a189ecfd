"""To whom something is addressed: people, departments, posts, stores, or everybody."""

from uuid import UUID

from pydantic import Field

from infra.database import Connection
from infra.schemas import Input

_PEOPLE = """
WITH RECURSIVE below AS (
    SELECT unnest($3::uuid[]) AS id UNION SELECT d.id FROM department d JOIN below b ON d.parent_id = b.id
)
SELECT id FROM staff s WHERE left_at IS NULL AND disabled_at IS NULL AND (
    $1 OR id = ANY($2::uuid[]) OR department_id IN (SELECT id FROM below)
    OR post_id = ANY($4::uuid[]) OR store_id = ANY($5::uuid[])
) ORDER BY id
"""


class Audience(Input):
    """Everyone who is in any of these; a department stands for those below it too."""

    everybody: bool = False
    staff_ids: list[UUID] = Field(default=[], max_length=10_000)
    department_ids: list[UUID] = Field(default=[], max_length=1_000)
    post_ids: list[UUID] = Field(default=[], max_length=1_000)
    store_ids: list[UUID] = Field(default=[], max_length=1_000)


async def people(connection: Connection, audience: Audience) -> list[UUID]:
    """The ids of the colleagues at work whom it means now, in order."""
    rows = await connection.fetch(
        _PEOPLE,
        audience.everybody,
        audience.staff_ids,
        audience.department_ids,
        audience.post_ids,
        audience.store_ids,
    )
    return [UUID(int=row["id"].int) for row in rows]
