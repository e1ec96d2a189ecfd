"""The engine: what is entered into custom fields is checked, and values of unique fields are claimed.

Whoever saves a record holds the definitions of its subject (shared), after the record itself is locked; whoever changes
them holds them alone, so that no save under a former definition comes later.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from core.custom_fields import queries
from core.custom_fields.errors import FieldRequired, FieldValueTaken, UnknownField
from core.custom_fields.rules import Field, Subject
from core.custom_fields.values import clean, unique_key
from infra.database import Connection
from infra.errors import DomainError

_HOLD = "SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 0))"
_HOLD_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"

_TAKEN = """
SELECT u.field_id, u.value, u.record_id FROM unnest($1::uuid[], $2::text[]) AS w (field_id, value)
JOIN custom_unique_value u ON u.field_id = w.field_id AND u.value = w.value
"""

_WANTED = "unnest($1::uuid[], $2::text[], $3::uuid[]) AS w (field_id, value, record_id)"

_FREE = f"""
DELETE FROM custom_unique_value u WHERE u.record_id = ANY($4::uuid[]) AND NOT EXISTS (
    SELECT FROM {_WANTED} WHERE w.record_id = u.record_id AND w.field_id = u.field_id AND w.value = u.value
)
"""

_CLAIM = f"""
INSERT INTO custom_unique_value (field_id, value, record_id)
SELECT field_id, value, record_id FROM {_WANTED} ORDER BY 1, 2 ON CONFLICT DO NOTHING
"""

_LOST = f"""
SELECT w.record_id, w.field_id FROM {_WANTED} WHERE NOT EXISTS (
    SELECT FROM custom_unique_value u
    WHERE u.field_id = w.field_id AND u.value = w.value AND u.record_id = w.record_id
)
"""


@dataclass(frozen=True, slots=True)
class Entered:
    """What is entered for a record, by field id: what is left out stays as it was (`former`), None takes a value away.

    `former` is what the record holds: `{}` for a new one.
    """

    record_id: UUID
    values: Mapping[str, Any]
    former: Mapping[str, Any]


async def hold_definitions(connection: Connection, subject: Subject, *, alone: bool = False) -> list[Field]:
    """The fields of a subject, deleted ones last, as they stay until the caller's transaction ends."""
    await connection.execute(_HOLD_ALONE if alone else _HOLD, f"custom_fields:{subject}")
    return await queries.of_subject(connection, subject)


async def check(
    connection: Connection, subject: Subject, record_id: UUID, values: Mapping[str, Any], former: Mapping[str, Any]
) -> dict[str, Any]:
    """What a record holds from now on, in the caller's transaction, which has locked the record.

    Raises UnknownField, FieldValueRefused, FieldTooLong, FieldRequired, FieldValueTaken; they name the field.
    """
    (outcome,) = await check_many(connection, subject, [Entered(record_id, values, former)])
    if isinstance(outcome, DomainError):
        raise outcome
    return outcome


async def check_many(
    connection: Connection, subject: Subject, rows: Sequence[Entered]
) -> list[dict[str, Any] | DomainError]:
    """The same for many records, each named once; a bad row fails alone, with the error that `check` would raise.

    Of two rows that want one value of a unique field the first gets it. A value that is given up in the same call isn't
    free for others yet.
    """
    fields = await hold_definitions(connection, subject)
    outcomes = [_checked(fields, row) for row in rows]
    if any(field.unique for field in fields):
        await _claim(connection, fields, rows, outcomes)
    return outcomes


def _checked(fields: Sequence[Field], row: Entered) -> dict[str, Any] | DomainError:
    known = {field.key: field for field in fields}
    kept = dict(row.former)
    try:
        for key, value in row.values.items():
            field = known.get(key)
            if field is None or (field.deleted_at is not None and value != row.former.get(key)):
                raise UnknownField({"field_id": key[:100]})
            kept[key] = clean(field, value, row.former.get(key))
        kept = {key: value for key, value in kept.items() if value is not None}
        for field in fields:
            if field.required and field.deleted_at is None and field.key not in kept:
                raise FieldRequired({"field_id": field.key, "name": field.name})
    except DomainError as error:
        return error
    return kept


async def _claim(
    connection: Connection,
    fields: Sequence[Field],
    rows: Sequence[Entered],
    outcomes: list[dict[str, Any] | DomainError],
) -> None:
    """Claim the values of the good rows; who comes too late fails."""
    keys = {row.record_id: _keys(fields, kept) for row, kept in zip(rows, outcomes, strict=True) if _good(kept)}
    pairs = [pair for wanted in keys.values() for pair in wanted]
    taken = await connection.fetch(_TAKEN, [field.id for field, _ in pairs], [value for _, value in pairs])
    holders = {(found["field_id"], found["value"]): found["record_id"] for found in taken}
    for number, row in enumerate(rows):
        for field, value in keys.get(row.record_id, ()):
            if holders.setdefault((field.id, value), row.record_id) != row.record_id:
                outcomes[number] = _taken(field)
    held = {row.record_id: kept for row, kept in zip(rows, outcomes, strict=True) if not isinstance(kept, DomainError)}
    lost = await _hold(connection, fields, held)
    if lost:
        # Somebody else was faster just now: these rows keep what they had.
        by_id = {field.id: field for field in fields}
        places = {row.record_id: number for number, row in enumerate(rows)}
        await _hold(connection, fields, {record_id: rows[places[record_id]].former for record_id in lost})
        for record_id, field_id in lost.items():
            outcomes[places[record_id]] = _taken(by_id[field_id])


def _good(outcome: dict[str, Any] | DomainError) -> bool:
    return not isinstance(outcome, DomainError)


def _taken(field: Field) -> FieldValueTaken:
    return FieldValueTaken({"field_id": field.key, "name": field.name})


def _keys(fields: Sequence[Field], kept: Any) -> list[tuple[Field, str]]:
    return [(field, unique_key(kept[field.key])) for field in fields if field.unique and field.key in kept]


async def hold(connection: Connection, subject: Subject, records: Mapping[UUID, Mapping[str, Any]]) -> dict[UUID, UUID]:
    """Each record claims the values it holds and no others: after a merge, its undoing, or an erasure (`{}`).

    In the caller's transaction, which has locked the records. Returns a field per record that lost a value to somebody.
    """
    return await _hold(connection, await hold_definitions(connection, subject), records)


async def _hold(
    connection: Connection, fields: Sequence[Field], records: Mapping[UUID, Mapping[str, Any]]
) -> dict[UUID, UUID]:
    wanted = [(field.id, key, record) for record, kept in records.items() for field, key in _keys(fields, kept)]
    columns = [list(column) for column in zip(*wanted, strict=True)] or [[], [], []]
    await connection.execute(_FREE, *columns, list(records))
    if not wanted:
        return {}
    await connection.execute(_CLAIM, *columns)
    return {UUID(int=row["record_id"].int): row["field_id"] for row in await connection.fetch(_LOST, *columns)}
