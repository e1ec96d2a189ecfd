"""Reading conversations: a thread, what was said somewhere, and what a responder may know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
import orjson

from core.files import service as files
from core.files.schemas import FileOut
from infra import database
from wechat.conversations.rules import Author, Check, MediaState, MessageKind
from wechat.conversations.schemas import BannedWordOut, MediaOut, MessageFilters, SentOut, ThreadMessageOut
from wechat.outbound.rules import State

_CHAT = """
SELECT k.id, k.case_id IS NOT NULL AS open, k.case_id IS NOT NULL AND k.staff_id IS NOT NULL AS served
FROM conversation k JOIN identity i ON i.id = k.identity_id WHERE i.digest = $1
"""

_SAID_BY_RULE = """
SELECT EXISTS (
    SELECT FROM chat_message WHERE conversation_id = $1 AND created_at >= $3 AND rule_id = ANY($2::uuid[])
) AS found
"""

# What a message (`m`) is told with; a passive reply has no row in the ledger.
COLUMNS = """
m.conversation_id, m.number, m.author, m.kind, m.said_at, m.staff_id, s.name AS staff, r.name AS rule, m.text,
m.content, m.check_state, m.media_state, m.file_id, m.outbound_id, o.state AS sent_state, o.error AS sent_error,
(SELECT c.file_id FROM chat_media c
    WHERE c.conversation_id = m.conversation_id AND c.number = m.number AND c.name = 'thumb') AS thumb_id
"""
JOINS = """
LEFT JOIN staff s ON s.id = m.staff_id LEFT JOIN auto_reply r ON r.id = m.rule_id
LEFT JOIN outbound_message o ON o.id = m.outbound_id
"""

_THREAD = f"""
SELECT {COLUMNS} FROM (
    SELECT * FROM chat_message WHERE conversation_id = $1 AND number {{than}} ORDER BY number {{order}} LIMIT $2
) m {JOINS} ORDER BY m.number {{order}}
"""
_NEWER = _THREAD.format(than="> $3", order="")
_OLDER = _THREAD.format(than="< $3", order="DESC")
_LARGEST = 2_147_483_647

_BANNED_WORDS = """
SELECT id, word, created_at FROM banned_word WHERE $1::uuid IS NULL OR id < $1 ORDER BY id DESC LIMIT $2
"""

_OF_US = frozenset({Author.AUTO, Author.STAFF})


@dataclass(frozen=True, slots=True)
class ChatView:
    """A conversation as a responder may know it: whether a person is wanted, and whether somebody has it in hand."""

    id: UUID
    open: bool
    served: bool


async def chat(digest: bytes) -> ChatView | None:
    """The conversation of an identity (keyed digest), if there is one."""
    row = await database.fetch_one(_CHAT, digest)
    return ChatView(row["id"], row["open"], row["served"]) if row else None


async def said_by_rule(conversation_id: UUID, rule_ids: Sequence[UUID], since: datetime) -> bool:
    """Whether one of these rules has answered there since a moment."""
    row = await database.fetch_one(_SAID_BY_RULE, conversation_id, list(rule_ids), since)
    return bool(row and row["found"])


async def banned_words(before: UUID | None, limit: int) -> list[BannedWordOut]:
    """The newest first."""
    return [BannedWordOut(**row) for row in await database.fetch(_BANNED_WORDS, before, limit)]


async def thread(conversation_id: UUID, filters: MessageFilters, viewer: UUID) -> list[ThreadMessageOut]:
    """Messages of a conversation, with links for a colleague of whom the caller knows that they may see it."""
    if filters.after is not None:
        rows = await database.fetch(_NEWER, conversation_id, filters.limit, filters.after)
    else:
        rows = await database.fetch(_OLDER, conversation_id, filters.limit, filters.before or _LARGEST)
    return await told(rows, viewer)


async def message(conversation_id: UUID, number: int, viewer: UUID) -> ThreadMessageOut | None:
    """One message of a conversation."""
    found = await thread(conversation_id, MessageFilters(after=number - 1, limit=1), viewer)
    return found[0] if found and found[0].number == number else None


async def told(rows: Sequence[asyncpg.Record], viewer: UUID) -> list[ThreadMessageOut]:
    """Rows of COLUMNS as a colleague reads them."""
    ids = {id_ for row in rows for id_ in (row["file_id"], row["thumb_id"]) if id_}
    links = await files.links(ids, viewer) if ids else {}
    return [_told(row, links) for row in rows]


def _told(row: asyncpg.Record, links: Mapping[UUID, FileOut]) -> ThreadMessageOut:
    return ThreadMessageOut(
        **{name: row[name] for name in ("number", "said_at", "staff_id", "staff", "rule", "text")},
        author=Author(row["author"]),
        kind=MessageKind(row["kind"]),
        content=orjson.loads(row["content"]),
        check=Check(row["check_state"]) if row["check_state"] else None,
        media=_media(row, links),
        sent=_sent(row),
    )


def _media(row: asyncpg.Record, links: Mapping[UUID, FileOut]) -> MediaOut | None:
    """Bytes of a message: of the fan's on their way, of ours a file from the beginning."""
    if row["media_state"] is None and row["file_id"] is None:
        return None
    file, thumb = links.get(row["file_id"]), links.get(row["thumb_id"])
    state = MediaState(row["media_state"] or (MediaState.KEPT if file else MediaState.FAILED))
    small = thumb.url if thumb else file.thumbnail_url if file else None
    return MediaOut(state=state, url=file.url if file else None, thumbnail_url=small)


def _sent(row: asyncpg.Record) -> SentOut | None:
    """A passive reply is sent; of what the ledger has forgotten nothing is known any more."""
    if Author(row["author"]) not in _OF_US:
        return None
    if row["outbound_id"] is None:
        return SentOut(state=State.SENT, error=None, id=None)
    if row["sent_state"] is None:
        return None
    return SentOut(state=State(row["sent_state"]), error=row["sent_error"], id=row["outbound_id"])
