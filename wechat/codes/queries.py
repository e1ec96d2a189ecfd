"""Reading codes: for a push (by scene), for staff (lists and pictures)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from core.customers.rules import Credit
from infra import database
from infra.database import Connection
from wechat.codes.errors import CodeNotFound
from wechat.codes.rules import CodeState
from wechat.codes.schemas import CodeOut, TargetKind

# A guide who left leads to the store; a closed store is not credited any more, but its channel is.
_TARGETS = """
SELECT c.key, c.id, a.app_id,
       g.id AS guide_id, g.name AS guide, s.id AS store_id, s.name AS store, n.id AS channel_id, n.name AS channel
FROM wechat_code c JOIN wechat_account a ON a.id = c.account_id
LEFT JOIN staff w ON w.id = c.guide_id
LEFT JOIN staff g ON g.id = w.id AND g.left_at IS NULL
LEFT JOIN store o ON o.id = COALESCE(c.store_id, w.store_id)
LEFT JOIN store s ON s.id = o.id AND s.closed_at IS NULL
LEFT JOIN channel n ON n.id = COALESCE(c.channel_id, o.channel_id)
"""

_OWNERS = """
SELECT c.key, c.id, a.app_id, c.guide_id, w.left_at, o.id AS store_id, o.closed_at,
       COALESCE(c.channel_id, o.channel_id) AS channel_id
FROM wechat_code c JOIN wechat_account a ON a.id = c.account_id
LEFT JOIN staff w ON w.id = c.guide_id LEFT JOIN store o ON o.id = COALESCE(c.store_id, w.store_id)
WHERE c.key = ANY($1::text[])
"""

_LIST = """
SELECT c.id, a.app_id, a.name AS account, c.guide_id, c.store_id, c.channel_id, c.state, c.url, c.ticket,
       COALESCE(w.name, s.name, n.name) AS target
FROM wechat_code c JOIN wechat_account a ON a.id = c.account_id
LEFT JOIN staff w ON w.id = c.guide_id LEFT JOIN store s ON s.id = c.store_id LEFT JOIN channel n ON n.id = c.channel_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a code leads to at this moment: for the credit, and for the words of a welcome."""

    app_id: str
    credit: Credit
    guide: str | None
    store: str | None
    channel: str | None


async def target(key: str) -> Target | None:
    """The target of a scene key, or None if the scene is not ours."""
    row = await database.fetch_one(f"{_TARGETS} WHERE c.key = $1", key)
    return _target(row) if row else None


async def newest_targets(limit: int) -> dict[str, Target]:
    """The targets of the codes made last, by scene key."""
    rows = await database.fetch(f"{_TARGETS} ORDER BY c.id DESC LIMIT $1", limit)
    return {row["key"]: _target(row) for row in rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class Owners:
    """Whose a code is, and since when no more."""

    code_id: UUID
    guide_id: UUID | None
    guide_left_at: datetime | None
    store_id: UUID | None
    store_closed_at: datetime | None
    channel_id: UUID | None

    def credit(self, at: datetime) -> Credit:
        """Whom a scan in the second that begins `at` counts for, however late we hear of it."""
        over = at + timedelta(seconds=1)
        return Credit(
            code_id=self.code_id,
            guide_id=self.guide_id if self.guide_left_at is None or self.guide_left_at >= over else None,
            store_id=self.store_id if self.store_closed_at is None or self.store_closed_at >= over else None,
            channel_id=self.channel_id,
        )


async def owners(connection: Connection, keys: Collection[str]) -> dict[tuple[str, str], Owners]:
    """The owners of these scenes' codes by (app id, scene key); scenes that aren't ours are missing."""
    rows = await connection.fetch(_OWNERS, list(keys))
    return {
        (row["app_id"], row["key"]): Owners(
            code_id=row["id"],
            guide_id=row["guide_id"],
            guide_left_at=row["left_at"],
            store_id=row["store_id"],
            store_closed_at=row["closed_at"],
            channel_id=row["channel_id"],
        )
        for row in rows
    }


async def page(guide_id: UUID | None, after: UUID | None, limit: int) -> list[CodeOut]:
    """Codes (one guide's, or all) in the order they were made."""
    rows = await database.fetch(
        f"""{_LIST} WHERE ($1::uuid IS NULL OR c.guide_id = $1) AND ($2::uuid IS NULL OR c.id > $2)
        ORDER BY c.id LIMIT $3""",
        guide_id,
        after,
        limit,
    )
    return [_code(row) for row in rows]


async def code(code_id: UUID) -> CodeOut:
    """One code. Raises CodeNotFound."""
    row = await database.fetch_one(f"{_LIST} WHERE c.id = $1", code_id)
    if row is None:
        raise CodeNotFound
    return _code(row)


def _target(row: asyncpg.Record) -> Target:
    credit = Credit(code_id=row["id"], guide_id=row["guide_id"], store_id=row["store_id"], channel_id=row["channel_id"])
    return Target(app_id=row["app_id"], credit=credit, guide=row["guide"], store=row["store"], channel=row["channel"])


def _code(row: asyncpg.Record) -> CodeOut:
    kind = next(kind for kind in TargetKind if row[f"{kind}_id"])
    path = f"/staff/v1/codes/{row['id']}"
    return CodeOut(
        id=row["id"],
        app_id=row["app_id"],
        account=row["account"],
        kind=kind,
        target_id=row[f"{kind}_id"],
        target=row["target"],
        state=CodeState(row["state"]),
        url=row["url"],
        ticket=row["ticket"],
        png=f"{path}/code.png",
        poster=f"{path}/poster.png",
    )
