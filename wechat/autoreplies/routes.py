"""Automatic replies and chat commands, for marketers."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from core.organisation.dependencies import Once, RequirePermission
from core.organisation.queries import Colleague
from infra.paging import page_of
from infra.schemas import Page
from wechat.autoreplies import queries, service, trying
from wechat.autoreplies.commands import registered
from wechat.autoreplies.schemas import (
    AutoReplyChange,
    AutoReplyFilters,
    AutoReplyIn,
    AutoReplyOut,
    CommandOut,
    TryIn,
    TryOut,
)

router = APIRouter(prefix="/staff/v1", tags=["auto-replies"])
Reader = Annotated[Colleague, RequirePermission("replies:read")]
Writer = Annotated[Colleague, RequirePermission("replies:write")]


@router.get("/auto-replies")
async def list_auto_replies(by: Reader, filters: Annotated[AutoReplyFilters, Query()]) -> Page[AutoReplyOut]:
    """Rules in the order they were made; with an account those of all accounts too, for they hold there."""
    return page_of(AutoReplyOut, await queries.page(filters, filters.limit + 1, by.id), filters.limit)


@router.post("/auto-replies", status_code=201)
async def add_auto_reply(body: AutoReplyIn, by: Writer, once: Once) -> AutoReplyOut:
    """A new rule, in force within seconds."""

    async def act() -> AutoReplyOut:
        return await queries.rule(await service.add(by, body), by.id)

    return await once.run(act, AutoReplyOut)


@router.post("/auto-replies/try")
async def try_auto_replies(body: TryIn, _by: Reader) -> TryOut:
    """Which rule, command or welcome would answer a stranger, with what words, and why the others would not."""
    return await trying.answers(body)


@router.get("/auto-replies/{auto_reply_id}")
async def get_auto_reply(auto_reply_id: UUID, by: Reader) -> AutoReplyOut:
    """One rule."""
    return await queries.rule(auto_reply_id, by.id)


@router.put("/auto-replies/{auto_reply_id}")
async def change_auto_reply(auto_reply_id: UUID, body: AutoReplyChange, by: Writer) -> AutoReplyOut:
    """Write it anew; in force within seconds."""
    await service.change(by, auto_reply_id, body)
    return await queries.rule(auto_reply_id, by.id)


@router.delete("/auto-replies/{auto_reply_id}", status_code=204)
async def delete_auto_reply(auto_reply_id: UUID, by: Writer) -> None:
    """Delete it; threads keep what it said."""
    await service.delete(by, auto_reply_id)


@router.get("/chat-commands")
async def list_chat_commands(_by: Reader) -> list[CommandOut]:
    """What fans may write to the product itself; only key words that say so answer before it."""
    return [CommandOut(words=list(one.command.words), title=one.command.title) for one in registered()]
