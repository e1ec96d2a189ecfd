"""Which customers with one number are one person: joined by itself where that is sure, suggested where it isn't.

A file of its own: it follows at the end of every transaction that brings a number, after what the caller adds.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from itertools import combinations
from uuid import UUID

from core.customers.joining import MergeReason, merge_groups
from core.customers.linking import evidence
from core.customers.linking.rules import CandidateState, Known, joined, member_of
from core.customers.linking.suggesting import suggest
from infra import database
from infra.database import Connection

SAME_NUMBER = "same_number"

# A switchboard's or a shop's own number says nothing about who is who.
_MOST_ALIKE = 20

_APART = """
SELECT one_id, other_id FROM merge_candidate
WHERE state = $2 AND (one_id = ANY($1::uuid[]) OR other_id = ANY($1::uuid[]))
"""


def weigh(numbers: Iterable[str]) -> None:
    """When the caller's transaction, which holds everybody with these numbers, ends: join who is one person by them."""
    database.gather(_weigh, list(numbers))


async def weigh_now(connection: Connection, numbers: Collection[str]) -> None:
    """The same at once, for who comes with no arrival; the caller holds no customer yet."""
    await evidence.hold_numbers(connection, numbers)
    await _weigh(connection, list(numbers))


async def _weigh(connection: Connection, numbers: list[str]) -> None:
    found = await evidence.numbers(connection, sorted(set(numbers)))
    found.people = {number: people for number, people in found.people.items() if len(people) > 1}
    apart = await _apart(connection, {one.customer_id for people in found.people.values() for one in people})
    groups, digests, pairs = defaultdict[UUID, list[UUID]](list), dict[UUID, bytes](), list[tuple[UUID, UUID]]()
    for number, people in found.people.items():
        alike = [one for one in people if one.customer_id not in digests]
        disputed = number in found.disputed
        member, sources = _joining(alike, apart, disputed=disputed)
        if member is not None and sources:
            groups[member.customer_id] += [one.customer_id for one in sources]
            digests |= dict.fromkeys((one.customer_id for one in sources), evidence.phone_digest(number))
        pairs += _suggested([one for one in alike if one not in sources], disputed=disputed)
    await merge_groups(connection, groups, MergeReason.PHONE, phones=digests)
    await suggest(connection, pairs, SAME_NUMBER)


def _joining(
    alike: list[Known], apart: Collection[frozenset[UUID]], *, disputed: bool
) -> tuple[Known | None, list[Known]]:
    """The member whose number it is, and who is that person."""
    member = member_of(alike)
    others = {one for pair in apart if member and member.customer_id in pair for one in pair}
    return member, joined(alike, others, disputed=disputed)


def _suggested(left: list[Known], *, disputed: bool) -> list[tuple[UUID, UUID]]:
    if len(left) > _MOST_ALIKE:
        return []
    # Who disputes a number is no suggestion: one of them proves it.
    pairs = [(a, b) for a, b in combinations(left, 2) if not (disputed and a.on_wechat and b.on_wechat)]
    return [(a.customer_id, b.customer_id) for a, b in pairs]


async def _apart(connection: Connection, customer_ids: Collection[UUID]) -> set[frozenset[UUID]]:
    """Pairs of whom a colleague said that they are two."""
    rows = await connection.fetch(_APART, list(customer_ids), CandidateState.DISMISSED.value)
    return {frozenset((row["one_id"], row["other_id"])) for row in rows}
