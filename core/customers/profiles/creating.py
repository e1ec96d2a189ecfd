"""Creating records: one set function behind manual entry, copies, the pool and import.

A file of its own: it joins people, numbers, ownership and the record in a few statements, however many there are.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from core.custom_fields import service as custom_fields
from core.custom_fields.rules import Subject
from core.custom_fields.service import Entered
from core.customers import indexing, ownership, people
from core.customers.linking import phones
from core.customers.linking import service as linking
from core.customers.linking.phones import NewPhone
from core.customers.linking.rules import Door, PhoneLabel
from core.customers.ownership import Place, Reason
from core.customers.profiles import choices, duplicates, parents, records
from core.customers.profiles.duplicates import SAME_MOBILE, Known
from core.customers.profiles.errors import OwnerRefused, ParentRefused
from core.customers.profiles.records import Record
from core.customers.profiles.schemas import CustomerCopyIn, CustomerIn
from core.organisation import queries as organisation
from infra import clock
from infra.database import Connection
from infra.errors import DomainError
from infra.ids import new_id
from infra.phones import is_mobile


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A record to be created: `phones` are labels with numbers as they are kept, `custom` values by field id.

    `customer_id` is somebody known who has no record yet, None for somebody new, who goes to `place` and `owner_id`.
    `confirm`: it is somebody else than the others with this mobile.
    """

    fields: Mapping[str, Any]
    custom: Mapping[str, Any] = field(default_factory=dict)
    phones: tuple[tuple[PhoneLabel, str], ...] = ()
    place: Place = Place.NOBODY
    owner_id: UUID | None = None
    customer_id: UUID | None = None
    confirm: bool = False
    door: Door = Door.STAFF
    occurred_at: datetime | None = None

    @property
    def mobiles(self) -> set[str]:
        """The mobiles among the numbers, whatever they are for."""
        return {number for _, number in self.phones if is_mobile(number)}

    @property
    def parent(self) -> UUID | None:
        """The unit above."""
        return self.fields.get("parent_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What became of a draft: the customer, or why there is none. `alike` are others with the same mobile."""

    customer_id: UUID | None
    refusal: DomainError | None = None
    alike: tuple[UUID, ...] = ()


def drafted(body: CustomerIn | CustomerCopyIn, place: Place, owner_id: UUID | None) -> Draft:
    """What a colleague entered, for `place` and its owner."""
    fields = body.fields() if isinstance(body, CustomerIn) else {"name": body.name}
    return Draft(
        fields={name: value for name, value in fields.items() if value is not None},
        custom=body.custom_values() if isinstance(body, CustomerIn) else {},
        phones=tuple((label, number) for label, number in body.phones.by_label().items() if number),
        place=place,
        owner_id=owner_id,
        confirm=body.confirm,
    )


async def create_many(
    connection: Connection, drafts: Sequence[Draft], *, reason: Reason, source: UUID, by: UUID | None
) -> list[Made]:
    """Create records in the caller's transaction, which holds no lock of a customer yet; one result per draft.

    `source` names the act. A bad draft is refused alone: DuplicateCustomer, PossibleDuplicate, ChoiceUnknown,
    OwnerRefused, ParentRefused (a circle; reach is the caller's matter), the errors of custom fields. Of drafts with
    one mobile and name the first is created.
    """
    owners = {draft.owner_id for draft in drafts if draft.owner_id}
    await people.hold_guides(connection, owners)
    working = await organisation.working_among(owners) if owners else set[UUID]()
    known = await duplicates.hold(connection, {number for draft in drafts for number in draft.mobiles})
    ids = [draft.customer_id or new_id() for draft in drafts]
    entered = [Entered(one, draft.custom, {}) for one, draft in zip(ids, drafts, strict=True)]
    custom = await custom_fields.check_many(connection, Subject.CUSTOMER, entered)
    allowed = await choices.allowed()
    # Nobody stands below somebody new.
    tree = await parents.hold(
        connection, [parent for draft in drafts if draft.customer_id and (parent := draft.parent)]
    )
    made = list[Made]()
    for one, draft, values in zip(ids, drafts, custom, strict=True):
        refusal = values if isinstance(values, DomainError) else choices.refusal(allowed, draft.fields)
        if refusal is None and draft.owner_id is not None and draft.owner_id not in working:
            refusal = OwnerRefused()
        if refusal is None and draft.parent and tree.is_above([one], draft.parent):
            refusal = ParentRefused()
        made.append(_judged(one, draft, known, refusal))
        if made[-1].customer_id and draft.parent:
            tree.put(one, draft.parent)
    results = list(zip(made, drafts, custom, strict=True))
    await _write(
        connection,
        [(one.customer_id, draft, values) for one, draft, values in results if one.customer_id],
        reason,
        source,
        by,
    )
    # Whoever wasn't let in holds no value that others may want.
    refused: dict[UUID, dict[str, Any]] = {one: {} for one, result in zip(ids, made, strict=True) if result.refusal}
    if refused:
        await custom_fields.hold(connection, Subject.CUSTOMER, refused)
    pairs = [(result.customer_id, other) for result in made if result.customer_id for other in result.alike]
    await linking.suggest(connection, pairs, SAME_MOBILE)
    return made


def _judged(customer_id: UUID, draft: Draft, known: Known, refusal: DomainError | None) -> Made:
    """A draft that nothing else speaks against is looked for among those with its mobiles, and joins them."""
    if refusal is not None:
        return Made(customer_id=None, refusal=refusal)
    name = draft.fields.get("name")
    alike, same = known.alike(name, draft.mobiles, but=draft.customer_id)
    refusal = duplicates.refusal(alike, same=same, confirmed=draft.confirm)
    if refusal is not None:
        return Made(customer_id=None, refusal=refusal, alike=tuple(alike))
    known.add(customer_id, name, draft.mobiles)
    return Made(customer_id=customer_id, alike=tuple(alike))


async def _write(
    connection: Connection, kept: Sequence[tuple[UUID, Draft, Any]], reason: Reason, source: UUID, by: UUID | None
) -> None:
    if not kept:
        return
    now = clock.now()
    await people.create(connection, [one for one, draft, _ in kept if draft.customer_id is None])
    await records.write_many(
        connection,
        [
            Record(one, records.told(draft.fields, custom, draft.door, draft.occurred_at or now), created_by=by)
            for one, draft, custom in kept
        ],
    )
    await phones.put_many(connection, list(_phones(kept)))
    groups = defaultdict[tuple[Place, UUID | None], list[UUID]](list)
    for one, draft, _ in kept:
        if draft.customer_id is None:
            groups[draft.place, draft.owner_id].append(one)
    for (place, owner_id), ids in groups.items():
        await ownership.move(connection, ids, place, owner_id, reason=reason, source=source, by=by)
    indexing.changed([one for one, _, _ in kept])


def _phones(kept: Iterable[tuple[UUID, Draft, Any]]) -> Iterable[NewPhone]:
    for one, draft, _ in kept:
        for label, number in draft.phones:
            yield NewPhone(customer_id=one, number=number, door=draft.door, label=label)
