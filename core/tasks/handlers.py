"""What follows from tasks: notices and to-dos, one task's events in their order.

Each looks at how things stand now rather than at what its event says, so that an event handled late does no harm:
a task that was recalled meanwhile is not announced, and whoever has done it does not find it on the list again.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from core.notices import service as notices
from core.notices.rules import NoticeKind
from core.notices.service import NewNotice
from core.tasks.events import TaskAnswered, TaskAssigned, TaskChanged, TaskRecalled
from core.tasks.wording import LINK, asked_for, title_of
from core.todos import service as todos
from core.todos.service import NewTodo
from infra.database import Connection, transaction
from infra.events import Delivered, Handler

ASSIGNED = NoticeKind("task.assigned", title="新任务")
CHANGED = NoticeKind("task.changed", title="任务有变更")
RECALLED = NoticeKind("task.recalled", title="任务已撤回")
REJECTED = NoticeKind("task.rejected", title="任务被拒绝")
ALL_DONE = NoticeKind("task.all_done", title="任务全部完成")

TODO = "task"
_LONGEST_BODY = 1_000

_RECIPIENTS = """
SELECT t.id, t.title, t.body, t.urgent, t.deadline, t.version, t.author_id, t.recall_reason, r.staff_id, s.name,
       r.read_at, r.read_version, r.decision, r.turn, r.removed_at IS NULL AND t.recalled_at IS NULL AS asked
FROM task_recipient r JOIN task t ON t.id = r.task_id JOIN staff s ON s.id = r.staff_id
WHERE (r.task_id, r.staff_id) IN (SELECT * FROM unnest($1::uuid[], $2::uuid[])) ORDER BY r.task_id, r.staff_id
"""

_WHY = """
SELECT DISTINCT ON (r.task_id, r.staff_id) r.task_id, r.staff_id, w.note
FROM task_recipient r JOIN task_word w ON w.recipient_id = r.id
WHERE (r.task_id, r.staff_id) IN (SELECT * FROM unnest($1::uuid[], $2::uuid[])) AND w.step = 'rejected' AND w.counted
ORDER BY r.task_id, r.staff_id, w.said_at DESC, w.id DESC
"""

_ALL_DONE = """
SELECT t.id, t.title, t.author_id, t.version FROM task t
WHERE t.id = ANY($1::uuid[]) AND t.recalled_at IS NULL
AND EXISTS (SELECT FROM task_recipient r WHERE r.task_id = t.id AND r.removed_at IS NULL)
AND NOT EXISTS (SELECT FROM task_recipient r WHERE r.task_id = t.id AND r.removed_at IS NULL
    AND r.decision IS DISTINCT FROM 'done')
"""

Pair = tuple[UUID, UUID]


async def _follow(batch: Sequence[Delivered[Any]]) -> None:
    async with transaction() as current:
        pairs = {(one.event.task_id, staff_id) for one in batch for staff_id in one.event.staff_ids}
        rows = {(row["id"], row["staff_id"]): row for row in await _fetch(current, _RECIPIENTS, pairs)}
        told = [notice for one in batch for notice in _notices(one.event, rows)]
        answered = [one.event for one in batch if isinstance(one.event, TaskAnswered)]
        told += await _rejections(current, rows, answered)
        told += await _all_done(current, {event.task_id for event in answered})
        await notices.notify_many(current, told)
        await _settle(current, rows.values())


async def _fetch(current: Connection, sql: str, pairs: Collection[Pair]) -> list[asyncpg.Record]:
    return await current.fetch(sql, [task for task, _ in pairs], [staff for _, staff in pairs])


def _notices(event: Any, rows: dict[Pair, asyncpg.Record]) -> Iterable[NewNotice]:
    for row in (rows[event.task_id, staff_id] for staff_id in event.staff_ids):
        read = row["read_at"] is not None
        if isinstance(event, TaskAssigned) and row["asked"]:
            yield _notice(row, ASSIGNED, asked_for(row["body"], row["deadline"]))
        elif isinstance(event, TaskChanged) and row["asked"] and read and row["read_version"] < row["version"]:
            yield _notice(row, CHANGED, asked_for(row["body"], row["deadline"]))
        elif isinstance(event, TaskRecalled) and read:
            yield _notice(row, RECALLED, row["recall_reason"])


def _notice(row: asyncpg.Record, kind: NoticeKind, body: str) -> NewNotice:
    return NewNotice(
        staff_id=row["staff_id"],
        key=f"{kind.name}:{row['id']}:{row['version']}",
        kind=kind.name,
        title=title_of(kind, row["title"]),
        body=body,
        link=LINK.format(row["id"]),
        urgent=row["urgent"],
    )


async def _rejections(
    current: Connection, rows: dict[Pair, asyncpg.Record], events: Collection[TaskAnswered]
) -> list[NewNotice]:
    pairs = {(event.task_id, staff_id) for event in events for staff_id in event.rejected_ids}
    if not pairs:
        return []
    why = {(row["task_id"], row["staff_id"]): row["note"] for row in await _fetch(current, _WHY, pairs)}
    return [
        NewNotice(
            staff_id=row["author_id"],
            key=f"{REJECTED.name}:{row['id']}:{row['staff_id']}",
            kind=REJECTED.name,
            title=title_of(REJECTED, row["title"]),
            body=f"{row['name']}：{why[pair]}"[:_LONGEST_BODY],
            link=LINK.format(row["id"]),
        )
        for pair, row in ((pair, rows[pair]) for pair in sorted(pairs))
    ]


async def _all_done(current: Connection, task_ids: Collection[UUID]) -> list[NewNotice]:
    rows = await current.fetch(_ALL_DONE, list(task_ids)) if task_ids else []
    return [
        NewNotice(
            staff_id=row["author_id"],
            key=f"{ALL_DONE.name}:{row['id']}:{row['version']}",
            kind=ALL_DONE.name,
            title=title_of(ALL_DONE, row["title"]),
            link=LINK.format(row["id"]),
        )
        for row in rows
    ]


async def _settle(current: Connection, rows: Iterable[asyncpg.Record]) -> None:
    """Put on the lists what is still to do, take off what is done or need not be done any more."""
    to_do = list[NewTodo]()
    done, dropped = defaultdict[UUID, list[UUID]](list), defaultdict[UUID, list[UUID]](list)
    for row in rows:
        if row["asked"] and row["decision"] in {None, "accepted"}:
            to_do.append(_todo(row))
        else:
            (done if row["decision"] == "done" else dropped)[row["id"]].append(row["staff_id"])
    if to_do:
        await todos.put_many(current, to_do)
    for task_id, people in done.items():
        await todos.finish(current, TODO, task_id, people)
    for task_id, people in dropped.items():
        await todos.drop(current, TODO, task_id, people)


def _todo(row: asyncpg.Record) -> NewTodo:
    return NewTodo(
        staff_id=row["staff_id"],
        kind=TODO,
        source_id=row["id"],
        title=row["title"],
        link=LINK.format(row["id"]),
        due_at=row["deadline"],
        version=row["version"] + row["turn"],
        reopen=True,
    )


HANDLERS = (
    Handler(
        name="tasks.follow",
        events=(TaskAssigned, TaskChanged, TaskRecalled, TaskAnswered),
        handle_many=_follow,
        ordered=True,
    ),
)
