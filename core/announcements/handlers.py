"""Telling people of announcements."""

from core.announcements.events import AnnouncementIssued
from core.announcements.rules import CHANGED, NEW, notice_key
from core.notices.service import NewNotice, notify_many
from infra import database
from infra.events import Delivered, Handler

_EXCERPT = 200

# A withdrawal waits, and then finds these notices.
_STANDING = "SELECT title, body FROM announcement WHERE id = $1 AND withdrawn_at IS NULL FOR SHARE"


async def _tell(delivered: Delivered[AnnouncementIssued]) -> None:
    event = delivered.event
    async with database.transaction() as connection:
        row = await connection.fetchrow(_STANDING, event.announcement_id)
        if row is None:
            return
        await notify_many(
            connection,
            [
                NewNotice(
                    staff_id=staff_id,
                    key=notice_key(event.announcement_id, event.version),
                    kind=(NEW if event.version == 1 else CHANGED).name,
                    title=row["title"],
                    body=row["body"][:_EXCERPT],
                    link=f"/announcements/{event.announcement_id}",
                )
                for staff_id in event.staff_ids
            ],
        )


HANDLERS = (Handler(name="announcements.tell", events=(AnnouncementIssued,), handle=_tell),)
