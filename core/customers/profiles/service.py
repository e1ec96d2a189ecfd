"""Use cases around records. What a colleague does with one is audited and told on the timeline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from core.custom_fields import queries as custom_field_queries
from core.custom_fields import service as custom_fields
from core.custom_fields.rules import Subject
from core.customers import indexing, queries
from core.customers.errors import CustomerInPool, CustomerInTrash
from core.customers.linking import phones
from core.customers.linking.phones import NewPhone
from core.customers.linking.rules import Door, PhoneLabel
from core.customers.ownership import Reason
from core.customers.profiles import choices, duplicates, editing, parents, records
from core.customers.profiles.creating import Draft, create_many
from core.customers.profiles.errors import (
    ChoiceUnknown,
    MobileByRequest,
    ParentRefused,
    PossibleDuplicate,
    SaidByThemselves,
)
from core.customers.profiles.parents import Tree
from core.customers.profiles.records import Record
from core.customers.profiles.rules import CUSTOM, Contribution
from core.customers.timeline import Entry, tell
from core.organisation.queries import Colleague
from core.organisation.scopes import reached
from infra import audit, clock
from infra.database import Connection, retry_on_conflict, transaction
from infra.errors import Forbidden
from infra.ids import new_id

# Not taken over by a copy: what names somebody, and what was granted to that one.
_NOT_COPIED = {"email", "credit_grade", "credit_limit", "registered_at"}

_DROP_PHONE = "DELETE FROM customer_phone WHERE customer_id = $1 AND contact_id IS NULL AND label = $2"


@retry_on_conflict
async def create(by: Colleague, draft: Draft, *, reason: Reason = Reason.CREATED) -> UUID:
    """A record of somebody new, for its owner or wherever the draft says; returns the customer's id.

    Somebody else's customer needs `customers:assign`. Raises StaffNotFound (beyond reach), Forbidden,
    DuplicateCustomer, PossibleDuplicate, ParentRefused and what `create_many` refuses.
    """
    if draft.owner_id is not None and draft.owner_id != by.id:
        if not by.may("customers:assign"):
            raise Forbidden({"permission": "customers:assign"})
        await reached(by, draft.owner_id)
    async with transaction() as connection:
        await parents.check(connection, by, None, draft.fields.get("parent_id"))
        details = {"place": draft.place, "owner_id": draft.owner_id, "fields": sorted(draft.fields)}
        return await _create(connection, by, draft, reason, details)


async def _create(
    connection: Connection, by: Colleague, draft: Draft, reason: Reason, details: Mapping[str, Any]
) -> UUID:
    (made,) = await create_many(connection, [draft], reason=reason, source=new_id(), by=by.id)
    if made.customer_id is None:
        refusal = made.refusal or PossibleDuplicate()
        await duplicates.say_who(by, refusal)
        raise refusal
    await audit.note("customer.created", "customer", made.customer_id, details)
    return made.customer_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What a colleague changes: fields by FIELDS, custom values by field id, numbers by label (None takes it away).

    `confirm`: it is somebody else than the others with a mobile that is entered.
    """

    fields: Mapping[str, Any]
    custom: Mapping[str, Any]
    phones: Mapping[PhoneLabel, str | None]
    confirm: bool


@retry_on_conflict
async def change(by: Colleague, customer_id: UUID, version: int, changes: Changes) -> UUID:
    """Change a record; returns whose it is (after merges another's id).

    A mobile can only be entered where there is none (AT-12). Raises CustomerNotFound, CustomerInPool, RecordChanged,
    SaidByThemselves, MobileByRequest, DuplicateCustomer, PossibleDuplicate, ChoiceUnknown, ParentRefused and the errors
    of custom fields.
    """
    allowed = await choices.allowed()
    async with transaction() as connection:
        entered = [number for number in changes.phones.values() if number]
        standing, known, own = await editing.hold_with_mobiles(connection, customer_id, by, entered)
        record = await editing.record(connection, standing, version)
        custom = await _entered(connection, record, changes.custom)
        changed = _hear(record, _differing(record, changes.fields), custom)
        if refusal := choices.refusal(allowed, {one: record.value(one) for one in changed if one in allowed}):
            raise refusal
        if "parent_id" in changed:
            await parents.check(connection, by, standing, record.value("parent_id"))
        if entered or "name" in changed:
            # Whoever has the numbers that were there has been confirmed to be somebody else.
            confirmed = changes.confirm or not known.alike(record.value("name"), entered, but=standing)[0]
            await duplicates.check(connection, by, record, known, [*own, *entered], confirmed=confirmed)
        numbers = await _change_phones(connection, standing, changes.phones)
        if changed or numbers:
            await records.write_many(connection, [record])
            indexing.changed([standing])
            await _note(connection, by, standing, [*changed, *numbers])
    return standing


def _differing(record: Record, fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if record.value(name) != value}


async def _entered(connection: Connection, record: Record, values: Mapping[str, Any]) -> dict[str, Any]:
    """What is different of custom fields; a required one that is missing is asked for with every change."""
    former = record.custom
    kept = await custom_fields.check(connection, Subject.CUSTOMER, record.customer_id, values, former)
    return {one: kept.get(one) for one in former.keys() | kept.keys() if former.get(one) != kept.get(one)}


def _hear(record: Record, fields: Mapping[str, Any], custom: Mapping[str, Any]) -> list[str]:
    """Enter a colleague's word; the names of what it changed. Raises SaidByThemselves."""
    said = records.told(fields, custom, Door.STAFF, clock.now())
    outranked = [name for name, word in said.items() if not record.hear(name, word)]
    if outranked:
        raise SaidByThemselves({"fields": outranked})
    return sorted(said)


async def _change_phones(
    connection: Connection, customer_id: UUID, numbers: Mapping[PhoneLabel, str | None]
) -> list[str]:
    """Each label has one number from now on, or none; those of which that is news."""
    present = await duplicates.numbers_of(connection, customer_id)
    changed = {
        label: number for label, number in numbers.items() if present.get(label, []) != ([number] if number else [])
    }
    if PhoneLabel.MOBILE in changed and PhoneLabel.MOBILE in present:
        raise MobileByRequest
    for label in changed:
        await connection.execute(_DROP_PHONE, customer_id, label.value)
    rows = [
        NewPhone(customer_id=customer_id, number=number, door=Door.STAFF, label=label)
        for label, number in changed.items()
        if number
    ]
    await phones.put_many(connection, rows)
    return [f"phones.{label}" for label in changed]


async def _note(connection: Connection, by: Colleague, customer_id: UUID, changed: Sequence[str]) -> None:
    """The names of what changed, never its values: numbers and addresses have no place in the audit."""
    details = {"by": by.id, "fields": list(changed)}
    await tell(connection, [Entry(customer_id, clock.now(), "record_changed", new_id(), details)])
    await audit.note("customer.changed", "customer", customer_id, {"fields": list(changed)})


@retry_on_conflict
async def grant_credit(by: Colleague, customer_id: UUID, version: int, grade: str | None, limit: int | None) -> UUID:
    """Set credit grade and limit (fen); returns whose they are. Raises as `change` does."""
    allowed = await choices.allowed()
    fields = {"credit_grade": grade, "credit_limit": limit}
    async with transaction() as connection:
        standing = await editing.hold(connection, customer_id, by)
        record = await editing.record(connection, standing, version)
        if refusal := choices.refusal(allowed, _differing(record, fields)):
            raise refusal
        changed = _hear(record, _differing(record, fields), {})
        if changed:
            await records.write_many(connection, [record])
            await _note(connection, by, standing, changed)
    return standing


@retry_on_conflict
async def copy(by: Colleague, customer_id: UUID, draft: Draft) -> UUID:
    """A new record like an existing one, but for what `draft` says (F-15). Raises as `create` and `change` do.

    Not copied: numbers, identities, keys and points, e-mail, credit, contact persons, values of unique custom fields.
    """
    unique = {field.key for field in await custom_field_queries.fields(Subject.CUSTOMER) if field.unique}
    standing = await queries.visible(customer_id, by)
    async with transaction() as connection:
        # Without a lock, which would come before those that creating takes.
        await _expect_not_hidden(connection, standing)
        model = await editing.record(connection, standing)
        named = {name for name in model.said if not name.startswith(CUSTOM)} - _NOT_COPIED
        fields = {name: model.value(name) for name in named} | dict(draft.fields)
        custom = {one: value for one, value in model.custom.items() if one not in unique}
        copied = replace(draft, fields=fields, custom=custom)
        return await _create(connection, by, copied, Reason.CREATED, {"copy_of": standing})


async def _expect_not_hidden(connection: Connection, customer_id: UUID) -> None:
    row = await connection.fetchrow("SELECT pooled_at, discarded_at FROM customer WHERE id = $1", customer_id)
    if row is not None and row["pooled_at"] is not None:
        raise CustomerInPool({"customer_id": str(customer_id)})
    if row is not None and row["discarded_at"] is not None:
        raise CustomerInTrash({"customer_id": str(customer_id)})


async def contribute_many(
    connection: Connection, contributions: Sequence[Contribution]
) -> list[ChoiceUnknown | ParentRefused | None]:
    """What doors say of customers (import, till, login); what counts more stands (B-10), whatever came first.

    In the caller's transaction, which holds the customers' locks. The same contribution again changes nothing. A bad
    one is refused alone and as a whole; why, for each. Whether a parent unit is in anybody's reach, the caller knows.
    """
    found = await records.read_many(connection, {one.customer_id for one in contributions})
    allowed = await choices.allowed()
    tree = await parents.hold(connection, [parent for one in contributions if (parent := one.fields.get("parent_id"))])
    refusals = list[ChoiceUnknown | ParentRefused | None]()
    changed = dict[UUID, Record]()
    for one in contributions:
        record = found[one.customer_id]
        refusals.append(_refusal(record, one, allowed, tree))
        if refusals[-1] is None and _contribute(record, one):
            changed[one.customer_id] = record
            tree.put(one.customer_id, record.value("parent_id"))
    await records.write_many(connection, changed.values())
    # Of what was entered, only what stands is held against others.
    custom = {one.customer_id for one in contributions if any(name.startswith(CUSTOM) for name in one.fields)}
    if custom:
        await custom_fields.hold(connection, Subject.CUSTOMER, {one: found[one].custom for one in custom})
    indexing.changed(changed)
    return refusals


def _refusal(
    record: Record, said: Contribution, allowed: Mapping[str, list[str]], tree: Tree
) -> ChoiceUnknown | ParentRefused | None:
    fields = _differing(record, said.fields)
    if fields.get("parent_id") and tree.is_above([record.customer_id], fields["parent_id"]):
        return ParentRefused()
    return choices.refusal(allowed, fields)


def _contribute(record: Record, said: Contribution) -> bool:
    """Hear a contribution; whether that says anything new."""
    before = dict(record.said)
    for name, word in records.told(said.fields, {}, said.door, said.occurred_at).items():
        record.hear(name, word)
    return record.said != before
