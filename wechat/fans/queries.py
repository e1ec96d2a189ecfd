"""Reading fans: one in detail, and all in numbers (the list is in `listing`)."""

from datetime import timedelta
from uuid import UUID

import asyncpg

from core.customers import queries as customers
from core.customers.rules import follow_source
from core.organisation.queries import Colleague
from core.organisation.scopes import Values, of_staff
from infra import clock, database
from wechat.fans.schemas import (
    FanDetailOut,
    IdentityOut,
    LabelCountOut,
    LabelRefOut,
    PortraitOut,
    SourcesOut,
    TouchOut,
)
from wechat.outbound import windows

_TOP_LABELS = 20

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

_OPEN = windows.OPEN.format(at="$5")
_PORTRAIT = f"""
WITH talk AS (
    SELECT i.customer_id, max(i.talked_at) AS at, bool_or(i.following AND i.talked_at > $4 AND EXISTS (
        SELECT FROM customer_window w WHERE w.digest = i.digest AND {_OPEN})) AS is_open
    FROM identity i WHERE i.talked_at > $2 GROUP BY i.customer_id
)
SELECT count(*) FILTER (WHERE c.following) AS following, count(*) FILTER (WHERE NOT c.following) AS left,
    count(*) FILTER (WHERE t.guide_id IS NOT NULL) AS guide,
    count(*) FILTER (WHERE t.guide_id IS NULL AND t.store_id IS NOT NULL) AS store,
    count(*) FILTER (WHERE t.guide_id IS NULL AND t.store_id IS NULL AND t.channel_id IS NOT NULL) AS channel,
    count(*) FILTER (WHERE num_nonnulls(t.guide_id, t.store_id, t.channel_id) = 0) AS none,
    count(*) FILTER (WHERE talk.is_open) AS window_open,
    count(*) FILTER (WHERE talk.at > $3) AS talked_7_days, count(talk.at) AS talked_30_days
FROM customer c LEFT JOIN touch t ON t.customer_id = c.id AND t.is_first LEFT JOIN talk ON talk.customer_id = c.id
WHERE NOT c.is_staff AND c.merged_into_id IS NULL AND ($1::uuid IS NULL OR c.guide_id = $1) AND {{reach}}
"""

_TOP = """
SELECT l.id, l.name, l.kind, count(DISTINCT c.id) AS fans
FROM wechat_label l JOIN wechat_label_member m ON m.label_id = l.id AND m.wanted
JOIN identity i ON i.id = m.identity_id JOIN customer c ON c.id = i.customer_id
WHERE l.deleted_at IS NULL AND NOT c.is_staff AND ($1::uuid IS NULL OR c.guide_id = $1) AND {reach}
GROUP BY l.id ORDER BY fans DESC, l.name, l.id LIMIT $2
"""


async def detail(customer_id: UUID, by: Colleague) -> FanDetailOut:
    """One fan; whoever was merged stands for the survivor. Raises CustomerNotFound, also beyond the reach of `by`."""
    fan_id = await customers.standing(customer_id, by)
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
    async with database.connection() as connection:
        allowed = await windows.read_many(connection, [row["digest"] for row in rows])
    found = []
    for row in rows:
        follows = [
            touch["occurred_at"]
            for touch in touches
            if touch["source"] == follow_source(row["digest"], touch["occurred_at"])
        ]
        found.append(
            IdentityOut(
                **row,
                followed_at=follows[0] if follows else None,
                window_until=allowed[row["digest"]].until if allowed[row["digest"]].left else None,
                labels=labels[row["id"]],
            )
        )
    return found


async def portrait(by: Colleague, guide_id: UUID | None) -> PortraitOut:
    """The fans in reach of a colleague, or those of them that one guide looks after, in numbers."""
    now, usable = clock.now(), await windows.usable_from()
    month, week = now - timedelta(days=30), now - timedelta(days=7)
    counted = Values(guide_id, month, week, usable - timedelta(hours=await windows.MESSAGE_HOURS.get()), usable)
    (row,) = await database.fetch(_PORTRAIT.format(reach=of_staff(by, counted.put, "c.guide_id")), *counted)
    worn = Values(guide_id, _TOP_LABELS)
    labels = await database.fetch(_TOP.format(reach=of_staff(by, worn.put, "c.guide_id")), *worn)
    return PortraitOut(**row, sources=SourcesOut(**row), top_labels=[LabelCountOut(**label) for label in labels])
