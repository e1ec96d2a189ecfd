"""What became of messages, written down alike for every channel.

A file of its own: each channel claims and sends in its own way, and ends in this one.
"""

from collections.abc import Sequence

import asyncpg

from infra import clock, database, metrics
from infra.database import Connection
from wechat.outbound.rules import PAUSE, Channel, Ending, State, Why

# Only under the lease it was claimed with: whoever was slower than that has lost it to another sender.
_END = """
WITH locked AS MATERIALIZED (
    SELECT m.id, e.state, e.error, e.platform_id, e.again_at, e.tries FROM outbound_message m
    JOIN unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::bigint[], $6::timestamptz[], $7::int[])
        AS e (id, lease, state, error, platform_id, again_at, tries) ON e.id = m.id AND e.lease = m.leased_until
    WHERE m.state = 'sending' ORDER BY m.id FOR UPDATE OF m
)
UPDATE outbound_message m SET platform_id = l.platform_id, attempts = m.attempts + l.tries,
    state = CASE WHEN m.reports -> l.platform_id::text ->> 'status' <> 'success' THEN 'failed' ELSE l.state END,
    error = COALESCE(NULLIF(m.reports -> l.platform_id::text ->> 'status', 'success'), l.error),
    due_at = CASE WHEN l.state = 'pending' THEN l.again_at ELSE m.due_at END,
    leased_until = CASE WHEN l.state = 'unknown' THEN l.again_at END,
    tried_at = CASE WHEN l.state IN ('sent', 'unknown') THEN m.tried_at END,
    sent_at = CASE WHEN l.state = 'sent' THEN $8::timestamptz END,
    settled_at = (m.reports -> l.platform_id::text ->> 'at')::timestamptz,
    result = m.reports -> l.platform_id::text ->> 'status',
    reports = CASE WHEN l.state = 'unknown' THEN m.reports END
FROM locked l WHERE m.id = l.id RETURNING m.id, m.state, m.source_id, m.staff_id, m.result, m.settled_at
"""

# With the reason: what only waits for its time holds no later message of its conversation up, this does.
_POSTPONE = """
UPDATE outbound_message SET due_at = $3, error = COALESCE(error, $4)
WHERE channel = $1 AND state = 'pending' AND due_at < $3
AND account_id = (SELECT id FROM wechat_account WHERE app_id = $2)
"""


async def write_down(connection: Connection, endings: Sequence[Ending]) -> list[asyncpg.Record]:
    """What became of messages; the rows as they are now, without those that somebody else holds by now."""
    return await connection.fetch(
        _END,
        [ending.message.id for ending in endings],
        [ending.message.leased_until for ending in endings],
        [ending.state.value for ending in endings],
        [ending.error for ending in endings],
        [ending.platform_id for ending in endings],
        [ending.again_at for ending in endings],
        [int(ending.counts) for ending in endings],
        clock.now(),
    )


def count(channel: Channel, rows: Sequence[asyncpg.Record]) -> list[State]:
    """The states of rows that were written down, counted for the metrics."""
    states = [State(row["state"]) for row in rows]
    for state in states:
        metrics.outbound.labels(channel.value, state).inc()
    return states


async def postpone(channel: Channel, app_id: str) -> None:
    """The platform is away: calls that time out would keep the workers from everything else."""
    await database.execute(_POSTPONE, channel, app_id, clock.now() + PAUSE, Why.AWAY)
