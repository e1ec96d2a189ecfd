"""The outbox: an event is one row in the transaction that changed the state; the relay fans it out afterwards."""

from collections import Counter

from infra import clock, database
from infra.events import Event, Registry, encode
from infra.logging import current_request_id
from infra.parameters import Parameter

EVENT_DAYS = Parameter(
    name="events.kept_days",
    default=14,
    least=2,
    most=365,
    unit="天",
    help="事件与投递记录保留的天数",
    english="How many days events and their deliveries are kept",
)
FAILED_DAYS = Parameter(
    name="events.failed_kept_days",
    default=60,
    least=2,
    most=365,
    unit="天",
    help="处理失败的事件等待人工重试的最长天数",
    english="How many days an event that failed waits for somebody to try it again",
)
FAN_OUT_ROWS = 500

# Any number that no other advisory lock of ours uses: relays take turns, so ids are fanned out in order.
_RELAY_LOCK = 7_001

_PUBLISH = """
INSERT INTO outbox (created_at, name, key, payload, request_id)
SELECT $1, name, key, payload::jsonb, $2 FROM unnest($3::text[], $4::text[], $5::text[]) AS e (name, key, payload)
"""

_FAN_OUT = """
WITH claimed AS (
    SELECT id, created_at, name, key FROM outbox WHERE relayed_at IS NULL ORDER BY id LIMIT $1 FOR UPDATE
), fanned AS (
    INSERT INTO event_delivery (handler, event_id, event_at, key, ordered, next_at)
    SELECT s.handler, c.id, c.created_at, c.key, s.ordered, $2
    FROM claimed c JOIN unnest($3::text[], $4::text[], $5::bool[]) AS s (event, handler, ordered) ON s.event = c.name
    RETURNING handler
), marked AS (
    UPDATE outbox o SET relayed_at = $2 FROM claimed c WHERE o.id = c.id AND o.created_at = c.created_at
)
SELECT handler, count(*) AS deliveries, (SELECT count(*) FROM claimed) AS events FROM fanned GROUP BY handler
UNION ALL SELECT NULL, 0, (SELECT count(*) FROM claimed)
"""


async def publish(*events: Event) -> None:
    """Write events down in the caller's transaction, any number in one statement.

    Raises RuntimeError outside one: an event without its cause is a lie.
    """
    if not database.in_transaction():
        raise RuntimeError("publish() belongs inside the transaction that changes the state")
    await database.execute(
        _PUBLISH,
        clock.now(),
        current_request_id(),
        [event.name for event in events],
        [event.key for event in events],
        [encode(event) for event in events],
    )


async def fan_out(registry: Registry, rows: int = FAN_OUT_ROWS) -> tuple[int, Counter[str]]:
    """Turn up to `rows` outbox rows into delivery rows, once each.

    Returns how many events were taken and, per handler, how many deliveries await it. Only one relay works at a time;
    a second one is a hot stand-by that takes nothing.
    """
    subscriptions = registry.subscriptions()
    async with database.transaction() as connection:
        if not await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", _RELAY_LOCK):
            return 0, Counter()
        found = await connection.fetch(
            _FAN_OUT,
            rows,
            clock.now(),
            [event for event, _, _ in subscriptions],
            [handler for _, handler, _ in subscriptions],
            [ordered for _, _, ordered in subscriptions],
        )
    deliveries = Counter({row["handler"]: row["deliveries"] for row in found if row["handler"]})
    return found[0]["events"], deliveries
