"""Live streams: events by topic, numbered without gaps, written in the transaction that causes them.

The number is taken under the lock of the topic's row until the commit, so whoever has read number n has seen all
before it: a stream resumes by its last number, and misses and repeats nothing. Listeners (infra.live_hub) hear of new
numbers through Redis after the commit; a lost wake-up is made good by a look at the topics now and then.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from infra import clock, database, redis
from infra.database import Connection
from infra.logging import logger
from infra.parameters import Parameter

KEPT_DAYS = Parameter(
    name="live.kept_days",
    default=7,
    least=2,
    most=60,
    help="实时消息保留的天数；断线更久的页面须重新读取列表",
    english="How many days live messages are kept; a page away for longer reads its lists anew",
)
CHANNEL = "live"
# Told on a colleague's topic by whoever ends sessions: the streams of those that are gone end with it.
SESSIONS_ENDED = "sessions_ended"

_WOKEN_AT_ONCE = 1_000

# Topics in one order for all, or two writers of the same two would wait for each other.
_NUMBERS = """
INSERT INTO live_topic AS t (topic, last_seq)
SELECT topic, n FROM unnest($1::text[], $2::bigint[]) AS i (topic, n) ORDER BY topic
ON CONFLICT (topic) DO UPDATE SET last_seq = t.last_seq + excluded.last_seq RETURNING topic, last_seq
"""

_ADD = """
INSERT INTO live_event (topic, seq, kind, payload, created_at)
SELECT topic, seq, kind, payload::jsonb, $5 FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[])
    AS e (topic, seq, kind, payload)
"""


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """What happens on a topic (`staff:<id>`). `payload` is JSON, without secrets, phone numbers and openids."""

    topic: str
    kind: str
    payload: Mapping[str, Any]


def staff_topic(staff_id: object) -> str:
    """The topic of one colleague."""
    return f"staff:{staff_id}"


async def publish(connection: Connection, events: Sequence[LiveEvent]) -> None:
    """Tell of events when the caller's transaction commits, any number at once; those of a topic keep their order.

    They are written right before the commit: a topic's row is locked only for a moment, and always in one order.
    Raises RuntimeError outside a transaction.
    """
    if not connection.is_in_transaction():
        raise RuntimeError("publish() belongs inside the transaction that causes the events")
    database.gather(_write, events)


async def _write(connection: Connection, events: Sequence[LiveEvent]) -> None:
    counts = Counter(event.topic for event in events)
    rows = await connection.fetch(_NUMBERS, list(counts), list(counts.values()))
    next_number = {row["topic"]: row["last_seq"] - counts[row["topic"]] for row in rows}
    numbers = []
    for event in events:
        next_number[event.topic] += 1
        numbers.append(next_number[event.topic])
    await connection.execute(
        _ADD,
        [event.topic for event in events],
        numbers,
        [event.kind for event in events],
        [orjson.dumps(event.payload, default=str).decode() for event in events],
        clock.now(),
    )
    topics = list(counts)
    database.after_commit(lambda: _wake(topics))


async def _wake(topics: Sequence[str]) -> None:
    """Tell every process that listens; without Redis they find out by themselves."""
    chunks = [topics[start : start + _WOKEN_AT_ONCE] for start in range(0, len(topics), _WOKEN_AT_ONCE)]
    try:
        async with redis.client().pipeline(transaction=False) as pipe:
            for chunk in chunks:
                pipe.publish(CHANNEL, orjson.dumps(chunk))
            await pipe.execute()
    except redis.RedisError as error:
        logger().warning("live_wake_lost", error=type(error).__name__)
