"""Reading customers: numbers, ranking, trend, and who stands for whom."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

import asyncpg

from core.customers.errors import CustomerNotFound
from core.customers.schemas import (
    CountsOut,
    NumbersOut,
    Period,
    PlaceOut,
    RankingOut,
    RankOut,
    TrendDayOut,
)
from core.organisation.queries import Colleague
from core.organisation.scopes import Values, of_staff
from core.permissions.rules import Layout
from infra import clock, database
from infra.database import Connection
from infra.settings import settings

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
WHERE s.is_guide AND (s.left_at IS NULL OR b.gross > 0) AND {reach}
ORDER BY gross DESC, net DESC, s.name, s.id
"""

# A guide sees the own place and nobody else's numbers: those are beyond the own data.
_PLACE = """
WITH brought AS (
    SELECT t.guide_id, count(*) AS gross FROM touch t JOIN customer c ON c.id = t.customer_id
    WHERE t.is_first AND t.kind = 'follow' AND NOT c.is_staff AND t.occurred_at >= $1 AND t.occurred_at < $2
      AND t.guide_id IN (SELECT id FROM staff WHERE is_guide AND store_id = $3)
    GROUP BY t.guide_id
), ranked AS (
    SELECT s.id, rank() OVER (ORDER BY COALESCE(b.gross, 0) DESC) AS rank, count(*) OVER () AS guides
    FROM staff s LEFT JOIN brought b ON b.guide_id = s.id
    WHERE s.is_guide AND s.store_id = $3 AND (s.left_at IS NULL OR b.gross > 0)
)
SELECT rank, guides FROM ranked WHERE id = $4
"""

_TREND = """
SELECT date(t.occurred_at AT TIME ZONE $3) AS day, count(*) AS gross, count(*) FILTER (WHERE NOT c.following) AS lost
FROM touch t JOIN customer c ON c.id = t.customer_id
WHERE t.is_first AND t.kind = 'follow' AND t.guide_id IS NOT NULL AND NOT c.is_staff
  AND t.occurred_at >= $1 AND t.occurred_at < $2 AND ($4::uuid IS NULL OR t.guide_id = $4) AND {reach}
GROUP BY 1
"""

# Whoever was merged stands for the one that came of it.
_STANDING = """
WITH RECURSIVE way AS (
    SELECT id, merged_into_id, guide_id FROM customer WHERE id = $1
    UNION ALL SELECT c.id, c.merged_into_id, c.guide_id FROM way w JOIN customer c ON c.id = w.merged_into_id
)
SELECT id FROM way WHERE merged_into_id IS NULL AND {reach}
"""

_IN_POOL = """
WITH RECURSIVE way AS (
    SELECT id, merged_into_id, pooled_at FROM customer WHERE id = $1
    UNION ALL SELECT c.id, c.merged_into_id, c.pooled_at FROM way w JOIN customer c ON c.id = w.merged_into_id
)
SELECT id FROM way WHERE merged_into_id IS NULL AND pooled_at IS NOT NULL
"""

_STANDING_MANY = """
WITH RECURSIVE way AS (
    SELECT id AS asked, id, merged_into_id FROM customer WHERE id = ANY($1::uuid[])
    UNION ALL SELECT w.asked, c.id, c.merged_into_id FROM way w JOIN customer c ON c.id = w.merged_into_id
)
SELECT asked, id FROM way WHERE merged_into_id IS NULL
"""

# Whoever was merged stands for the one that came of it.
_REACHABLE = """
WITH RECURSIVE way AS (
    SELECT id AS asked, id, merged_into_id, guide_id FROM customer WHERE id = ANY($1::uuid[])
    UNION ALL SELECT w.asked, c.id, c.merged_into_id, c.guide_id FROM way w JOIN customer c ON c.id = w.merged_into_id
)
SELECT w.asked, i.id, i.digest, i.app_id FROM way w JOIN identity i ON i.customer_id = w.id
WHERE w.merged_into_id IS NULL AND i.openid IS NOT NULL AND {reach} ORDER BY i.id
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


async def numbers(guide_id: UUID) -> NumbersOut:
    """What a guide has brought today, this week, this month, in all."""
    today = clock.business_day()
    starts = {period: clock.start_of_day(days_of(period, today)[0]) for period in Period}
    counts = {period: _counts(await database.fetch_one(_COUNTS, guide_id, start)) for period, start in starts.items()}
    total = _counts(await database.fetch_one(_COUNTS, guide_id, None))
    following = await database.fetch_one(
        """SELECT count(*) AS n FROM customer
        WHERE guide_id = $1 AND following AND NOT is_staff AND merged_into_id IS NULL""",
        guide_id,
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


async def ranking(by: Colleague, period: Period, on: date | None) -> RankingOut:
    """The guides in reach by first-touch new fans of the period; those who left are listed as long as they count."""
    first, last = days_of(period, on or clock.business_day())
    values = Values(clock.start_of_day(first), clock.start_of_day(last + timedelta(days=1)))
    rows = await database.fetch(_RANKING.format(reach=of_staff(by, values.put, "s.id")), *values)
    return RankingOut(period=period, first=first, last=last, guides=[RankOut(**row) for row in rows])


async def place(by: Colleague, period: Period) -> PlaceOut:
    """Where a guide stands in the own store by first-touch new fans of today, this week or this month."""
    first, last = days_of(period, clock.business_day())
    bounds = clock.start_of_day(first), clock.start_of_day(last + timedelta(days=1))
    row = await database.fetch_one(_PLACE, *bounds, by.store_id, by.id)
    rank, guides = (row["rank"], row["guides"]) if row else (None, 0)
    return PlaceOut(period=period, first=first, last=last, rank=rank, guides=guides)


async def trend(by: Colleague, guide_id: UUID | None, days: int) -> list[TrendDayOut]:
    """The new fans that guides in reach (one, or all together) brought on each of the last business days, with today's.

    A guide beyond reach brought none, like one who doesn't exist.
    """
    today = clock.business_day()
    first = today - timedelta(days=days - 1)
    bounds = clock.start_of_day(first), clock.start_of_day(today + timedelta(days=1))
    values = Values(*bounds, settings().business_timezone, guide_id)
    rows = await database.fetch(_TREND.format(reach=of_staff(by, values.put, "t.guide_id")), *values)
    found = {row["day"]: row for row in rows}
    return [
        TrendDayOut(day=day, **_counts(found.get(day)).model_dump())
        for day in (first + timedelta(days=number) for number in range(days))
    ]


async def standing(customer_id: UUID, by: Colleague) -> UUID:
    """The customer, or whom it was merged into.

    Raises CustomerNotFound, also when somebody beyond the reach of `by`, or nobody, looks after the customer.
    """
    values = Values(customer_id)
    row = await database.fetch_one(_STANDING.format(reach=of_staff(by, values.put, "guide_id")), *values)
    if row is None:
        raise CustomerNotFound
    found: UUID = row["id"]
    return found


async def pooled(customer_id: UUID) -> UUID:
    """The same of a customer in the pool, which is the whole company's. Raises CustomerNotFound."""
    row = await database.fetch_one(_IN_POOL, customer_id)
    if row is None:
        raise CustomerNotFound
    return UUID(int=row["id"].int)


async def visible(customer_id: UUID, by: Colleague) -> UUID:
    """The same of one in reach, or in the pool for who may look into it. To look only: nobody edits there."""
    try:
        return await standing(customer_id, by)
    except CustomerNotFound:
        if not by.may("pool:read"):
            raise
        return await pooled(customer_id)


def sees_contact_data(by: Colleague) -> bool:
    """Whether it is a colleague's business how to reach people: not of who sees totals and changes nothing (AT-79)."""
    return by.layout is not Layout.MANAGEMENT or by.may("customers:write")


async def standing_many(connection: Connection, customer_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Customers, or whom they were merged into, by the id asked for, in anybody's reach; no unknown ones."""
    rows = await connection.fetch(_STANDING_MANY, list(customer_ids))
    return {UUID(int=row["asked"].int): UUID(int=row["id"].int) for row in rows}


async def changed(connection: Connection, standing: Mapping[UUID, UUID]) -> set[UUID]:
    """Ids from before a merge that stand for somebody else than `standing`, whose customers are locked by now, says."""
    old = {one: found for one, found in standing.items() if one != found}
    now = await standing_many(connection, old) if old else {}
    return {one for one, found in old.items() if now.get(one) != found}


async def reachable(
    connection: Connection, customer_ids: Collection[UUID], by: Colleague | None = None
) -> list[asyncpg.Record]:
    """The identities with an openid (asked, id, digest, app_id) of customers, or of whom they were merged into.

    With `by`, of those only whom a colleague in reach looks after.
    """
    values = Values(list(customer_ids))
    reach = of_staff(by, values.put, "w.guide_id") if by else "true"
    return await connection.fetch(_REACHABLE.format(reach=reach), *values)
