"""What the platform says about people, and that one unionid is one person, in however many accounts."""

from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from core.customers import people
from core.customers.joining import MergeReason, merge_groups
from core.customers.rules import Profile, connected
from infra import crypto
from infra.database import Connection

TAKE_TURNS = "SELECT pg_advisory_xact_lock(key) FROM unnest($1::bigint[]) AS key"

# Within the second in which a person left or followed, the platform's word about the present proves nothing. Of whom we
# have forgotten meanwhile it tells us nothing new.
_LEARN = """
UPDATE identity i SET unionid = COALESCE(s.unionid, i.unionid), profiled_at = s.profiled_at,
    ask_at = CASE WHEN s.lease IS NULL OR i.ask_at = s.lease THEN NULL ELSE i.ask_at END,
    subscribe_scene = COALESCE(s.subscribe_scene, i.subscribe_scene),
    following = i.following OR (s.follows AND i.state_at < s.profiled_at),
    state_at = CASE WHEN s.follows AND NOT i.following THEN GREATEST(i.state_at, s.profiled_at) ELSE i.state_at END
FROM unnest($1::bytea[], $2::text[], $3::text[], $4::timestamptz[], $5::bool[], $6::timestamptz[])
    AS s (digest, unionid, subscribe_scene, profiled_at, follows, lease)
WHERE i.digest = s.digest AND i.openid IS NOT NULL
"""

_FOLLOW = """
UPDATE customer c SET following = true FROM identity i
WHERE i.customer_id = c.id AND i.digest = ANY($1::bytea[]) AND i.following AND NOT c.following
"""

_ONE_PERSON = """
SELECT array_agg(DISTINCT customer_id) AS customers FROM identity WHERE unionid = ANY($1::text[])
GROUP BY unionid HAVING count(DISTINCT customer_id) > 1
"""


async def learn_profiles(connection: Connection, profiles: Sequence[Profile]) -> int:
    """Keep what the platform said about people; returns how many customers became part of another one.

    The same unionid is the same person: their customers are merged. Runs in the caller's transaction, which holds no
    lock of a customer yet. Who isn't known is left out; the same profile again changes nothing.
    """
    unionids = {profile.unionid for profile in profiles if profile.unionid}
    await _hold(connection, unionids)
    await people.lock(connection, {profile.identity for profile in profiles}, unionids)
    await connection.execute(
        _LEARN,
        [profile.identity for profile in profiles],
        [profile.unionid for profile in profiles],
        [profile.subscribe_scene for profile in profiles],
        [profile.profiled_at for profile in profiles],
        [profile.follows for profile in profiles],
        [profile.lease for profile in profiles],
    )
    await connection.execute(_FOLLOW, [profile.identity for profile in profiles])
    groups = await same_unionid(connection, unionids)
    return await merge_groups(connection, {min(group): group - {min(group)} for group in groups}, MergeReason.UNIONID)


async def same_unionid(connection: Connection, unionids: Collection[str]) -> list[set[UUID]]:
    """The customers who share a unionid, in groups of one person each."""
    same = await connection.fetch(_ONE_PERSON, list(unionids))
    return connected(row["customers"] for row in same)


async def _hold(connection: Connection, unionids: Iterable[str]) -> None:
    """Whoever learns of a unionid in one account takes turns with whoever learns of it in another."""
    await connection.execute(TAKE_TURNS, turns(("unionid", unionid) for unionid in unionids))


def turns(evidence: Iterable[tuple[str, ...]]) -> list[int]:
    """The keys of the advisory locks that stand for pieces of evidence, in the order in which they are taken."""
    return sorted({int.from_bytes(crypto.digest(*piece)[:8], "big", signed=True) for piece in evidence})
