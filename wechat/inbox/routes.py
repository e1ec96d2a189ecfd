"""The inbox: conversations in the caller's reach, and what is done with them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from core.organisation.dependencies import Once, RequirePermission
from core.organisation.queries import Colleague
from infra.schemas import Page
from wechat.conversations.schemas import MessageFilters, ThreadMessageOut
from wechat.inbox import levels, listing, presence, queries, quick_replies, receivers, replying, searching, service
from wechat.inbox.schemas import (
    AssignIn,
    ConversationDetailOut,
    ConversationFilters,
    ConversationOut,
    CountsOut,
    FoundOut,
    MyPresenceOut,
    NoteIn,
    PresenceIn,
    PresenceOut,
    QuickReplyChange,
    QuickReplyIn,
    QuickReplyOut,
    ReadIn,
    ReplyIn,
    SearchFilters,
    ServiceLevelFilters,
    ServiceLevelsOut,
    VersionIn,
)

router = APIRouter(prefix="/staff/v1", tags=["inbox"])

Reader = Annotated[Colleague, RequirePermission("inbox:read")]
Answering = Annotated[Colleague, RequirePermission("inbox:reply")]
Reporting = Annotated[Colleague, RequirePermission("inbox:report")]


@router.get("/inbox/conversations")
async def list_conversations(filters: Annotated[ConversationFilters, Query()], by: Reader) -> Page[ConversationOut]:
    """Conversations of a view that pass the filters, the newest first; those that wait, the longest first."""
    return await listing.page(by, filters)


@router.get("/inbox/counts")
async def count_waiting(by: Reader) -> CountsOut:
    """What waits for the caller, for the badges."""
    return await queries.counts(by)


@router.get("/inbox/search")
async def search_messages(filters: Annotated[SearchFilters, Query()], by: Reader) -> Page[FoundOut]:
    """Messages in reach that hold the words, the newest first."""
    return await searching.page(by, filters)


@router.get("/inbox/presence")
async def list_presence(by: Answering) -> list[PresenceOut]:
    """To whom the caller may hand conversations, and who of them is there."""
    return await receivers.presence(by)


@router.get("/inbox/service-levels")
async def get_service_levels(filters: Annotated[ServiceLevelFilters, Query()], by: Reporting) -> ServiceLevelsOut:
    """How soon fans had a first answer, by colleague or store, and who waits now."""
    return await levels.levels(by, filters)


@router.put("/me/presence")
async def be_present(body: PresenceIn, by: Reader) -> MyPresenceOut:
    """The caller's inbox is open: said every minute; an agent who isn't away is given what waits."""
    return MyPresenceOut(away=await presence.be_there(by, away=body.away))


@router.get("/inbox/conversations/{conversation_id}")
async def get_conversation(conversation_id: UUID, by: Reader) -> ConversationDetailOut:
    """One conversation: how far it may be answered, its case, and who else looks at it."""
    return await queries.detail(by, conversation_id)


@router.get("/inbox/conversations/{conversation_id}/messages")
async def list_messages(
    conversation_id: UUID, filters: Annotated[MessageFilters, Query()], by: Reader
) -> list[ThreadMessageOut]:
    """The thread, backwards or what came since a number; marks nothing as read, but says that the caller looks."""
    return await service.messages(by, conversation_id, filters)


@router.post("/inbox/conversations/{conversation_id}/messages", status_code=201)
async def reply(conversation_id: UUID, body: ReplyIn, by: Answering, once: Once) -> ThreadMessageOut:
    """Answer the fan. 409 says what stands against it: a colleague was first or serves it, or the window is shut."""

    async def act() -> ThreadMessageOut:
        return await queries.message(by, conversation_id, await replying.reply(by, conversation_id, body))

    return await once.run(act, ThreadMessageOut)


@router.post("/inbox/conversations/{conversation_id}/notes", status_code=201)
async def add_note(conversation_id: UUID, body: NoteIn, by: Answering, once: Once) -> ThreadMessageOut:
    """Words for colleagues only, in the thread."""

    async def act() -> ThreadMessageOut:
        return await queries.message(by, conversation_id, await service.note(by, conversation_id, body.text))

    return await once.run(act, ThreadMessageOut)


@router.post("/inbox/conversations/{conversation_id}/take")
async def take(conversation_id: UUID, body: VersionIn, by: Answering) -> ConversationDetailOut:
    """Serve it from now on, whoever did."""
    await service.take(by, conversation_id, body.version)
    return await queries.detail(by, conversation_id)


@router.post("/inbox/conversations/{conversation_id}/assign", status_code=204)
async def assign(conversation_id: UUID, body: AssignIn, by: Answering) -> None:
    """Hand it to a colleague, a store's line or the agents: what one serves; with `inbox:assign` any in reach.

    Afterwards it may be out of the caller's reach.
    """
    await service.assign(by, conversation_id, body)


@router.post("/inbox/conversations/{conversation_id}/close")
async def close(conversation_id: UUID, body: VersionIn, by: Answering) -> ConversationDetailOut:
    """Service is done; what the fan says next begins anew."""
    await service.close(by, conversation_id, body.version)
    return await queries.detail(by, conversation_id)


@router.post("/inbox/conversations/{conversation_id}/reopen")
async def reopen(conversation_id: UUID, body: VersionIn, by: Answering) -> ConversationDetailOut:
    """The last case goes on, served by the caller."""
    await service.reopen(by, conversation_id, body.version)
    return await queries.detail(by, conversation_id)


@router.post("/inbox/conversations/{conversation_id}/read", status_code=204)
async def mark_read(conversation_id: UUID, body: ReadIn, by: Reader) -> None:
    """All up to a number has been looked at; it stays unread when a colleague serves it."""
    await service.read(by, conversation_id, body.number)


@router.get("/quick-replies")
async def list_quick_replies(by: Answering) -> list[QuickReplyOut]:
    """The caller's own in their order, then everybody's."""
    return await quick_replies.listed(by)


@router.post("/quick-replies", status_code=201)
async def add_quick_reply(body: QuickReplyIn, by: Answering, once: Once) -> QuickReplyOut:
    """Words at hand; for everybody it takes `inbox:assign`."""

    async def act() -> QuickReplyOut:
        return await quick_replies.add(by, body)

    return await once.run(act, QuickReplyOut)


@router.put("/quick-replies/{quick_reply_id}")
async def change_quick_reply(quick_reply_id: UUID, body: QuickReplyChange, by: Answering) -> QuickReplyOut:
    """Write an own one anew, or with `inbox:assign` one of everybody's."""
    return await quick_replies.change(by, quick_reply_id, body)


@router.delete("/quick-replies/{quick_reply_id}", status_code=204)
async def delete_quick_reply(quick_reply_id: UUID, by: Answering) -> None:
    """Delete an own one, or with `inbox:assign` one of everybody's."""
    await quick_replies.delete(by, quick_reply_id)
