"""Telling colleagues of conversations: a notice when a case comes to somebody, and the live event that pages follow.

A file of its own: whatever opens, moves, answers or closes cases tells it here. Nothing of what fans say is in it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from core.notices import service as notices
from core.notices.rules import NoticeKind
from core.notices.service import NewNotice
from infra import clock, live
from infra.database import Connection
from infra.live import LiveEvent, staff_topic
from infra.parameters import Parameter
from wechat.inbox import lines
from wechat.inbox.rules import Held, Holder, Reason

MOST_RUNG = Parameter(
    name="inbox.most_rung",
    default=20,
    least=1,
    most=200,
    unit="人",
    help="会话进入门店队列时最多通知的同事人数",
    english="The most colleagues told when a conversation comes into a store's line",
)
WAITING = NoticeKind("chat.waiting", title="客户在等您回复")
UNSENT = NoticeKind("chat.unsent", title="您的回复没有发出")
_PERHAPS_UNSENT = "您的回复可能没有发出"
_LINK = "/app/staff/chat/{}"

# Whom it may concern: who serves it and who looks at it; lines are asked about apart.
_CONCERNED = """
SELECT k.id, k.last_number, k.staff_id, k.store_id, k.case_id IS NOT NULL AND k.staff_id IS NULL AS in_line,
    ARRAY(SELECT w.staff_id FROM conversation_watch w WHERE w.conversation_id = k.id AND w.until > $2) AS watchers
FROM conversation k WHERE k.id = ANY($1::uuid[]) ORDER BY k.id
"""


@dataclass(frozen=True, slots=True)
class Ring:
    """A case came to somebody, or a fan begins to wait in it; `without` are those who know it already."""

    case_id: UUID
    conversation_id: UUID
    holder: Holder
    without: frozenset[UUID] = frozenset()


async def ring(connection: Connection, rings: Sequence[Ring]) -> None:
    """A notice to whoever has a case, a colleague or all in a store's line; once per person until it is hushed."""
    people = await _behind([one.holder for one in rings], await MOST_RUNG.get())
    told = [
        NewNotice(
            staff_id=staff_id,
            key=_key(one.case_id),
            kind=WAITING.name,
            title=WAITING.title,
            link=_LINK.format(one.conversation_id),
        )
        for one in rings
        for staff_id in people[one.holder]
        if staff_id not in one.without
    ]
    await notices.notify_many(connection, told)


async def tell_unsent(
    connection: Connection, staff_id: UUID, conversation_id: UUID, message_id: UUID, *, certain: bool
) -> None:
    """A colleague's answer didn't leave, or perhaps not: they may be gone from the page."""
    told = NewNotice(
        staff_id=staff_id,
        key=f"{UNSENT.name}:{message_id}",
        kind=UNSENT.name,
        title=UNSENT.title if certain else _PERHAPS_UNSENT,
        link=_LINK.format(conversation_id),
    )
    await notices.notify_many(connection, [told])


async def hush(connection: Connection, held: Mapping[UUID, Holder], also: Collection[UUID] = ()) -> None:
    """Cases (by id) wait no more for whoever held them: their notices count as read, and those of `also`.

    They are rung anew when it comes to them again.
    """
    people = await _behind(held.values(), None)
    staff_ids = {staff_id for found in people.values() for staff_id in found} | set(also)
    if staff_ids and held:
        await notices.lay_aside(connection, staff_ids, [_key(case_id) for case_id in held])


async def tell(
    connection: Connection, reasons: Mapping[UUID, Reason], also: Mapping[UUID, Collection[UUID]] | None = None
) -> None:
    """A live event of each conversation for whoever it concerns now, and for `also` (`before`)."""
    if not reasons:
        return
    rows = await connection.fetch(_CONCERNED, list(reasons), clock.now())
    waiting = await _in_lines([(row["id"], row["store_id"]) for row in rows if row["in_line"]])
    events = []
    for row in rows:
        people = {*row["watchers"], *waiting[row["id"]], *(also or {}).get(row["id"], ())}
        if row["staff_id"]:
            people.add(row["staff_id"])
        payload = {"conversation_id": str(row["id"]), "number": row["last_number"], "reason": reasons[row["id"]].value}
        events += [LiveEvent(staff_topic(staff_id), "chat", payload) for staff_id in sorted(people)]
    await live.publish(connection, events)


async def before(held: Iterable[Held]) -> dict[UUID, list[UUID]]:
    """By conversation, whom it concerned when it was locked: who served it, or who was there to take it."""
    known = list(held)
    lined = [(one.id, one.holder.store_id) for one in known if one.case_id and not one.holder.staff_id]
    return {**await _in_lines(lined), **{one.id: [one.holder.staff_id] for one in known if one.holder.staff_id}}


async def _in_lines(lined: Sequence[tuple[UUID, UUID | None]]) -> Mapping[UUID, list[UUID]]:
    """By conversation (with the store of its line), who is there to take it."""
    people = defaultdict[UUID, list[UUID]](list)
    if stores := {store_id for _, store_id in lined if store_id}:
        there = await lines.answering_in(stores, await lines.present_since())
        for id_, store_id in lined:
            people[id_] += [one.id for one in there if one.store_id == store_id is not None]
    if unserved := [id_ for id_, store_id in lined if not store_id]:
        agents = [one.id for one in await lines.agents_present()]
        for one in unserved:
            people[one] += agents
    return people


async def _behind(holders: Iterable[Holder], most: int | None) -> dict[Holder, list[UUID]]:
    """The people a case was given to, by holder; nobody in the agents' line."""
    found = {holder: [holder.staff_id] if holder.staff_id else [] for holder in holders}
    stores = {holder.store_id for holder in found if not holder.staff_id and holder.store_id}
    answering = await lines.answering_in(stores) if stores else []
    for holder in found:
        if not holder.staff_id and holder.store_id:
            found[holder] = [one.id for one in answering if one.store_id == holder.store_id][:most]
    return found


def _key(case_id: UUID) -> str:
    return f"{WAITING.name}:{case_id}"
