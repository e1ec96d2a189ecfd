"""The one way contacts become customers, identities, touches and timeline: a set function."""

from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from core.customers import indexing, ownership, people
from core.customers.events import FollowingChanged
from core.customers.handover import PART
from core.customers.ownership import Place, Reason
from core.customers.rules import (
    Contact,
    ContactKind,
    CustomerState,
    IdentityState,
    Touch,
    follow_source,
    order_of,
    see,
    touch,
)
from core.organisation import queries as organisation
from core.organisation.bindings import hold_bindings
from core.organisation.handover import queries as hand_overs
from infra import clock
from infra.database import Connection
from infra.ids import new_id
from infra.outbox import publish

_PEOPLE = """
SELECT i.digest, i.id AS identity_id, i.following, i.state_at, i.last_seen_at, i.talked_at, c.id AS customer_id,
       c.guide_id, EXISTS (
           SELECT 1 FROM customer_owner_change o
           WHERE o.customer_id = c.id AND o.reason NOT IN ('merged', 'unmerged')) AS given
FROM identity i JOIN customer c ON c.id = i.customer_id WHERE i.digest = ANY($1::bytea[])
"""

_FIRST_TOUCHES = """
SELECT customer_id, id, kind, occurred_at, source FROM touch WHERE is_first AND customer_id = ANY($1::uuid[])
"""

_DEMOTE = "UPDATE touch SET is_first = false WHERE id = ANY($1::uuid[])"

_ADD_TOUCHES = """
INSERT INTO touch (id, customer_id, source, kind, code_id, guide_id, store_id, channel_id, is_first, occurred_at)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::uuid[], $6::uuid[], $7::uuid[], $8::uuid[],
                     $9::bool[], $10::timestamptz[])
"""

# What comes late about somebody who was forgotten brings no openid back.
_UPDATE_IDENTITIES = """
UPDATE identity i SET following = s.following, state_at = s.state_at, last_seen_at = s.last_seen_at,
    talked_at = s.talked_at,
    openid = COALESCE(i.openid, CASE WHEN s.following OR s.last_seen_at > i.last_seen_at THEN s.openid END),
    ask_at = CASE WHEN NOT s.following THEN NULL WHEN s.followed THEN $8 ELSE i.ask_at END
FROM unnest($1::uuid[], $2::bool[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[], $6::text[], $7::bool[])
    AS s (id, following, state_at, last_seen_at, talked_at, openid, followed) WHERE i.id = s.id
"""

_UPDATE_CUSTOMERS = """
UPDATE customer c SET guide_id = s.guide_id,
    active_at = CASE WHEN s.guide_id IS NOT DISTINCT FROM c.guide_id THEN c.active_at ELSE $3 END,
    pooled_at = CASE WHEN s.guide_id IS NULL THEN c.pooled_at END,
    pool_reason = CASE WHEN s.guide_id IS NULL THEN c.pool_reason END,
    discarded_at = CASE WHEN s.guide_id IS NULL THEN c.discarded_at END,
    following = EXISTS (SELECT 1 FROM identity i WHERE i.customer_id = c.id AND i.following)
FROM unnest($1::uuid[], $2::uuid[]) AS s (id, guide_id) WHERE c.id = s.id
"""

_ADD_TIMELINE = """
INSERT INTO timeline (id, customer_id, occurred_at, kind, source)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[], $5::uuid[])
"""

_MARK_STAFF = """
UPDATE customer c SET is_staff = EXISTS (
    SELECT FROM identity i JOIN staff_wechat w ON w.digest = i.digest WHERE i.customer_id = c.id
) WHERE id = ANY($1::uuid[])
"""


async def record_contacts(connection: Connection, contacts: Sequence[Contact]) -> int:
    """Write down what people did, in the order given; returns how many contacts counted.

    Runs in the caller's transaction. Contacts of colleagues are left out: they are never fans. The caller sees to it
    that a contact comes once (a delivery row); a touch's `source` is unique all the same. A follow may come twice, by
    its push and from the follower list: one person's follows of one second are one.
    """
    identities_seen = {contact.identity for contact in contacts}
    credited = {contact.credit.guide_id for contact in contacts if contact.credit.guide_id}
    if credited:
        await people.hold_guides(connection, credited)
    newcomers = identities_seen - await _known(connection, identities_seen)
    if newcomers:
        await hold_bindings(connection, newcomers)
    colleagues = await organisation.staff_identities(connection, identities_seen)
    contacts = _follows_once(contact for contact in contacts if contact.identity not in colleagues)
    if not contacts:
        return 0
    await people.add(connection, [contact for contact in contacts if contact.identity in newcomers])
    await people.lock(connection, identities_seen - colleagues)
    contacts = await _without_known_follows(connection, contacts)
    if not contacts:
        return 0
    identities, customers = await _states(connection, contacts)
    guides = credited | {customer.guide_id for customer in customers.values() if customer.guide_id}
    heirs = await hand_overs.heirs(connection, guides, PART) if guides else {}

    former_firsts = {c.id: c.first_touch_id for c in customers.values()}
    followed = {identity.id for identity, _ in identities.values() if identity.following}
    former_guides = {c.id: c.guide_id for c in customers.values()}
    touches = list[tuple[CustomerState, Touch]]()
    for contact in contacts:
        identity, customer = identities[contact.identity]
        see(identity, contact)
        made = touch(customer, contact, new_id(), heirs)
        if made is not None:
            touches.append((customer, made))

    await _write_touches(connection, touches, former_firsts)
    await _write_owners(connection, touches, former_guides)
    await _write_states(connection, contacts, identities, customers.values())
    await _tell_following(contacts, identities, followed)
    await connection.execute(
        _ADD_TIMELINE,
        [new_id() for _ in contacts],
        [identities[contact.identity][1].id for contact in contacts],
        [contact.occurred_at for contact in contacts],
        [contact.kind.value for contact in contacts],
        [contact.source for contact in contacts],
    )
    met = {identities[identity][1].id for identity in newcomers if identity in identities}
    indexing.changed(met | {one.id for one in customers.values() if one.first_touch_id != former_firsts[one.id]})
    return len(contacts)


async def _known(connection: Connection, identities: Collection[bytes]) -> set[bytes]:
    rows = await connection.fetch("SELECT digest FROM identity WHERE digest = ANY($1::bytea[])", list(identities))
    return {row["digest"] for row in rows}


def _follows_once(contacts: Iterable[Contact]) -> list[Contact]:
    kept, follows = list[Contact](), set[UUID]()
    for contact in contacts:
        if contact.kind is not ContactKind.FOLLOW:
            kept.append(contact)
        elif (source := follow_source(contact.identity, contact.occurred_at)) not in follows:
            follows.add(source)
            kept.append(replace(contact, source=source))
    return kept


async def _without_known_follows(connection: Connection, contacts: list[Contact]) -> list[Contact]:
    follows = [contact.source for contact in contacts if contact.kind is ContactKind.FOLLOW]
    if not follows:
        return contacts
    rows = await connection.fetch("SELECT source FROM touch WHERE source = ANY($1::uuid[])", follows)
    known = {row["source"] for row in rows} & set(follows)
    return [contact for contact in contacts if contact.source not in known]


async def _states(
    connection: Connection, contacts: Iterable[Contact]
) -> tuple[dict[bytes, tuple[IdentityState, CustomerState]], dict[UUID, CustomerState]]:
    rows = await connection.fetch(_PEOPLE, list({contact.identity for contact in contacts}))
    customers = {
        row["customer_id"]: CustomerState(row["customer_id"], row["guide_id"], None, None, row["given"]) for row in rows
    }
    for first in await connection.fetch(_FIRST_TOUCHES, list(customers)):
        customer = customers[first["customer_id"]]
        customer.first_touch_id = first["id"]
        customer.first_order = order_of(ContactKind(first["kind"]), first["occurred_at"], first["source"])
    identities = {
        row["digest"]: (
            IdentityState(row["identity_id"], row["following"], row["state_at"], row["last_seen_at"], row["talked_at"]),
            customers[row["customer_id"]],
        )
        for row in rows
    }
    return identities, customers


async def _write_touches(
    connection: Connection, touches: Sequence[tuple[CustomerState, Touch]], former_firsts: dict[UUID, UUID | None]
) -> None:
    if not touches:
        return
    # The former first steps down before the new one is written: there is one per customer at any moment.
    demoted = [
        former
        for customer in {customer.id: customer for customer, _ in touches}.values()
        if (former := former_firsts[customer.id]) is not None and former != customer.first_touch_id
    ]
    if demoted:
        await connection.execute(_DEMOTE, demoted)
    credits_ = [made.contact.credit for _, made in touches]
    columns: list[list[Any]] = [
        [made.id for _, made in touches],
        [customer.id for customer, _ in touches],
        [made.contact.source for _, made in touches],
        [made.contact.kind.value for _, made in touches],
        [credit.code_id for credit in credits_],
        [credit.guide_id for credit in credits_],
        [credit.store_id for credit in credits_],
        [credit.channel_id for credit in credits_],
        [customer.first_touch_id == made.id for customer, made in touches],
        [made.contact.occurred_at for _, made in touches],
    ]
    await connection.execute(_ADD_TOUCHES, *columns)


async def _write_owners(
    connection: Connection, touches: Sequence[tuple[CustomerState, Touch]], former_guides: dict[UUID, UUID | None]
) -> None:
    """Whose owner has a ledger (who was in the pool, or handed over) gets the new one in it."""
    for customer, made in {customer.id: (customer, made) for customer, made in touches}.values():
        if customer.given and customer.guide_id != former_guides[customer.id]:
            await ownership.move(
                connection,
                [customer.id],
                Place.OWNED,
                customer.guide_id,
                reason=Reason.SCANNED,
                source=made.contact.source,
                by=None,
            )


async def _write_states(
    connection: Connection,
    contacts: Sequence[Contact],
    identities: dict[bytes, tuple[IdentityState, CustomerState]],
    customers: Iterable[CustomerState],
) -> None:
    openids = {contact.identity: contact.openid for contact in contacts}
    followed = {contact.identity for contact in contacts if contact.kind is ContactKind.FOLLOW}
    states = [(digest, identity) for digest, (identity, _) in identities.items()]
    await connection.execute(
        _UPDATE_IDENTITIES,
        [identity.id for _, identity in states],
        [identity.following for _, identity in states],
        [identity.state_at for _, identity in states],
        [identity.last_seen_at for _, identity in states],
        [identity.talked_at for _, identity in states],
        [openids[digest] for digest, _ in states],
        [digest in followed for digest, _ in states],
        clock.now(),
    )
    changed = list(customers)
    await connection.execute(
        _UPDATE_CUSTOMERS,
        [customer.id for customer in changed],
        [customer.guide_id for customer in changed],
        clock.now(),
    )


async def _tell_following(
    contacts: Iterable[Contact],
    identities: Mapping[bytes, tuple[IdentityState, CustomerState]],
    followed: Container[UUID],
) -> None:
    """Say who left or came back. Newcomers follow from the beginning, but may be first heard of when they leave."""
    leaving = {contact.identity for contact in contacts if contact.kind is ContactKind.UNFOLLOW}
    changed = {
        UUID(int=customer.id.int)
        for digest, (identity, customer) in identities.items()
        if identity.following is not (identity.id in followed) or (digest in leaving and not identity.following)
    }
    if changed:
        await publish(FollowingChanged(customer_ids=tuple(sorted(changed))))


async def mark_staff(connection: Connection, identity: bytes) -> None:
    """The bearer of this identity turned out to be a colleague, or is none any more: counted as a fan or not.

    What the bindings say now holds, in whatever order binding and unbinding are heard of.
    """
    owners = await people.lock(connection, [identity])
    await connection.execute(_MARK_STAFF, list(owners))
