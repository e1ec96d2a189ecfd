"""Reading tasks: by whoever sent them and those above, and by whoever got them. Numbers are counted, never kept."""

from collections.abc import Collection
from contextlib import suppress
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from core.files import service as files
from core.organisation.audience import Audience
from core.organisation.errors import StaffNotFound
from core.organisation.queries import Colleague
from core.organisation.scopes import Values, of_staff
from core.tasks.errors import TaskNotFound
from core.tasks.rules import RecipientState
from core.tasks.schemas import CountsOut, MyTaskOut, RecipientOut, StandingOut, TaskOut, TaskSeenOut, WordOut
from infra import clock, database

_TASK = """
t.id, t.title, t.body, t.audience, t.author_id, a.name AS author, t.urgent, t.needs_proof, t.deadline, t.remind_at,
t.reminded_at, t.escalate_at, t.escalated_at, t.version, t.created_at, t.changed_at, t.recalled_at, t.recall_reason
"""

_LATE = "t.deadline < $1 AND (r.decision IS NULL OR r.decision = 'accepted')"

_COUNTS = f"""
SELECT count(*) AS total, count(r.delivered_at) AS delivered, count(r.read_at) AS read,
       count(*) FILTER (WHERE r.read_version < t.version) AS read_older, count(r.accepted_at) AS accepted,
       count(*) FILTER (WHERE r.decision = 'done') AS done,
       count(*) FILTER (WHERE r.decision = 'rejected') AS rejected, count(*) FILTER (WHERE {_LATE}) AS overdue
FROM task_recipient r WHERE r.task_id = t.id AND r.removed_at IS NULL
"""

# The page first: what is counted for it is counted for its rows only.
_PAGE = f"""
WITH page AS MATERIALIZED (
    SELECT t.* FROM task t WHERE {{visible}} AND ({{before}}::uuid IS NULL OR t.id < {{before}})
    ORDER BY t.id DESC LIMIT {{limit}}
)
SELECT {_TASK}, c.* FROM page t JOIN staff a ON a.id = t.author_id CROSS JOIN LATERAL ({_COUNTS}) c ORDER BY t.id DESC
"""

_ONE = f"""
SELECT {_TASK}, c.* FROM task t JOIN staff a ON a.id = t.author_id CROSS JOIN LATERAL ({_COUNTS}) c
WHERE t.id = {{task_id}} AND {{visible}}
"""

_COUNTS_OF = f"""
SELECT t.id, t.author_id, c.* FROM task t CROSS JOIN LATERAL ({_COUNTS}) c WHERE t.id = ANY($2::uuid[])
"""

_STANDING = f"""
r.delivered_at, r.read_at, r.read_version, COALESCE(r.read_version < t.version, false) AS read_older, r.accepted_at,
r.progress, r.progress_at, r.decision, r.decided_at, COALESCE({_LATE}, false) AS overdue
"""

_RECIPIENTS = f"""
SELECT r.staff_id, s.name, d.id AS department_id, d.name AS department, r.added_at, r.removed_at, r.handed_to_id,
       {_STANDING}
FROM task_recipient r JOIN task t ON t.id = r.task_id JOIN staff s ON s.id = r.staff_id
JOIN department d ON d.id = s.department_id
WHERE r.task_id = $2 AND {{state}} AND ($3::uuid IS NULL OR r.staff_id > $3) ORDER BY r.staff_id LIMIT $4
"""

_STATES = {
    None: "r.removed_at IS NULL",
    RecipientState.READ: "r.removed_at IS NULL AND r.read_at IS NOT NULL",
    RecipientState.NOT_READ: "r.removed_at IS NULL AND r.read_at IS NULL",
    RecipientState.DONE: "r.removed_at IS NULL AND r.decision = 'done'",
    RecipientState.NOT_DONE: "r.removed_at IS NULL AND r.decision IS DISTINCT FROM 'done'",
    RecipientState.REJECTED: "r.removed_at IS NULL AND r.decision = 'rejected'",
    RecipientState.OVERDUE: f"r.removed_at IS NULL AND {_LATE}",
    RecipientState.REMOVED: "r.removed_at IS NOT NULL",
}

# Who had read a task that was recalled sees what became of it.
_MINE = f"""
SELECT {_TASK}, {_STANDING}
FROM task_recipient r JOIN task t ON t.id = r.task_id JOIN staff a ON a.id = t.author_id
WHERE r.staff_id = $2 AND r.removed_at IS NULL AND (t.recalled_at IS NULL OR r.read_at IS NOT NULL)
"""


class MyTasks(StrEnum):
    """Which of my tasks."""

    OPEN = "open"
    DONE = "done"
    ALL = "all"


_OPEN = "t.recalled_at IS NULL AND (r.decision IS NULL OR r.decision = 'accepted')"
_MY_STATES = {MyTasks.OPEN: _OPEN, MyTasks.DONE: "r.decision = 'done'", MyTasks.ALL: "true"}

_WORDS = """
SELECT w.key, w.step, w.progress, w.note, w.file_ids, w.version, w.counted, w.said_at, w.received_at
FROM task_word w JOIN task_recipient r ON r.id = w.recipient_id
WHERE r.task_id = $1 AND r.staff_id = $2 AND ($3::timestamptz IS NULL OR (w.said_at, w.key) > ($3, $4::uuid))
ORDER BY w.said_at, w.key LIMIT $5
"""


def seen_by(by: Colleague, values: Values, *, own: bool = False) -> str:
    """Condition: `by` sees a task `t` as its author does. Those are the own ones, and those of people in reach."""
    mine = f"t.author_id = {values.put(by.id)}::uuid"
    return mine if own or not by.may("tasks:write") else f"({mine} OR {of_staff(by, values.put, 't.author_id')})"


async def page(by: Colleague, before: UUID | None, limit: int, *, own: bool) -> list[TaskOut]:
    """Tasks sent by `by`, and unless `own` by people in reach; newest first."""
    values = Values(clock.now())
    visible = seen_by(by, values, own=own)
    sql = _PAGE.format(visible=visible, before=values.put(before), limit=values.put(limit))
    return [TaskOut(**_sent(row)) for row in await database.fetch(sql, *values)]


async def sent(by: Colleague, task_id: UUID) -> TaskOut:
    """A task as its author sees it. Raises TaskNotFound, also when `by` may not see it so."""
    values = Values(clock.now())
    visible = seen_by(by, values)
    row = await database.fetch_one(_ONE.format(task_id=values.put(task_id), visible=visible), *values)
    if row is None:
        raise TaskNotFound
    return TaskOut(**_sent(row))


async def seen(by: Colleague, task_id: UUID) -> TaskSeenOut:
    """A task for its author and those above, with the numbers, and for a recipient, with the own standing.

    Raises TaskNotFound.
    """
    found = dict[str, Any]()
    with suppress(TaskNotFound):
        found |= (await mine(by.id, task_id)).model_dump()
    with suppress(TaskNotFound):
        found |= (await sent(by, task_id)).model_dump()
    if not found:
        raise TaskNotFound
    return TaskSeenOut.model_validate(found)


async def counts(task_ids: Collection[UUID]) -> dict[UUID, tuple[UUID, CountsOut]]:
    """The author and the numbers of each of these tasks."""
    rows = await database.fetch(_COUNTS_OF, clock.now(), list(task_ids))
    return {row["id"]: (row["author_id"], _counts(row)) for row in rows}


async def recipients(
    by: Colleague, task_id: UUID, state: RecipientState | None, after: UUID | None, limit: int
) -> list[RecipientOut]:
    """Who got a task and how far they are, without a state all who are asked now. Raises TaskNotFound."""
    await _check_seen(by, task_id)
    sql = _RECIPIENTS.format(state=_STATES[state])
    return [RecipientOut(**row) for row in await database.fetch(sql, clock.now(), task_id, after, limit)]


async def words(
    by: Colleague, task_id: UUID, staff_id: UUID, after: tuple[datetime, UUID] | None, limit: int
) -> list[WordOut]:
    """What a recipient said, in the order it was said: the trace (E-08). Raises TaskNotFound, StaffNotFound."""
    await _check_seen(by, task_id)
    if not await database.fetch("SELECT FROM task_recipient WHERE task_id = $1 AND staff_id = $2", task_id, staff_id):
        raise StaffNotFound
    rows = await database.fetch(_WORDS, task_id, staff_id, *(after or (None, None)), limit)
    file_ids = {row["key"]: [UUID(text) for text in orjson.loads(row["file_ids"])] for row in rows}
    found = await files.links({one for ids in file_ids.values() for one in ids}, by.id)
    return [WordOut(**row, files=[found[one] for one in file_ids[row["key"]] if one in found]) for row in rows]


async def my_page(
    staff_id: UUID, which: MyTasks, since: datetime | None, before: UUID | None, limit: int
) -> list[MyTaskOut]:
    """A colleague's own tasks, newest first; with `since` those that are new or another since then."""
    sql = f"""{_MINE} AND {_MY_STATES[which]} AND ($3::timestamptz IS NULL OR GREATEST(t.changed_at, r.added_at) > $3)
        AND ($4::uuid IS NULL OR t.id < $4) ORDER BY t.id DESC LIMIT $5"""
    rows = await database.fetch(sql, clock.now(), staff_id, since, before, limit)
    return [_mine(row) for row in rows]


async def mine(staff_id: UUID, task_id: UUID) -> MyTaskOut:
    """A task as a recipient sees it. Raises TaskNotFound."""
    row = await database.fetch_one(f"{_MINE} AND t.id = $3", clock.now(), staff_id, task_id)
    if row is None:
        raise TaskNotFound
    return _mine(row)


async def _check_seen(by: Colleague, task_id: UUID) -> None:
    values = Values(task_id)
    visible = seen_by(by, values)
    if not await database.fetch(f"SELECT FROM task t WHERE t.id = $1 AND {visible}", *values):
        raise TaskNotFound


def _sent(row: asyncpg.Record) -> dict[str, Any]:
    return dict(row) | {"audience": Audience.model_validate_json(row["audience"]), "counts": _counts(row)}


def _counts(row: asyncpg.Record) -> CountsOut:
    return CountsOut(**{name: row[name] for name in CountsOut.model_fields})


def _mine(row: asyncpg.Record) -> MyTaskOut:
    standing = StandingOut(**{name: row[name] for name in StandingOut.model_fields})
    return MyTaskOut(**dict(row) | {"mine": standing})
