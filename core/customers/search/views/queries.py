"""Reading kept searches."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg
import orjson

from core.customers.search.missing import missing_of
from core.customers.search.schemas import CustomerFilters
from core.customers.search.views.errors import ViewNotFound
from core.customers.search.views.schemas import ViewOut
from core.organisation.queries import Colleague
from infra import database

_VIEWS = """
SELECT v.id, v.name, v.filters, v.columns, v.shared, v.staff_id = $1 AS own, s.name AS owner, v.version, v.created_at
FROM saved_view v JOIN staff s ON s.id = v.staff_id
"""

_OWN = f"{_VIEWS} WHERE v.staff_id = $1 ORDER BY v.position, v.id"
_SHARED = f"{_VIEWS} WHERE v.shared AND v.staff_id <> $1 AND ($2::uuid IS NULL OR v.id > $2) ORDER BY v.id LIMIT $3"
_ONE = f"{_VIEWS} WHERE v.id = $2 AND (v.staff_id = $1 OR v.shared)"


async def own(by: Colleague) -> list[ViewOut]:
    """The views of `by`, in their order."""
    return await _shown(await database.fetch(_OWN, by.id))


async def shared(by: Colleague, after: UUID | None, limit: int) -> list[ViewOut]:
    """Those that others share, in the order they were made."""
    return await _shown(await database.fetch(_SHARED, by.id, after, limit))


async def view(by: Colleague, view_id: UUID) -> ViewOut:
    """One of `by`, or one that is shared. Raises ViewNotFound."""
    found = await _shown(await database.fetch(_ONE, by.id, view_id))
    if not found:
        raise ViewNotFound
    return found[0]


async def _shown(rows: Sequence[asyncpg.Record]) -> list[ViewOut]:
    kept = [(CustomerFilters.model_validate_json(row["filters"]), orjson.loads(row["columns"])) for row in rows]
    columns = {field_id for _, names in kept for field_id in _fields(names)}
    missing = await missing_of([filters for filters, _ in kept], columns)
    return [
        ViewOut(
            **dict(row)
            | {
                "filters": filters,
                "columns": names,
                "missing": [one for one in missing if one.asked_by(filters) or one.id in _fields(names)],
            }
        )
        for row, (filters, names) in zip(rows, kept, strict=True)
    ]


def _fields(columns: Sequence[str]) -> set[UUID]:
    """The custom fields among columns: those that are ids."""
    found = set[UUID]()
    for column in columns:
        try:
            found.add(UUID(column))
        except ValueError:
            continue
    return found
