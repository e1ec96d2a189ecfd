"""Writing what rows say of people: records of new ones, additions to known ones, tags, consents.

A file of its own: who people are is found out before (taking).
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid5

import orjson

from core.custom_fields import service as custom_fields
from core.custom_fields.rules import Subject
from core.custom_fields.service import Entered
from core.customers import indexing, ownership
from core.customers.imports.drafts import Draft
from core.customers.imports.references import Found
from core.customers.imports.rules import Into, Order, Problem
from core.customers.linking import phones
from core.customers.linking.phones import NewPhone
from core.customers.linking.rules import Door
from core.customers.ownership import Place, Reason
from core.customers.privacy import service as privacy
from core.customers.privacy.rules import NewConsent
from core.customers.profiles import creating, stages
from core.customers.profiles import service as profiles
from core.customers.profiles.errors import ParentRefused
from core.customers.profiles.rules import CUSTOM, Contribution
from core.customers.profiles.stages import Reached
from core.organisation.queries import Colleague
from core.organisation.scopes import Values, of_staff
from infra import clock, names
from infra.database import Connection
from infra.errors import DomainError

# A customer nobody in reach looks after, or in the pool or the trash, is not the importer's to change.
_OPEN = """
SELECT c.id, p.custom FROM customer c LEFT JOIN customer_profile p ON p.customer_id = c.id
WHERE c.id = ANY($1::uuid[]) AND c.pooled_at IS NULL AND c.discarded_at IS NULL AND {reach}
"""
# A tag that was deleted since it was asked for is given to nobody; until the commit nobody deletes one.
_TAG = """
INSERT INTO customer_tag (customer_id, tag_id, added_by, added_at)
SELECT t.customer_id, t.tag_id, $3, $4 FROM unnest($1::uuid[], $2::uuid[]) AS t (customer_id, tag_id)
JOIN tag g ON g.id = t.tag_id AND g.deleted_at IS NULL ORDER BY t.customer_id, t.tag_id FOR SHARE OF g
ON CONFLICT (customer_id, tag_id) DO NOTHING
"""


def place_of(order: Order, draft: Draft, found: Found) -> tuple[Place, UUID | None]:
    """Where somebody new goes, and whose they are."""
    if order.into is Into.POOL:
        return Place.POOL, None
    owner = found.owners[draft.owner.lower()] if order.into is Into.COLUMN and draft.owner else order.staff_id
    return Place.OWNED, owner


async def create(
    connection: Connection, order: Order, new: Sequence[tuple[Draft, UUID, UUID | None]], found: Found
) -> dict[int, Problem]:
    """Records of people who have just come in; what is wrong with some by row (their records aren't written).

    Who joins somebody known (the third) is whose that one is.
    """
    places = {draft.row: place_of(order, draft, found) for draft, _, _ in new}
    made = await creating.create_many(
        connection,
        [
            creating.Draft(
                fields=_fields(draft, found),
                custom=draft.custom,
                phones=tuple(draft.phones),
                owner_id=places[draft.row][1],
                customer_id=customer_id,
                confirm=True,
                door=Door.IMPORT,
                occurred_at=order.ordered_at,
            )
            for draft, customer_id, _ in new
        ],
        reason=Reason.IMPORTED,
        source=order.run_id,
        by=order.staff_id,
    )
    groups = defaultdict[tuple[Place, UUID | None], list[UUID]](list)
    for draft, customer_id, joins in new:
        if joins is None:
            groups[places[draft.row]].append(customer_id)
    for (place, owner_id), ids in groups.items():
        await ownership.move(
            connection, ids, place, owner_id, reason=Reason.IMPORTED, source=order.run_id, by=order.staff_id
        )
    return {
        draft.row: _problem(one.refusal, draft) for (draft, _, _), one in zip(new, made, strict=True) if one.refusal
    }


async def changeable(connection: Connection, by: Colleague, customer_ids: Collection[UUID]) -> dict[UUID, Any]:
    """Who of them is the importer's to change, with their custom values."""
    values = Values(list(customer_ids))
    rows = await connection.fetch(_OPEN.format(reach=of_staff(by, values.put, "c.guide_id")), *values)
    return {row["id"]: orjson.loads(row["custom"] or "{}") for row in rows}


async def add_to(
    connection: Connection,
    order: Order,
    known: Sequence[tuple[Draft, UUID]],
    former: Mapping[UUID, Mapping[str, Any]],
    found: Found,
) -> dict[int, Problem]:
    """What rows say of known people, as far as it counts more than what is known (B-10); what is wrong with some.

    `former` are the custom values of each.
    """
    wrong = dict[int, Problem]()
    said = dict[int, Contribution]()
    for turn in _each_once(known):
        entered = [Entered(customer_id, draft.custom, former[customer_id]) for draft, customer_id in turn]
        checked = await custom_fields.check_many(connection, Subject.CUSTOMER, entered)
        for (draft, customer_id), custom in zip(turn, checked, strict=True):
            if isinstance(custom, DomainError):
                wrong[draft.row] = _problem(custom, draft)
                continue
            fields = _fields(draft, found) | {f"{CUSTOM}{key}": custom.get(key) for key in draft.custom}
            said[draft.row] = Contribution(
                customer_id=customer_id, door=Door.IMPORT, occurred_at=order.ordered_at, fields=fields
            )
    refusals = zip(said, await profiles.contribute_many(connection, list(said.values())), strict=True)
    drafts = {draft.row: draft for draft, _ in known}
    wrong |= {row: _problem(refusal, drafts[row]) for row, refusal in refusals if refusal}
    numbers = [
        NewPhone(customer_id=customer_id, number=number, door=Door.IMPORT, label=label)
        for draft, customer_id in known
        if draft.row not in wrong
        for label, number in draft.phones
    ]
    await phones.put_many(connection, numbers)
    return wrong


def _each_once(known: Sequence[tuple[Draft, UUID]]) -> list[list[tuple[Draft, UUID]]]:
    """In turns, so that each customer is in a turn once: two rows may be one person."""
    turns = list[dict[UUID, tuple[Draft, UUID]]]()
    for draft, customer_id in known:
        turn = next((turn for turn in turns if customer_id not in turn), None)
        if turn is None:
            turns.append(turn := {})
        turn[customer_id] = (draft, customer_id)
    return [list(turn.values()) for turn in turns]


async def add_the_rest(connection: Connection, order: Order, taken: Sequence[tuple[Draft, UUID]], found: Found) -> None:
    """Tags, stages of life, the consent that the import says was given."""
    await _tag(connection, order, taken, found)
    reached = [
        Reached(
            customer_id=customer_id,
            stage=draft.values["stage"],
            source=uuid5(order.run_id, str(draft.row)),
            occurred_at=order.ordered_at,
            by=order.staff_id,
        )
        for draft, customer_id in taken
        if "stage" in draft.values
    ]
    if reached:
        await stages.reach_many(connection, reached)
    if order.consent:
        purpose, version = order.consent
        consents = [
            NewConsent(
                customer_id=customer_id,
                purpose=purpose,
                version=version,
                given=True,
                door=Door.IMPORT,
                source=uuid5(order.run_id, str(draft.row)),
                occurred_at=order.ordered_at,
            )
            for draft, customer_id in taken
        ]
        await privacy.give(connection, consents)


async def _tag(connection: Connection, order: Order, taken: Sequence[tuple[Draft, UUID]], found: Found) -> None:
    pairs = [
        (customer_id, tag_id)
        for draft, customer_id in taken
        for tag_id in (*order.tag_ids, *(found.tags[names.key(tag)] for tag in draft.tags))
    ]
    if pairs:
        columns = [list(column) for column in zip(*pairs, strict=True)]
        await connection.execute(_TAG, *columns, order.staff_id, clock.now())
        indexing.changed({customer_id for customer_id, _ in pairs})


def _fields(draft: Draft, found: Found) -> dict[str, Any]:
    parent = {"parent_id": found.parents[draft.parent]} if draft.parent else {}
    return {name: value for name, value in draft.values.items() if name != "stage"} | parent


def _problem(refusal: DomainError, draft: Draft) -> Problem:
    """Which column a refusal is about, if it says so."""
    field = "parent" if isinstance(refusal, ParentRefused) else refusal.details.get("field")
    if field is None and (field_id := refusal.details.get("field_id")):
        field = f"custom:{field_id}"
    named = field == "parent" or field in draft.values or str(field).startswith("custom:")
    return Problem(refusal.code, field if named else None)
