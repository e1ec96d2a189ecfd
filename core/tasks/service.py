"""Sending, changing and recalling tasks. What recipients say of them: `saying.py`."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from core.organisation import audience as audiences
from core.organisation.audience import Audience
from core.organisation.queries import Colleague
from core.organisation.scopes import Values
from core.tasks import counting, queries
from core.tasks.errors import TaskChangedMeanwhile, TaskNotFound, TaskWasRecalled, TimesRefused
from core.tasks.events import TaskAnswered, TaskAssigned, TaskChanged, TaskRecalled, in_chunks
from core.tasks.models import Task
from core.tasks.schemas import TaskChange, TaskIn, TaskOut
from infra import audit, clock, database
from infra.database import Connection, transaction
from infra.ids import new_id
from infra.outbox import publish

# Whoever was removed is asked again and keeps what was said.
_ADD = """
INSERT INTO task_recipient AS r (task_id, staff_id, added_at)
SELECT task_id, staff_id, $3 FROM unnest($1::uuid[], $2::uuid[]) AS s (task_id, staff_id) ORDER BY task_id, staff_id
ON CONFLICT (task_id, staff_id) DO UPDATE SET removed_at = NULL, handed_to_id = NULL, added_at = excluded.added_at,
    turn = r.turn + 1
WHERE r.removed_at IS NOT NULL RETURNING task_id, staff_id
"""

# Who stands in for a colleague stays, whatever the audience says.
_REMOVE = """
UPDATE task_recipient r SET removed_at = $3 WHERE task_id = $1 AND removed_at IS NULL AND NOT staff_id = ANY($2::uuid[])
AND NOT EXISTS (SELECT FROM task_recipient h WHERE h.task_id = $1 AND h.handed_to_id = r.staff_id) RETURNING staff_id
"""

_ASKED = "SELECT staff_id FROM task_recipient WHERE task_id = $1 AND removed_at IS NULL ORDER BY staff_id"

# All, in the order in which words lock them.
_LOCK_RECIPIENTS = "SELECT 1 FROM task_recipient WHERE task_id = $1 ORDER BY id FOR NO KEY UPDATE"


async def preview(by: Colleague, audience: Audience) -> int:
    """How many colleagues an audience means now. Raises AudienceOutOfReach, AudienceEmpty."""
    async with database.connection() as connection:
        return len(await audiences.people_in_reach(connection, by, audience))


async def send(by: Colleague, task: TaskIn) -> TaskOut:
    """A task to everybody its audience means now; they hear of it after the commit.

    Raises AudienceOutOfReach, AudienceEmpty, TimesRefused.
    """
    task_id, now = new_id(), clock.now()
    times = _times(task.deadline, task.remind_minutes, task.escalate_minutes, now)
    async with transaction() as connection:
        people = await audiences.people_in_reach(connection, by, task.audience)
        await Task.create(
            id=task_id,
            title=task.title,
            body=task.body,
            audience=task.audience.model_dump(mode="json"),
            author_id=by.id,
            urgent=task.urgent,
            needs_proof=task.needs_proof,
            version=1,
            created_at=now,
            changed_at=now,
            **times,
        )
        await add_recipients(connection, [(task_id, person) for person in people], now)
        await audit.note("task.sent", "task", task_id, {"people": len(people), "urgent": task.urgent})
        return await queries.sent(by, task_id)


async def change(by: Colleague, task_id: UUID, change: TaskChange) -> TaskOut:
    """Another title, deadline, audience …: a new version. Who had read the former one is told.

    Raises TaskNotFound, TaskWasRecalled, TaskChangedMeanwhile (with the present version), and what `send` does.
    """
    now = clock.now()
    async with transaction() as connection:
        task = await _lock(connection, by, task_id)
        if task.recalled_at is not None:
            raise TaskWasRecalled
        if task.version != change.version:
            raise TaskChangedMeanwhile({"version": task.version})
        new = change.model_dump(mode="json", include={"title", "body", "urgent", "needs_proof", "audience"})
        given = {name: value for name, value in new.items() if name in change.model_fields_set}
        task.update_from_dict(given | _changed_times(task, change, now))
        task.version += 1
        task.changed_at = now
        await task.save()
        asked = [row["staff_id"] for row in await connection.fetch(_ASKED, task_id)]
        removed = []
        if change.audience is not None:
            people = await audiences.people_in_reach(connection, by, change.audience)
            await connection.execute(_LOCK_RECIPIENTS, task_id)
            removed = [row["staff_id"] for row in await connection.fetch(_REMOVE, task_id, people, now)]
            await add_recipients(connection, [(task_id, person) for person in people], now)
        await _publish(TaskChanged, task_id, set(asked) - set(removed))
        await _publish(TaskAnswered, task_id, removed)
        counting.stir([task_id])
        await audit.note("task.changed", "task", task_id, {"version": task.version, "fields": sorted(given)})
        return await queries.sent(by, task_id)


async def recall(by: Colleague, task_id: UUID, reason: str) -> TaskOut:
    """Nobody has to do it any more; who had read it is told why. Again changes nothing. Raises TaskNotFound."""
    async with transaction() as connection:
        task = await _lock(connection, by, task_id)
        if task.recalled_at is None:
            task.recalled_at = task.changed_at = clock.now()
            task.recall_reason = reason
            await task.save(update_fields=["recalled_at", "changed_at", "recall_reason"])
            asked = [row["staff_id"] for row in await connection.fetch(_ASKED, task_id)]
            await _publish(TaskRecalled, task_id, asked)
            await audit.note("task.recalled", "task", task_id, {"people": len(asked)})
        return await queries.sent(by, task_id)


async def add_recipients(connection: Connection, pairs: Sequence[tuple[UUID, UUID]], at: datetime) -> None:
    """Ask colleagues, each of a task (task, colleague); who is asked already stays as he is."""
    added = defaultdict[UUID, list[UUID]](list)
    for row in await connection.fetch(_ADD, [task for task, _ in pairs], [staff for _, staff in pairs], at):
        added[row["task_id"]].append(row["staff_id"])
    if events := [event for task_id, people in added.items() for event in in_chunks(TaskAssigned, task_id, people)]:
        await publish(*events)


async def _publish(kind: Any, task_id: UUID, staff_ids: Iterable[UUID]) -> None:
    if events := in_chunks(kind, task_id, staff_ids):
        await publish(*events)


async def _lock(connection: Connection, by: Colleague, task_id: UUID) -> Task:
    values = Values(task_id)
    visible = queries.seen_by(by, values)
    if not await connection.fetch(f"SELECT FROM task t WHERE id = $1 AND {visible} FOR NO KEY UPDATE OF t", *values):
        raise TaskNotFound
    return await Task.get(id=task_id)


def _times(deadline: datetime | None, remind: int | None, escalate: int | None, now: datetime) -> dict[str, Any]:
    """Deadline and what is due around it. What should have been reminded of by now has just been said.

    Raises TimesRefused.
    """
    if deadline is None:
        if remind is not None or escalate is not None:
            raise TimesRefused
        return dict.fromkeys(("deadline", "remind_at", "reminded_at", "escalate_at", "escalated_at"))
    if deadline <= now:
        raise TimesRefused
    remind_at = None if remind is None else deadline - timedelta(minutes=remind)
    return {
        "deadline": deadline,
        "remind_at": remind_at,
        "reminded_at": now if remind_at is not None and remind_at <= now else None,
        "escalate_at": None if escalate is None else deadline + timedelta(minutes=escalate),
        "escalated_at": None,
    }


def _changed_times(task: Task, change: TaskChange, now: datetime) -> dict[str, Any]:
    """The times of a change that touches any; what is left out keeps its distance from the deadline."""
    names = {"deadline", "remind_minutes", "escalate_minutes"} & change.model_fields_set
    if not names:
        return {}
    deadline = change.deadline if "deadline" in names else task.deadline
    remind, escalate = change.remind_minutes, change.escalate_minutes
    if deadline is not None and task.deadline is not None:
        if "remind_minutes" not in names and task.remind_at is not None:
            remind = (task.deadline - task.remind_at) // timedelta(minutes=1)
        if "escalate_minutes" not in names and task.escalate_at is not None:
            escalate = (task.escalate_at - task.deadline) // timedelta(minutes=1)
    return _times(deadline, remind, escalate, now)
