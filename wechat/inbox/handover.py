"""The conversations a colleague serves, and giving them to another: those whose case is open."""

from uuid import UUID

from core.organisation import queries as organisation
from infra import database
from infra.context import Belonging
from infra.database import Connection
from wechat.inbox import cases, moving, ringing
from wechat.inbox.lines import POINT
from wechat.inbox.rules import Holder, Reason

_HELD = "SELECT count(*) AS n FROM service_case WHERE staff_id = $1 AND closed_at IS NULL"
_THEIRS = "SELECT conversation_id AS id FROM service_case WHERE staff_id = $1 AND closed_at IS NULL"


async def held(staff_id: UUID) -> int:
    """How many fans a colleague is serving."""
    row = await database.fetch_one(_HELD, staff_id)
    return row["n"] if row else 0


async def hand_over(connection: Connection, source: UUID, target: UUID, _hand_over_id: UUID) -> int:
    """Give them to another colleague, or if that one may not answer fans, to whom the rule says; how many it were."""
    rows = await connection.fetch(_THEIRS, source)
    locked = await cases.hold(connection, [row["id"] for row in rows])
    theirs = [one for one in locked if one.case_id and one.holder.staff_id == source]
    receiver = await organisation.at_work(target)
    if receiver is None or not receiver.may(POINT):
        return await moving.rehome_these(connection, theirs)
    if theirs:
        await cases.move_many(connection, [(one, Holder(receiver.id, receiver.store_id)) for one in theirs])
        await ringing.tell(connection, {one.id: Reason.ASSIGNED for one in theirs}, await ringing.before(theirs))
    return len(theirs)


BELONGING = Belonging(name="conversations", title="会话", held=held, hand_over=hand_over)
