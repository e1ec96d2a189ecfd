"""Reading notices, and what their receivers want."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from core.notices.models import Notice, NoticeSetting
from core.notices.rules import quiet_until
from infra import clock, database
from infra.database import Connection
from infra.settings import settings

_UNREAD = "SELECT kind, count(*) AS n FROM notice WHERE staff_id = $1 AND read_at IS NULL GROUP BY kind"

_TO_SEND = """
SELECT n.id, n.staff_id, n.kind, n.title, n.body, n.link, n.urgent, n.created_at, n.read_at,
       s.quiet_from, s.quiet_until, COALESCE(s.muted_kinds, '[]') AS muted_kinds
FROM notice n LEFT JOIN notice_setting s ON s.staff_id = n.staff_id WHERE n.id = ANY($1::uuid[]) ORDER BY n.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToSend:
    """A notice for a channel that rings: not before `send_after` (quiet hours), not at all when `muted`."""

    id: UUID
    staff_id: UUID
    kind: str
    title: str
    body: str
    link: str
    urgent: bool
    created_at: datetime
    read_at: datetime | None
    send_after: datetime | None
    muted: bool


async def to_send(connection: Connection, notice_ids: Sequence[UUID]) -> list[ToSend]:
    """The notices with what their receivers want, in the order they were raised; deleted ones are left out."""
    now, zone = clock.now(), settings().timezone
    found = []
    for row in await connection.fetch(_TO_SEND, list(notice_ids)):
        values = dict(row)
        span = values.pop("quiet_from"), values.pop("quiet_until")
        muted = values["kind"] in orjson.loads(values.pop("muted_kinds"))
        send_after = None if values["urgent"] else quiet_until(now, *span, zone)
        found.append(ToSend(**values, send_after=send_after, muted=muted))
    return found


async def page(
    staff_id: UUID, before: UUID | None, limit: int, *, unread: bool = False, kind: str | None = None
) -> list[Notice]:
    """A colleague's notices, newest first."""
    found = Notice.filter(staff_id=staff_id)
    if before is not None:
        found = found.filter(id__lt=before)
    if unread:
        found = found.filter(read_at=None)
    if kind is not None:
        found = found.filter(kind=kind)
    return await found.order_by("-id").limit(limit)


async def unread(staff_id: UUID) -> Counter[str]:
    """How many notices of each kind a colleague has not read."""
    return Counter({row["kind"]: row["n"] for row in await database.fetch(_UNREAD, staff_id)})


async def setting(staff_id: UUID) -> NoticeSetting | None:
    """What a colleague chose, if anything."""
    return await NoticeSetting.get_or_none(staff_id=staff_id)
