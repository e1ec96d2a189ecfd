"""Reading guides."""

from uuid import UUID

from core.guides.schemas import GuideOut
from core.organisation.queries import Colleague
from core.organisation.scopes import Values, of_staff
from infra import database


async def page(by: Colleague, text: str | None, after: UUID | None, limit: int) -> list[GuideOut]:
    """The guides in reach of a colleague, also those who left, in the order they were added.

    `text` is part of the name or the user name.
    """
    values = Values(after, limit, text and text.lower())
    rows = await database.fetch(
        f"""SELECT s.id, s.name, s.username, s.store_id, s.created_at, s.left_at FROM staff s
        WHERE s.is_guide AND ($1::uuid IS NULL OR s.id > $1) AND {of_staff(by, values.put, "s.id")}
        AND ($3::text IS NULL OR strpos(lower(s.name), $3) > 0 OR strpos(s.username, $3) > 0)
        ORDER BY s.id LIMIT $2""",
        *values,
    )
    return [GuideOut(**row) for row in rows]
