"""What a kept search asks for and is no more: deleted tags and custom fields.

A file of its own: views and rule tags keep searches, and both say what is missing in them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from core.custom_fields import queries as custom_fields
from core.customers.search.schemas import CustomerFilters
from infra import database

_TAGS = "SELECT id, name, deleted_at IS NOT NULL AS deleted FROM tag WHERE id = ANY($1::uuid[])"


@dataclass(frozen=True, slots=True)
class Missing:
    """A tag or field (`kind`) that is no more; `name` is what it was called, None if it never was."""

    kind: str
    id: UUID
    name: str | None

    def asked_by(self, filters: CustomerFilters) -> bool:
        """Whether a search asks for it."""
        return self.id in (tags_of(filters) | fields_of(filters))


def tags_of(filters: CustomerFilters) -> set[UUID]:
    """The tags and groups a search asks for."""
    return {*(filters.tags_all or ()), *(filters.tags_any or ()), *(filters.tags_none or ())}


def fields_of(filters: CustomerFilters) -> set[UUID]:
    """The custom fields a search asks for."""
    return {condition.field_id for condition in filters.fields or ()}


async def missing_of(searches: Sequence[CustomerFilters], columns: Iterable[UUID] = ()) -> list[Missing]:
    """What is missing in any of these searches, or of these custom fields; two statements at most."""
    tags = set[UUID]().union(*map(tags_of, searches))
    fields = set(columns).union(*map(fields_of, searches))
    found = {
        "tag": (tags, await _tag_names(tags) if tags else {}),
        "field": (fields, await custom_fields.names_of(fields) if fields else {}),
    }
    return [
        Missing(kind, id_, names.get(id_, (None, True))[0])
        for kind, (asked, names) in found.items()
        for id_ in sorted(asked)
        if names.get(id_, (None, True))[1]
    ]


async def _tag_names(tag_ids: set[UUID]) -> dict[UUID, tuple[str, bool]]:
    rows = await database.fetch(_TAGS, list(tag_ids))
    return {UUID(int=row["id"].int): (row["name"], row["deleted"]) for row in rows}
