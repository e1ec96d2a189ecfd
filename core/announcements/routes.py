"""Announcements: for those who make them, and for those they are addressed to."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from core.announcements import queries, service
from core.announcements.queries import Announcement
from core.announcements.schemas import (
    AnnouncementChange,
    AnnouncementIn,
    AnnouncementOut,
    IssuedOut,
    ListedOut,
    ReaderOut,
    UnreadOut,
)
from core.organisation.audience import Audience
from core.organisation.dependencies import CurrentStaff, Once, RequirePermission
from core.organisation.queries import Colleague
from infra.paging import Cursor, Limit, page_of
from infra.schemas import Page

router = APIRouter(prefix="/staff/v1", tags=["announcements"])
Writer = Annotated[Colleague, RequirePermission("announcements:write")]


@router.post("/announcements", status_code=201)
async def announce(body: AnnouncementIn, by: Writer, once: Once) -> IssuedOut:
    """Publish an announcement to people, departments (with those below), posts or stores in reach; they are alerted."""

    async def act() -> IssuedOut:
        return await _issued(await service.announce(by, body.title, body.body, body.audience))

    return await once.run(act, IssuedOut)


@router.get("/announcements")
async def list_announcements(by: Writer, cursor: Cursor = None, limit: Limit = 50) -> Page[ListedOut]:
    """The announcements of the people in reach, newest first, withdrawn ones too."""
    return page_of(ListedOut, await queries.page(by, cursor, limit + 1), limit)


@router.get("/announcements/{announcement_id}")
async def read_announcement(announcement_id: UUID, by: CurrentStaff) -> AnnouncementOut:
    """Read an announcement: for who it is addressed to, its author, and who looks after the author's."""
    return AnnouncementOut.model_validate(await service.open_one(by, announcement_id))


@router.patch("/announcements/{announcement_id}")
async def change_announcement(announcement_id: UUID, body: AnnouncementChange, by: Writer) -> IssuedOut:
    """Change title or body: whoever had read it is told, and it is unread again."""
    changed = await service.change(by, announcement_id, body.version, title=body.title, body=body.body)
    return await _issued(changed)


@router.post("/announcements/{announcement_id}/withdraw")
async def withdraw_announcement(announcement_id: UUID, by: Writer) -> IssuedOut:
    """Take an announcement back: nobody it is addressed to sees it any more."""
    return await _issued(await service.withdraw(by, announcement_id))


@router.get("/announcements/{announcement_id}/readers")
async def list_readers(
    announcement_id: UUID,
    by: Writer,
    read: bool | None = None,  # noqa: FBT001 - a query parameter
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[ReaderOut]:
    """Who has read an announcement, and who has not."""
    await service.kept(by, announcement_id)
    return page_of(ReaderOut, await queries.readers(announcement_id, cursor, limit + 1, read=read), limit)


@router.get("/announcements/{announcement_id}/counts")
async def count_readers(announcement_id: UUID, by: Writer) -> IssuedOut:
    """To whom an announcement is addressed, how many they are, and how many have read it."""
    return await _issued(await service.kept(by, announcement_id))


@router.get("/me/announcements")
async def list_mine(
    staff: CurrentStaff,
    unread: bool = False,  # noqa: FBT001, FBT002 - a query parameter
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[ListedOut]:
    """What is addressed to oneself, newest first."""
    return page_of(ListedOut, await queries.mine(staff.id, cursor, limit + 1, unread=unread), limit)


@router.get("/me/announcements/unread")
async def count_unread(staff: CurrentStaff) -> UnreadOut:
    """How many announcements one has not read."""
    return UnreadOut(unread=await queries.unread(staff.id))


async def _issued(found: Announcement) -> IssuedOut:
    shown = AnnouncementOut.model_validate(found).model_dump()
    counts = await queries.counts(found.id)
    return IssuedOut(**shown, audience=Audience.model_validate(found.audience), **counts)
