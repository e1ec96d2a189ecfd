"""The live stream, one's own notices, and how one wants to be reached."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query

from core.notices import queries, service
from core.notices.models import NoticeSetting
from core.notices.rules import kinds, time_of
from core.notices.schemas import (
    Kind,
    KindOut,
    NoticeOut,
    NoticeSettingsIn,
    NoticeSettingsOut,
    ReadIn,
    UnreadOut,
)
from core.notices.streams import LiveStream
from core.organisation.dependencies import CurrentStaff, CurrentToken
from infra import crypto
from infra.live import staff_topic
from infra.paging import Cursor, Limit, page_of
from infra.schemas import Page

router = APIRouter(prefix="/staff/v1", tags=["notices"])
_MOST = 2**63 - 1
Number = Annotated[int | None, Query(ge=0, le=_MOST, description="The number of the last event that arrived")]
LastEvent = Annotated[int | None, Header(ge=0, le=_MOST, description="The same; it goes before `after`")]


@router.get("/live", response_class=LiveStream, status_code=200)
async def live(
    staff: CurrentStaff, token: CurrentToken, after: Number = None, last_event_id: LastEvent = None
) -> LiveStream:
    """One's live stream (server-sent events): what follows a number, or `hello` with the present one and what comes.

    `reset` means that what follows the number is no longer kept: read the lists anew.
    """
    number = after if last_event_id is None else last_event_id
    return LiveStream(staff_topic(staff.id), crypto.token_digest(token), number)


@router.get("/me/notices")
async def list_notices(
    staff: CurrentStaff,
    unread: bool = False,  # noqa: FBT001, FBT002 - a query parameter
    kind: Kind | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[NoticeOut]:
    """One's own notices, newest first; what is shown counts as delivered."""
    notices = await queries.page(staff.id, cursor, limit + 1, unread=unread, kind=kind)
    await service.show(notices[:limit])
    return page_of(NoticeOut, notices, limit)


@router.get("/me/notices/unread")
async def count_unread(staff: CurrentStaff) -> UnreadOut:
    """How many notices one has not read."""
    found = await queries.unread(staff.id)
    return UnreadOut(unread=found.total(), kinds=found)


@router.post("/me/notices/read")
async def read_notices(body: ReadIn, staff: CurrentStaff) -> UnreadOut:
    """One has read some of the own notices, or all up to one; gives how many are left."""
    if body.up_to is not None:
        await service.read_up_to(staff.id, body.up_to)
    else:
        await service.read(staff.id, body.ids)
    found = await queries.unread(staff.id)
    return UnreadOut(unread=found.total(), kinds=found)


@router.post("/me/notices/{notice_id}/read")
async def read_notice(notice_id: UUID, staff: CurrentStaff) -> NoticeOut:
    """One has read a notice; the first time stands."""
    return NoticeOut.model_validate(await service.read_one(staff.id, notice_id))


@router.get("/me/notice-settings")
async def show_settings(staff: CurrentStaff) -> NoticeSettingsOut:
    """One's own quiet hours and the kinds that stay off WeChat."""
    return _settings(await queries.setting(staff.id))


@router.put("/me/notice-settings")
async def change_settings(body: NoticeSettingsIn, staff: CurrentStaff) -> NoticeSettingsOut:
    """Choose quiet hours and the kinds that stay off WeChat."""
    return _settings(await service.set_up(staff.id, body))


def _settings(chosen: NoticeSetting | None) -> NoticeSettingsOut:
    muted = chosen.muted_kinds if chosen else []
    return NoticeSettingsOut(
        quiet_from=time_of(chosen.quiet_from if chosen else None),
        quiet_until=time_of(chosen.quiet_until if chosen else None),
        kinds=[KindOut(kind=kind.name, title=kind.title, muted=kind.name in muted) for kind in kinds.values()],
    )
