"""Reading custom fields: as values are judged by, fresh or at most a moment old."""

from collections.abc import Iterable
from uuid import UUID

import asyncpg
import orjson

from core.custom_fields.errors import FieldNotFound
from core.custom_fields.rules import Field, FieldKind, Option, Subject
from infra import database
from infra.cache import Cache
from infra.database import Connection

_FIELDS = """
SELECT id, subject, kind, name, help, max_length, options, required, "unique", searchable, listed, position, version,
    created_at, deleted_at
FROM custom_field
"""

_OF_SUBJECT = f"{_FIELDS} WHERE subject = $1 ORDER BY deleted_at NULLS FIRST, position, id"


def _field(row: asyncpg.Record) -> Field:
    options = tuple(Option(**option) for option in orjson.loads(row["options"]))
    kind, subject = FieldKind(row["kind"]), Subject(row["subject"])
    # The driver's own kind of UUID is no JSON.
    return Field(**dict(row) | {"id": UUID(int=row["id"].int), "kind": kind, "subject": subject, "options": options})


async def _read(subject: str) -> tuple[Field, ...]:
    return tuple(map(_field, await database.fetch(_OF_SUBJECT, subject)))


_cache = Cache("custom_fields", _read)


def forget() -> None:
    """Read anew next time (after a change in this process, and between tests)."""
    _cache.clear()


async def known(subject: Subject) -> tuple[Field, ...]:
    """The fields of a subject, deleted ones last; at most a moment old."""
    return await _cache.get(subject.value)


async def fields(subject: Subject) -> list[Field]:
    """Those that are there, in the order of the form; at most a moment old."""
    return [field for field in await known(subject) if field.deleted_at is None]


async def listed(subject: Subject) -> list[Field]:
    """Those that lists show."""
    return [field for field in await fields(subject) if field.listed]


async def of_subject(connection: Connection, subject: Subject) -> list[Field]:
    """All fields of a subject, deleted ones last, as the caller's transaction sees them."""
    return [_field(row) for row in await connection.fetch(_OF_SUBJECT, subject.value)]


async def field(field_id: UUID) -> Field:
    """One field, also a deleted one. Raises FieldNotFound."""
    row = await database.fetch_one(f"{_FIELDS} WHERE id = $1", field_id)
    if row is None:
        raise FieldNotFound
    return _field(row)


async def names_of(field_ids: Iterable[UUID]) -> dict[UUID, tuple[str, bool]]:
    """Name, and whether it is deleted, of each field there is or was among these ids."""
    rows = await database.fetch(
        "SELECT id, name, deleted_at IS NOT NULL AS deleted FROM custom_field WHERE id = ANY($1::uuid[])",
        list(field_ids),
    )
    return {UUID(int=row["id"].int): (row["name"], row["deleted"]) for row in rows}
