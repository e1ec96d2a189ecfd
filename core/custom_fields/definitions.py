"""Defining custom fields, also where records hold values already.

A file of its own: the service is what every save of a record passes, this is what administrators do. All of it runs
while nobody saves a record of the subject (`service.hold_definitions`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any
from uuid import UUID

import orjson

from core.custom_fields import queries, service
from core.custom_fields.errors import (
    FieldChanged,
    FieldInUse,
    FieldNameTaken,
    FieldNotFound,
    FieldOrderIncomplete,
    FieldsUsedUp,
    FieldValuesClash,
)
from core.custom_fields.rules import Field, Subject, check_settings, keeps_values, next_options
from core.custom_fields.values import unique_key
from infra import audit, clock
from infra.database import Connection, after_commit, constraint_errors, retry_on_conflict, transaction
from infra.ids import new_id
from infra.parameters import Parameter

MOST_FIELDS = Parameter(
    name="custom_fields.per_subject",
    default=100,
    least=1,
    most=500,
    help="每类对象的自定义字段数上限",
    english="The most custom fields of one kind of object",
    unit="个",
)

_BATCH = 5000
_SAVED = ("kind", "name", "help", "max_length", "options", "required", "unique", "searchable", "listed", "position")

_SAVE = """
INSERT INTO custom_field (id, subject, kind, name, help, max_length, options, required, "unique", searchable, listed,
    position, version, created_at, deleted_at)
VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, $8, $9, $10, $11, $12, $13, $14, $15)
ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, name = excluded.name, help = excluded.help,
    max_length = excluded.max_length, options = excluded.options, required = excluded.required,
    "unique" = excluded."unique", searchable = excluded.searchable, listed = excluded.listed,
    position = excluded.position, version = excluded.version, deleted_at = excluded.deleted_at
"""

_ORDER = """
UPDATE custom_field f SET position = o.position FROM unnest($1::uuid[]) WITH ORDINALITY AS o (id, position)
WHERE f.id = o.id
"""

_CLAIM = """
INSERT INTO custom_unique_value (field_id, value, record_id)
SELECT $1, value, record_id FROM unnest($2::text[], $3::uuid[]) AS c (value, record_id) ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class _Records:
    """Where the records of a subject lie, with their values in the column `custom`; only `standing` ones claim any."""

    table: str
    id: str
    standing: str


_RECORDS = {
    Subject.CUSTOMER: _Records(
        "customer_profile",
        "customer_id",
        "EXISTS (SELECT FROM customer c WHERE c.id = customer_id AND c.merged_into_id IS NULL)",
    ),
    Subject.CONTACT: _Records("contact_person", "id", "removed_at IS NULL"),
}


async def add(values: Mapping[str, Any]) -> Field:
    """A new field, the last one of its subject. Raises FieldSettingRefused, FieldNameTaken, FieldsUsedUp."""
    most = await MOST_FIELDS.get()
    options = next_options((), [(option.get("id"), option["name"]) for option in values["options"]])
    field = Field(**dict(values) | {"id": new_id(), "options": options, "created_at": clock.now()})
    check_settings(field)
    with constraint_errors({"custom_field_name_key": FieldNameTaken}):
        async with transaction() as connection:
            present = _living(await service.hold_definitions(connection, field.subject, alone=True))
            field = replace(field, position=_next_position(present, most))
            await _save(connection, field)
            await audit.note("field.added", "field", field.id, _told(field))
    return field


@retry_on_conflict
async def change(field_id: UUID, version: int, values: Mapping[str, Any]) -> Field:
    """Change what is given; values that records hold stay what they are.

    Raises FieldNotFound, FieldChanged, FieldSettingRefused, FieldNameTaken, FieldInUse for a kind or length that would
    lose values, FieldValuesClash with how many records hold what another one holds.
    """
    subject = (await queries.field(field_id)).subject
    with constraint_errors({"custom_field_name_key": FieldNameTaken}):
        async with transaction() as connection:
            former = _one(_living(await service.hold_definitions(connection, subject, alone=True)), field_id)
            if former.version != version:
                raise FieldChanged({"version": former.version})
            field = _changed(former, values)
            check_settings(field)
            await _fit(connection, former, field)
            await _save(connection, field)
            await audit.note("field.changed", "field", field.id, _told(field) | {"before": _told(former)})
    return field


async def delete(field_id: UUID) -> None:
    """Hide a field; records keep its values. Raises FieldNotFound."""
    subject = (await queries.field(field_id)).subject
    async with transaction() as connection:
        field = _one(_living(await service.hold_definitions(connection, subject, alone=True)), field_id)
        await _save(connection, replace(field, deleted_at=clock.now(), version=field.version + 1))
        await audit.note("field.deleted", "field", field_id, {"name": field.name})


async def restore(field_id: UUID) -> Field:
    """Bring a deleted field back, as the last one; one that isn't deleted stays as it is.

    Raises FieldNotFound, FieldNameTaken, FieldsUsedUp.
    """
    most, subject = await MOST_FIELDS.get(), (await queries.field(field_id)).subject
    with constraint_errors({"custom_field_name_key": FieldNameTaken}):
        async with transaction() as connection:
            fields = await service.hold_definitions(connection, subject, alone=True)
            field = _one(fields, field_id)
            if field.deleted_at is not None:
                position = _next_position(_living(fields), most)
                field = replace(field, deleted_at=None, position=position, version=field.version + 1)
                await _save(connection, field)
                await audit.note("field.restored", "field", field_id, {"name": field.name})
    return field


async def order(subject: Subject, ids: Sequence[UUID]) -> None:
    """Put the fields of a subject in order. Raises FieldOrderIncomplete unless each is named once."""
    async with transaction() as connection:
        present = [field.id for field in _living(await service.hold_definitions(connection, subject, alone=True))]
        if sorted(present) != sorted(ids):
            raise FieldOrderIncomplete({"ids": [str(field_id) for field_id in present]})
        await connection.execute(_ORDER, list(ids))
        after_commit(_forget)
        await audit.note("field.ordered", "subject", subject.value, {"ids": list(ids)})


def _living(fields: Sequence[Field]) -> list[Field]:
    return [field for field in fields if field.deleted_at is None]


def _one(fields: Sequence[Field], field_id: UUID) -> Field:
    for field in fields:
        if field.id == field_id:
            return field
    raise FieldNotFound


def _next_position(present: Sequence[Field], most: int) -> int:
    if len(present) >= most:
        raise FieldsUsedUp({"most": most})
    return 1 + max((field.position for field in present), default=0)


def _changed(former: Field, values: Mapping[str, Any]) -> Field:
    changes = {key: values[key] for key in _SAVED if key in values and key != "options"}
    options = former.options
    if "options" in values:
        options = next_options(options, [(option.get("id"), option["name"]) for option in values["options"]])
    return replace(former, **changes, options=options, version=former.version + 1)


def _told(field: Field) -> dict[str, Any]:
    return {key: value for key, value in asdict(field).items() if key in _SAVED}


async def _forget() -> None:
    queries.forget()


async def _save(connection: Connection, field: Field) -> None:
    options = orjson.dumps([asdict(option) for option in field.options]).decode()
    facts = (field.kind, field.name, field.help, field.max_length, options, field.required, field.unique)
    rest = (field.searchable, field.listed, field.position, field.version, field.created_at, field.deleted_at)
    await connection.execute(_SAVE, field.id, field.subject, *facts, *rest)
    after_commit(_forget)


async def _fit(connection: Connection, former: Field, field: Field) -> None:
    """What records hold must fit the changed field."""
    records = _RECORDS.get(field.subject)
    if records is None:
        return
    if not keeps_values(former.kind, field.kind):
        await _refuse(connection, records, field, "kind", "true")
    shorter = field.longest is not None and (former.longest is None or field.longest < former.longest)
    if shorter and former.kind is field.kind:
        await _refuse(connection, records, field, "max_length", f"length(custom ->> $1::text) > {field.longest}")
    if former.unique and not field.unique:
        await connection.execute("DELETE FROM custom_unique_value WHERE field_id = $1", field.id)
    elif field.unique and not former.unique:
        await _claim_all(connection, records, field)


async def _refuse(connection: Connection, records: _Records, field: Field, setting: str, condition: str) -> None:
    sql = f"SELECT count(*) FROM {records.table} WHERE custom ? $1::text AND {condition}"
    number = await connection.fetchval(sql, field.key)
    if number:
        raise FieldInUse({"setting": setting, "records": number})


async def _claim_all(connection: Connection, records: _Records, field: Field) -> None:
    sql = f"""SELECT {records.id} AS id, custom -> $1::text AS value FROM {records.table}
        WHERE custom ? $1::text AND {records.standing}"""
    clashes, batch = 0, list[tuple[str, UUID]]()

    async def claim() -> int:
        keys = [key for key, _ in batch], [record_id for _, record_id in batch]
        status = await connection.execute(_CLAIM, field.id, *keys)
        return len(batch) - int(status.rsplit(" ", 1)[-1])

    async for row in connection.cursor(sql, field.key, prefetch=_BATCH):
        batch.append((unique_key(orjson.loads(row["value"])), row["id"]))
        if len(batch) == _BATCH:
            clashes += await claim()
            batch.clear()
    clashes += await claim()
    if clashes:
        raise FieldValuesClash({"records": clashes})
