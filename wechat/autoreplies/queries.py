"""Reading automatic replies, and what a fan may be told with them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from core.files import service as files
from infra import database
from wechat.autoreplies import pictures
from wechat.autoreplies.commands import taken
from wechat.autoreplies.errors import AutoReplyNotFound
from wechat.autoreplies.rules import NOBODY, calling
from wechat.autoreplies.schemas import AutoReplyFilters, AutoReplyOut

_RULE = """
SELECT r.id, r.account_id, r.name, r.trigger, r.match, r.words, r.hours, r.contents, r.hand_over, r.before_commands,
       r.in_help, r.priority, r.enabled, r.version, r.changed_at, s.name AS changed_by
FROM auto_reply r JOIN staff s ON s.id = r.changed_by_id WHERE r.deleted_at IS NULL
"""

_PAGE = f"""
{_RULE} AND ($1::uuid IS NULL OR r.id > $1) AND ($2::text IS NULL OR r.trigger = $2)
    AND ($3::uuid IS NULL OR r.account_id = $3 OR r.account_id IS NULL) AND ($4::bool IS NULL OR r.enabled = $4)
ORDER BY r.id LIMIT $5
"""

# The guide is who looks after the person now; a closed store is none.
_KNOWN = """
SELECT p.name, p.gender, p.nature, s.name AS guide, o.name AS store
FROM identity i JOIN customer c ON c.id = i.customer_id LEFT JOIN customer_profile p ON p.customer_id = c.id
LEFT JOIN staff s ON s.id = c.guide_id AND s.left_at IS NULL AND s.disabled_at IS NULL
LEFT JOIN store o ON o.id = s.store_id AND o.closed_at IS NULL
WHERE i.digest = $1
"""

# Answers that are written with their push, and not yet in the thread.
_PENDING = """
SELECT EXISTS (
    SELECT FROM push p
    WHERE p.person = $1 AND p.received_at >= $3 AND (p.answer ->> 'rule_id')::uuid = ANY($2::uuid[])
) AS found
"""


@dataclass(frozen=True, slots=True)
class Known:
    """What stands for placeholders about a person: how to call them, who looks after them, and where."""

    calling: str = NOBODY
    guide: str | None = None
    store: str | None = None


async def known(identity: bytes) -> Known:
    """What is known of an identity (keyed digest); of a stranger nothing."""
    row = await database.fetch_one(_KNOWN, identity)
    return Known(calling(row["name"], row["gender"], row["nature"]), row["guide"], row["store"]) if row else Known()


async def is_pending(identity: bytes, rule_ids: Collection[UUID], since: datetime) -> bool:
    """Whether one of these rules has just answered an identity (keyed digest), which its thread doesn't know yet."""
    row = await database.fetch_one(_PENDING, identity, list(rule_ids), since)
    return bool(row and row["found"])


async def page(filters: AutoReplyFilters, limit: int, viewer_id: UUID) -> list[AutoReplyOut]:
    """Rules in the order they were made, with links for a viewer; those of an account with those of all."""
    rows = await database.fetch(_PAGE, filters.cursor, filters.trigger, filters.account_id, filters.enabled, limit)
    return await _shown(rows, viewer_id)


async def rule(rule_id: UUID, viewer_id: UUID) -> AutoReplyOut:
    """One of them. Raises AutoReplyNotFound."""
    found = await _shown(await database.fetch(f"{_RULE} AND r.id = $1", rule_id), viewer_id)
    if not found:
        raise AutoReplyNotFound
    return found[0]


async def versions() -> set[tuple[UUID, int]]:
    """Id and version of every rule there is."""
    rows = await database.fetch("SELECT id, version FROM auto_reply WHERE deleted_at IS NULL")
    return {(row["id"], row["version"]) for row in rows}


async def rules(rule_ids: Collection[UUID]) -> list[dict[str, Any]]:
    """These rules as they are kept."""
    return [_read(row) for row in await database.fetch(f"{_RULE} AND r.id = ANY($1::uuid[])", list(rule_ids))]


def _read(row: asyncpg.Record) -> dict[str, Any]:
    return dict(row) | {name: orjson.loads(row[name]) for name in ("words", "hours", "contents")}


async def _shown(rows: Sequence[asyncpg.Record], viewer_id: UUID) -> list[AutoReplyOut]:
    read = [_read(row) for row in rows]
    shown = [pictures.ids(one["contents"]) for one in read]
    links = await files.links(set().union(*shown), viewer_id)
    return [
        AutoReplyOut(
            **one,
            behind_commands=taken(one["words"]) if one["match"] == "exact" and not one["before_commands"] else [],
            pictures=[links[picture] for picture in sorted(ids) if picture in links],
        )
        for one, ids in zip(read, shown, strict=True)
    ]
