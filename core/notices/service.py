"""The one way a colleague is told something: a row, the live stream, and an event that WeChat follows."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from core.notices.events import NoticesRaised
from infra import clock, live
from infra.database import Connection
from infra.ids import new_id
from infra.live import LiveEvent, staff_topic
from infra.outbox import publish

_CHUNK = 1_000

_ADD = """
INSERT INTO notice (id, staff_id, key, kind, title, body, link, urgent, created_at)
SELECT id, staff_id, key, kind, title, body, link, urgent, $9
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bool[])
    AS n (id, staff_id, key, kind, title, body, link, urgent) ORDER BY staff_id, key
ON CONFLICT (staff_id, key) DO NOTHING RETURNING id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNotice:
    """`key` makes it once per colleague; `link` is a path of our pages (`/tasks/<id>`); `urgent` breaks quiet hours."""

    staff_id: UUID
    key: str
    kind: str
    title: str
    body: str = ""
    link: str = ""
    urgent: bool = False


async def notify_many(connection: Connection, notices: Sequence[NewNotice]) -> int:
    """Tell colleagues, in the caller's transaction; returns how many notices are new. A set function."""
    ids = [new_id() for _ in notices]
    rows = await connection.fetch(
        _ADD,
        ids,
        [notice.staff_id for notice in notices],
        [notice.key for notice in notices],
        [notice.kind for notice in notices],
        [notice.title for notice in notices],
        [notice.body for notice in notices],
        [notice.link for notice in notices],
        [notice.urgent for notice in notices],
        clock.now(),
    )
    added = {row["id"] for row in rows}
    new = [(id_, notice) for id_, notice in zip(ids, notices, strict=True) if id_ in added]
    by_kind = defaultdict[str, list[UUID]](list)
    for id_, notice in new:
        by_kind[notice.kind].append(id_)
    await live.publish(
        connection,
        [
            LiveEvent(
                staff_topic(notice.staff_id),
                "notice",
                {"id": id_, "kind": notice.kind, "title": notice.title, "link": notice.link, "urgent": notice.urgent},
            )
            for id_, notice in new
        ],
    )
    if new:
        await publish(
            *(NoticesRaised(notice_ids=chunk, kind=kind) for kind, ids_ in by_kind.items() for chunk in _chunks(ids_))
        )
    return len(new)


def _chunks(ids: Sequence[UUID]) -> list[tuple[UUID, ...]]:
    return [tuple(ids[start : start + _CHUNK]) for start in range(0, len(ids), _CHUNK)]
