"""Reading fans: the filtered list, one fan, the portrait of all."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from core.customers import queries as customers
from core.customers.rules import follow_source
from infra import clock, database
from infra.parameters import Parameter
from wechat.fans.schemas import (
    FanDetailOut,
    FanFilters,
    FanOut,
    IdentityOut,
    LabelCountOut,
    LabelRefOut,
    PortraitOut,
    SourcesOut,
    TouchOut,
    Window,
)

WINDOW_HOURS = Parameter(
    name="wechat.message_window_hours",
    default=48,
    least=1,
    most=720,
    help="粉丝发来消息后，多少小时内可发客服消息",
)
_TOP_LABELS = 20

# Which fans is settled first; only then is anything read about them.
_PAGE = """
WITH page AS MATERIALIZED (
    SELECT c.id, c.following, c.guide_id FROM customer c
    WHERE NOT c.is_staff AND c.merged_into_id IS NULL {conditions} ORDER BY c.id DESC LIMIT $1
)
SELECT page.*, first.guide_id AS brought_by, first.code_id, first.store_id, first.channel_id,
       first.occurred_at AS first_touch_at, last.occurred_at AS last_touch_at, seen.last_seen_at, seen.talked_at
FROM page
LEFT JOIN touch first ON first.customer_id = page.id AND first.is_first
LEFT JOIN LATERAL (
    SELECT occurred_at FROM touch t WHERE t.customer_id = page.id ORDER BY occurred_at DESC LIMIT 1
) last ON true
CROSS JOIN LATERAL (
    SELECT max(last_seen_at) AS last_seen_at, max(talked_at) AS talked_at FROM identity i WHERE i.customer_id = page.id
) seen
ORDER BY page.id DESC
"""

_TOUCHES = """
SELECT t.kind, t.occurred_at, t.source, t.is_first, t.code_id, s.name AS guide, o.name AS store, n.name AS channel
FROM touch t LEFT JOIN staff s ON s.id = t.guide_id LEFT JOIN store o ON o.id = t.store_id
LEFT JOIN channel n ON n.id = t.channel_id
WHERE t.customer_id = $1 ORDER BY t.occurred_at DESC, t.id DESC
"""

_IDENTITIES = """
SELECT i.id, i.digest, i.app_id, COALESCE(a.name, i.app_id) AS account, i.following, i.subscribe_scene, i.last_seen_at,
       i.talked_at, i.unionid IS NOT NULL AS has_unionid,
       EXISTS (SELECT 1 FROM wechat_block b WHERE b.identity_id = i.id AND b.wanted) AS blocked
FROM identity i LEFT JOIN wechat_account a ON a.app_id = i.app_id WHERE i.customer_id = $1 ORDER BY i.id
"""

_LABELS = """
SELECT m.identity_id, l.id, l.name, l.kind, m.synced FROM wechat_label_member m JOIN wechat_label l ON l.id = m.label_id
WHERE m.identity_id = ANY($1::uuid[]) AND m.wanted AND l.deleted_at IS NULL ORDER BY l.kind, l.name
"""

_PORTRAIT = """
WITH talk AS (
    SELECT customer_id, max(talked_at) AS at, max(talked_at) FILTER (WHERE following) AS open_at
    FROM identity WHERE talked_at > $2 GROUP BY customer_id
)
SELECT count(*) FILTER (WHERE c.following) AS following, count(*) FILTER (WHERE NOT c.following) AS left,
    count(*) FILTER (WHERE t.guide_id IS NOT NULL) AS guide,
    count(*) FILTER (WHERE t.guide_id IS NULL AND t.store_id IS NOT NULL) AS store,
    count(*) FILTER (WHERE t.guide_id IS NULL AND t.store_id IS NULL AND t.channel_id IS NOT NULL) AS channel,
    count(*) FILTER (WHERE num_nonnulls(t.guide_id, t.store_id, t.channel_id) = 0) AS none,
    count(*) FILTER (WHERE talk.open_at > $4) AS window_open,
    count(*) FILTER (WHERE talk.at > $3) AS talked_7_days, count(talk.at) AS talked_30_days
FROM customer c LEFT JOIN touch t ON t.customer_id = c.id AND t.is_first LEFT JOIN talk ON talk.customer_id = c.id
WHERE NOT c.is_staff AND c.merged_into_id IS NULL AND ($1::uuid IS NULL OR c.guide_id = $1)
"""

_TOP = """
SELECT l.id, l.name, l.kind, count(DISTINCT c.id) AS fans
FROM wechat_label l JOIN wechat_label_member m ON m.label_id = l.id AND m.wanted
JOIN identity i ON i.id = m.identity_id JOIN customer c ON c.id = i.customer_id
WHERE l.deleted_at IS NULL AND NOT c.is_staff AND ($1::uuid IS NULL OR c.guide_id = $1)
GROUP BY l.id ORDER BY fans DESC, l.name, l.id LIMIT $2
"""


class _Conditions:
    """SQL conditions on `c` (a customer), each with its values; what is None asks for nothing."""

    def __init__(self, limit: int, app_id: str | None) -> None:
        self.values: list[Any] = [limit]
        self._sql: list[str] = []
        self._identity = "SELECT 1 FROM identity i WHERE i.customer_id = c.id"
        if app_id is not None:
            self._identity += f" AND i.app_id = {self._put(app_id)}"
            self._sql.append(f"EXISTS ({self._identity})")

    def _put(self, value: object) -> str:
        self.values.append(value)
        return f"${len(self.values)}"

    def customer(self, condition: str, value: object) -> None:
        if value is not None:
            self._sql.append(condition.format(self._put(value)))

    def first_touch(self, condition: str, value: object) -> None:
        if value is not None:
            first = "SELECT 1 FROM touch t WHERE t.customer_id = c.id AND t.is_first"
            self._sql.append(f"EXISTS ({first} AND {condition.format(self._put(value))})")

    def identity(self, condition: str, value: object, *, exists: bool = True) -> None:
        if value is not None:
            word = "EXISTS" if exists else "NOT EXISTS"
            self._sql.append(f"{word} ({self._identity} AND {condition.format(self._put(value))})")

    def identity_in(self, table: str, condition: str, value: object, *, exists: bool = True) -> None:
        """A row about one of the customer's identities."""
        joined = f"EXISTS (SELECT 1 FROM {table} x WHERE x.identity_id = i.id AND x.wanted AND {condition})"
        self.identity(joined, value, exists=exists)

    def __str__(self) -> str:
        return "".join(f" AND {condition}" for condition in self._sql)


def page_sql(filters: FanFilters, guide_id: UUID | None, open_since: datetime) -> tuple[str, list[Any]]:
    """The statement of a page, one row more than asked for, and its values."""
    where = _Conditions(filters.limit + 1, filters.app_id)
    where.customer("c.id < {}", filters.cursor)
    where.customer("c.guide_id = {}", guide_id)
    if filters.app_id is None:
        where.customer("c.following = {}", filters.following)
    else:
        where.identity("i.following = {}", filters.following)
    where.first_touch("t.code_id = {}", filters.code_id)
    where.first_touch("t.store_id = {}", filters.store_id)
    where.first_touch("t.channel_id = {}", filters.channel_id)
    where.first_touch("t.occurred_at >= {}", filters.followed_after)
    where.first_touch("t.occurred_at < {}", filters.followed_before)
    where.identity("i.talked_at >= {}", filters.talked_after)
    where.identity("i.talked_at < {}", filters.talked_before)
    where.identity("i.talked_at >= {}", filters.talked_before, exists=False)
    if filters.window is not None:
        where.identity("i.following AND i.talked_at > {}", open_since, exists=filters.window is Window.OPEN)
    where.identity_in("wechat_label_member", "x.label_id = {}", filters.label_id)
    if filters.blocked is not None:
        where.identity_in("wechat_block", "x.wanted = {}", value=True, exists=filters.blocked)
    return _PAGE.format(conditions=where), where.values


async def page(filters: FanFilters, guide_id: UUID | None) -> list[FanOut]:
    """The fans that pass (with a guide: of those the guide looks after), newest first."""
    sql, values = page_sql(filters, guide_id, clock.now() - timedelta(hours=await WINDOW_HOURS.get()))
    return [FanOut(**row) for row in await database.fetch(sql, *values)]


async def detail(customer_id: UUID, guide_id: UUID | None) -> FanDetailOut:
    """One fan; whoever was merged stands for the survivor.

    Raises CustomerNotFound, also when `guide_id` is given and another guide looks after the fan.
    """
    fan_id = await customers.standing(customer_id, guide_id)
    sql = "SELECT c.following, c.guide_id, s.name AS guide FROM customer c LEFT JOIN staff s ON s.id = c.guide_id"
    (fan,) = await database.fetch(f"{sql} WHERE c.id = $1", fan_id)
    touches = await database.fetch(_TOUCHES, fan_id)
    first = next((touch for touch in touches if touch["is_first"]), None)
    return FanDetailOut(
        id=fan_id,
        following=fan["following"],
        guide_id=fan["guide_id"],
        guide=fan["guide"],
        first_touch=TouchOut(**first) if first else None,
        last_touch=TouchOut(**touches[0]) if touches else None,
        touches=len(touches),
        identities=await _identities(fan_id, touches),
        timeline=f"/staff/v1/customers/{fan_id}/timeline",
    )


async def _identities(fan_id: UUID, touches: list[asyncpg.Record]) -> list[IdentityOut]:
    rows = await database.fetch(_IDENTITIES, fan_id)
    labels: dict[UUID, list[LabelRefOut]] = {row["id"]: [] for row in rows}
    for label in await database.fetch(_LABELS, list(labels)):
        labels[label["identity_id"]].append(LabelRefOut(**label))
    hours, now = timedelta(hours=await WINDOW_HOURS.get()), clock.now()
    found = []
    for row in rows:
        until = row["talked_at"] + hours if row["talked_at"] and row["following"] else None
        follows = [
            touch["occurred_at"]
            for touch in touches
            if touch["source"] == follow_source(row["digest"], touch["occurred_at"])
        ]
        found.append(
            IdentityOut(
                **row,
                followed_at=follows[0] if follows else None,
                window_until=until if until and until > now else None,
                labels=labels[row["id"]],
            )
        )
    return found


async def portrait(guide_id: UUID | None) -> PortraitOut:
    """All fans, or those a guide looks after, in numbers."""
    now, hours = clock.now(), await WINDOW_HOURS.get()
    month, week, window = now - timedelta(days=30), now - timedelta(days=7), now - timedelta(hours=hours)
    (row,) = await database.fetch(_PORTRAIT, guide_id, month, week, window)
    labels = await database.fetch(_TOP, guide_id, _TOP_LABELS)
    return PortraitOut(**row, sources=SourcesOut(**row), top_labels=[LabelCountOut(**label) for label in labels])
