"""Telling people of announcements."""

from core.announcements.events import AnnouncementIssued
from core.announcements.rules import CHANGED, NEW, notice_key
from core.notices.service import NewNotice, notify_many
from infra import database
from infra.events import Delivered, Handler

_EXCERPT = 200

# Who has read it by now needs no alert. A withdrawal waits, and then finds these notices.
_TO_TELL = """
SELECT r.staff_id, a.title, left(a.body, $3) AS body
FROM announcement a JOIN announcement_reader r ON r.announcement_id = a.id
WHERE a.id = $1 AND a.withdrawn_at IS NULL AND r.staff_id = ANY($2::uuid[]) AND r.read_at IS NULL
ORDER BY r.staff_id FOR SHARE OF a
"""


async def _tell(delivered: Delivered[AnnouncementIssued]) -> None:
    event = delivered.event
    async with database.transaction() as connection:
        rows = await connection.fetch(_TO_TELL, event.announcement_id, event.staff_ids, _EXCERPT)
        await notify_many(
            connection,
            [
                NewNotice(
                    staff_id=row["staff_id"],
                    key=notice_key(event.announcement_id, event.version),
                    kind=(NEW if event.version == 1 else CHANGED).name,
                    title=row["title"],
                    body=row["body"],
                    link=f"/announcements/{event.announcement_id}",
                )
                for row in rows
            ],
        )


HANDLERS = (Handler(name="announcements.tell", events=(AnnouncementIssued,), handle=_tell),)
