"""Banned words, for marketers and administrators. Threads are read at the inbox."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from core.organisation.dependencies import Once, RequirePermission
from core.organisation.queries import Colleague
from infra.paging import Cursor, Limit, page_of
from infra.schemas import Page
from wechat.conversations import queries, words
from wechat.conversations.schemas import BannedWordIn, BannedWordOut

router = APIRouter(prefix="/staff/v1", tags=["chat"])

Writer = Annotated[Colleague, RequirePermission("words:write")]


@router.get("/banned-words")
async def list_banned_words(_by: Writer, cursor: Cursor = None, limit: Limit = 50) -> Page[BannedWordOut]:
    """Words that fold away a fan's message and that nobody may send, newest first."""
    return page_of(BannedWordOut, await queries.banned_words(cursor, limit + 1), limit)


@router.post("/banned-words", status_code=201)
async def add_banned_word(body: BannedWordIn, by: Writer, once: Once) -> BannedWordOut:
    """Ban a word: from now on, also written with spaces, punctuation or other forms of the same letters."""

    async def act() -> BannedWordOut:
        return BannedWordOut.model_validate(await words.add(by, body.word))

    return await once.run(act, BannedWordOut)


@router.delete("/banned-words/{banned_word_id}", status_code=204)
async def remove_banned_word(banned_word_id: UUID, _by: Writer) -> None:
    """Allow a word again; messages that were folded away stay so."""
    await words.remove(banned_word_id)
