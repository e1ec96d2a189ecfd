"""Reading who is who: recognised at once, held, merged, suggested, disputed."""

from collections.abc import Collection
from uuid import UUID

import asyncpg

from core.customers import queries as customers
from core.customers.linking import previews
from core.customers.linking.errors import MergeWithItself
from core.customers.linking.schemas import CandidateOut, DisputeOut, MergeOut, PreviewOut, SideOut
from core.organisation.queries import Colleague
from core.organisation.scopes import Values, of_staff
from infra import database
from infra.phones import mask

# The first that knows somebody; each is one look into one index.
_RECOGNISE = """
SELECT COALESCE(
    (SELECT customer_id FROM identity WHERE digest = $1),
    (SELECT customer_id FROM identity WHERE unionid = $2 LIMIT 1),
    (SELECT k.customer_id FROM customer_key k JOIN unnest($3::text[], $4::text[]) AS g (kind, value)
        ON k.kind = g.kind AND k.value = g.value LIMIT 1),
    (SELECT customer_id FROM customer_phone WHERE number = $5 AND verified_at IS NOT NULL AND held_at IS NULL)
) AS customer_id
"""

_HELD = "SELECT DISTINCT former_id FROM phone_dispute WHERE settled_at IS NULL AND former_id = ANY($1::uuid[])"

_MERGES = """
SELECT id, source_id, target_id, reason, merged_by, merged_at, undone_at FROM customer_merge
WHERE (target_id = $1 OR source_id = $1) AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3
"""

_MERGE = """
SELECT id, source_id, target_id, reason, merged_by, merged_at, undone_at FROM customer_merge WHERE id = $1
"""

_PAIR = """
       a.id AS a_id, a.number AS a_number, ap.name AS a_name, ao.name AS a_owner,
       b.id AS b_id, b.number AS b_number, bp.name AS b_name, bo.name AS b_owner
"""

_OF_PAIR = """
LEFT JOIN customer_profile ap ON ap.customer_id = a.id LEFT JOIN staff ao ON ao.id = a.guide_id
LEFT JOIN customer_profile bp ON bp.customer_id = b.id LEFT JOIN staff bo ON bo.id = b.guide_id
"""

_CANDIDATES = f"""
SELECT c.id, c.reason, c.state, c.found_at, {_PAIR}
FROM merge_candidate c JOIN customer a ON a.id = c.one_id JOIN customer b ON b.id = c.other_id {_OF_PAIR}
WHERE c.state = 'open' AND a.merged_into_id IS NULL AND b.merged_into_id IS NULL
  AND ($1::uuid IS NULL OR c.id < $1) AND {{reach_a}} AND {{reach_b}} ORDER BY c.id DESC LIMIT $2
"""

_CANDIDATE = f"""
SELECT c.id, c.reason, c.state, c.found_at, {_PAIR}
FROM merge_candidate c JOIN customer a ON a.id = c.one_id JOIN customer b ON b.id = c.other_id {_OF_PAIR}
WHERE c.id = $1 AND {{reach_a}} AND {{reach_b}}
"""

# Who became one with somebody stands for that one.
_DISPUTING = """
JOIN customer f ON f.id = d.former_id JOIN customer a ON a.id = COALESCE(f.merged_into_id, f.id)
JOIN customer n ON n.id = d.newcomer_id JOIN customer b ON b.id = COALESCE(n.merged_into_id, n.id)
"""

_DISPUTES = f"""
SELECT d.id, d.number, d.opened_at, d.outcome, d.proof, d.settled_at, {_PAIR}
FROM phone_dispute d {_DISPUTING} {_OF_PAIR}
WHERE ($3 OR d.settled_at IS NULL) AND ($1::uuid IS NULL OR d.id < $1) AND {{reach_a}} AND {{reach_b}}
ORDER BY d.id DESC LIMIT $2
"""

_DISPUTE = f"""
SELECT d.id, d.number, d.opened_at, d.outcome, d.proof, d.settled_at, {_PAIR}
FROM phone_dispute d {_DISPUTING} {_OF_PAIR}
WHERE d.id = $1 AND {{reach_a}} AND {{reach_b}}
"""


async def recognise(
    *,
    identity: bytes | None = None,
    unionid: str | None = None,
    keys: Collection[tuple[str, str]] = (),
    verified_phone: str | None = None,
) -> UUID | None:
    """The customer known by an identity (keyed digest), else by unionid, a card or other key, or a proven number."""
    kinds, values = [kind for kind, _ in keys], [value for _, value in keys]
    row = await database.fetch_one(_RECOGNISE, identity, unionid, kinds, values, verified_phone)
    found: UUID | None = row["customer_id"] if row else None
    return found


async def held(customer_ids: Collection[UUID]) -> set[UUID]:
    """Those whose card is held: somebody else proved their number since."""
    return {row["former_id"] for row in await database.fetch(_HELD, list(customer_ids))}


async def preview(customer_id: UUID, source_id: UUID, by: Colleague) -> PreviewOut:
    """What a merge would do to two customers in reach. Raises CustomerNotFound, MergeWithItself."""
    target, source = await pair(customer_id, source_id, by)
    async with database.connection() as connection:
        return await previews.preview(connection, target, source)


async def pair(customer_id: UUID, source_id: UUID, by: Colleague) -> tuple[UUID, UUID]:
    """Two customers in reach, or whom they were merged into. Raises CustomerNotFound, MergeWithItself."""
    target, source = await customers.standing(customer_id, by), await customers.standing(source_id, by)
    if target == source:
        raise MergeWithItself
    return target, source


async def merges(customer_id: UUID, by: Colleague, before: UUID | None, limit: int) -> list[MergeOut]:
    """The merges into and of a customer, newest first. Raises CustomerNotFound."""
    rows = await database.fetch(_MERGES, await customers.standing(customer_id, by), before, limit)
    return [MergeOut(**row) for row in rows]


async def merge(merge_id: UUID) -> MergeOut | None:
    """One merge, whoever asks."""
    row = await database.fetch_one(_MERGE, merge_id)
    return MergeOut(**row) if row else None


async def candidates(by: Colleague, before: UUID | None, limit: int) -> list[CandidateOut]:
    """Open suggestions of which `by` reaches both customers, newest first."""
    values = Values(before, limit)
    return [_candidate(row) for row in await database.fetch(_in_reach(_CANDIDATES, by, values), *values)]


async def candidate(candidate_id: UUID, by: Colleague) -> CandidateOut | None:
    """One of them, also a decided one."""
    values = Values(candidate_id)
    row = await database.fetch_one(_in_reach(_CANDIDATE, by, values), *values)
    return _candidate(row) if row else None


async def disputes(by: Colleague, before: UUID | None, limit: int, *, settled: bool) -> list[DisputeOut]:
    """Disputes of which `by` reaches both customers, newest first; with the settled ones if asked for."""
    values = Values(before, limit, settled)
    return [_dispute(row) for row in await database.fetch(_in_reach(_DISPUTES, by, values), *values)]


async def dispute(dispute_id: UUID, by: Colleague) -> DisputeOut | None:
    """One of them."""
    values = Values(dispute_id)
    row = await database.fetch_one(_in_reach(_DISPUTE, by, values), *values)
    return _dispute(row) if row else None


def _in_reach(statement: str, by: Colleague, values: Values) -> str:
    reach_a, reach_b = of_staff(by, values.put, "a.guide_id"), of_staff(by, values.put, "b.guide_id")
    return statement.format(reach_a=reach_a, reach_b=reach_b)


def _side(row: asyncpg.Record, side: str) -> SideOut:
    return SideOut(**{name: row[f"{side}_{name}"] for name in ("id", "number", "name", "owner")})


def _candidate(row: asyncpg.Record) -> CandidateOut:
    facts = {name: row[name] for name in ("id", "reason", "state", "found_at")}
    return CandidateOut(one=_side(row, "a"), other=_side(row, "b"), **facts)


def _dispute(row: asyncpg.Record) -> DisputeOut:
    facts = {name: row[name] for name in ("id", "opened_at", "outcome", "proof", "settled_at")}
    return DisputeOut(number=mask(row["number"]), former=_side(row, "a"), newcomer=_side(row, "b"), **facts)
