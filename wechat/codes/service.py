"""Codes come with their guide, store, channel or account; the platform issues them outside transactions."""

import asyncio
from datetime import timedelta
from uuid import UUID

from infra import clock, database
from infra.errors import DomainError
from infra.ids import new_id, opaque_key
from infra.logging import logger
from wechat.accounts import queries as accounts
from wechat.platform import client
from wechat.platform.errors import PlatformAway

_AT_ONCE = 10
_LEASE = timedelta(seconds=60)
_TRIES = 20
_PAUSE = timedelta(seconds=15)

_MISSING = """
SELECT a.id AS account_id, t.guide_id, t.store_id, t.channel_id FROM wechat_account a CROSS JOIN (
    SELECT id AS guide_id, NULL::uuid AS store_id, NULL::uuid AS channel_id FROM staff
        WHERE role = 'guide' AND left_at IS NULL AND ($1::uuid IS NULL OR id = $1)
    UNION ALL SELECT NULL, id, NULL FROM store WHERE closed_at IS NULL AND ($1::uuid IS NULL OR id = $1)
    UNION ALL SELECT NULL, NULL, id FROM channel WHERE ($1::uuid IS NULL OR id = $1)
) t
WHERE a.kind = 'official' AND ($2::uuid IS NULL OR a.id = $2) AND NOT EXISTS (
    SELECT 1 FROM wechat_code c WHERE c.account_id = a.id
    AND (c.guide_id = t.guide_id OR c.store_id = t.store_id OR c.channel_id = t.channel_id)
)
"""

_ADD = """
INSERT INTO wechat_code (id, key, account_id, guide_id, store_id, channel_id, state, attempts, next_at, created_at)
SELECT id, key, account_id, guide_id, store_id, channel_id, 'pending', 0, $7, $7
FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[])
    AS c (id, key, account_id, guide_id, store_id, channel_id)
ON CONFLICT DO NOTHING
"""

# A claim is a lease: whoever dies while the platform is asked loses it after a minute.
_CLAIM = """
UPDATE wechat_code c SET attempts = c.attempts + 1, next_at = $2 FROM (
    SELECT w.id, w.key, a.app_id FROM wechat_code w JOIN wechat_account a ON a.id = w.account_id
    WHERE w.state = 'pending' AND w.next_at <= $1 ORDER BY w.next_at LIMIT $3 FOR UPDATE OF w SKIP LOCKED
) due WHERE c.id = due.id RETURNING c.id, due.key, due.app_id, c.attempts
"""


async def add_missing(*, target_id: UUID | None = None, account_id: UUID | None = None) -> int:
    """Make the rows of codes that a guide, store, channel (`target_id`) or account lacks; returns how many."""
    missing = await database.fetch(_MISSING, target_id, account_id)
    if not missing:
        return 0
    return await database.execute(
        _ADD,
        [new_id() for _ in missing],
        [opaque_key() for _ in missing],
        [row["account_id"] for row in missing],
        [row["guide_id"] for row in missing],
        [row["store_id"] for row in missing],
        [row["channel_id"] for row in missing],
        clock.now(),
    )


async def issue_due() -> int:
    """Ask the platform for every code that waits; returns how many were issued. Stops when the platform is away."""
    issued = 0
    while True:
        now = clock.now()
        claimed = await database.fetch(_CLAIM, now, now + _LEASE, _AT_ONCE)
        if not claimed:
            return issued
        outcomes = await asyncio.gather(
            *(_issue(row["id"], row["key"], row["app_id"], row["attempts"]) for row in claimed)
        )
        issued += outcomes.count("issued")
        if "away" in outcomes:
            await _postpone(_PAUSE)
            return issued


async def _issue(code_id: UUID, key: str, app_id: str, attempt: int) -> str:
    try:
        ticket, url = await client.create_permanent_code(await accounts.credentials(app_id), key)
    except PlatformAway as error:
        logger().warning("code_waits", app_id=app_id, error=str(error))
        # The platform's absence says nothing about the code: that was no try.
        await database.execute("UPDATE wechat_code SET attempts = attempts - 1 WHERE id = $1", code_id)
        return "away"
    except DomainError as error:
        # A repeated request gives the same code, so trying again is always safe.
        state = "failed" if attempt >= _TRIES else "pending"
        logger().warning("code_not_issued", app_id=app_id, attempt=attempt, error=str(error))
        await database.execute(
            "UPDATE wechat_code SET state = $2, next_at = $3, error = $4 WHERE id = $1 AND state = 'pending'",
            code_id,
            state,
            clock.now() + timedelta(seconds=min(2**attempt, 3600)),
            str(error)[:200],
        )
        return "refused"
    await database.execute(
        "UPDATE wechat_code SET state = 'issued', ticket = $2, url = $3, error = NULL WHERE id = $1",
        code_id,
        ticket,
        url,
    )
    return "issued"


async def _postpone(pause: timedelta) -> None:
    """Leave the platform alone for a while: calls that time out would keep the workers from everything else."""
    await database.execute(
        "UPDATE wechat_code SET next_at = $1 WHERE state = 'pending' AND next_at < $1", clock.now() + pause
    )


async def retry_failed() -> int:
    """Give codes that were given up their tries again; returns how many."""
    return await database.execute(
        "UPDATE wechat_code SET state = 'pending', attempts = 0, next_at = $1 WHERE state = 'failed'", clock.now()
    )
