"""Whose token is this, and which sessions has somebody?"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from infra import clock, crypto, database
from infra.parameters import Parameter

IDLE_MINUTES = Parameter(
    name="sessions.idle_minutes",
    default=0,
    least=0,
    most=10_080,
    help="员工多久未操作后自动退出（分钟），0 为不限",
    english="A colleague who does nothing for so many minutes is logged out, 0: never",
)
# A use is noted once a minute, so what was noted may be that much older than the last use.
_NOTED_LATE = timedelta(minutes=1)

_IN_FORCE = "expires_at > $1 AND ($2::timestamptz IS NULL OR COALESCE(seen_at, created_at) > $2)"

_OF_TOKEN = f"""
SELECT id, principal_id, way, COALESCE(seen_at, created_at) AS seen_at FROM session
WHERE token_digest = $3 AND kind = $4 AND {_IN_FORCE}
"""

_OF_TOKENS = f"""
SELECT token_digest, principal_id FROM session WHERE {_IN_FORCE} AND kind = $3 AND token_digest = ANY($4::bytea[])
"""

_OF_PRINCIPAL = f"""
SELECT id, created_at, expires_at, COALESCE(seen_at, created_at) AS seen_at, way, address, device FROM session
WHERE kind = $3 AND principal_id = $4 AND {_IN_FORCE} AND ($5::uuid IS NULL OR id > $5) ORDER BY id LIMIT $6
"""


@dataclass(frozen=True, slots=True)
class LiveSession:
    """A session in force, and how its bearer proved to be that one."""

    id: UUID
    principal_id: UUID
    way: str
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session in force as its owner and administrators see it."""

    id: UUID
    created_at: datetime
    expires_at: datetime
    seen_at: datetime
    way: str
    address: str
    device: str


async def used_after() -> datetime | None:
    """A session must have been used after this moment to be in force; None: that is not asked."""
    minutes = await IDLE_MINUTES.get()
    return clock.now() - timedelta(minutes=minutes) - _NOTED_LATE if minutes else None


async def find(token: str, kind: str) -> LiveSession | None:
    """The session in force of that kind behind a token."""
    row = await database.fetch_one(_OF_TOKEN, clock.now(), await used_after(), crypto.token_digest(token), kind)
    return LiveSession(**row) if row else None


async def page(kind: str, principal_id: UUID, after: UUID | None, limit: int) -> list[OpenSession]:
    """The sessions in force of a principal, in the order they were opened."""
    moments = clock.now(), await used_after()
    rows = await database.fetch(_OF_PRINCIPAL, *moments, kind, principal_id, after, limit)
    return [OpenSession(**row) for row in rows]


async def bearers(kind: str, token_digests: Collection[bytes]) -> dict[bytes, UUID]:
    """The principals of those of the sessions that are in force, by the digests of their tokens."""
    moments = clock.now(), await used_after()
    rows = await database.fetch(_OF_TOKENS, *moments, kind, list(token_digests))
    return {row["token_digest"]: row["principal_id"] for row in rows}
