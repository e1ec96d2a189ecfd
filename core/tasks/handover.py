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

# Giver's and receiver's, in the order in which words lock them.
_LOCK = f"""
SELECT 1 FROM task_recipient WHERE staff_id IN ($1, $2) AND task_id IN (SELECT h.task_id FROM ({_HELD}) h)
ORDER BY id FOR NO KEY UPDATE
"""

_HAND_OVER = f"""
UPDATE task_recipient SET removed_at = $2, handed_to_id = $3 WHERE id IN (SELECT h.id FROM ({_HELD}) h)
RETURNING task_id
"""

_SIGN = f"UPDATE task SET author_id = $2 WHERE id IN ({_SENT} ORDER BY t.id FOR NO KEY UPDATE OF t)"


async def held(staff_id: UUID) -> int:
    """Tasks to do and tasks sent that are still open."""
    row = await database.fetch_one(
        f"SELECT (SELECT count(*) FROM ({_HELD}) h) + (SELECT count(*) FROM ({_SENT}) s) AS n", staff_id
    )
    return int(row["n"]) if row else 0


async def hand_over(connection: Connection, source: UUID, target: UUID, _hand_over_id: UUID) -> int:
    """The target does the source's open tasks, unless he has them already, and is the author of those sent."""
    # Tasks before recipients, as a change of a task locks them.
    sent = await connection.execute(_SIGN, source, target)
    await connection.execute(_LOCK, source, target)
    now = clock.now()
    tasks = [row["task_id"] for row in await connection.fetch(_HAND_OVER, source, now, target)]
    await service.add_recipients(connection, [(task_id, target) for task_id in tasks], now)
    if events := [event for task_id in tasks for event in in_chunks(TaskAnswered, task_id, [source])]:
        await publish(*events)
    return len(tasks) + int(sent.split()[-1])


TASKS = Belonging(name="tasks", title="任务", held=held, hand_over=hand_over)
