"""Deliveries: one row per event and handler, claimed in batches; the row is the inbox, so an effect happens once.

The row is marked in the commit that holds the handler's effects. Whatever Celery or Redis loses, the row stays due.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson

from infra import clock, database, metrics
from infra.database import Connection
from infra.events import Delivered, Handler, Registry, decode
from infra.logging import logger, redact, request_context

CLAIM_ROWS = 200
_LONGEST_WAIT = timedelta(hours=1)
_ERROR_LENGTH = 500

_COLUMNS = """
SELECT d.event_id, d.event_at, d.attempts, d.next_at, d.key, o.name, o.payload, o.request_id
FROM event_delivery d JOIN outbox o ON o.id = d.event_id AND o.created_at = d.event_at
WHERE d.handler = $1 AND d.state = 'pending'
"""

_CLAIM = f"{_COLUMNS} AND d.next_at <= $2 ORDER BY d.event_id LIMIT $3 FOR UPDATE OF d SKIP LOCKED"

# The first undone event of a key. Whoever holds it owns the key: nobody else sees a later event as first.
_CLAIM_HEADS = f"""{_COLUMNS} AND d.ordered AND d.next_at <= $2 AND NOT EXISTS (
    SELECT 1 FROM event_delivery e WHERE e.handler = d.handler AND e.key = d.key AND e.ordered
    AND e.state = 'pending' AND e.event_id < d.event_id
) ORDER BY d.event_id LIMIT $3 FOR UPDATE OF d SKIP LOCKED"""

_CLAIM_FOLLOWERS = f"""{_COLUMNS} AND d.ordered AND d.key = ANY($2::text[]) AND NOT d.event_id = ANY($3::bigint[])
ORDER BY d.event_id LIMIT $4 FOR UPDATE OF d SKIP LOCKED"""

_DONE = """
UPDATE event_delivery d SET state = 'done', attempts = d.attempts + 1, done_at = $4, error = NULL
FROM unnest($2::bigint[], $3::timestamptz[]) AS u (event_id, event_at)
WHERE d.handler = $1 AND d.event_id = u.event_id AND d.event_at = u.event_at AND d.event_at BETWEEN $5 AND $6
"""

_FAILED = """
UPDATE event_delivery SET attempts = attempts + 1, state = $4, next_at = $5, error = $6
WHERE handler = $1 AND event_id = $2 AND event_at = $3
"""

_DUE_HANDLERS = """
SELECT h FROM unnest($1::text[]) AS h
WHERE EXISTS (SELECT 1 FROM event_delivery d WHERE d.handler = h AND d.state = 'pending' AND d.next_at <= $2)
"""


@dataclass(frozen=True, slots=True)
class _Claim:
    """A locked delivery row, until the transaction ends."""

    delivered: Delivered[Any]
    key: str
    at: datetime
    attempts: int


async def due_handlers(registry: Registry) -> list[str]:
    """The handlers that have something to do now."""
    rows = await database.fetch(_DUE_HANDLERS, list(registry.handlers), clock.now())
    return [row["h"] for row in rows]


async def drain(registry: Registry, name: str, rows: int = CLAIM_ROWS) -> int:
    """Claim up to `rows` due deliveries of a handler, run it, mark them; all in one transaction.

    Returns how many were claimed (0: nothing is due). A failing event rolls back alone and waits for its next try.
    Raises Unavailable when PostgreSQL goes away: then nothing happened and no try is counted.
    """
    handler = registry.handlers[name]
    async with database.transaction() as connection:
        claims = await _claim(connection, registry, handler, rows)
        if not claims:
            return 0
        with metrics.handler_seconds.labels(name).time():
            settled, errors = await _run(handler, claims)
        await _mark_done(connection, name, [claim for claim in settled if claim.delivered.id not in errors])
        for claim in settled:
            if claim.delivered.id in errors:
                await _mark_failed(connection, handler, claim, errors[claim.delivered.id])
    metrics.handled.labels(name, "done").inc(len(settled) - len(errors))
    metrics.handled.labels(name, "error").inc(len(errors))
    return len(claims)


async def _claim(connection: Connection, registry: Registry, handler: Handler, rows: int) -> list[_Claim]:
    now = clock.now()
    if not handler.ordered:
        found = await connection.fetch(_CLAIM, handler.name, now, rows)
    else:
        found = await connection.fetch(_CLAIM_HEADS, handler.name, now, rows)
        if found and len(found) < rows:
            keys, ids = [row["key"] for row in found], [row["event_id"] for row in found]
            found += await connection.fetch(_CLAIM_FOLLOWERS, handler.name, keys, ids, rows - len(found))
    claims = [
        _Claim(
            Delivered(
                row["event_id"],
                decode(registry.kinds[row["name"]], row["payload"]),
                row["event_at"],
                row["request_id"],
            ),
            row["key"],
            row["event_at"],
            row["attempts"],
        )
        for row in found
    ]
    # Batches in one order of keys can't deadlock with each other.
    return sorted(claims, key=lambda claim: (claim.key, claim.delivered.id))


async def _run(handler: Handler, claims: Sequence[_Claim]) -> tuple[Sequence[_Claim], dict[int, Exception]]:
    """Run all in one savepoint; only when that fails, one by one. Returns the settled claims and errors by event id."""
    error = await _attempt(handler, claims)
    if error is None:
        return claims, {}
    if len(claims) == 1:
        return claims, {claims[0].delivered.id: error}
    settled, errors = list[_Claim](), dict[int, Exception]()
    blocked = set[str]()
    for claim in claims:
        if claim.key in blocked:
            continue
        settled.append(claim)
        error = await _attempt(handler, [claim])
        if error is not None:
            errors[claim.delivered.id] = error
            if handler.ordered:
                blocked.add(claim.key)
    return settled, errors


async def _attempt(handler: Handler, claims: Sequence[_Claim]) -> Exception | None:
    try:
        async with database.transaction():
            if handler.handle_many is not None:
                with request_context(claims[0].delivered.request_id if len(claims) == 1 else None):
                    await handler.handle_many([claim.delivered for claim in claims])
            elif handler.handle is not None:
                for claim in claims:
                    with request_context(claim.delivered.request_id):
                        await handler.handle(claim.delivered)
    except Exception as error:
        if database.is_outage(error):
            raise
        return error
    return None


async def _mark_done(connection: Connection, name: str, claims: Sequence[_Claim]) -> None:
    if claims:
        times = [claim.at for claim in claims]
        ids = [claim.delivered.id for claim in claims]
        await connection.execute(_DONE, name, ids, times, clock.now(), min(times), max(times))


async def _mark_failed(connection: Connection, handler: Handler, claim: _Claim, error: Exception) -> None:
    attempt = claim.attempts + 1
    given_up = attempt >= handler.tries
    wait = min(timedelta(seconds=2**attempt), _LONGEST_WAIT)
    text = redact(f"{type(error).__name__}: {error}")[:_ERROR_LENGTH]
    with request_context(claim.delivered.request_id):
        logger().error(
            "event_given_up" if given_up else "event_failed",
            handler=handler.name,
            event_id=claim.delivered.id,
            attempt=attempt,
            exc_info=error,
        )
    await connection.execute(
        _FAILED,
        handler.name,
        claim.delivered.id,
        claim.at,
        "failed" if given_up else "pending",
        clock.now() + wait,
        text,
    )


@dataclass(frozen=True, slots=True)
class FailedDelivery:
    """A delivery set aside for an operator."""

    handler: str
    event_id: int
    event: str
    payload: dict[str, Any]
    attempts: int
    error: str


async def failed(handler: str | None = None, limit: int = 100) -> list[FailedDelivery]:
    """What was given up, oldest first."""
    rows = await database.fetch(
        """SELECT d.handler, d.event_id, o.name, o.payload, d.attempts, d.error
        FROM event_delivery d JOIN outbox o ON o.id = d.event_id AND o.created_at = d.event_at
        WHERE d.state = 'failed' AND ($1::text IS NULL OR d.handler = $1) ORDER BY d.event_id LIMIT $2""",
        handler,
        limit,
    )
    return [
        FailedDelivery(
            row["handler"], row["event_id"], row["name"], orjson.loads(row["payload"]), row["attempts"], row["error"]
        )
        for row in rows
    ]


async def retry(handler: str, event_ids: Sequence[int] | None = None) -> int:
    """Give failed deliveries of a handler (all, or the named events) their tries again; returns how many."""
    return await database.execute(
        """UPDATE event_delivery SET state = 'pending', attempts = 0, next_at = $2
        WHERE handler = $1 AND state = 'failed' AND ($3::bigint[] IS NULL OR event_id = ANY($3))""",
        handler,
        clock.now(),
        None if event_ids is None else list(event_ids),
    )


async def unfinished_before(day: date) -> bool:
    """Whether an event published before this UTC day still waits for its relay or for a handler."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    row = await database.fetch_one(
        """SELECT EXISTS (SELECT 1 FROM outbox WHERE relayed_at IS NULL AND created_at < $1)
        OR EXISTS (SELECT 1 FROM event_delivery WHERE state = 'pending' AND event_at < $1) AS unfinished""",
        start,
    )
    return bool(row and row["unfinished"])
