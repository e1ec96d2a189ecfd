"""What pushes bring to the inbox: recorded in its thread, and a case for whoever needs a person.

A file of its own: the handler of pushes calls it, after contacts and windows and in the same transaction. A person is
wanted when nothing answered a message, or what answered hands over; an answer by rule leaves an open case as it is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from infra import clock
from infra.database import Connection
from wechat.conversations import service as conversations
from wechat.conversations.rules import Author
from wechat.conversations.service import Heard, Recorded
from wechat.inbox import cases, lines, ringing
from wechat.inbox.cases import NewCase
from wechat.inbox.ringing import Ring
from wechat.inbox.rules import Ended, Held, Holder, Reason, Wanted

# Nobody can answer who left a followed account; in an account that says nothing, somebody else answers.
_STATES = """
SELECT k.id, k.case_id, k.staff_id, k.store_id, k.waiting_since, k.last_number, k.version,
    a.kind = 'official' AND NOT i.following AS left, a.shadow OR a.disabled_at IS NOT NULL AS silent
FROM conversation k JOIN identity i ON i.id = k.identity_id JOIN wechat_account a ON a.id = k.account_id
WHERE k.id = ANY($1::uuid[]) ORDER BY k.id
"""

# What a rule answered, and nobody was wanted for, is nobody's to look at.
_LOOKED_AT = "UPDATE conversation SET unread = 0 WHERE id = ANY($1::uuid[]) AND case_id IS NULL AND unread > 0"


@dataclass(slots=True)
class _Chat:
    """A conversation of this batch, and what is to become of it."""

    held: Held
    left: bool
    silent: bool
    wanted: Wanted | None = None
    since: datetime | None = None
    ends: bool = False

    @property
    def is_open(self) -> bool:
        return (self.held.case_id is not None and not self.ends) or self.wanted is not None

    def hear(self, heard: Heard) -> None:
        """One thing after the other, as it came."""
        if heard.left and self.left:
            self.ends = self.held.case_id is not None
            self.wanted = self.since = None
        elif (wanted := _wanted(heard)) and not (self.silent or self.left):
            self.wanted = self.wanted or (None if self.is_open else wanted)
            self.since = self.since or min(heard.said_at, clock.now())

    @property
    def begins_to_wait(self) -> bool:
        """In the case that was open before."""
        return self.since is not None and self.wanted is None and self.held.waiting_since is None


def _wanted(heard: Heard) -> Wanted | None:
    """Why a person is wanted, if one is. What a fan does (taps, follows) asks for nobody unless a rule says so."""
    if heard.answer is not None and heard.answer.hand_over:
        return Wanted.ASKED
    answered = heard.answer is not None and heard.answer.contents
    return Wanted.NO_ANSWER if heard.author is Author.FAN and not answered else None


async def receive_many(connection: Connection, heard: Sequence[Heard]) -> list[Recorded]:
    """Record what fans said and did, and open, continue or end their cases. A set function."""
    recorded = await conversations.record_many(connection, heard)
    if not recorded:
        return recorded
    chats = await _chats(connection, recorded)
    for one in recorded:
        chats[one.conversation_id].hear(one.heard)
    # Whoever gives cases to agents takes turns: before notices are locked, as everybody does.
    rings = await _open(connection, [chat for chat in chats.values() if chat.wanted])
    rings += await _wait(connection, [chat for chat in chats.values() if chat.begins_to_wait])
    await _end(connection, [chat for chat in chats.values() if chat.ends])
    await ringing.ring(connection, rings)
    if idle := [id_ for id_, chat in chats.items() if not chat.is_open]:
        await connection.execute(_LOOKED_AT, idle)
    await _tell(connection, chats.values())
    return recorded


async def _chats(connection: Connection, recorded: Sequence[Recorded]) -> dict[UUID, _Chat]:
    customers = {one.conversation_id: one.customer_id for one in recorded}
    chats = dict[UUID, _Chat]()
    for row in await connection.fetch(_STATES, list(customers)):
        id_ = UUID(int=row["id"].int)
        held = Held(
            id=id_,
            customer_id=customers[id_],
            case_id=row["case_id"],
            holder=Holder(row["staff_id"], row["store_id"]),
            waiting_since=row["waiting_since"],
            last_number=row["last_number"],
            version=row["version"],
        )
        chats[id_] = _Chat(held, row["left"], row["silent"])
    return chats


async def _end(connection: Connection, chats: Sequence[_Chat]) -> None:
    if chats:
        await cases.close_many(connection, [chat.held for chat in chats], Ended.LEFT)


async def _open(connection: Connection, chats: Sequence[_Chat]) -> list[Ring]:
    if not chats:
        return []
    holders = await lines.first(connection, [chat.held.id for chat in chats])
    new = [
        NewCase(
            conversation_id=chat.held.id,
            customer_id=chat.held.customer_id,
            wanted=chat.wanted,
            opened_at=chat.since,
            holder=holders[chat.held.id],
            waiting_since=chat.since,
        )
        for chat in chats
        if chat.wanted and chat.since
    ]
    return await cases.open_many(connection, new)


async def _wait(connection: Connection, chats: Sequence[_Chat]) -> list[Ring]:
    waiting = [(chat.held, chat.since) for chat in chats if chat.since]
    return await cases.wait_many(connection, waiting) if waiting else []


async def _tell(connection: Connection, chats: Iterable[_Chat]) -> None:
    changed = {chat.held.id: Reason.CASE if chat.ends or chat.wanted else Reason.MESSAGE for chat in chats}
    before = await ringing.before(chat.held for chat in chats if chat.ends or chat.wanted)
    await ringing.tell(connection, changed, before)
