"""Cases that go on by themselves: nobody answered in time, whoever had them left, nobody has said a word for long.

A file of its own: jobs claim them, each step once, under the locks of the conversations.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from infra import clock, database
from infra.database import Connection, transaction
from infra.parameters import Parameter
from wechat.inbox import cases, lines, ringing
from wechat.inbox.cases import Held
from wechat.inbox.rules import Ended, Holder, Reason
from wechat.outbound.windows import MESSAGE_HOURS

QUIET_HOURS = Parameter(
    name="inbox.quiet_hours",
    default=24,
    least=1,
    most=720,
    unit="小时",
    help="会话多少小时没有新消息自动结束（客户仍在等待回复的，到回复时限过后才结束）",
)

_AT_ONCE = 100

_DUE = """
SELECT conversation_id AS id FROM service_case WHERE closed_at IS NULL AND escalate_at <= $1
ORDER BY escalate_at LIMIT $2
"""

_STILL_DUE = """
SELECT conversation_id AS id FROM service_case
WHERE conversation_id = ANY($1::uuid[]) AND closed_at IS NULL AND escalate_at <= $2
"""

_STAYS = """
UPDATE service_case s SET escalate_at = e.at FROM unnest($1::uuid[], $2::timestamptz[]) AS e (conversation_id, at)
WHERE s.conversation_id = e.conversation_id AND s.closed_at IS NULL
"""

# Whoever has it is gone, or the store of the line is closed.
_STRANDED = """
SELECT s.conversation_id AS id FROM service_case s LEFT JOIN staff p ON p.id = s.staff_id
LEFT JOIN store o ON o.id = s.store_id
WHERE s.closed_at IS NULL AND (
    p.left_at IS NOT NULL OR p.disabled_at IS NOT NULL OR (s.staff_id IS NULL AND o.closed_at IS NOT NULL)
) ORDER BY s.id LIMIT $1
"""

_QUIET = """
SELECT id FROM conversation WHERE case_id IS NOT NULL AND last_at < $1 AND (waiting_since IS NULL OR last_at < $2)
ORDER BY last_at LIMIT $3
"""

_STILL_QUIET = """
SELECT id FROM conversation WHERE id = ANY($1::uuid[]) AND last_at < $2 AND (waiting_since IS NULL OR last_at < $3)
"""


async def escalate_due() -> int:
    """Fans who waited too long go on to the next line; returns how many cases did."""
    return await _all(_escalate_some)


async def rehome() -> int:
    """Cases of who left or was disabled, and in lines of closed stores, go on by the rule; returns how many."""
    return await _all(_rehome_some)


async def close_quiet() -> int:
    """Cases without a word for long end by themselves; returns how many."""
    return await _all(_close_some)


async def _all(some: Callable[[], Awaitable[int]]) -> int:
    done = 0
    while moved := await some():
        done += moved
    return done


async def _escalate_some() -> int:
    async with transaction() as connection:
        found = await connection.fetch(_DUE, clock.now(), _AT_ONCE)
        held = await cases.hold(connection, [row["id"] for row in found], patient=False)
        rows = await connection.fetch(_STILL_DUE, [one.id for one in held], clock.now())
        due = {row["id"] for row in rows}
        held = [one for one in held if one.id in due]
        holders = await lines.following(connection, [one.id for one in held]) if held else {}
        await _move(connection, held, holders)
    return len(held)


async def _rehome_some() -> int:
    async with transaction() as connection:
        found = {row["id"] for row in await connection.fetch(_STRANDED, _AT_ONCE)}
        await cases.hold(connection, sorted(found), patient=False)
        # Looked at again under the locks.
        still = found & {row["id"] for row in await connection.fetch(_STRANDED, _AT_ONCE)}
        held = await cases.hold(connection, sorted(still), patient=False)
        await rehome_these(connection, held)
    return len(held)


async def rehome_these(connection: Connection, held: Sequence[Held]) -> None:
    """Conversations under lock go to whom a new case would."""
    holders: Mapping[UUID, Holder | None] = await lines.first(connection, [one.id for one in held]) if held else {}
    await _move(connection, held, holders)


async def _move(connection: Connection, held: Sequence[Held], holders: Mapping[UUID, Holder | None]) -> None:
    moves = [(one, holder) for one in held if (holder := holders[one.id]) is not None]
    stays = [one for one in held if holders[one.id] is None]
    if moves:
        await cases.move_many(connection, moves)
        moved = [one for one, _ in moves]
        await ringing.tell(connection, {one.id: Reason.ASSIGNED for one in moved}, cases.holders_before(moved))
    if stays:
        again = [await lines.escalates_at(one.holder, clock.now()) for one in stays]
        await connection.execute(_STAYS, [one.id for one in stays], again)


async def _close_some() -> int:
    now = clock.now()
    quiet = timedelta(hours=await QUIET_HOURS.get())
    # Whoever waits may be answered as long as the window is open.
    hopeless = max(quiet, timedelta(hours=await MESSAGE_HOURS.get()))
    async with transaction() as connection:
        found = await connection.fetch(_QUIET, now - quiet, now - hopeless, _AT_ONCE)
        held = await cases.hold(connection, [row["id"] for row in found], patient=False)
        rows = await connection.fetch(_STILL_QUIET, [one.id for one in held], now - quiet, now - hopeless)
        still = {row["id"] for row in rows}
        held = [one for one in held if one.id in still and one.case_id]
        if held:
            await cases.close_many(connection, held, Ended.QUIET)
            await ringing.tell(connection, {one.id: Reason.CASE for one in held})
    return len(held)


async def drop_watches() -> int:
    """Who looked once looks no more; returns how many rows went."""
    return await database.execute("DELETE FROM conversation_watch WHERE until < $1", clock.now())
