"""Who is at the inbox. A file of its own: whoever comes gets what waits in the agents' line.

An open page says every minute that somebody is there.
"""

from uuid import UUID

from core.organisation.queries import Colleague
from infra import clock, database
from infra.database import transaction
from wechat.inbox import cases, lines, ringing
from wechat.inbox.rules import AGENTS, Held, Reason
from wechat.inbox.scopes import is_agent

_AT_ONCE = 100

# Opening a page somewhere changes nothing. Who hasn't switched yet takes cases, but whoever leads colleagues looks in.
_SEEN = """
INSERT INTO staff_presence (id, away, seen_at) VALUES ($1, COALESCE($2::bool, $4::bool), $3)
ON CONFLICT (id) DO UPDATE SET away = COALESCE($2::bool, staff_presence.away), seen_at = excluded.seen_at RETURNING away
"""

# Who waits longest comes first; who doesn't wait, last. What nobody of them may get holds nobody up.
_IN_AGENTS_LINE = """
SELECT k.id FROM conversation k JOIN service_case s ON s.id = k.case_id
WHERE k.case_id IS NOT NULL AND k.staff_id IS NULL AND k.store_id IS NULL
AND EXISTS (SELECT FROM unnest($2::uuid[]) AS a (id) WHERE a.id IS DISTINCT FROM s.declined_by_id)
ORDER BY k.waiting_since NULLS LAST, k.id LIMIT $1
"""

_DECLINED = """
SELECT conversation_id, declined_by_id FROM service_case
WHERE conversation_id = ANY($1::uuid[]) AND closed_at IS NULL AND declined_by_id IS NOT NULL
"""


async def be_there(by: Colleague, *, away: bool | None = None) -> bool:
    """`by` is at the inbox, and takes new cases unless `away` (None: as it was); an agent gets what waits at once.

    Returns whether `by` is away.
    """
    [row] = await database.fetch(_SEEN, by.id, away, clock.now(), by.may("staff:read"))
    if is_agent(by) and not row["away"]:
        await _give_some()
    return bool(row["away"])


async def give_out() -> int:
    """Give what waits in the agents' line to those who are there, as much as they can answer; returns how many."""
    given = 0
    while moved := await _give_some():
        given += moved
    return given


async def _give_some() -> int:
    async with transaction() as connection:
        if not (rooms := await lines.rooms(connection)):
            return 0
        rows = await connection.fetch(_IN_AGENTS_LINE, min(sum(rooms.values()), _AT_ONCE), list(rooms))
        waiting: list[UUID] = [row["id"] for row in rows]
        held = {one.id: one for one in await cases.hold(connection, waiting, patient=False) if _waits(one)}
        declined = {row["conversation_id"]: row["declined_by_id"] for row in await connection.fetch(_DECLINED, waiting)}
        unserved = {id_: AGENTS for id_ in waiting if id_ in held}
        given = await lines.with_agents(connection, unserved, declined=declined)
        moves = [(held[id_], holder) for id_, holder in given.items() if holder != AGENTS]
        if moves:
            moved = [one for one, _ in moves]
            await cases.move_many(connection, moves)
            await ringing.tell(connection, {one.id: Reason.ASSIGNED for one in moved}, await ringing.before(moved))
    return len(moves)


def _waits(one: Held) -> bool:
    """Still, now that it is held."""
    return one.case_id is not None and one.holder == AGENTS
