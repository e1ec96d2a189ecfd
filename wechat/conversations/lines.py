"""The rows of threads: set functions that write messages and the media to be fetched.

A file of its own: `service` decides what is written, here it becomes rows of the partitioned table.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from infra.database import Connection
from infra.ids import new_id
from wechat.conversations.rules import MEDIA, Author, Check, MediaState, Stored, terms

# Stands in no text: XML can't carry it, and our schemas refuse it.
_BETWEEN = "\x1f"

_WRITE = """
INSERT INTO chat_message (conversation_id, number, created_at, said_at, author, kind, staff_id, rule_id, push_id,
    outbound_id, content, text, terms, check_state, media_state, file_id)
SELECT conversation_id, number, $1, said_at, author, kind, staff_id, rule_id, push_id, outbound_id, content::jsonb,
    text, string_to_array(terms, E'\\x1f'), check_state, media_state, file_id
FROM unnest($2::uuid[], $3::int[], $4::timestamptz[], $5::text[], $6::text[], $7::uuid[], $8::uuid[], $9::uuid[],
        $10::uuid[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::uuid[])
    AS m (conversation_id, number, said_at, author, kind, staff_id, rule_id, push_id, outbound_id, content, text, terms,
        check_state, media_state, file_id)
"""

_EXPECT = """
INSERT INTO chat_media (id, conversation_id, number, message_at, account_id, media_id, name, state, attempts, next_at)
SELECT id, conversation_id, number, $1, account_id, media_id, name, 'waiting', 0, $1
FROM unnest($2::uuid[], $3::uuid[], $4::int[], $5::uuid[], $6::text[], $7::text[])
    AS m (id, conversation_id, number, account_id, media_id, name)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A message of a thread, to be written."""

    conversation_id: UUID
    number: int
    said_at: datetime
    author: Author
    what: Stored
    staff_id: UUID | None = None
    rule_id: UUID | None = None
    push_id: UUID | None = None
    outbound_id: UUID | None = None
    check: Check | None = None
    media: MediaState | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """Bytes of a message that the platform has: the message's own, or its thumbnail."""

    conversation_id: UUID
    account_id: UUID
    number: int
    name: str
    media_id: str


async def write(connection: Connection, lines: Sequence[Line], at: datetime) -> None:
    """Write messages that we learn of at this moment."""
    texts = [line.what.text or None for line in lines]
    found = [_BETWEEN.join(terms(text, at)) if text else "" for text in texts]
    await connection.execute(
        _WRITE,
        at,
        [line.conversation_id for line in lines],
        [line.number for line in lines],
        [line.said_at for line in lines],
        [line.author.value for line in lines],
        [line.what.kind.value for line in lines],
        [line.staff_id for line in lines],
        [line.rule_id for line in lines],
        [line.push_id for line in lines],
        [line.outbound_id for line in lines],
        [orjson.dumps(dict(line.what.content)).decode() for line in lines],
        texts,
        [one or None for one in found],
        [line.check.value if line.check else None for line in lines],
        [line.media.value if line.media else None for line in lines],
        [line.what.file_id for line in lines],
    )


async def expect_media(connection: Connection, expected: Sequence[Expected], at: datetime) -> None:
    """Bytes of messages written at this moment are to be fetched; a message's own before thumbnails."""
    if not expected:
        return
    ordered = sorted(expected, key=lambda one: one.name != MEDIA)
    await connection.execute(
        _EXPECT,
        at,
        [new_id() for _ in ordered],
        [one.conversation_id for one in ordered],
        [one.number for one in ordered],
        [one.account_id for one in ordered],
        [one.media_id for one in ordered],
        [one.name for one in ordered],
    )
