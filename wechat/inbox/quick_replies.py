"""Quick replies: a colleague's own, and those for everybody. A file of its own: they know nothing of conversations."""

from uuid import UUID

import asyncpg

from core.organisation.queries import Colleague
from infra import audit, clock, database
from infra.database import Connection, transaction
from infra.errors import Forbidden
from infra.ids import new_id
from infra.parameters import Parameter
from wechat.inbox.errors import QuickRepliesUsedUp, QuickReplyChanged, QuickReplyNotFound
from wechat.inbox.schemas import QuickReplyChange, QuickReplyIn, QuickReplyOut

MOST = Parameter(
    name="inbox.quick_replies",
    default=200,
    least=1,
    most=1000,
    unit="条",
    help="每人自己的快捷回复上限，所有人共用的也是这么多",
    english="The most quick replies of one person, and as many for all",
)

_SHARE = "inbox:assign"
_COLUMNS = "id, title, text, position, staff_id IS NULL AS shared, version"
# Whoever adds one takes turns with others who add to the same list.
_TURN = "SELECT pg_advisory_xact_lock(hashtextextended('quick replies', hashtext($1)))"

_LIST = f"""
SELECT {_COLUMNS} FROM quick_reply WHERE staff_id = $1 OR staff_id IS NULL
ORDER BY staff_id IS NULL, position, id
"""

_COUNT = "SELECT count(*) FROM quick_reply WHERE staff_id IS NOT DISTINCT FROM $1"

_ADD = f"""
INSERT INTO quick_reply (id, staff_id, title, text, position, version, created_at) VALUES ($1, $2, $3, $4, $5, 1, $6)
RETURNING {_COLUMNS}
"""

_HOLD = f"""
SELECT {_COLUMNS} FROM quick_reply WHERE id = $1 AND (staff_id = $2 OR staff_id IS NULL) FOR NO KEY UPDATE
"""

_CHANGE = f"""
UPDATE quick_reply SET staff_id = $2, title = $3, text = $4, position = $5, version = version + 1 WHERE id = $1
RETURNING {_COLUMNS}
"""


async def listed(by: Colleague) -> list[QuickReplyOut]:
    """The own ones in their order, then everybody's."""
    return [_out(row) for row in await database.fetch(_LIST, by.id)]


async def add(by: Colleague, body: QuickReplyIn) -> QuickReplyOut:
    """A new one. Raises Forbidden (shared), QuickRepliesUsedUp."""
    _expect_may_share(by, shared=body.shared)
    owner = None if body.shared else by.id
    async with transaction() as connection:
        await _expect_room(connection, owner)
        row = await connection.fetchrow(_ADD, new_id(), owner, body.title, body.text, body.position, clock.now())
        found = _out(row)
        await audit.note("quick_reply.added", "quick_reply", found.id, {"shared": body.shared})
    return found


async def change(by: Colleague, quick_reply_id: UUID, body: QuickReplyChange) -> QuickReplyOut:
    """Write it anew. Raises QuickReplyNotFound, QuickReplyChanged, Forbidden (shared), QuickRepliesUsedUp."""
    async with transaction() as connection:
        former = await _held(connection, by, quick_reply_id)
        _expect_may_share(by, shared=former.shared or body.shared)
        if former.version != body.version:
            raise QuickReplyChanged({"version": former.version})
        owner = None if body.shared else by.id
        if former.shared is not body.shared:
            await _expect_room(connection, owner)
        row = await connection.fetchrow(_CHANGE, quick_reply_id, owner, body.title, body.text, body.position)
        await audit.note("quick_reply.changed", "quick_reply", quick_reply_id, {"shared": body.shared})
    return _out(row)


async def delete(by: Colleague, quick_reply_id: UUID) -> None:
    """Delete an own one, or with the right to share one of everybody's. Raises QuickReplyNotFound, Forbidden."""
    async with transaction() as connection:
        former = await _held(connection, by, quick_reply_id)
        _expect_may_share(by, shared=former.shared)
        await connection.execute("DELETE FROM quick_reply WHERE id = $1", quick_reply_id)
        await audit.note("quick_reply.deleted", "quick_reply", quick_reply_id, {"shared": former.shared})


async def _held(connection: Connection, by: Colleague, quick_reply_id: UUID) -> QuickReplyOut:
    row = await connection.fetchrow(_HOLD, quick_reply_id, by.id)
    if row is None:
        raise QuickReplyNotFound
    return _out(row)


async def _expect_room(connection: Connection, owner: UUID | None) -> None:
    most = await MOST.get()
    await connection.execute(_TURN, str(owner))
    if await connection.fetchval(_COUNT, owner) >= most:
        raise QuickRepliesUsedUp({"most": most})


def _expect_may_share(by: Colleague, *, shared: bool) -> None:
    if shared and not by.may(_SHARE):
        raise Forbidden({"permission": _SHARE})


def _out(row: asyncpg.Record | None) -> QuickReplyOut:
    return QuickReplyOut.model_validate(dict(row or {}))
