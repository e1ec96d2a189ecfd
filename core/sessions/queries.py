"""Whose token is this?"""

from uuid import UUID

from infra import clock, crypto, database


async def principal(token: str, kind: str) -> UUID | None:
    """The principal of a live session of that kind, or None."""
    row = await database.fetch_one(
        "SELECT principal_id FROM session WHERE token_digest = $1 AND kind = $2 AND expires_at > $3",
        crypto.token_digest(token),
        kind,
        clock.now(),
    )
    return row["principal_id"] if row else None
