"""Cases that go on by themselves: nobody answered in time, whoever had them left, nobody has said a word for long.

A file of its own: jobs claim them, each step once, under the locks of the conversations.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from infra import clock, database
from infra.database import Connection, transaction
from infra.parameters import Parameter
from wechat.inbox import cases, lines, ringing
from wechat.inbox.rules import Ended, Held, Holder, Reason
from wechat.outbound.windows import MESSAGE_HOURS

QUIET_HOURS = Parameter(
    name="inbox.quiet_hours",
    default=24,
    least=1,
    most=720,
    unit="小时",
    help="会话多少小时没有新消息自动结束（客户仍在等待回复的，到回复时限过后才结束）",
    english=(
        "A conversation without a new message for so long is closed (one that waits for an answer "
        "once the time to answer is over)"
    ),
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

# Whoever has it is gone or may not answer any more, or nobody of the line can.
_STRANDED = """
SELECT conversation_id AS id FROM service_case
WHERE closed_at IS NULL AND (staff_id = ANY($1::uuid[]) OR (staff_id IS NULL AND store_id = ANY($2::uuid[]))) LIMIT $3
"""

_HOLDERS = """
SELECT DISTINCT staff_id, CASE WHEN staff_id IS NULL THEN store_id END AS store_id
FROM service_case WHERE closed_at IS NULL AND num_nonnulls(staff_id, store_id) > 0
"""

# Without a word, and with whoever has it for as long.
_IS_QUIET = """
k.case_id IS NOT NULL AND k.last_at < $1 AND s.held_at < $1
AND (k.waiting_since IS NULL OR GREATEST(k.last_at, k.waiting_since) < $2)
"""

_QUIET = f"""
SELECT k.id FROM conversation k JOIN service_case s ON s.id = k.case_id WHERE {_IS_QUIET} ORDER BY k.last_at LIMIT $3
"""

_STILL_QUIET = f"""
SELECT k.id FROM conversation k JOIN service_case s ON s.id = k.case_id WHERE {_IS_QUIET} AND k.id = ANY($3::uuid[])
"""

# Somebody else answers there now.
_SILENT = """
SELECT k.id FROM conversation k
WHERE k.case_id IS NOT NULL AND k.account_id IN (SELECT id FROM wechat_account WHERE shadow OR disabled_at IS NOT NULL)
LIMIT $1
"""


async def escalate_due() -> int:
    """Fans who waited too long go on to the next line; returns how many cases did."""
    return await _all(_escalate_some)


async def rehome() -> int:
    """Cases of who left or may not answer, and in lines where nobody can, go on by the rule; returns how many."""
    return await _all(_rehome_some)


async def close_quiet() -> int:
    """Cases without a word for long, and of accounts that say nothing, end by themselves; returns how many."""
    return await _all(_close_some) + await _all(_close_silent)


async def _all(some: Callable[[], Awaitable[int]]) -> int:
    done = 0
    while moved := await some():
        done += moved
    return done


async def _escalate_some() -> int:
    if not (await lines.hours()).hold(clock.now()):
        return 0
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
        rows = await connection.fetch(_HOLDERS)
        holders = [Holder(row["staff_id"], row["store_id"]) for row in rows]
        people, stores = await lines.unable(connection, holders)
        found = await connection.fetch(_STRANDED, people, stores, _AT_ONCE) if people or stores else []
        locked = await cases.hold(connection, [row["id"] for row in found], patient=False)
        # Looked at again under the locks.
        held = [one for one in locked if one.case_id and _stranded(one.holder, people, stores)]
        return await rehome_these(connection, held)


def _stranded(holder: Holder, people: Collection[UUID], stores: Collection[UUID]) -> bool:
    return holder.staff_id in people if holder.staff_id else holder.store_id in stores


async def rehome_these(connection: Connection, held: Sequence[Held]) -> int:
    """Conversations under lock go to whom a new case would; returns how many of them that isn't where they are."""
    holders = await lines.first(connection, [one.id for one in held]) if held else {}
    moving = [one for one in held if holders[one.id] != one.holder]
    await _move(connection, moving, holders)
    return len(moving)


async def _move(connection: Connection, held: Sequence[Held], holders: Mapping[UUID, Holder | None]) -> None:
    moves = [(one, holder) for one in held if (holder := holders[one.id]) is not None]
    stays = [one for one in held if holders[one.id] is None]
    if moves:
        await cases.move_many(connection, moves)
        moved = [one for one, _ in moves]
        await ringing.tell(connection, {one.id: Reason.ASSIGNED for one in moved}, await ringing.before(moved))
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
        rows = await connection.fetch(_STILL_QUIET, now - quiet, now - hopeless, [one.id for one in held])
        still = {row["id"] for row in rows}
        held = [one for one in held if one.id in still]
        await end_these(connection, held, Ended.QUIET)
    return len(held)


async def _close_silent() -> int:
    async with transaction() as connection:
        found = await connection.fetch(_SILENT, _AT_ONCE)
        locked = await cases.hold(connection, [row["id"] for row in found], patient=False)
        held = [one for one in locked if one.case_id]
        await end_these(connection, held, Ended.QUIET)
    return len(held)


async def end_these(connection: Connection, held: Sequence[Held], ended: Ended) -> None:
    """Close the open cases of conversations under lock, and tell whom it concerns."""
    if held:
        await cases.close_many(connection, held, ended)
        await ringing.tell(connection, {one.id: Reason.CASE for one in held}, await ringing.before(held))


async def drop_watches() -> int:
    """Who looked once looks no more; returns how many rows went."""
    return await database.execute("DELETE FROM conversation_watch WHERE until < $1", clock.now())
