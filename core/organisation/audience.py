"""To whom something is addressed: people, departments, posts, stores, or everybody."""

from uuid import UUID

from pydantic import Field

from core.organisation.errors import AudienceEmpty, AudienceOutOfReach
from core.organisation.queries import Colleague
from core.organisation.scopes import Values, of_staff
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

# What is named and unknown, or nobody's business of the caller's.
_STRANGE = """
SELECT EXISTS (SELECT FROM unnest($1::uuid[]) AS i (id) WHERE NOT EXISTS (
        SELECT FROM staff s WHERE s.id = i.id AND {named}))
    OR EXISTS (SELECT FROM unnest($2::uuid[]) AS i (id) WHERE NOT EXISTS (
        SELECT FROM department d WHERE d.id = i.id AND d.deleted_at IS NULL))
    OR EXISTS (SELECT FROM unnest($3::uuid[]) AS i (id) WHERE NOT EXISTS (
        SELECT FROM post p WHERE p.id = i.id AND p.deleted_at IS NULL))
    OR EXISTS (SELECT FROM unnest($4::uuid[]) AS i (id) WHERE NOT EXISTS (SELECT FROM store t WHERE t.id = i.id))
    OR EXISTS (SELECT FROM unnest($5::uuid[]) AS i (id) WHERE NOT ({meant}))
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


async def people_in_reach(connection: Connection, by: Colleague, audience: Audience) -> list[UUID]:
    """The same, if `by` may address them.

    Raises AudienceOutOfReach when anybody it means is out of reach or anything it names is unknown, and AudienceEmpty.
    """
    meant = await people(connection, audience)
    named = (audience.staff_ids, audience.department_ids, audience.post_ids, audience.store_ids)
    values = Values(*named, meant)
    reach = {"named": of_staff(by, values.put, "s.id"), "meant": of_staff(by, values.put, "i.id")}
    if await connection.fetchval(_STRANGE.format(**reach), *values):
        raise AudienceOutOfReach
    if not meant:
        raise AudienceEmpty
    return meant
