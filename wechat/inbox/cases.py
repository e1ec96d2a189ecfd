"""Cases of service: opened, given to somebody else, closed, each for many conversations at once.

A file of its own: pushes, colleagues and jobs all change them here, under the locks of the conversations.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core.customers.timeline import Entry
from core.customers.timeline import tell as tell_timeline
from infra import clock
from infra.database import Connection
from infra.ids import new_id
from wechat.inbox import lines, ringing
from wechat.inbox.ringing import Ring
from wechat.inbox.rules import Ended, Held, Holder, Wanted

OPENED, CLOSED = "case_opened", "case_closed"

# Rows of conversations are locked in the order of their ids by everybody.
LOCK = """
SELECT k.id, k.case_id, k.staff_id, k.store_id, k.waiting_since, k.last_number, k.version, i.customer_id
FROM conversation k JOIN identity i ON i.id = k.identity_id WHERE k.id = ANY($1::uuid[]) ORDER BY k.id
FOR NO KEY UPDATE OF k {how}
"""

_OPEN = """
INSERT INTO service_case (id, conversation_id, wanted, staff_id, store_id, opened_at, escalate_at, held_at, answers)
SELECT *, $8, 0 FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::uuid[], $6::timestamptz[],
    $7::timestamptz[])
"""

_OPENED = """
UPDATE conversation k SET case_id = c.id, staff_id = c.staff_id, store_id = c.store_id,
    waiting_since = c.waiting_since, version = k.version + 1
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::timestamptz[])
    AS c (conversation_id, id, staff_id, store_id, waiting_since)
WHERE k.id = c.conversation_id
"""

# A fan begins to wait: whoever decides about the conversation should know.
_WAIT = """
WITH waiting AS (
    SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) AS w (conversation_id, since, escalate_at)
), armed AS (
    UPDATE service_case s SET escalate_at = w.escalate_at FROM waiting w
    WHERE s.conversation_id = w.conversation_id AND s.closed_at IS NULL
)
UPDATE conversation k SET waiting_since = w.since, version = k.version + 1
FROM waiting w WHERE k.id = w.conversation_id
RETURNING k.id, ARRAY(
    SELECT v.staff_id FROM conversation_watch v WHERE v.conversation_id = k.id AND v.until > $4) AS looking
"""

_MOVE = """
WITH moved AS (
    UPDATE service_case s SET staff_id = m.staff_id, store_id = m.store_id, escalate_at = m.escalate_at, held_at = $5,
        declined_by_id = CASE WHEN m.staff_id IS NULL AND m.store_id IS NULL THEN $6::uuid END
    FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[]) AS m (id, staff_id, store_id, escalate_at)
    WHERE s.id = m.id RETURNING s.id, s.conversation_id, s.staff_id, s.store_id
)
UPDATE conversation k SET staff_id = m.staff_id, store_id = m.store_id, version = k.version + 1
FROM moved m WHERE k.id = m.conversation_id
"""

_CLOSE = """
WITH closed AS (
    UPDATE service_case SET closed_at = $2, closed_by_id = $3, ended = $4, escalate_at = NULL
    WHERE id = ANY($1::uuid[]) RETURNING conversation_id
)
UPDATE conversation k SET case_id = NULL, waiting_since = NULL, unread = 0, version = k.version + 1
FROM closed c WHERE k.id = c.conversation_id
"""

# Whoever had no answer waits as before, unless they left.
_AGAIN = """
WITH former AS (
    SELECT CASE WHEN answers = 0 AND wanted <> 'begun' AND ended <> 'left' THEN opened_at END AS since
    FROM service_case WHERE id = $1
), opened AS (
    UPDATE service_case SET closed_at = NULL, closed_by_id = NULL, ended = NULL, staff_id = $2, store_id = $3,
        held_at = $4::timestamptz, declined_by_id = NULL,
        escalate_at = CASE WHEN f.since IS NOT NULL THEN $5::timestamptz END
    FROM former f WHERE id = $1 RETURNING id, conversation_id, f.since
)
UPDATE conversation k SET case_id = o.id, staff_id = $2, store_id = $3, waiting_since = o.since, version = k.version + 1
FROM opened o WHERE k.id = o.conversation_id
"""


@dataclass(frozen=True, slots=True)
class NewCase:
    """A case to be opened; with `waiting_since` a fan waits in it."""

    conversation_id: UUID
    customer_id: UUID
    wanted: Wanted
    opened_at: datetime
    holder: Holder
    waiting_since: datetime | None


async def hold(connection: Connection, conversation_ids: Sequence[UUID], *, patient: bool = True) -> list[Held]:
    """Lock conversations; without patience those left out that others hold. In the order of their ids."""
    sql = LOCK.format(how="" if patient else "SKIP LOCKED")
    return [
        Held(
            id=UUID(int=row["id"].int),
            customer_id=UUID(int=row["customer_id"].int),
            case_id=row["case_id"],
            holder=Holder(row["staff_id"], row["store_id"]),
            waiting_since=row["waiting_since"],
            last_number=row["last_number"],
            version=row["version"],
        )
        for row in await connection.fetch(sql, list(conversation_ids))
    ]


async def open_many(connection: Connection, cases: Sequence[NewCase]) -> list[Ring]:
    """Open cases; the caller rings whoever they came to."""
    ids, now = [new_id() for _ in cases], clock.now()
    due = [await lines.escalates_at(case.holder, now) if case.waiting_since else None for case in cases]
    conversations = [case.conversation_id for case in cases]
    staff, stores = [case.holder.staff_id for case in cases], [case.holder.store_id for case in cases]
    wanted, opened = [case.wanted.value for case in cases], [case.opened_at for case in cases]
    await connection.execute(_OPEN, ids, conversations, wanted, staff, stores, opened, due, now)
    waiting = [case.waiting_since for case in cases]
    await connection.execute(_OPENED, conversations, ids, staff, stores, waiting)
    told = [
        Entry(case.customer_id, now, OPENED, id_, {"wanted": case.wanted.value})
        for id_, case in zip(ids, cases, strict=True)
    ]
    await tell_timeline(connection, told)
    return [Ring(id_, case.conversation_id, case.holder) for id_, case in zip(ids, cases, strict=True)]


async def wait_many(connection: Connection, waiting: Sequence[tuple[Held, datetime]]) -> list[Ring]:
    """Fans begin to wait in open cases, since then; the caller rings whoever has these and doesn't look at them."""
    now = clock.now()
    due = [await lines.escalates_at(held.holder, now) for held, _ in waiting]
    rows = await connection.fetch(_WAIT, [held.id for held, _ in waiting], [since for _, since in waiting], due, now)
    looking = {row["id"]: frozenset(row["looking"]) for row in rows}
    return [Ring(held.case_id, held.id, held.holder, looking[held.id]) for held, _ in waiting if held.case_id]


async def move_many(connection: Connection, moves: Sequence[tuple[Held, Holder]], *, by: UUID | None = None) -> None:
    """Give open cases to others, and ring these unless it is `by`.

    What `by` gives to the agents doesn't come back to them by itself.
    """
    cases = [(held, held.case_id, holder) for held, holder in moves if held.case_id]
    since = clock.now()
    due = [await lines.escalates_at(holder, since) if held.waiting_since else None for held, _, holder in cases]
    await connection.execute(
        _MOVE,
        [case_id for _, case_id, _ in cases],
        [holder.staff_id for _, _, holder in cases],
        [holder.store_id for _, _, holder in cases],
        due,
        since,
        by,
    )
    await ringing.hush(connection, {case_id: held.holder for held, case_id, _ in cases})
    # Neither whoever gives it away nor who had it: the line of a store has them in it, too.
    rings = [
        Ring(case_id, held.id, holder, frozenset(one for one in (by, held.holder.staff_id) if one))
        for held, case_id, holder in cases
    ]
    await ringing.ring(connection, rings)


async def close_many(connection: Connection, held: Sequence[Held], ended: Ended, *, by: UUID | None = None) -> None:
    """Close the open cases of conversations."""
    cases = {one.case_id: one for one in held if one.case_id}
    await connection.execute(_CLOSE, list(cases), clock.now(), by, ended.value)
    entries = [
        Entry(one.customer_id, clock.now(), CLOSED, case_id, {"ended": ended.value} | ({"by": by} if by else {}))
        for case_id, one in cases.items()
    ]
    await tell_timeline(connection, entries)
    await ringing.hush(connection, {case_id: one.holder for case_id, one in cases.items()})


async def open_again(connection: Connection, held: Held, case_id: UUID, holder: Holder) -> None:
    """The last case goes on: closing it was a mistake."""
    now = clock.now()
    due = await lines.escalates_at(holder, now)
    await connection.execute(_AGAIN, case_id, holder.staff_id, holder.store_id, now, due)
    await tell_timeline(connection, [Entry(held.customer_id, clock.now(), OPENED, case_id, {"again": True})])
