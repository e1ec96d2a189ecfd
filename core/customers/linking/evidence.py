"""What is known of people by what they can be known by, read under the locks that make it stay so.

A file of its own: arrivals, the weighing of numbers and disputes all judge by the same picture.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from core.customers import people
from core.customers.linking import phones
from core.customers.linking.phones import Holder
from core.customers.linking.rules import Arrival, Known
from core.customers.merging import TAKE_TURNS, turns
from infra import crypto, names
from infra.database import Connection

_BEHIND = """
SELECT customer_id FROM identity WHERE digest = ANY($1::bytea[])
UNION SELECT customer_id FROM identity WHERE unionid = ANY($2::text[])
UNION SELECT k.customer_id FROM customer_key k JOIN unnest($3::text[], $4::text[]) AS g (kind, value)
    ON k.kind = g.kind AND k.value = g.value
UNION SELECT customer_id FROM customer_phone WHERE number = ANY($5::text[]) AND contact_id IS NULL
UNION SELECT unnest($6::uuid[])
"""

_NAMES = """
SELECT customer_id, name_key, nature = 'business' AS firm FROM customer_profile WHERE customer_id = ANY($1::uuid[])
"""

_HEARD_NAMES = """
SELECT DISTINCT customer_id, name FROM customer_arrival WHERE customer_id = ANY($1::uuid[]) AND name IS NOT NULL
"""

_KEYS = "SELECT customer_id, kind, value FROM customer_key WHERE customer_id = ANY($1::uuid[])"

# Two members proved it, and they were not found to be one.
_DISPUTED = """
SELECT DISTINCT number FROM phone_dispute WHERE number = ANY($1::text[]) AND outcome IS DISTINCT FROM 'same_person'
"""

_PHONE, _NAME = "phone", "name"


@dataclass(slots=True)
class Numbers:
    """The customers who have each number, and which numbers two members proved to be theirs."""

    people: dict[str, list[Known]]
    disputed: set[str]


def phone_digest(number: str) -> bytes:
    """What an arrival keeps of a number."""
    return crypto.digest(_PHONE, number)


def name_digest(name: str | None) -> bytes | None:
    """What an arrival keeps of a name, as names are compared."""
    return crypto.digest(_NAME, names.key(name)) if name and names.key(name) else None


async def take_turns(connection: Connection, arrivals: Collection[Arrival]) -> None:
    """Whoever brings the same evidence waits; before any lock of a customer."""
    pieces = [("unionid", arrival.unionid) for arrival in arrivals if arrival.unionid]
    pieces += [(_PHONE, arrival.phone) for arrival in arrivals if arrival.phone]
    keys = [("key", kind, value) for arrival in arrivals for kind, value in arrival.keys]
    # Who brings nothing that others could bring too waits for itself, when it comes twice.
    bare = [
        ("arrival", str(arrival.source))
        for arrival in arrivals
        if not (arrival.wechat or arrival.unionid or arrival.phone or arrival.keys)
    ]
    await connection.execute(TAKE_TURNS, turns([*pieces, *keys, *bare]))


async def hold_numbers(connection: Connection, numbers: Collection[str], besides: Collection[UUID] = ()) -> None:
    """The same for numbers alone, and the customers who have them, and others besides."""
    await connection.execute(TAKE_TURNS, turns((_PHONE, number) for number in numbers))
    await people.lock_behind(connection, _BEHIND, [], [], [], [], list(numbers), list(besides))


async def lock_known(connection: Connection, arrivals: Sequence[Arrival]) -> None:
    """Lock every customer whom the evidence leads to."""
    keys = [key for arrival in arrivals for key in arrival.keys]
    await people.lock_behind(
        connection,
        _BEHIND,
        [arrival.wechat.digest for arrival in arrivals if arrival.wechat],
        [arrival.unionid for arrival in arrivals if arrival.unionid],
        [kind for kind, _ in keys],
        [value for _, value in keys],
        [arrival.phone for arrival in arrivals if arrival.phone],
        [],
    )


async def numbers(connection: Connection, asked: Collection[str]) -> Numbers:
    """Who has these numbers, with all that tells whether they are one."""
    found = await phones.holders(connection, asked)
    known = await _known(connection, found)
    disputed = {row["number"] for row in await connection.fetch(_DISPUTED, list(asked))}
    by_number = defaultdict[str, dict[UUID, Known]](dict)
    for holder in found:
        one = by_number[holder.number].setdefault(holder.customer_id, _copy(known[holder.customer_id]))
        # The same number under two labels: what was proven of it holds.
        if holder.verified_at is not None:
            one.verified_at, one.held_at = holder.verified_at, holder.held_at
    return Numbers({number: list(by_number[number].values()) for number in asked}, disputed)


def _copy(one: Known) -> Known:
    # Names and keys are a person's, whatever number leads there; the time of holding is the number's.
    return Known(one.customer_id, one.on_wechat, one.firm, one.names, one.keys)


async def _known(connection: Connection, holders: Collection[Holder]) -> dict[UUID, Known]:
    known = {holder.customer_id: Known(holder.customer_id, holder.on_wechat) for holder in holders}
    ids, named = list(known), set[UUID]()
    for row in await connection.fetch(_NAMES, ids):
        one = known[row["customer_id"]]
        one.firm = row["firm"]
        if row["name_key"]:
            one.names.add(crypto.digest(_NAME, row["name_key"]))
            named.add(one.customer_id)
    # What the record says counts; without a name in it, what was heard at the doors.
    for row in await connection.fetch(_HEARD_NAMES, [one for one in ids if one not in named]):
        known[row["customer_id"]].names.add(row["name"])
    for row in await connection.fetch(_KEYS, ids):
        known[row["customer_id"]].keys.add((row["kind"], row["value"]))
    return known
