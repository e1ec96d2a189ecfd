"""Conversations as a part of a customer: shown in the whole picture, told in the person's own document, forgotten.

A file of its own, as `core.customers.parts` is. Threads hang on identities, so merges move them along by themselves.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson

from core.customers.followups.rules import without_numbers
from core.customers.parts import PartKind
from core.files import service as files
from core.organisation.queries import Colleague
from infra import database
from infra.context import CustomerPart
from infra.database import Connection
from wechat.conversations.pictures import OURS_ALONE

_NEWEST = 20
_AT_REQUEST = "request"
_READ = "inbox:read"

_OF_PEOPLE = """
SELECT k.id FROM conversation k JOIN identity i ON i.id = k.identity_id WHERE i.customer_id = ANY($1::uuid[])
"""

# A thread's messages are numbered without gaps: the last number counts them.
_SUMMARY = """
WITH threads AS MATERIALIZED (
    SELECT k.id, k.last_number, k.last_at, k.case_id IS NOT NULL AS open, COALESCE(a.name, i.app_id) AS account
    FROM identity i JOIN conversation k ON k.identity_id = i.id JOIN wechat_account a ON a.id = k.account_id
    WHERE i.customer_id = $1
)
SELECT COALESCE(sum(last_number), 0) AS messages, count(*) FILTER (WHERE open) AS open, max(last_at) AS last_at,
    (SELECT guide_id FROM customer WHERE id = $1) AS owner_id,
    (SELECT COALESCE(jsonb_agg(to_jsonb(n) ORDER BY n.said_at DESC, n.number DESC), '[]') FROM (
        SELECT t.id AS conversation_id, t.account, m.* FROM threads t CROSS JOIN LATERAL (
            SELECT number, author, kind, text, said_at FROM chat_message
            WHERE conversation_id = t.id AND author IN ('fan', 'auto', 'staff')
                AND check_state IS DISTINCT FROM 'risky'
            ORDER BY number DESC LIMIT $2
        ) m ORDER BY m.said_at DESC, m.number DESC LIMIT $2
    ) n) AS newest
FROM threads
"""

_DATA = """
SELECT i.app_id, m.author, m.kind, m.said_at, m.text, m.content
FROM identity i JOIN conversation k ON k.identity_id = i.id JOIN chat_message m ON m.conversation_id = k.id
WHERE i.customer_id = $1 ORDER BY i.app_id, m.number
"""

_COUNTS = """
SELECT i.customer_id, sum(k.last_number) AS n FROM identity i JOIN conversation k ON k.identity_id = i.id
WHERE i.customer_id = ANY($1::uuid[]) GROUP BY i.customer_id
"""

# In the order of all locks: conversations, media, messages.
_FORGET_LAST = f"""
WITH held AS (SELECT id FROM conversation WHERE id IN ({_OF_PEOPLE}) ORDER BY id FOR NO KEY UPDATE)
UPDATE conversation k SET last_text = NULL FROM held WHERE held.id = k.id RETURNING k.id
"""
_DROP_MEDIA = "DELETE FROM chat_media WHERE conversation_id = ANY($1::uuid[]) RETURNING file_id"

# A picture that a colleague sent somebody else as well stays for the other.
_OWN_PICTURES = f"""
SELECT DISTINCT m.file_id FROM chat_message m
WHERE m.conversation_id = ANY($1::uuid[]) AND m.author = 'staff' AND m.file_id IS NOT NULL AND {OURS_ALONE}
AND NOT EXISTS (
    SELECT FROM chat_message o
    WHERE o.author = 'staff' AND o.file_id = m.file_id AND NOT o.conversation_id = ANY($1::uuid[])
)
"""
_BLANK = """
UPDATE chat_message SET content = '{}', text = NULL, terms = NULL, file_id = NULL,
    media_state = CASE WHEN media_state IS NOT NULL THEN 'failed' END
WHERE conversation_id = ANY($1::uuid[])
"""
_DELETE = "DELETE FROM chat_message WHERE conversation_id = ANY($1::uuid[])"


async def _summary(customer_id: UUID, by: Colleague) -> Any:
    """How much was said, and the newest lines for who reads the inbox: numbers in them as others than the owner may."""
    (row,) = await database.fetch(_SUMMARY, customer_id, _NEWEST)
    newest = orjson.loads(row["newest"]) if by.may(_READ) else []
    if row["owner_id"] != by.id:
        for line in newest:
            line["text"] = without_numbers(line["text"]) if line["text"] else None
    return {"messages": row["messages"], "open": row["open"], "last_at": row["last_at"], "newest": newest}


async def _data(customer_id: UUID) -> Any:
    return [
        {name: row[name] for name in ("app_id", "author", "kind", "text")}
        | {"at": row["said_at"].isoformat(), "content": orjson.loads(row["content"])}
        for row in await database.fetch(_DATA, customer_id)
    ]


async def _counts(connection: Connection, customer_ids: Sequence[UUID]) -> dict[UUID, int]:
    rows = await connection.fetch(_COUNTS, list(customer_ids))
    return {UUID(int=row["customer_id"].int): row["n"] for row in rows}


async def _erase(connection: Connection, customer_ids: Sequence[UUID], kind: str) -> None:
    """Words, pictures and sounds go; that there was a message stays when somebody leaves, at request its row goes too.

    Conversations stay, with how many messages there were.
    """
    ids = [row["id"] for row in await connection.fetch(_FORGET_LAST, list(customer_ids))]
    if not ids:
        return
    media = [row["file_id"] for row in await connection.fetch(_DROP_MEDIA, ids)]
    pictures = [row["file_id"] for row in await connection.fetch(_OWN_PICTURES, ids)]
    await connection.execute(_DELETE if kind == _AT_REQUEST else _BLANK, ids)
    await files.release(connection, {file_id for file_id in (*media, *pictures) if file_id})


PART = CustomerPart(
    name="wechat.conversations",
    title="微信对话",
    kind=PartKind.CHATS,
    erase=_erase,
    summary=_summary,
    data=_data,
    counts=_counts,
)
