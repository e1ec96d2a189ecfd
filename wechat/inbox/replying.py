"""A colleague's answer: the message, its place in the window, the case and the record of sales in one transaction.

A file of its own: what stands against an answer is looked at in one order, under locks that everybody takes in one
order: customer, window, conversation, files.
"""

from uuid import UUID

from core.files import service as files
from core.organisation.queries import Colleague
from infra import clock
from infra.database import Connection, transaction
from infra.ids import new_id
from wechat.conversations import sales, words
from wechat.conversations import service as conversations
from wechat.conversations.rules import Author, stored
from wechat.conversations.sales import Chat
from wechat.conversations.service import New
from wechat.inbox import cases, ringing, service
from wechat.inbox.errors import AnsweredMeanwhile
from wechat.inbox.queries import Reached, expect_reached
from wechat.inbox.rules import Held, Reason
from wechat.inbox.schemas import ReplyIn
from wechat.outbound import saying, windows
from wechat.outbound.contents import Content
from wechat.outbound.errors import FanNotFollowing, WindowShut, WindowUsedUp
from wechat.outbound.saying import Saying

# What is still possible when the window lets nothing through.
_REMAINS = {"what_remains": ["wait_for_fan"]}

_ANSWER_OF_OTHERS = """
SELECT m.number, m.said_at, m.staff_id, s.name AS staff FROM chat_message m JOIN staff s ON s.id = m.staff_id
WHERE m.conversation_id = $1 AND m.number > $2 AND m.author = 'staff' AND m.staff_id <> $3
ORDER BY m.number DESC LIMIT 1
"""

_ANSWERED = """
WITH answered AS (
    UPDATE service_case SET answers = answers + 1, answered_at = COALESCE(answered_at, $2), escalate_at = NULL,
        answered_by_id = COALESCE(answered_by_id, $3)
    WHERE conversation_id = $1 AND closed_at IS NULL
)
UPDATE conversation SET waiting_since = NULL, unread = 0 WHERE id = $1
"""


async def reply(by: Colleague, conversation_id: UUID, answer: ReplyIn) -> int:
    """Answer a fan; the message's number. Whatever is raised, nothing was written.

    Raises ConversationNotFound, BannedWordInText, AnsweredMeanwhile, ServedByOther, FileNotFound, WindowShut,
    WindowUsedUp, FanNotFollowing, FanBlocked, FanRefuses, AccountSilent.
    """
    where = await expect_reached(by, conversation_id)
    await words.refuse_banned(answer.content)
    what, at = stored(answer.content), clock.now()
    async with transaction() as connection:
        chat = Chat(conversation_id=where.id, customer_id=where.customer_id, staff_id=by.id, at=at)
        await sales.count_many(connection, [chat])
        await windows.lock(connection, [where.digest])
        one = await service.held(connection, conversation_id)
        if not answer.anyway:
            await _expect_unanswered(connection, by, one, answer.seen)
        if what.file_id is not None:
            await files.keep(connection, [what.file_id], by.id)
        outbound_id = await _say(connection, by, where, answer.content)
        new = New(author=Author.STAFF, kind=what.kind, content=answer.content, staff_id=by.id, outbound_id=outbound_id)
        number = await conversations.add(connection, conversation_id, new)
        await _serve(connection, by, one)
    return number


async def _expect_unanswered(connection: Connection, by: Colleague, one: Held, seen: int) -> None:
    row = await connection.fetchrow(_ANSWER_OF_OTHERS, one.id, seen, by.id)
    if row is not None:
        raise AnsweredMeanwhile(
            {
                "staff_id": str(row["staff_id"]),
                "staff": row["staff"],
                "at": row["said_at"].isoformat(),
                "number": row["number"],
            }
        )
    if one.case_id and one.holder.staff_id not in {None, by.id}:
        raise await service.served_by_other(one)


async def _say(connection: Connection, by: Colleague, where: Reached, content: Content) -> UUID:
    if where.openid is None:
        raise FanNotFollowing
    message = Saying(
        account_id=where.account_id,
        conversation_id=where.id,
        digest=where.digest,
        openid=where.openid,
        content=content,
        key=f"reply:{new_id()}",
        source_id=by.id,
    )
    try:
        return await saying.say(connection, message)
    except (WindowShut, WindowUsedUp) as error:
        raise type(error)(error.details | _REMAINS) from error


async def _serve(connection: Connection, by: Colleague, one: Held) -> None:
    """Whoever answers has it from now on, and nobody waits any more."""
    mine, changes = service.mine(by), Reason.MESSAGE
    if one.case_id is None:
        await service.begin(connection, one, mine, by.id)
        changes = Reason.CASE
    elif one.holder.staff_id != by.id:
        await cases.move_many(connection, [(one, mine)], by=by.id)
        changes = Reason.ASSIGNED
    else:
        await ringing.hush(connection, {one.case_id: one.holder})
    await connection.execute(_ANSWERED, one.id, clock.now(), by.id)
    await ringing.tell(connection, {one.id: changes}, await ringing.before([one]))
