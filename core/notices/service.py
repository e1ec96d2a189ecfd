"""The one way a colleague is told something: a row, the live stream, and an event that WeChat follows."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import orjson

from core.notices.errors import NoticeNotFound, UnknownNoticeKind
from core.notices.events import NoticesRaised
from core.notices.models import Notice, NoticeSetting
from core.notices.rules import kinds, known
from core.notices.schemas import NoticeSettingsIn
from infra import clock, database, live
from infra.database import Connection
from infra.ids import new_id
from infra.live import LiveEvent, staff_topic
from infra.outbox import publish
from infra.parameters import Parameter

KEPT_DAYS = Parameter(
    name="notices.kept_days",
    default=180,
    least=7,
    most=3_650,
    help="员工通知保留的天数",
    english="How many days notices of colleagues are kept",
)
_CHUNK = 1_000
_FORGOTTEN_AT_ONCE = 5_000

_ADD = """
INSERT INTO notice (id, staff_id, key, kind, title, body, link, urgent, created_at)
SELECT id, staff_id, key, kind, title, body, link, urgent, $9
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bool[])
    AS n (id, staff_id, key, kind, title, body, link, urgent) ORDER BY staff_id, key
ON CONFLICT (staff_id, key) DO NOTHING RETURNING id
"""

# Rows are locked in one order by everybody who writes to several.
_DELIVERED = """
UPDATE notice SET delivered_at = $2 WHERE id IN (
    SELECT id FROM notice WHERE id = ANY($1::uuid[]) AND (delivered_at IS NULL OR delivered_at > $2)
    ORDER BY id FOR NO KEY UPDATE
)
"""

_READ = """
UPDATE notice SET read_at = $1, delivered_at = COALESCE(delivered_at, $1) WHERE id IN (
    SELECT id FROM notice WHERE read_at IS NULL AND {which} ORDER BY id FOR NO KEY UPDATE
) RETURNING id, staff_id
"""
_THESE = "staff_id = $2 AND id = ANY($3::uuid[])"
_UP_TO = "staff_id = $2 AND id <= $3"
_OF_KEYS = "staff_id = ANY($2::uuid[]) AND key = ANY($3::text[])"

_LAY_ASIDE = f"""
UPDATE notice SET key = key || ':' || id, read_at = COALESCE(read_at, $1), delivered_at = COALESCE(delivered_at, $1)
WHERE id IN (SELECT id FROM notice WHERE {_OF_KEYS} ORDER BY id FOR UPDATE) RETURNING id, staff_id, read_at = $1 AS now
"""

_SET_UP = """
INSERT INTO notice_setting (id, staff_id, quiet_from, quiet_until, muted_kinds, changed_at)
VALUES ($1, $2, $3, $4, $5::jsonb, $6)
ON CONFLICT (staff_id) DO UPDATE SET quiet_from = excluded.quiet_from, quiet_until = excluded.quiet_until,
    muted_kinds = excluded.muted_kinds, changed_at = excluded.changed_at
"""

_FORGET = """
DELETE FROM notice WHERE id IN (SELECT id FROM notice WHERE created_at < $1 ORDER BY created_at LIMIT $2)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNotice:
    """`key` makes it once per colleague; `kind` is a declared one (`rules.NoticeKind`).

    `link` is a path of our pages (`/tasks/<id>`); `urgent` breaks quiet hours.
    """

    staff_id: UUID
    key: str
    kind: str
    title: str
    body: str = ""
    link: str = ""
    urgent: bool = False


async def notify_many(connection: Connection, notices: Sequence[NewNotice]) -> int:
    """Tell colleagues, in the caller's transaction; returns how many notices are new. A set function.

    Raises ValueError for a kind that nobody declares.
    """
    if not notices:
        return 0
    ids = [new_id() for _ in notices]
    rows = await connection.fetch(
        _ADD,
        ids,
        [notice.staff_id for notice in notices],
        [notice.key for notice in notices],
        [known(notice.kind) for notice in notices],
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


async def mark_delivered(connection: Connection, notice_ids: Collection[UUID], at: datetime) -> None:
    """Some channel brought them to a device; the earliest time stands."""
    await connection.execute(_DELIVERED, list(notice_ids), at)


async def show(notices: Sequence[Notice]) -> None:
    """The list showed them."""
    new = [notice.id for notice in notices if notice.delivered_at is None]
    if new:
        async with database.transaction() as connection:
            await mark_delivered(connection, new, clock.now())


async def read(staff_id: UUID, notice_ids: Collection[UUID]) -> None:
    """A colleague has read these; the first time stands, and other devices are told."""
    async with database.transaction() as connection:
        await _tell(connection, await _read(connection, _THESE, staff_id, list(notice_ids)))


async def read_up_to(staff_id: UUID, notice_id: UUID) -> None:
    """A colleague has read this one and all before it."""
    async with database.transaction() as connection:
        if await _read(connection, _UP_TO, staff_id, notice_id):
            await live.publish(connection, [LiveEvent(staff_topic(staff_id), "notices_read", {"up_to": notice_id})])


async def read_one(staff_id: UUID, notice_id: UUID) -> Notice:
    """The notice, read. Raises NoticeNotFound."""
    await read(staff_id, (notice_id,))
    notice = await Notice.get_or_none(id=notice_id, staff_id=staff_id)
    if notice is None:
        raise NoticeNotFound
    return notice


async def read_many(connection: Connection, staff_ids: Collection[UUID], keys: Collection[str]) -> None:
    """What the notices of these keys tell has been seen elsewhere, or is no longer so: they count as read."""
    await _tell(connection, await _read(connection, _OF_KEYS, list(staff_ids), list(keys)))


async def lay_aside(connection: Connection, staff_ids: Collection[UUID], keys: Collection[str]) -> None:
    """As `read_many`, and the keys are free: what they stand for may happen again, and is told again then."""
    by_person = defaultdict[UUID, list[UUID]](list)
    for row in await connection.fetch(_LAY_ASIDE, clock.now(), list(staff_ids), list(keys)):
        if row["now"]:
            by_person[row["staff_id"]].append(row["id"])
    await _tell(connection, by_person)


async def _read(connection: Connection, which: str, *values: object) -> dict[UUID, list[UUID]]:
    """Who has just read what."""
    by_person = defaultdict[UUID, list[UUID]](list)
    for row in await connection.fetch(_READ.format(which=which), clock.now(), *values):
        by_person[row["staff_id"]].append(row["id"])
    return by_person


async def _tell(connection: Connection, by_person: Mapping[UUID, Sequence[UUID]]) -> None:
    told = [LiveEvent(staff_topic(person), "notices_read", {"ids": ids}) for person, ids in by_person.items()]
    await live.publish(connection, told)


async def set_up(staff_id: UUID, wanted: NoticeSettingsIn) -> NoticeSetting:
    """A colleague's own quiet hours and kinds kept off WeChat. Raises UnknownNoticeKind."""
    if unknown := [kind for kind in wanted.muted_kinds if kind not in kinds]:
        raise UnknownNoticeKind({"kinds": unknown[:20]})
    muted = orjson.dumps(wanted.muted_kinds).decode()
    await database.execute(_SET_UP, new_id(), staff_id, *wanted.span(), muted, clock.now())
    return await NoticeSetting.get(staff_id=staff_id)


async def forget_old() -> int:
    """Delete notices past their days, a few thousand at a time; returns how many."""
    before = clock.now() - timedelta(days=await KEPT_DAYS.get())
    forgotten = 0
    while gone := await database.execute(_FORGET, before, _FORGOTTEN_AT_ONCE):
        forgotten += gone
    return forgotten
