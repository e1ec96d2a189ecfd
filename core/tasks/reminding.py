"""Reminders before a deadline and escalation after it: once each, whatever dies or runs twice.

A task is claimed and its notices are written in one transaction.
"""

from collections.abc import Awaitable, Callable

import asyncpg

from core.notices import service as notices
from core.notices.rules import NoticeKind
from core.notices.service import NewNotice
from core.tasks.rules import Node, heads_to_tell
from core.tasks.wording import LINK, moment, title_of
from infra import clock
from infra.database import Connection, transaction

REMINDED = NoticeKind("task.reminded", title="任务即将到期")
OVERDUE = NoticeKind("task.overdue", title="任务已逾期")

_CLAIM = """
UPDATE task SET {done_at} = $1 WHERE id = (
    SELECT id FROM task WHERE {due_at} <= $1 AND {done_at} IS NULL AND recalled_at IS NULL
    ORDER BY {due_at} LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
) RETURNING id, title, author_id, urgent, deadline, version
"""

_UNFINISHED = """
SELECT r.staff_id, s.department_id FROM task_recipient r JOIN staff s ON s.id = r.staff_id
WHERE r.task_id = $1 AND r.removed_at IS NULL AND (r.decision IS NULL OR r.decision = 'accepted')
AND s.left_at IS NULL ORDER BY r.staff_id
"""

_DEPARTMENTS = """
SELECT d.id, d.parent_id, s.id AS head_id FROM department d
LEFT JOIN staff s ON s.id = d.head_id AND s.left_at IS NULL AND s.disabled_at IS NULL
"""


async def remind_due() -> int:
    """Remind everybody who has not finished a task that falls due soon; returns how many tasks."""
    return await _all_due("remind_at", "reminded_at", _reminders)


async def escalate_due() -> int:
    """Tell authors, and heads of those who are late, of tasks overdue for long; returns how many tasks."""
    return await _all_due("escalate_at", "escalated_at", _escalations)


async def _all_due(
    due_at: str, done_at: str, write: Callable[[Connection, asyncpg.Record], Awaitable[list[NewNotice]]]
) -> int:
    claim = _CLAIM.format(due_at=due_at, done_at=done_at)
    tasks = 0
    while True:
        async with transaction() as connection:
            task = await connection.fetchrow(claim, clock.now())
            if task is None:
                return tasks
            await notices.notify_many(connection, await write(connection, task))
        tasks += 1


async def _reminders(connection: Connection, task: asyncpg.Record) -> list[NewNotice]:
    if task["deadline"] <= clock.now():
        # Nothing ran when it was due; now it is late, and that is what escalation tells.
        return []
    return [
        NewNotice(
            staff_id=row["staff_id"],
            key=f"{REMINDED.name}:{task['id']}:{task['version']}",
            kind=REMINDED.name,
            title=title_of(REMINDED, task["title"]),
            body=f"截止 {moment(task['deadline'])}",
            link=LINK.format(task["id"]),
            urgent=task["urgent"],
        )
        for row in await connection.fetch(_UNFINISHED, task["id"])
    ]


async def _escalations(connection: Connection, task: asyncpg.Record) -> list[NewNotice]:
    late = {row["staff_id"]: row["department_id"] for row in await connection.fetch(_UNFINISHED, task["id"])}
    if not late:
        return []
    departments = {row["id"]: Node(row["parent_id"], row["head_id"]) for row in await connection.fetch(_DEPARTMENTS)}
    of_heads = heads_to_tell(late, departments)
    told = {head: f"您负责的部门中有 {number} 人未完成" for head, number in of_heads.items()}
    told[task["author_id"]] = f"共有 {len(late)} 人未完成"
    return [
        NewNotice(
            staff_id=person,
            key=f"{OVERDUE.name}:{task['id']}:{task['version']}",
            kind=OVERDUE.name,
            title=title_of(OVERDUE, task["title"]),
            body=f"截止 {moment(task['deadline'])}，{words}",
            link=LINK.format(task["id"]),
            urgent=task["urgent"],
        )
        for person, words in sorted(told.items())
    ]
