"""What colleagues do with conversations: take, hand over, close, open again, note, look at; `replying` answers."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from core.organisation.queries import Colleague
from infra import audit, clock, database
from infra.database import Connection, transaction
from infra.parameters import Parameter
from wechat.conversations import queries as threads
from wechat.conversations import service as conversations
from wechat.conversations.rules import Author, MessageKind
from wechat.conversations.schemas import MessageFilters, ThreadMessageOut
from wechat.conversations.service import New
from wechat.inbox import cases, lines, receivers, ringing
from wechat.inbox.cases import NewCase
from wechat.inbox.errors import (
    CaseOpen,
    ConversationChanged,
    ConversationNotFound,
    NeverServed,
    NoOpenCase,
    NotYoursToAssign,
    ServedByOther,
)
from wechat.inbox.queries import expect_reached
from wechat.inbox.rules import AGENTS, Ended, Held, Holder, Reason, Wanted
from wechat.inbox.schemas import AssignIn

WATCH_SECONDS = Parameter(
    name="inbox.watch_seconds",
    default=120,
    least=10,
    most=3600,
    unit="秒",
    help="打开会话后多少秒内算正在查看（其他同事会看到）",
    english="Who opened a conversation within so long counts as looking at it, which others see",
)

_LAST_CASE = "SELECT id FROM service_case WHERE conversation_id = $1 ORDER BY id DESC LIMIT 1"

# Looked at is what stands before a number; who only glances at what a colleague serves leaves it as it is.
_READ = """
UPDATE conversation k SET unread = CASE WHEN $2 >= k.last_number THEN 0 ELSE LEAST(k.unread, (
    SELECT count(*) FROM chat_message m WHERE m.conversation_id = k.id AND m.number > $2 AND m.author = 'fan')) END
WHERE k.id = $1 AND k.unread > 0 AND (k.staff_id = $3 OR k.staff_id IS NULL OR k.case_id IS NULL)
"""

# Written anew when half of the time is over: pages ask often.
_WATCH = """
WITH former AS (
    SELECT until FROM conversation_watch WHERE conversation_id = $1 AND staff_id = $2
), watched AS (
    INSERT INTO conversation_watch (conversation_id, staff_id, until) VALUES ($1, $2, $3)
    ON CONFLICT (conversation_id, staff_id) DO UPDATE SET until = excluded.until WHERE conversation_watch.until < $4
)
SELECT COALESCE((SELECT until FROM former) < $5, true) AS begins
"""


def mine(by: Colleague) -> Holder:
    return Holder(by.id, by.store_id)


async def held(connection: Connection, conversation_id: UUID, version: int | None = None) -> Held:
    """A conversation under its lock. Raises ConversationNotFound, and ConversationChanged unless it is this version."""
    found = await cases.hold(connection, [conversation_id])
    if not found:
        raise ConversationNotFound
    if version is not None and found[0].version != version:
        raise ConversationChanged({"version": found[0].version} | await _whose(found[0]))
    return found[0]


async def begin(connection: Connection, one: Held, holder: Holder, by: UUID) -> None:
    """A case that a colleague opens: nobody waits in it yet."""
    new = NewCase(one.id, one.customer_id, Wanted.BEGUN, clock.now(), holder, None)
    rings = await cases.open_many(connection, [new])
    await ringing.ring(connection, [replace(one, without=frozenset({by})) for one in rings])


async def served_by_other(one: Held) -> ServedByOther:
    """The error that names who serves it."""
    return ServedByOther(await _whose(one))


async def _whose(one: Held) -> dict[str, str | None]:
    staff_id = one.holder.staff_id
    row = await database.fetch_one("SELECT name FROM staff WHERE id = $1", staff_id) if staff_id else None
    return {"staff_id": str(staff_id) if staff_id else None, "staff": row["name"] if row else None}


async def take(by: Colleague, conversation_id: UUID, version: int) -> None:
    """`by` serves it from now on. Raises ConversationNotFound, ConversationChanged."""
    await expect_reached(by, conversation_id)
    async with transaction() as connection:
        one = await held(connection, conversation_id, version)
        if one.case_id and one.holder.staff_id == by.id:
            return
        await _give(connection, one, mine(by), by)
        await audit.note("conversation.taken", "conversation", conversation_id)


async def assign(by: Colleague, conversation_id: UUID, wanted: AssignIn) -> None:
    """Hand it to a colleague, to a store's line or to the agents.

    Raises ConversationNotFound, ConversationChanged, NotYoursToAssign, ReceiverNotFound, StoreCannotAnswer.
    """
    await expect_reached(by, conversation_id)
    holder = await receivers.chosen(by, wanted.staff_id, wanted.store_id)
    async with transaction() as connection:
        one = await held(connection, conversation_id, wanted.version)
        if one.case_id and one.holder.staff_id not in {None, by.id} and not by.may("inbox:assign"):
            raise NotYoursToAssign
        if wanted.note:
            await _note(connection, conversation_id, by, wanted.note)
        if holder == AGENTS:
            holder = (await lines.with_agents(connection, {one.id: AGENTS}, declined={one.id: by.id}))[one.id]
        await _give(connection, one, holder, by)
        to = {"staff_id": wanted.staff_id, "store_id": wanted.store_id}
        await audit.note("conversation.assigned", "conversation", conversation_id, to)


async def _give(connection: Connection, one: Held, holder: Holder, by: Colleague) -> None:
    if one.case_id is None:
        await begin(connection, one, holder, by.id)
    else:
        await cases.move_many(connection, [(one, holder)], by=by.id)
    await ringing.tell(connection, {one.id: Reason.ASSIGNED}, await ringing.before([one]))


async def close(by: Colleague, conversation_id: UUID, version: int) -> None:
    """Service is done. Raises ConversationNotFound, ConversationChanged, NoOpenCase, ServedByOther."""
    await expect_reached(by, conversation_id)
    async with transaction() as connection:
        one = await held(connection, conversation_id, version)
        if one.case_id is None:
            raise NoOpenCase({"version": one.version})
        if one.holder.staff_id not in {None, by.id} and not by.may("inbox:assign"):
            raise await served_by_other(one)
        await cases.close_many(connection, [one], Ended.CLOSED, by=by.id)
        await ringing.tell(connection, {one.id: Reason.CASE}, await ringing.before([one]))
        await audit.note("conversation.closed", "conversation", conversation_id)


async def reopen(by: Colleague, conversation_id: UUID, version: int) -> None:
    """The last case goes on, served by `by`.

    Raises ConversationNotFound, ConversationChanged, CaseOpen, NeverServed.
    """
    await expect_reached(by, conversation_id)
    async with transaction() as connection:
        one = await held(connection, conversation_id, version)
        if one.case_id is not None:
            raise CaseOpen({"version": one.version})
        case_id = await connection.fetchval(_LAST_CASE, conversation_id)
        if case_id is None:
            raise NeverServed
        await cases.open_again(connection, one, case_id, mine(by))
        await ringing.tell(connection, {one.id: Reason.CASE}, await ringing.before([one]))
        await audit.note("conversation.reopened", "conversation", conversation_id)


async def note(by: Colleague, conversation_id: UUID, text: str) -> int:
    """Words for colleagues only; the message's number. Raises ConversationNotFound."""
    await expect_reached(by, conversation_id)
    async with transaction() as connection:
        await held(connection, conversation_id)
        number = await _note(connection, conversation_id, by, text)
        await ringing.tell(connection, {conversation_id: Reason.MESSAGE})
    return number


async def _note(connection: Connection, conversation_id: UUID, by: Colleague, text: str) -> int:
    new = New(author=Author.NOTE, kind=MessageKind.TEXT, content={"text": text}, staff_id=by.id)
    return await conversations.add(connection, conversation_id, new)


async def read(by: Colleague, conversation_id: UUID, number: int) -> None:
    """All up to a number has been looked at; what rang for it is read. Raises ConversationNotFound."""
    await expect_reached(by, conversation_id)
    async with transaction() as connection:
        one = await held(connection, conversation_id)
        changed = await connection.execute(_READ, conversation_id, number, by.id)
        if one.case_id:
            await ringing.hush(connection, {one.case_id: AGENTS}, also=[by.id])
        if changed != "UPDATE 0":
            await ringing.tell(connection, {conversation_id: Reason.READ}, {conversation_id: [by.id]})
    await watch(by, conversation_id)


async def messages(by: Colleague, conversation_id: UUID, filters: MessageFilters) -> list[ThreadMessageOut]:
    """Messages of a conversation, at which `by` looks: noted when it is neither theirs nor they have looked just now.

    Raises ConversationNotFound.
    """
    where = await expect_reached(by, conversation_id)
    found = await threads.thread(conversation_id, filters, by.id)
    if await watch(by, conversation_id) and not where.is_theirs:
        await audit.note("customer.seen", "customer", where.customer_id, {"part": "chat"})
    return found


async def watch(by: Colleague, conversation_id: UUID) -> bool:
    """`by`, who sees it, looks at it; whether that begins now."""
    seconds = await WATCH_SECONDS.get()
    now = clock.now()
    until, half = now + timedelta(seconds=seconds), now + timedelta(seconds=seconds // 2)
    row = await database.fetch_one(_WATCH, conversation_id, by.id, until, half, now)
    return bool(row and row["begins"])
