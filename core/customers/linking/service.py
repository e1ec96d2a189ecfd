"""The identity service: whoever comes in by whichever door is taken for whom the evidence says. A set function."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import combinations
from uuid import UUID

from core.customers import indexing, people
from core.customers.joining import MergeReason, merge_groups
from core.customers.linking import evidence, parting, phones, verifying, weighing
from core.customers.linking.evidence import Numbers, name_digest, phone_digest
from core.customers.linking.phones import NewPhone
from core.customers.linking.rules import (
    DATED,
    Arrival,
    Arrived,
    Known,
    LinkedBy,
    WechatIdentity,
    joined,
    member_of,
    taken_for,
)
from core.customers.linking.suggesting import suggest
from core.customers.merging import same_unionid
from core.customers.rules import Contact, ContactKind, connected
from core.organisation import queries as organisation
from core.organisation.bindings import hold_bindings
from infra import clock
from infra.database import Connection
from infra.ids import new_id

__all__ = ["arrive_many", "suggest"]

SAME_KEY = "same_key"

_BEFORE = "SELECT source, customer_id FROM customer_arrival WHERE source = ANY($1::uuid[])"

_DIGESTS = "SELECT digest, customer_id FROM identity WHERE digest = ANY($1::bytea[])"

_UNIONIDS = "SELECT DISTINCT unionid, customer_id FROM identity WHERE unionid = ANY($1::text[])"

_LEARN = """
UPDATE identity i SET unionid = COALESCE(s.unionid, i.unionid), last_seen_at = GREATEST(i.last_seen_at, s.at),
    openid = COALESCE(i.openid, s.openid)
FROM (
    SELECT digest, min(unionid) AS unionid, max(at) AS at, min(openid) AS openid
    FROM unnest($1::bytea[], $2::text[], $3::timestamptz[], $4::text[]) AS a (digest, unionid, at, openid)
    GROUP BY digest
) s WHERE i.digest = s.digest
"""

_KEYS = """
SELECT k.kind, k.value, k.customer_id, EXISTS (SELECT FROM identity i WHERE i.customer_id = k.customer_id) AS on_wechat
FROM customer_key k JOIN unnest($1::text[], $2::text[]) AS g (kind, value) ON k.kind = g.kind AND k.value = g.value
"""

_PUT_KEYS = """
INSERT INTO customer_key (id, customer_id, kind, value, created_at)
SELECT id, customer_id, kind, value, $5
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[]) AS k (id, customer_id, kind, value)
ON CONFLICT (kind, value) DO NOTHING
"""

_PUT = """
INSERT INTO customer_arrival (id, customer_id, source, door, occurred_at, linked_by, phone, name, arrived_at)
SELECT id, customer_id, source, door, occurred_at, linked_by, phone, name, $9
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[], $6::text[], $7::bytea[], $8::bytea[])
    AS a (id, customer_id, source, door, occurred_at, linked_by, phone, name)
"""


async def arrive_many(connection: Connection, arrivals: Sequence[Arrival]) -> list[Arrived]:
    """Take each arrival for a customer, known or new, once per source; one answer per arrival.

    Runs in the caller's transaction, which holds no customer yet. When it ends, after what the caller writes down about
    them, those whom their numbers show to be one become one (`weighing`).
    """
    await evidence.take_turns(connection, arrivals)
    rows = await connection.fetch(_BEFORE, [arrival.source for arrival in arrivals])
    answers = {UUID(int=row["source"].int): Arrived(UUID(int=row["customer_id"].int)) for row in rows}
    coming = dict[UUID, Arrival]()
    for arrival in arrivals:
        if arrival.source not in answers:
            coming.setdefault(arrival.source, arrival)
    answers |= await _arrive(connection, list(coming.values())) if coming else {}
    return [answers[arrival.source] for arrival in arrivals]


async def _arrive(connection: Connection, arrivals: Sequence[Arrival]) -> dict[UUID, Arrived]:
    colleagues, newcomers = await _add_newcomers(connection, [one for one in arrivals if one.wechat])
    customers = [one for one in arrivals if not (one.wechat and one.wechat.digest in colleagues)]
    answers = {one.source: Arrived(None) for one in arrivals if one.wechat and one.wechat.digest in colleagues}
    await evidence.lock_known(connection, customers)
    meant = await _recognised(connection, customers)
    linked = dict.fromkeys(meant, LinkedBy.IDENTITY)
    linked |= {source: LinkedBy.KEY for source in await _by_keys(connection, customers, meant) if source not in linked}

    surely = set(meant)
    await _verify(connection, [one for one in customers if one.source in surely], meant)
    known = await evidence.numbers(connection, {one.phone for one in customers if one.phone})
    fresh = _by_numbers([one for one in customers if one.source not in meant], meant, known)
    await people.create(connection, fresh)
    await _verify(connection, [one for one in customers if one.source not in surely], meant)
    await _write(connection, customers, meant, linked)

    first = newcomers | fresh
    for one in customers:
        created = meant[one.source] in first
        first.discard(meant[one.source])
        answers[one.source] = _answer(one, meant[one.source], known, created=created)
    return answers


async def _add_newcomers(connection: Connection, arrivals: Sequence[Arrival]) -> tuple[set[bytes], set[UUID]]:
    """Which identities are colleagues', and the customers made for those never heard of."""
    identities = {one.wechat.digest for one in arrivals if one.wechat}
    if not identities:
        return set(), set()
    found = await connection.fetch(_DIGESTS, list(identities))
    unknown = identities - {row["digest"] for row in found}
    await hold_bindings(connection, unknown)
    colleagues = await organisation.staff_identities(connection, identities)
    strangers = unknown - colleagues
    contacts = [_contact(one, one.wechat) for one in arrivals if one.wechat and one.wechat.digest in strangers]
    await people.add(connection, contacts, silent=True)
    made = await connection.fetch(_DIGESTS, list(strangers))
    return colleagues, {UUID(int=row["customer_id"].int) for row in made}


def _contact(arrival: Arrival, wechat: WechatIdentity) -> Contact:
    # Being seen says nothing of following.
    return Contact(
        source=arrival.source,
        app_id=wechat.app_id,
        openid=wechat.openid,
        identity=wechat.digest,
        kind=ContactKind.MESSAGE,
        occurred_at=arrival.occurred_at,
        followable=False,
    )


async def _recognised(connection: Connection, arrivals: Sequence[Arrival]) -> dict[UUID, UUID]:
    """By source: the customers of identities and unionids, after those with one unionid became one."""
    seen = [(one, one.wechat) for one in arrivals if one.wechat]
    if seen:
        await connection.execute(
            _LEARN,
            [wechat.digest for _, wechat in seen],
            [one.unionid for one, _ in seen],
            [one.occurred_at for one, _ in seen],
            [wechat.openid for _, wechat in seen],
        )
    unionids = list({one.unionid for one in arrivals if one.unionid})
    groups = await same_unionid(connection, unionids)
    await merge_groups(connection, _oldest(groups), MergeReason.UNIONID)
    digests = await connection.fetch(_DIGESTS, [wechat.digest for _, wechat in seen])
    owners = {row["digest"]: UUID(int=row["customer_id"].int) for row in digests}
    shared = {row["unionid"]: UUID(int=row["customer_id"].int) for row in await connection.fetch(_UNIONIDS, unionids)}
    found = dict[UUID, UUID]()
    for one in arrivals:
        owner = owners.get(one.wechat.digest) if one.wechat else shared.get(one.unionid or "")
        if owner is not None:
            found[one.source] = owner
    return found


def _oldest(groups: Iterable[set[UUID]]) -> dict[UUID, set[UUID]]:
    return {min(group): group - {min(group)} for group in groups}


async def _by_keys(connection: Connection, arrivals: Sequence[Arrival], meant: dict[UUID, UUID]) -> set[UUID]:
    """Add who is known by a card or another system's number; the sources of all who came with a key.

    What one key joins is one customer, unless both are on WeChat: a card may be shown by somebody else.
    """
    keyed = [one for one in arrivals if one.keys]
    pieces = [key for one in keyed for key in one.keys]
    rows = await connection.fetch(_KEYS, [kind for kind, _ in pieces], [value for _, value in pieces])
    owners = {(row["kind"], row["value"]): UUID(int=row["customer_id"].int) for row in rows}
    members = {UUID(int=row["customer_id"].int) for row in rows if row["on_wechat"]} | set(meant.values())
    groups = connected(_customers(one, owners, meant) for one in keyed)
    unsure = [group for group in groups if len(group & members) > 1]
    sure = [group for group in groups if len(group) > 1 and group not in unsure]
    await merge_groups(connection, _oldest(sure), MergeReason.KEY)
    await suggest(connection, [pair for group in unsure for pair in combinations(sorted(group), 2)], SAME_KEY)
    now = {one: min(group) for group in sure for one in group}
    for one in keyed:
        found = [meant[one.source]] if one.source in meant else [owners[key] for key in one.keys if key in owners]
        if found:
            meant[one.source] = found[0]
    meant |= {source: now.get(owner, owner) for source, owner in meant.items()}
    return {one.source for one in keyed}


def _customers(arrival: Arrival, owners: Mapping[tuple[str, str], UUID], meant: Mapping[UUID, UUID]) -> set[UUID]:
    own = {meant[arrival.source]} if arrival.source in meant else set[UUID]()
    return own | {owners[key] for key in arrival.keys if key in owners}


def _by_numbers(arrivals: Iterable[Arrival], meant: dict[UUID, UUID], known: Numbers) -> set[UUID]:
    """Add who is known by a number, or by nothing; the ids of customers to be made."""
    fresh, keyed = set[UUID](), dict[tuple[str, str], UUID]()
    for one in arrivals:
        alike = known.people[one.phone] if one.phone else []
        name = name_digest(one.name)
        at = one.occurred_at if one.door in DATED else None
        same_key = next((keyed[key] for key in one.keys if key in keyed), None)
        found = taken_for(alike, name, one.keys, at, disputed=one.phone in known.disputed)
        owner = same_key or (found.customer_id if found else new_id())
        meant[one.source] = owner
        keyed |= dict.fromkeys(one.keys, owner)
        person = next((other for other in alike if other.customer_id == owner), None)
        if found is None and same_key is None:
            fresh.add(owner)
        if person is None:
            person = Known(owner)
            alike.append(person)
        person.names |= {name} if name and not person.names else set()
        person.keys |= set(one.keys)
    return fresh


async def _verify(connection: Connection, arrivals: Iterable[Arrival], meant: Mapping[UUID, UUID]) -> None:
    """Whoever of them proved a number, in the order in which they did."""
    for one in sorted(arrivals, key=lambda arrival: arrival.occurred_at):
        if not one.phone or not one.phone_verified:
            continue
        proven = NewPhone(customer_id=meant[one.source], number=one.phone, door=one.door, verified_at=one.occurred_at)
        if await verifying.verify(connection, proven):
            await parting.part(connection, one.phone)


async def _write(
    connection: Connection, arrivals: Sequence[Arrival], meant: Mapping[UUID, UUID], linked: Mapping[UUID, LinkedBy]
) -> None:
    numbers = [(one, one.phone) for one in arrivals if one.phone]
    await phones.put_many(
        connection,
        [
            NewPhone(customer_id=meant[one.source], number=number, door=one.door, label=phones.label_of(number))
            for one, number in numbers
            if not one.phone_verified
        ],
    )
    keys = [(meant[one.source], kind, value) for one in arrivals for kind, value in one.keys]
    now = clock.now()
    await connection.execute(
        _PUT_KEYS,
        [new_id() for _ in keys],
        [customer_id for customer_id, _, _ in keys],
        [kind for _, kind, _ in keys],
        [value for _, _, value in keys],
        now,
    )
    await connection.execute(
        _PUT,
        [new_id() for _ in arrivals],
        [meant[one.source] for one in arrivals],
        [one.source for one in arrivals],
        [one.door.value for one in arrivals],
        [one.occurred_at for one in arrivals],
        [linked.get(one.source, LinkedBy.PHONE).value for one in arrivals],
        [phone_digest(one.phone) if one.phone else None for one in arrivals],
        [name_digest(one.name) for one in arrivals],
        now,
    )
    indexing.changed(set(meant.values()))
    weighing.weigh({number for _, number in numbers})


def _answer(arrival: Arrival, owner: UUID, known: Numbers, *, created: bool) -> Arrived:
    alike: Collection[Known] = known.people[arrival.phone] if arrival.phone else ()
    joining = joined(list(alike), (), disputed=arrival.phone in known.disputed)
    member = member_of(alike)
    joins = member.customer_id if member and any(one.customer_id == owner for one in joining) else None
    others = {one.customer_id for one in alike if one not in joining} - {owner, joins}
    return Arrived(owner, created, bool(others), joins)
