"""The whole picture of a customer in a fixed number of statements, and the timeline."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from core.customers import parts
from core.customers.linking import phones
from core.customers.linking.phones import ShownPhone
from core.customers.ownership import Place
from core.customers.parts import PartKind
from core.customers.picture.errors import LayoutNotYours
from core.customers.picture.rules import COUNTED, KINDS, asked, shown
from core.customers.picture.schemas import (
    PartOut,
    PictureBaseOut,
    PictureOut,
    PicturePersonOut,
    PicturePhoneOut,
    PictureRecordOut,
    TimelineEntryOut,
    TotalsOut,
)
from core.customers.profiles.queries import shown_email
from core.customers.profiles.rules import Nature, Party, Stage, Status
from core.customers.schemas import TimelineKind
from core.organisation.queries import Colleague
from core.organisation.scopes import Values, of_staff
from core.permissions.rules import Layout
from infra import clock, database

_BASE = """
SELECT c.id, c.number, c.following, c.guide_id AS owner_id, s.name AS owner, d.name AS department, c.created_at,
    c.pooled_at, c.discarded_at, c.active_at, c.next_contact_at, c.order_due_on, p.name, p.nature, p.party, p.status,
    p.stage, p.level, p.mnemonic, p.gender, p.birthday, p.industry, p.province, p.city, p.address, p.postcode,
    p.latitude, p.longitude, p.datum, p.email, p.home_page, p.credit_grade, p.credit_limit, o.id AS parent_id,
    op.name AS parent, p.remark, p.registered_at, p.custom,
    ARRAY(SELECT g.name FROM customer_tag t JOIN tag g ON g.id = t.tag_id
        WHERE t.customer_id = c.id AND g.deleted_at IS NULL ORDER BY g.kind, g.name) AS tags,
    (SELECT jsonb_agg(jsonb_build_object('id', q.id, 'name', q.name, 'department', q.department, 'post', q.post,
            'is_main', q.is_main) ORDER BY q.is_main DESC, q.id)
        FROM contact_person q WHERE q.customer_id = c.id AND q.removed_at IS NULL) AS persons
FROM customer c LEFT JOIN customer_profile p ON p.customer_id = c.id LEFT JOIN staff s ON s.id = c.guide_id
LEFT JOIN department d ON d.id = s.department_id
LEFT JOIN LATERAL (
    WITH RECURSIVE way AS (
        SELECT id, merged_into_id, guide_id FROM customer WHERE id = p.parent_id
        UNION ALL SELECT n.id, n.merged_into_id, n.guide_id FROM way w JOIN customer n ON n.id = w.merged_into_id
    ) SELECT way.id FROM way WHERE way.merged_into_id IS NULL AND {reach}
) o ON true LEFT JOIN customer_profile op ON op.customer_id = o.id
WHERE c.id = $1
"""

_COUNTS = """
SELECT (SELECT count(*) FROM touch WHERE customer_id = $1) AS touches,
    count(*) FILTER (WHERE kind = 'follow_up') AS follow_ups, count(*) FILTER (WHERE kind = 'visit') AS visits,
    count(*) FILTER (WHERE kind = 'chat') AS chats, count(*) FILTER (WHERE kind = 'order') AS orders,
    count(*) FILTER (WHERE kind = 'contract') AS contracts
FROM sales_record WHERE customer_id = $1
"""

_TIMELINE = """
SELECT l.id, l.occurred_at, l.kind, s.name AS guide, o.name AS store, n.name AS channel,
    COALESCE(l.details, '{}') AS details
FROM timeline l LEFT JOIN touch t ON t.source = l.source
LEFT JOIN customer_owner_change g ON g.customer_id = l.customer_id AND g.source = l.source
LEFT JOIN staff s ON s.id = COALESCE(t.guide_id, g.guide_id)
LEFT JOIN store o ON o.id = t.store_id LEFT JOIN channel n ON n.id = t.channel_id
WHERE l.customer_id = $1 AND ($2::timestamptz IS NULL OR (l.occurred_at, l.id) < ($2, $3::uuid))
    AND ($4::text[] IS NULL OR l.kind = ANY($4))
ORDER BY l.occurred_at DESC, l.id DESC LIMIT $5
"""


def layout_for(by: Colleague, wanted: Layout | None) -> Layout:
    """The own layout, or for who changes customers another one. Raises LayoutNotYours."""
    if wanted is None or wanted is by.layout:
        return by.layout
    if not by.may("customers:write"):
        raise LayoutNotYours({"layout": by.layout})
    return wanted


async def picture(customer_id: UUID, by: Colleague, layout: Layout) -> PictureOut:
    """A customer (no sign post) whom `by` may see: one statement for the base, the numbers, the counts, each part."""
    values = Values(customer_id)
    (row,) = await database.fetch(_BASE.format(reach=of_staff(by, values.put, "way.guide_id")), *values)
    told: dict[PartKind, list[PartOut]] = {kind: [] for kind in asked(layout)}
    for part in parts.registered():
        kind = PartKind(part.kind)
        if kind in told and part.summary is not None:
            content = shown(layout, kind, await part.summary(customer_id, by))
            told[kind].append(PartOut(name=part.name, title=part.title, content=content))
    numbers = (await phones.shown(by, [customer_id]))[customer_id] if layout is not Layout.MANAGEMENT else []
    return PictureOut(
        layout=layout,
        base=_base(row),
        record=None if layout is Layout.MANAGEMENT else _record(row, by, numbers),
        totals=None if layout is Layout.SERVICE else await _totals(row, told),
        parts={kind: told[kind] for kind in KINDS[layout]},
    )


async def _totals(row: asyncpg.Record, told: Mapping[PartKind, Collection[PartOut]]) -> TotalsOut:
    (counts,) = await database.fetch(_COUNTS, row["id"])
    since = clock.business_day(row["created_at"])
    sums = {name: sum(part.content["total"] for part in told[kind]) for kind, name in COUNTED.items()}
    return TotalsOut(days=(clock.business_day() - since).days + 1, **counts, **sums)


def _base(row: asyncpg.Record) -> PictureBaseOut:
    return PictureBaseOut.model_validate(
        dict(row)
        | {
            "nature": row["nature"] or Nature.PERSON,
            "party": row["party"] or Party.PROSPECT,
            "status": row["status"] or Status.ACTIVE,
            "stage": row["stage"] or Stage.NEW,
            "place": _place(row),
        }
    )


def _place(row: asyncpg.Record) -> Place:
    if row["owner_id"]:
        return Place.OWNED
    if row["pooled_at"]:
        return Place.POOL
    return Place.TRASH if row["discarded_at"] else Place.NOBODY


def _record(row: asyncpg.Record, by: Colleague, numbers: Collection[ShownPhone]) -> PictureRecordOut:
    hidden = _place(row) in {Place.POOL, Place.TRASH}
    return PictureRecordOut.model_validate(
        dict(row)
        | {
            "custom": orjson.loads(row["custom"] or "{}"),
            "email": shown_email(by, row["email"], row["owner_id"], hidden=hidden),
            "phones": [PicturePhoneOut.model_validate(number) for number in numbers],
            "persons": [PicturePersonOut(**person) for person in orjson.loads(row["persons"] or "[]")],
        }
    )


async def timeline(
    customer_id: UUID, kinds: Collection[TimelineKind], before: tuple[datetime, UUID] | None, limit: int
) -> list[TimelineEntryOut]:
    """What happened to a customer (no sign post) before a moment (time and id), newest first; no kinds: all."""
    wanted = [kind.value for kind in kinds] or None
    rows = await database.fetch(_TIMELINE, customer_id, *(before or (None, None)), wanted, limit)
    return [TimelineEntryOut(**_told(row)) for row in rows]


def _told(row: asyncpg.Record) -> dict[str, Any]:
    return dict(row) | {"details": orjson.loads(row["details"])}
