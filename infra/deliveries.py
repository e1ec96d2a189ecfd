"""Deliveries: one row per event and handler, claimed in batches; the row is the inbox, so an effect happens once.

The row is marked in the commit that holds the handler's effects. Whatever Celery or Redis loses, the row stays due.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

import asyncpg
import orjson

from infra import clock, database, metrics
from infra.database import Connection
from infra.events import Delivered, Event, Handler, Registry, decode
from infra.logging import logger, redact, request_context

CLAIM_ROWS = 200
# A batch of single events commits what it has after this long; what takes longer than the limits is cut off and counts
# a try. Together they stay below the soft time limit of a task.
_BATCH_SECONDS = 10.0
_BATCH_LIMIT = 40.0
_EVENT_LIMIT = 30.0
_ONE_BY_ONE_SECONDS = 20.0
_LONGEST_WAIT = timedelta(hours=1)
_ERROR_LENGTH = 500

# The rows are claimed before anything is joined to them: PostgreSQL hardly ever knows how many are pending, and a plan
# that joins first reads the whole backlog for each batch.
_CLAIM = """
WITH claimed AS MATERIALIZED (
    SELECT d.event_id, d.event_at, d.attempts, d.next_at, d.key FROM event_delivery d
    WHERE d.handler = $1 AND d.state = 'pending' AND {due} ORDER BY d.event_id LIMIT $2 FOR UPDATE SKIP LOCKED
)
SELECT c.*, o.name, o.payload, o.request_id
FROM claimed c LEFT JOIN outbox o ON o.id = c.event_id AND o.created_at = c.event_at ORDER BY c.event_id
"""

_CLAIM_ANY = _CLAIM.format(due="d.next_at <= $3")

# The first undone event of a key. Whoever holds it owns the key: nobody else sees a later event as first.
_CLAIM_HEADS = _CLAIM.format(
    due="""d.ordered AND d.next_at <= $3 AND d.event_id = (
        SELECT e.event_id FROM event_delivery e WHERE e.handler = $1 AND e.key = d.key AND e.ordered
        AND e.state = 'pending' ORDER BY e.event_id LIMIT 1
    )"""
)

_CLAIM_FOLLOWERS = _CLAIM.format(due="d.ordered AND d.key = ANY($3::text[]) AND NOT d.event_id = ANY($4::bigint[])")

# An id is in one partition only; the times find it.
_DONE = """
UPDATE event_delivery SET state = 'done', attempts = attempts + 1, done_at = $3, error = NULL
WHERE handler = $1 AND event_id = ANY($2::bigint[]) AND event_at BETWEEN $4 AND $5
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
    """A locked delivery row, until the transaction ends. `event` is None when `problem` says why it can't be read."""

    id: int
    at: datetime
    key: str
    attempts: int
    request_id: str | None
    event: Event | None
    problem: Exception | None

    def delivered(self) -> Delivered[Any]:
        return Delivered(self.id, self.event, self.at, self.request_id)


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
        await _mark_done(connection, name, [claim for claim in settled if claim.id not in errors])
        for claim in settled:
            if claim.id in errors:
                await _mark_failed(connection, handler, claim, errors[claim.id])
    metrics.handled.labels(name, "done").inc(len(settled) - len(errors))
    metrics.handled.labels(name, "error").inc(len(errors))
    return len(claims)


async def _claim(connection: Connection, registry: Registry, handler: Handler, rows: int) -> list[_Claim]:
    now = clock.now()
    if not handler.ordered:
        found = await connection.fetch(_CLAIM_ANY, handler.name, rows, now)
    else:
        found = await connection.fetch(_CLAIM_HEADS, handler.name, rows, now)
        if found and len(found) < rows:
            keys, ids = [row["key"] for row in found], [row["event_id"] for row in found]
            found += await connection.fetch(_CLAIM_FOLLOWERS, handler.name, rows - len(found), keys, ids)
    # Batches in one order of keys can't deadlock with each other.
    return sorted((_read(registry, row) for row in found), key=lambda claim: (claim.key, claim.id))


def _read(registry: Registry, row: asyncpg.Record) -> _Claim:
    event, problem = None, None
    try:
        # An event of a newer version, which this process doesn't know yet, or whose row is gone: a failing try.
        event = decode(registry.kinds[row["name"]], row["payload"])
    except (KeyError, ValueError) as error:
        problem = error
    return _Claim(row["event_id"], row["event_at"], row["key"], row["attempts"], row["request_id"], event, problem)


async def _run(handler: Handler, claims: Sequence[_Claim]) -> tuple[Sequence[_Claim], dict[int, Exception]]:
    """Run all in one savepoint; only when that fails, one by one.

    Returns the settled claims and errors by event id. What is not settled stays due.
    """
    if all(claim.problem is None for claim in claims):
        done, error = await _attempt(handler, claims, _BATCH_LIMIT)
        if error is None:
            return done, {}
        if len(claims) == 1:
            return claims, {claims[0].id: error}
    settled, errors, blocked = list[_Claim](), dict[int, Exception](), set[str]()
    started = time.monotonic()
    for claim in claims:
        if time.monotonic() - started > _ONE_BY_ONE_SECONDS:
            break
        if claim.key in blocked:
            continue
        error = claim.problem or (await _attempt(handler, [claim], _EVENT_LIMIT))[1]
        settled.append(claim)
        if error is not None:
            errors[claim.id] = error
            if handler.ordered:
                blocked.add(claim.key)
    return settled, errors


async def _attempt(
    handler: Handler, claims: Sequence[_Claim], limit: float
) -> tuple[Sequence[_Claim], Exception | None]:
    """The claims that were handled, in one savepoint, or the error that rolled it back."""
    try:
        async with asyncio.timeout(limit), database.transaction():
            return await _handle(handler, claims), None
    except Exception as error:
        if database.is_outage(error):
            raise
        return (), error


async def _handle(handler: Handler, claims: Sequence[_Claim]) -> Sequence[_Claim]:
    if handler.handle_many is not None:
        with request_context(claims[0].request_id if len(claims) == 1 else None):
            await handler.handle_many([claim.delivered() for claim in claims])
        return claims
    handle = cast("Callable[[Delivered[Any]], Awaitable[None]]", handler.handle)
    started = time.monotonic()
    for number, claim in enumerate(claims):
        if time.monotonic() - started > _BATCH_SECONDS:
            return claims[:number]
        with request_context(claim.request_id):
            await handle(claim.delivered())
    return claims


async def _mark_done(connection: Connection, name: str, claims: Sequence[_Claim]) -> None:
    if claims:
        times = [claim.at for claim in claims]
        ids = [claim.id for claim in claims]
        await connection.execute(_DONE, name, ids, clock.now(), min(times), max(times))


async def _mark_failed(connection: Connection, handler: Handler, claim: _Claim, error: Exception) -> None:
    attempt = claim.attempts + 1
    given_up = attempt >= handler.tries
    wait = min(timedelta(seconds=2**attempt), _LONGEST_WAIT)
    # PostgreSQL's text holds neither NUL nor half a surrogate pair.
    words = f"{type(error).__name__}: {error}".encode("utf-8", "replace").decode().replace("\x00", "")
    text = redact(words)[:_ERROR_LENGTH]
    with request_context(claim.request_id):
        logger().error(
            "event_given_up" if given_up else "event_failed",
            handler=handler.name,
            event_id=claim.id,
            attempt=attempt,
            exc_info=error,
        )
    await connection.execute(
        _FAILED,
        handler.name,
        claim.id,
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


async def droppable_before(day: date, *, failed_day: date, handlers: Collection[str] | None = None) -> date:
    """The day before which no event waits: `day`, or an earlier one.

    Waiting are events no relay has taken, pending deliveries (of `handlers`, if given: nobody runs the others any more)
    and failed ones, which an operator may still retry, from `failed_day` on.
    """
    oldest = await database.fetch_one(
        """SELECT least(
            (SELECT min(created_at) FROM outbox WHERE relayed_at IS NULL),
            (SELECT min(event_at) FROM event_delivery
                WHERE state = 'pending' AND ($1::text[] IS NULL OR handler = ANY($1))),
            (SELECT min(event_at) FROM event_delivery WHERE state = 'failed' AND event_at >= $2)
        ) AS at""",
        None if handlers is None else list(handlers),
        datetime(failed_day.year, failed_day.month, failed_day.day, tzinfo=UTC),
    )
    return min(day, oldest["at"].date()) if oldest and oldest["at"] else day
