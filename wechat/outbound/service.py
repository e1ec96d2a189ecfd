"""Writing the outbound ledger: intents put once, reports of the platform, what is old."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import orjson

from core.notices import service as notices
from infra import clock, database
from infra.database import Connection
from infra.ids import new_id
from infra.parameters import Parameter
from wechat.outbound.rules import NewMessage, Report, State

KEPT_DAYS = Parameter(
    name="wechat.outbound_kept_days",
    default=180,
    least=7,
    most=3650,
    help="已有结果的微信消息发送记录保留的天数",
    english="How many days settled messages to WeChat are kept",
)
_ROWS = 10_000
_SUCCESS = "success"
_SETTLED = (State.SENT, State.FAILED, State.SKIPPED, State.UNKNOWN)

_PUT = """
INSERT INTO outbound_message (id, account_id, channel, key, digest, openid, staff_id, source_id, conversation_id,
                              message_until, short_until, payload, state, error, attempts, due_at, created_at)
SELECT id, account_id, channel, key, digest, openid, staff_id, source_id, conversation_id, message_until, short_until,
       payload::jsonb, state, error, 0, due_at, $16
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bytea[], $6::text[], $7::uuid[], $8::uuid[],
            $9::uuid[], $10::timestamptz[], $11::timestamptz[], $12::text[], $13::text[], $14::text[],
            $15::timestamptz[])
    AS m (id, account_id, channel, key, digest, openid, staff_id, source_id, conversation_id, message_until,
          short_until, payload, state, error, due_at)
ORDER BY key ON CONFLICT (key) DO NOTHING
"""

_KNOWN = "SELECT key, id, state FROM outbound_message WHERE key = ANY($1::text[])"

_REPORTS = """
SELECT a.id AS account_id, r.digest, r.number, r.status, r.at
FROM unnest($1::text[], $2::bytea[], $3::bigint[], $4::text[], $5::timestamptz[])
    AS r (app_id, digest, number, status, at)
JOIN wechat_account a ON a.app_id = r.app_id
"""

# The answer that tells the number may come after the report: it is kept beside the messages it may be about. First
# those, then the numbered ones: whichever the answer's commit comes before, one of the two statements sees it.
_KEEP = f"""
WITH reports AS ({_REPORTS}), locked AS MATERIALIZED (
    SELECT m.id FROM outbound_message m WHERE m.state IN ('sending', 'unknown')
    AND (m.account_id, m.digest) IN (SELECT account_id, digest FROM reports) ORDER BY m.id FOR UPDATE
)
UPDATE outbound_message m SET reports = COALESCE(m.reports, '{{}}') || (
    SELECT jsonb_object_agg(r.number::text, jsonb_build_object('status', r.status, 'at', r.at)) FROM reports r
    WHERE r.account_id = m.account_id AND r.digest = m.digest
) FROM locked WHERE m.id = locked.id
"""

_SETTLE = f"""
WITH reports AS ({_REPORTS}), locked AS MATERIALIZED (
    SELECT m.id, r.status, r.at FROM outbound_message m
    JOIN reports r ON r.account_id = m.account_id AND r.number = m.platform_id
    WHERE m.settled_at IS NULL ORDER BY m.id FOR UPDATE OF m
)
UPDATE outbound_message m SET settled_at = l.at, result = l.status,
    state = CASE WHEN l.status = 'success' THEN 'sent' ELSE 'failed' END,
    error = CASE WHEN l.status = 'success' THEN NULL ELSE l.status END
FROM locked l WHERE m.id = l.id RETURNING m.source_id, m.staff_id, m.result, m.settled_at
"""


async def put_many(connection: Connection, messages: Sequence[NewMessage]) -> list[UUID]:
    """Messages to send, in the caller's transaction; their ids in order, a known key's own one. A set function."""
    await connection.execute(
        _PUT,
        [new_id() for _ in messages],
        [message.account_id for message in messages],
        [message.channel.value for message in messages],
        [message.key for message in messages],
        [message.digest for message in messages],
        [message.openid for message in messages],
        [message.staff_id for message in messages],
        [message.source_id for message in messages],
        [message.conversation_id for message in messages],
        [message.message_until for message in messages],
        [message.short_until for message in messages],
        [orjson.dumps(message.payload).decode() for message in messages],
        [State.SKIPPED if message.why else State.PENDING for message in messages],
        [message.why for message in messages],
        [message.due_at for message in messages],
        clock.now(),
    )
    ids = await known(connection, [message.key for message in messages])
    return [ids[message.key][0] for message in messages]


async def known(connection: Connection, keys: Sequence[str]) -> dict[str, tuple[UUID, State]]:
    """Those of the keys that were put before: the message's id, and what became of it."""
    rows = await connection.fetch(_KNOWN, keys)
    return {row["key"]: (row["id"], State(row["state"])) for row in rows}


async def report_many(connection: Connection, reports: Sequence[Report]) -> None:
    """What the platform reported of messages, ours or not, early or late, once or twice. A set function."""
    values = (
        [report.app_id for report in reports],
        [report.digest for report in reports],
        [report.message_id for report in reports],
        [report.status for report in reports],
        [report.at for report in reports],
    )
    await connection.execute(_KEEP, *values)
    await tell_delivered(connection, await connection.fetch(_SETTLE, *values))


async def tell_delivered(connection: Connection, settled: Sequence[asyncpg.Record]) -> None:
    """Notices of which the platform reported that they arrived are delivered; in the caller's transaction.

    Rows have source_id, staff_id, result and settled_at.
    """
    arrived = defaultdict[datetime, list[UUID]](list)
    for row in settled:
        if row["result"] == _SUCCESS and row["staff_id"] and row["source_id"]:
            arrived[row["settled_at"]].append(row["source_id"])
    for at, notice_ids in sorted(arrived.items()):
        await notices.mark_delivered(connection, notice_ids, at)


async def drop_old() -> None:
    """Forget messages past their days; nothing that still waits."""
    before = clock.now() - timedelta(days=await KEPT_DAYS.get())
    while await database.execute(
        """DELETE FROM outbound_message WHERE id IN (
            SELECT id FROM outbound_message WHERE created_at < $1 AND state = ANY($2::text[]) ORDER BY id LIMIT $3
        )""",
        before,
        list(_SETTLED),
        _ROWS,
    ):
        pass
