"""Who is at the inbox. A file of its own: whoever comes gets what waits in the agents' line.

An open page says every minute that somebody is there.
"""

from uuid import UUID

from core.organisation.queries import Colleague
from infra import clock, database
from infra.database import transaction
from wechat.inbox import cases, lines, ringing
from wechat.inbox.rules import AGENTS, Reason
from wechat.inbox.scopes import is_agent

_AT_ONCE = 100

_SEEN = """
INSERT INTO staff_presence (id, away, seen_at) VALUES ($1, $2, $3)
ON CONFLICT (id) DO UPDATE SET away = excluded.away, seen_at = excluded.seen_at
"""

# Who waits longest comes first; who doesn't wait, last.
_IN_AGENTS_LINE = """
SELECT id FROM conversation WHERE case_id IS NOT NULL AND staff_id IS NULL AND store_id IS NULL
ORDER BY waiting_since NULLS LAST, id LIMIT $1
"""


async def be_there(by: Colleague, *, away: bool) -> None:
    """`by` is at the inbox, and takes new cases unless `away`; an agent gets what waits at once."""
    await database.execute(_SEEN, by.id, away, clock.now())
    if is_agent(by) and not away:
        await give_out()


async def give_out() -> int:
    """Give what waits in the agents' line to those who are there; returns how many."""
    if not await lines.agents_present():
        return 0
    given = 0
    while moved := await _give_some():
        given += moved
    return given


async def _give_some() -> int:
    async with transaction() as connection:
        waiting: list[UUID] = [row["id"] for row in await connection.fetch(_IN_AGENTS_LINE, _AT_ONCE)]
        held = {one.id: one for one in await cases.hold(connection, waiting, patient=False) if _waits(one)}
        given = await lines.with_agents(connection, {id_: AGENTS for id_ in waiting if id_ in held})
        moves = [(held[id_], holder) for id_, holder in given.items() if holder != AGENTS]
        if moves:
            await cases.move_many(connection, moves)
            await ringing.tell(connection, {one.id: Reason.ASSIGNED for one, _ in moves})
    return len(moves)


def _waits(one: cases.Held) -> bool:
    """Still, now that it is held."""
    return one.case_id is not None and one.holder == AGENTS
