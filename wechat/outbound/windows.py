"""How far a fan lets us write: the platform's windows for customer messages, counted here before it is asked (§3.1).

What the fan does sets a window's time and count to their maximum, counted from WeChat's own time of it; quotas of
several acts never add up, and a message counts against every window that is open. Acts that allow the same (a tap on
the menu, a follow, a scan) share one.

A message takes its places in the windows (`outbound_message.message_until`, `.short_until`) when it is put, and has
them as long as the windows are the same. Whoever locks several things locks windows first, then conversations, then
messages of the ledger.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import asyncpg

from infra import clock
from infra.database import Connection
from infra.parameters import Parameter
from wechat.outbound.rules import SHUT, Allowance, Places, Why, Windows

MESSAGE_HOURS = Parameter(
    name="wechat.message_window_hours",
    default=48,
    least=1,
    most=720,
    help="粉丝发来消息后，多少小时内可发客服消息",
    english="For so many hours after a fan wrote, customer messages may be sent",
)
MESSAGE_COUNT = Parameter(
    name="wechat.window_message_count",
    default=5,
    least=0,
    most=1000,
    help="粉丝每次发来消息后，可发客服消息的条数",
    english="How many customer messages may be sent after each message of a fan",
)
SHORT_SECONDS = Parameter(
    name="wechat.window_short_seconds",
    default=60,
    least=1,
    most=86_400,
    help="粉丝点击菜单、关注或扫码后，多少秒内可发客服消息",
    english="For so many seconds after a tap on the menu, a follow or a scan, customer messages may be sent",
)
SHORT_COUNT = Parameter(
    name="wechat.window_short_count",
    default=3,
    least=0,
    most=1000,
    help="粉丝每次点击菜单、关注或扫码后，可发客服消息的条数",
    english="How many customer messages may be sent after each tap on the menu, follow or scan of a fan",
)
MARGIN_SECONDS = Parameter(
    name="wechat.window_margin_seconds",
    default=2,
    least=0,
    most=600,
    help="客服消息的时限届满前多少秒起不再发送（消息到达微信前时限可能已过）",
    english=(
        "Customer messages are not sent any more so many seconds before the time to answer ends (it "
        "may be over when they reach WeChat)"
    ),
)

# Whether `w` lets something through at a moment (`usable_from`), for whoever reads many in one statement.
OPEN = """
(w.refused IS NULL AND (w.message_until > {at} AND w.message_left > 0 OR w.short_until > {at} AND w.short_left > 0))
"""

# When a message left of which no answer came: at most so long after its sender took it.
_UNSURE = timedelta(minutes=2)


class Action(StrEnum):
    """What a fan does that opens a window. `menu`: click, scan-push and scan-wait only."""

    MESSAGE = "message"
    MENU = "menu"
    FOLLOW = "follow"
    SCAN = "scan"


@dataclass(frozen=True, slots=True)
class Opening:
    """The fan behind `digest` did something `at` WeChat's time."""

    digest: bytes
    account_id: UUID
    action: Action
    at: datetime


@dataclass(frozen=True, slots=True)
class Closing:
    """The fan behind `digest` unfollowed `at` WeChat's time."""

    digest: bytes
    account_id: UUID
    at: datetime


_LOCK = "SELECT digest FROM customer_window WHERE digest = ANY($1::bytea[]) ORDER BY digest FOR UPDATE"

_MAKE = """
INSERT INTO customer_window (digest, account_id, message_until, message_left, short_until, short_left)
SELECT digest, account_id, $3, 0, $3, 0 FROM unnest($1::bytea[], $2::uuid[]) AS n (digest, account_id)
ORDER BY digest ON CONFLICT (digest) DO NOTHING
"""

# An act sets a window anew if that one would end earlier. What has left since the act took a place of the new window
# already (its second is all WeChat tells, so what left within it counts); what is still to leave takes the next ones.
_OPEN = """
WITH fresh AS MATERIALIZED (
    SELECT w.digest,
        CASE WHEN a.message_at + $4::interval > w.message_until AND (w.closed_at <= a.message_at) IS NOT FALSE
            THEN a.message_at END AS message_at,
        CASE WHEN a.short_at + $6::interval > w.short_until AND (w.closed_at <= a.short_at) IS NOT FALSE
            THEN a.short_at END AS short_at
    FROM unnest($1::bytea[], $2::timestamptz[], $3::timestamptz[]) AS a (digest, message_at, short_at)
    JOIN customer_window w ON w.digest = a.digest
), gone AS (
    SELECT f.digest, count(*) FILTER (WHERE COALESCE(m.sent_at, m.tried_at + $8::interval) >= f.message_at) AS message,
        count(*) FILTER (WHERE COALESCE(m.sent_at, m.tried_at + $8::interval) >= f.short_at) AS short
    FROM fresh f JOIN outbound_message m ON m.digest = f.digest AND m.channel = 'customer'
        AND m.state IN ('sent', 'unknown') AND m.tried_at >= LEAST(f.message_at, f.short_at) - $8::interval
    GROUP BY f.digest
), waiting AS MATERIALIZED (
    SELECT m.id, m.digest, row_number() OVER (PARTITION BY m.digest ORDER BY m.id) AS place
    FROM fresh f JOIN outbound_message m ON m.digest = f.digest AND m.channel = 'customer'
        AND m.state IN ('pending', 'sending')
), counted AS MATERIALIZED (
    SELECT f.*, $5 - COALESCE(g.message, 0) AS message_left, $7 - COALESCE(g.short, 0) AS short_left,
        (SELECT count(*) FROM waiting w WHERE w.digest = f.digest) AS waiting
    FROM fresh f LEFT JOIN gone g ON g.digest = f.digest
), placed AS (
    UPDATE outbound_message m SET
        message_until = CASE WHEN w.place <= c.message_left THEN c.message_at + $4 ELSE m.message_until END,
        short_until = CASE WHEN w.place <= c.short_left THEN c.short_at + $6 ELSE m.short_until END
    FROM waiting w JOIN counted c ON c.digest = w.digest
    WHERE m.id = w.id AND num_nonnulls(c.message_at, c.short_at) > 0
)
UPDATE customer_window w SET refused = NULL,
    message_until = COALESCE(c.message_at + $4, w.message_until),
    message_left = CASE WHEN c.message_at IS NULL THEN w.message_left
        ELSE GREATEST(c.message_left - c.waiting, 0) END,
    short_until = COALESCE(c.short_at + $6, w.short_until),
    short_left = CASE WHEN c.short_at IS NULL THEN w.short_left ELSE GREATEST(c.short_left - c.waiting, 0) END
FROM counted c WHERE w.digest = c.digest AND num_nonnulls(c.message_at, c.short_at) > 0
"""

# Only what was opened before; who comes back, comes back to windows of their own.
_CLOSE = """
UPDATE customer_window w SET closed_at = GREATEST(w.closed_at, c.at),
    message_until = CASE WHEN w.message_until <= c.at + $3 THEN LEAST(w.message_until, c.at) ELSE w.message_until END,
    message_left = CASE WHEN w.message_until <= c.at + $3::interval THEN 0 ELSE w.message_left END,
    short_until = CASE WHEN w.short_until <= c.at + $4 THEN LEAST(w.short_until, c.at) ELSE w.short_until END,
    short_left = CASE WHEN w.short_until <= c.at + $4::interval THEN 0 ELSE w.short_left END
FROM unnest($1::bytea[], $2::timestamptz[]) AS c (digest, at) WHERE w.digest = c.digest
"""

_READ = """
SELECT w.digest, w.message_until, w.message_left, w.short_until, w.short_left, w.refused,
    a.shadow OR a.disabled_at IS NOT NULL AS silent, a.kind = 'mini' OR COALESCE(i.following, false) AS follows,
    EXISTS (SELECT FROM wechat_block b WHERE b.identity_id = i.id AND b.wanted) AS blocked
FROM customer_window w JOIN wechat_account a ON a.id = w.account_id LEFT JOIN identity i ON i.digest = w.digest
WHERE w.digest = ANY($1::bytea[])
"""

_SPEND = """
UPDATE customer_window w SET message_left = w.message_left - s.message, short_left = w.short_left - s.short
FROM unnest($1::bytea[], $2::int[], $3::int[]) AS s (digest, message, short) WHERE w.digest = s.digest
"""

# What certainly was not sent gives its places back, if the windows are still the same.
_GIVE_BACK = """
UPDATE customer_window w SET
    message_left = w.message_left + COALESCE((m.message_until = w.message_until)::int, 0),
    short_left = w.short_left + COALESCE((m.short_until = w.short_until)::int, 0)
FROM outbound_message m WHERE m.id = ANY($1::uuid[]) AND w.digest = m.digest
"""

# The platform's word about what was opened before it was asked.
_EMPTY = """
UPDATE customer_window w SET
    message_left = CASE WHEN w.message_until - $5::interval <= $3::timestamptz THEN 0 ELSE w.message_left END,
    message_until = CASE WHEN $2::bool AND w.message_until - $5 <= $3 THEN LEAST(w.message_until, $4::timestamptz)
        ELSE w.message_until END,
    short_left = CASE WHEN w.short_until - $6::interval <= $3 THEN 0 ELSE w.short_left END,
    short_until = CASE WHEN $2 AND w.short_until - $6 <= $3 THEN LEAST(w.short_until, $4)
        ELSE w.short_until END
WHERE w.digest = $1
"""

_REFUSE = "UPDATE customer_window SET refused = $2 WHERE digest = $1"


async def open_many(connection: Connection, openings: Sequence[Opening]) -> None:
    """Fans did something: what it opens, or what is left of that, in the caller's transaction. A set function.

    An older act, or one from before an unfollow, never shortens or opens anything.
    """
    if not openings:
        return
    digests = sorted({opening.digest for opening in openings})
    if len(await connection.fetch(_LOCK, digests)) < len(digests):
        await _make(connection, {opening.digest: opening.account_id for opening in openings})
        await connection.fetch(_LOCK, digests)
    latest = defaultdict[tuple[bytes, bool], list[datetime]](list)
    for opening in openings:
        latest[opening.digest, opening.action is Action.MESSAGE].append(opening.at)
    await connection.execute(
        _OPEN,
        digests,
        [max(latest[digest, True], default=None) for digest in digests],
        [max(latest[digest, False], default=None) for digest in digests],
        timedelta(hours=await MESSAGE_HOURS.get()),
        await MESSAGE_COUNT.get(),
        timedelta(seconds=await SHORT_SECONDS.get()),
        await SHORT_COUNT.get(),
        _UNSURE,
    )


async def close_many(connection: Connection, closings: Sequence[Closing]) -> None:
    """Fans unfollowed: nothing may be sent any more that an earlier act allowed. A set function."""
    if not closings:
        return
    last = {closing.digest: closing for closing in sorted(closings, key=lambda closing: closing.at)}
    digests = sorted(last)
    if len(await connection.fetch(_LOCK, digests)) < len(digests):
        await _make(connection, {digest: closing.account_id for digest, closing in last.items()})
    await connection.execute(
        _CLOSE,
        digests,
        [last[digest].at for digest in digests],
        timedelta(hours=await MESSAGE_HOURS.get()),
        timedelta(seconds=await SHORT_SECONDS.get()),
    )


async def lock(connection: Connection, digests: Collection[bytes]) -> None:
    """Nobody else opens, closes or spends these windows until the caller's transaction ends; before other locks."""
    await connection.fetch(_LOCK, sorted(set(digests)))


async def read_many(connection: Connection, digests: Collection[bytes]) -> dict[bytes, Allowance]:
    """How far each may be written to now, and why not."""
    found = await standing(connection, digests)
    now = await usable_from()
    return {digest: found[digest].allowance(now) if digest in found else SHUT for digest in digests}


async def standing(connection: Connection, digests: Collection[bytes]) -> dict[bytes, Windows]:
    """The windows of those who ever opened one, and what else stands against writing."""
    rows = await connection.fetch(_READ, list(set(digests)))
    return {row["digest"]: _windows(row) for row in rows}


async def spend(connection: Connection, taken: Mapping[bytes, Sequence[Places]]) -> None:
    """Take places, which the caller has seen under the lock."""
    await connection.execute(
        _SPEND,
        list(taken),
        [sum(message is not None for message, _ in places) for places in taken.values()],
        [sum(short is not None for _, short in places) for places in taken.values()],
    )


async def give_back(connection: Connection, message_ids: Sequence[UUID]) -> None:
    """These messages certainly were not sent. The caller has locked the windows."""
    await connection.execute(_GIVE_BACK, message_ids)


async def empty(connection: Connection, digest: bytes, asked_at: datetime, *, shut: bool) -> None:
    """The platform, asked then, said that the windows are used up, or shut."""
    hours, seconds = timedelta(hours=await MESSAGE_HOURS.get()), timedelta(seconds=await SHORT_SECONDS.get())
    await connection.execute(_EMPTY, digest, shut, asked_at, clock.now(), hours, seconds)


async def refuse(connection: Connection, digest: bytes, why: Why) -> None:
    """The platform lets nothing through to this person: remembered until the person does something."""
    await connection.execute(_REFUSE, digest, why)


async def usable_from() -> datetime:
    """A window that ends before this moment can't be used any more: a message is on its way for a while."""
    return clock.now() + timedelta(seconds=await MARGIN_SECONDS.get())


async def _make(connection: Connection, accounts: Mapping[bytes, UUID]) -> None:
    digests = sorted(accounts)
    long_ago = clock.now() - timedelta(days=3650)
    await connection.execute(_MAKE, digests, [accounts[digest] for digest in digests], long_ago)


def _windows(row: asyncpg.Record) -> Windows:
    reasons = {
        Why.ACCOUNT_SILENT: row["silent"],
        Why.NOT_FOLLOWING: not row["follows"] or row["refused"] == Why.NOT_FOLLOWING,
        Why.BLOCKED: row["blocked"] or row["refused"] == Why.BLOCKED,
        Why.REFUSED: row["refused"] is not None,
    }
    return Windows(
        message_until=row["message_until"],
        message_left=row["message_left"],
        short_until=row["short_until"],
        short_left=row["short_left"],
        why_not=next((why for why, so in reasons.items() if so), None),
    )
