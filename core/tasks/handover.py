"""What a colleague holds of tasks, and giving it to another: what is still to be done, and what was sent."""

from uuid import UUID

from core.tasks import service
from core.tasks.events import TaskAnswered, in_chunks
from infra import clock, database
from infra.context import Belonging
from infra.database import Connection
from infra.outbox import publish

_HELD = """
SELECT r.id, r.task_id FROM task_recipient r JOIN task t ON t.id = r.task_id
WHERE r.staff_id = $1 AND r.removed_at IS NULL AND t.recalled_at IS NULL
AND (r.decision IS NULL OR r.decision = 'accepted')
"""

_SENT = """
SELECT t.id FROM task t WHERE t.author_id = $1 AND t.recalled_at IS NULL AND EXISTS (
    SELECT FROM task_recipient r WHERE r.task_id = t.id AND r.removed_at IS NULL
    AND (r.decision IS NULL OR r.decision = 'accepted'))
"""

_HAND_OVER = "UPDATE task_recipient SET removed_at = $2, handed_to_id = $3 WHERE id = ANY($1::bigint[])"

_SIGN = f"UPDATE task SET author_id = $2 WHERE id IN ({_SENT} ORDER BY t.id FOR NO KEY UPDATE OF t)"


async def held(staff_id: UUID) -> int:
    """Tasks to do and tasks sent that are still open."""
    row = await database.fetch_one(
        f"SELECT (SELECT count(*) FROM ({_HELD}) h) + (SELECT count(*) FROM ({_SENT}) s) AS n", staff_id
    )
    return int(row["n"]) if row else 0


async def hand_over(connection: Connection, source: UUID, target: UUID, _hand_over_id: UUID) -> int:
    """The target does the source's open tasks, unless he has them already, and is the author of those sent."""
    rows = await connection.fetch(f"{_HELD} ORDER BY r.id FOR NO KEY UPDATE OF r", source)
    now = clock.now()
    await connection.execute(_HAND_OVER, [row["id"] for row in rows], now, target)
    for row in rows:
        await service.add_recipients(connection, row["task_id"], [target], now)
        await publish(*in_chunks(TaskAnswered, row["task_id"], [source]))
    sent = await connection.execute(_SIGN, source, target)
    return len(rows) + int(sent.split()[-1])


TASKS = Belonging(name="tasks", title="任务", held=held, hand_over=hand_over)
