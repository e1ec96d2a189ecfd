"""Handing pushes on: written down with the event, sent outside any transaction, at least once, a person's in order."""

import asyncio
import time
from collections.abc import Collection, Sequence
from datetime import timedelta

import aiohttp
import asyncpg

from infra import alerts, clock, database
from infra.logging import logger
from infra.parameters import Parameter
from wechat.accounts import queries as accounts
from wechat.forwards.rules import pause_before_next
from wechat.forwards.sealing import seal
from wechat.pushes.events import PushForwardable
from wechat.pushes.parsing import parse
from wechat.pushes.store import raw_pushes

TRIES = Parameter(
    name="wechat.forward_tries",
    default=5,
    least=1,
    most=20,
    help="转发一条推送最多尝试的次数",
    english="How often the forwarding of a push is tried",
)
PAUSE_SECONDS = Parameter(
    name="wechat.forward_pause_seconds",
    default=5,
    least=1,
    most=3600,
    help="转发失败后首次重试前的秒数，之后每次乘四",
    english="Seconds before forwarding is tried again, four times as long each time",
)
TIMEOUT_MS = Parameter(
    name="wechat.forward_timeout_ms",
    default=5000,
    least=100,
    most=30_000,
    help="等待对方系统应答的毫秒数",
    english="How many milliseconds the other system has to answer",
)
KEPT_DAYS = Parameter(
    name="wechat.forward_kept_days",
    default=7,
    least=1,
    most=30,
    help="转发记录保留的天数（不超过原始推送）",
    english="How many days records of forwarding are kept (no longer than the pushes)",
)

_AT_ONCE = 20
_LEASE = timedelta(seconds=60)
_RUN_SECONDS = 20.0
_ROWS = 10_000
_OK = range(200, 300)

_ADD = """
INSERT INTO push_forward (push_id, received_at, app_id, person, state, attempts, next_at)
SELECT e.push_id, e.received_at, e.app_id, e.person, 'pending', 0, $5
FROM unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::bytea[])
    WITH ORDINALITY AS e (push_id, received_at, app_id, person, ord)
JOIN wechat_account a ON a.app_id = e.app_id AND a.forward_url IS NOT NULL
ORDER BY e.ord ON CONFLICT (push_id) DO NOTHING
"""

# A claim is a lease. Only a person's first waiting push is given out: the others come after it. Account by account: a
# pause costs nothing, however much waits. Materialized, because a join may run a subselect with a limit more than once.
_CLAIM = """
WITH due AS MATERIALIZED (
    SELECT f.id, a.forward_url FROM wechat_account a CROSS JOIN LATERAL (
        SELECT w.id, w.next_at FROM push_forward w
        WHERE w.app_id = a.app_id AND w.state = 'pending' AND w.next_at <= $1 AND NOT EXISTS (
            SELECT 1 FROM push_forward e WHERE e.person = w.person AND e.state = 'pending' AND e.id < w.id
        ) ORDER BY w.next_at, w.id LIMIT $3 FOR UPDATE SKIP LOCKED
    ) f WHERE a.forward_url IS NOT NULL AND (a.forward_from IS NULL OR a.forward_from <= $1)
    ORDER BY f.next_at, f.id LIMIT $3
)
UPDATE push_forward f SET attempts = f.attempts + 1, next_at = $2 FROM due WHERE f.id = due.id
RETURNING f.id, f.push_id, f.received_at, f.app_id, f.attempts, due.forward_url
"""

_DROP_OLD = """
DELETE FROM push_forward WHERE id = ANY(ARRAY(SELECT id FROM push_forward WHERE received_at < $2 LIMIT $1))
"""

_DROP_UNWANTED = """
DELETE FROM push_forward WHERE id = ANY(ARRAY(
    SELECT w.id FROM wechat_account a JOIN push_forward w ON w.app_id = a.app_id AND w.state = 'pending'
    WHERE a.forward_url IS NULL LIMIT $1
))
"""


async def add_many(events: Sequence[PushForwardable]) -> None:
    """Write down the pushes of accounts that forward, each once, in the order they are given in."""
    await database.execute(
        _ADD,
        [event.push_id for event in events],
        [event.received_at for event in events],
        [event.app_id for event in events],
        [bytes.fromhex(event.person) for event in events],
        clock.now(),
    )


async def send_due() -> int:
    """Send what waits; returns how many arrived. Leaves the rest for the next run after a while."""
    sent, started = 0, time.monotonic()
    timeout = aiohttp.ClientTimeout(total=await TIMEOUT_MS.get() / 1000)
    async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session:
        while time.monotonic() - started < _RUN_SECONDS:
            now = clock.now()
            claimed = await database.fetch(_CLAIM, now, now + _LEASE, _AT_ONCE)
            if not claimed:
                break
            async with database.connection() as connection:
                raw = await raw_pushes(
                    connection, [row["push_id"] for row in claimed], [row["received_at"] for row in claimed]
                )
            outcomes = await asyncio.gather(*(_forward(session, row, raw.get(row["push_id"])) for row in claimed))
            sent += outcomes.count("sent")
            if away := {row["app_id"] for row, how in zip(claimed, outcomes, strict=True) if how == "away"}:
                await _leave_alone(away)
    return sent


async def retry_failed(app_id: str) -> int:
    """Give what was given up its tries again; returns how many."""
    return await database.execute(
        """UPDATE push_forward SET state = 'pending', attempts = 0, next_at = $2, error = NULL
        WHERE app_id = $1 AND state = 'failed'""",
        app_id,
        clock.now(),
    )


async def drop_old() -> None:
    """Forget what came long ago, and what waits for a system that gets nothing any more."""
    before = clock.now() - timedelta(days=await KEPT_DAYS.get())
    while await database.execute(_DROP_OLD, _ROWS, before) + await database.execute(_DROP_UNWANTED, _ROWS):
        pass


async def _leave_alone(app_ids: Collection[str]) -> None:
    """Who can't be reached is asked again after a pause: calls that time out would keep the workers from all else."""
    await database.execute(
        "UPDATE wechat_account SET forward_from = $2 WHERE app_id = ANY($1::text[])",
        list(app_ids),
        clock.now() + timedelta(seconds=await PAUSE_SECONDS.get()),
    )


async def _forward(session: aiohttp.ClientSession, row: asyncpg.Record, raw: str | None) -> str:
    error = "the push itself is gone" if raw is None else await _post(session, row, raw)
    if error is None:
        await _mark(row, state="sent", error=None)
        return "sent"
    if raw is None or row["attempts"] >= await TRIES.get():
        await _mark(row, state="failed", error=error)
        logger().warning("push_not_forwarded", app_id=row["app_id"], push_id=str(row["push_id"]), error=error)
        words = f"推送转发失败，已放弃：{error}；对方恢复后运行 guanxi account forward {row['app_id']} retry"
        await alerts.raise_alert("wechat.forward_failed", row["app_id"], words)
    else:
        wait = pause_before_next(row["attempts"], await PAUSE_SECONDS.get())
        await _mark(row, state="pending", error=error, wait=wait)
    return "refused" if raw is None or error.startswith("status") else "away"


async def _post(session: aiohttp.ClientSession, row: asyncpg.Record, raw: str) -> str | None:
    """What went wrong, or None. Whatever the other system says in its answer is not looked at."""
    try:
        account = await accounts.credentials(row["app_id"])
        sealed = seal(account, raw, openid=parse(raw).openid, now=clock.timestamp())
        async with session.post(
            row["forward_url"],
            params=sealed.query,
            data=sealed.body,
            headers={"Content-Type": "text/xml"},
            allow_redirects=False,
        ) as response:
            return None if response.status in _OK else f"status {response.status}"
    except Exception as error:
        # What is wrong with one push or address must not stop the others.
        if database.is_outage(error):
            raise
        # The class alone: the text of some holds the address with the openid in it.
        return type(error).__name__


async def _mark(row: asyncpg.Record, *, state: str, error: str | None, wait: timedelta = timedelta()) -> None:
    await database.execute(
        "UPDATE push_forward SET state = $2, error = $3, next_at = $4 WHERE id = $1",
        row["id"],
        state,
        error,
        clock.now() + wait,
    )
