"""Reading customers: fans of a guide, numbers, ranking, timeline."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import asyncpg

from core.customers.errors import CustomerNotFound
from core.customers.schemas import CountsOut, FanOut, NumbersOut, Period, RankingOut, RankOut, TimelineEntryOut
from infra import clock, database

_FANS = """
SELECT c.id, c.following, c.guide_id, first.guide_id AS brought_by, first.occurred_at AS first_touch_at,
       last.occurred_at AS last_touch_at, seen.last_seen_at
FROM customer c
LEFT JOIN LATERAL (SELECT guide_id, occurred_at FROM touch t WHERE t.customer_id = c.id AND t.is_first) first ON true
LEFT JOIN LATERAL (
    SELECT occurred_at FROM touch t WHERE t.customer_id = c.id ORDER BY occurred_at DESC LIMIT 1
) last ON true
CROSS JOIN LATERAL (SELECT max(last_seen_at) AS last_seen_at FROM identity i WHERE i.customer_id = c.id) seen
WHERE NOT c.is_staff AND ($1::uuid IS NULL OR c.guide_id = $1) AND ($2::uuid IS NULL OR c.id < $2)
ORDER BY c.id DESC LIMIT $3
"""

_COUNTS = """
SELECT count(*) AS gross, count(*) FILTER (WHERE NOT c.following) AS lost
FROM touch t JOIN customer c ON c.id = t.customer_id
WHERE t.is_first AND t.kind = 'follow' AND NOT c.is_staff AND t.guide_id = $1
  AND ($2::timestamptz IS NULL OR t.occurred_at >= $2)
"""

_RANKING = """
WITH brought AS (
    SELECT t.guide_id, count(*) AS gross, count(*) FILTER (WHERE NOT c.following) AS lost
    FROM touch t JOIN customer c ON c.id = t.customer_id
    WHERE t.is_first AND t.kind = 'follow' AND t.guide_id IS NOT NULL AND NOT c.is_staff
      AND t.occurred_at >= $1 AND t.occurred_at < $2
    GROUP BY t.guide_id
)
SELECT rank() OVER (ORDER BY COALESCE(b.gross, 0) DESC) AS rank, s.id AS guide_id, s.name AS guide, o.name AS store,
       COALESCE(b.gross, 0) AS gross, COALESCE(b.lost, 0) AS lost, COALESCE(b.gross - b.lost, 0) AS net
FROM staff s LEFT JOIN brought b ON b.guide_id = s.id LEFT JOIN store o ON o.id = s.store_id
WHERE s.role = 'guide' AND (s.left_at IS NULL OR b.gross > 0)
ORDER BY gross DESC, net DESC, s.name, s.id
"""

_TIMELINE = """
SELECT l.id, l.occurred_at, l.kind, s.name AS guide, o.name AS store, n.name AS channel
FROM timeline l LEFT JOIN touch t ON t.source = l.source
LEFT JOIN staff s ON s.id = t.guide_id LEFT JOIN store o ON o.id = t.store_id LEFT JOIN channel n ON n.id = t.channel_id
WHERE l.customer_id = $1 AND ($2::timestamptz IS NULL OR (l.occurred_at, l.id) < ($2, $3::uuid))
ORDER BY l.occurred_at DESC, l.id DESC LIMIT $4
"""


def days_of(period: Period, on: date) -> tuple[date, date]:
    """First and last business day of the day, the week (from Monday) or the month that holds `on`."""
    if period is Period.DAY:
        return on, on
    if period is Period.WEEK:
        monday = on - timedelta(days=on.weekday())
        return monday, monday + timedelta(days=6)
    first = on.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Fan:
    """A person as a responder may know them."""

    customer_id: UUID
    following: bool
    guide_id: UUID | None


async def fan(identity: bytes) -> Fan | None:
    """The customer behind an identity (keyed digest of app id and openid), if known."""
    row = await database.fetch_one(
        """SELECT c.id, i.following, c.guide_id FROM identity i JOIN customer c ON c.id = i.customer_id
        WHERE i.digest = $1""",
        identity,
    )
    return Fan(row["id"], row["following"], row["guide_id"]) if row else None


async def fans(guide_id: UUID | None, before: UUID | None, limit: int) -> list[FanOut]:
    """Fans a guide looks after (None: everybody's), newest first."""
    rows = await database.fetch(_FANS, guide_id, before, limit)
    return [FanOut(**row) for row in rows]


async def numbers(guide_id: UUID) -> NumbersOut:
    """What a guide has brought today, this week, this month, in all."""
    today = clock.business_day()
    starts = {period: clock.start_of_day(days_of(period, today)[0]) for period in Period}
    counts = {period: _counts(await database.fetch_one(_COUNTS, guide_id, start)) for period, start in starts.items()}
    total = _counts(await database.fetch_one(_COUNTS, guide_id, None))
    following = await database.fetch_one(
        "SELECT count(*) AS n FROM customer WHERE guide_id = $1 AND following AND NOT is_staff", guide_id
    )
    return NumbersOut(
        day=counts[Period.DAY],
        week=counts[Period.WEEK],
        month=counts[Period.MONTH],
        total=total,
        following=following["n"] if following else 0,
    )


def _counts(row: asyncpg.Record | None) -> CountsOut:
    gross, lost = (row["gross"], row["lost"]) if row else (0, 0)
    return CountsOut(gross=gross, lost=lost, net=gross - lost)


async def ranking(period: Period, on: date | None) -> RankingOut:
    """Every guide by first-touch new fans of the period; those who left are listed as long as they count."""
    first, last = days_of(period, on or clock.business_day())
    rows = await database.fetch(_RANKING, clock.start_of_day(first), clock.start_of_day(last + timedelta(days=1)))
    return RankingOut(period=period, first=first, last=last, guides=[RankOut(**row) for row in rows])


async def timeline(
    customer_id: UUID, guide_id: UUID | None, before: tuple[datetime, UUID] | None, limit: int
) -> list[TimelineEntryOut]:
    """What happened to a customer before a moment (time and id), newest first.

    Raises CustomerNotFound, also when `guide_id` is given and another guide looks after the customer.
    """
    customer = await database.fetch_one("SELECT guide_id FROM customer WHERE id = $1", customer_id)
    if customer is None or (guide_id is not None and customer["guide_id"] != guide_id):
        raise CustomerNotFound
    rows = await database.fetch(_TIMELINE, customer_id, *(before or (None, None)), limit)
    return [TimelineEntryOut(**row) for row in rows]
