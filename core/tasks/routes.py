"""Tasks: sent by whoever may, answered from phones."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from core.organisation.dependencies import CurrentStaff, Once, RequirePermission
from core.organisation.queries import Colleague
from core.tasks import queries, saying, service
from core.tasks.queries import MyTasks
from core.tasks.rules import RecipientState
from core.tasks.schemas import (
    Moment,
    MyTaskOut,
    PreviewIn,
    PreviewOut,
    RecallIn,
    RecipientOut,
    TaskChange,
    TaskIn,
    TaskOut,
    TaskSeenOut,
    WordOut,
    WordsIn,
    WordsOut,
)
from infra.paging import Cursor, Limit, MomentCursor, moment_cursor, page_of, read_moment_cursor
from infra.schemas import Page

router = APIRouter(prefix="/staff/v1", tags=["tasks"])

Author = Annotated[Colleague, RequirePermission("tasks:write")]


@router.post("/tasks/preview")
async def preview(body: PreviewIn, by: Author) -> PreviewOut:
    """How many people an audience means now."""
    return PreviewOut(people=await service.preview(by, body.audience))


@router.post("/tasks", status_code=201)
async def send_task(body: TaskIn, by: Author, once: Once) -> TaskOut:
    """Send a task to people, departments, posts, stores or everybody, as far as the own data scope reaches."""

    async def act() -> TaskOut:
        return await service.send(by, body)

    return await once.run(act, TaskOut)


@router.get("/tasks")
async def list_tasks(by: Author, cursor: Cursor = None, limit: Limit = 20, *, own: bool = False) -> Page[TaskOut]:
    """Tasks sent by me, and unless `own` by people within my reach, newest first, with their numbers."""
    return page_of(TaskOut, await queries.page(by, cursor, limit + 1, own=own), limit)


@router.get("/tasks/{task_id}")
async def show_task(task_id: UUID, staff: CurrentStaff) -> TaskSeenOut:
    """A task: with numbers for its author and those above, without others' names for a recipient."""
    return await queries.seen(staff, task_id)


@router.patch("/tasks/{task_id}")
async def change_task(task_id: UUID, body: TaskChange, by: Author) -> TaskOut:
    """Change what is asked, until when or of whom; who had read it is told."""
    return await service.change(by, task_id, body)


@router.post("/tasks/{task_id}/recall")
async def recall_task(task_id: UUID, body: RecallIn, by: Author) -> TaskOut:
    """Take it back; who had read it is told why."""
    return await service.recall(by, task_id, body.reason)


@router.get("/tasks/{task_id}/recipients")
async def list_recipients(
    task_id: UUID, by: Author, state: RecipientState | None = None, cursor: Cursor = None, limit: Limit = 50
) -> Page[RecipientOut]:
    """Who has and has not read it, done it …, and when (AT-61)."""
    rows = await queries.recipients(by, task_id, state, cursor, limit + 1)
    return Page(items=rows[:limit], next=str(rows[limit - 1].staff_id) if len(rows) > limit else None)


@router.get("/tasks/{task_id}/recipients/{staff_id}/words")
async def list_words(
    task_id: UUID, staff_id: UUID, by: Author, cursor: MomentCursor = None, limit: Limit = 50
) -> Page[WordOut]:
    """All that a recipient said, in the order it was said."""
    after = read_moment_cursor(cursor) if cursor else None
    rows = await queries.words(by, task_id, staff_id, after, limit + 1)
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(items=rows[:limit], next=moment_cursor(last.said_at, last.key) if last else None)


@router.get("/me/tasks")
async def my_tasks(
    staff: CurrentStaff,
    which: MyTasks = MyTasks.OPEN,
    since: Moment | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[MyTaskOut]:
    """My tasks, newest first; with `since`, those that came or changed after it."""
    return page_of(MyTaskOut, await queries.my_page(staff.id, which, since, cursor, limit + 1), limit)


@router.get("/me/tasks/{task_id}")
async def my_task(task_id: UUID, staff: CurrentStaff) -> MyTaskOut:
    """One of my tasks. Looking at it here says nothing: the phone says that it was read."""
    return await queries.mine(staff.id, task_id)


@router.post("/me/tasks/words")
async def say(body: WordsIn, staff: CurrentStaff) -> WordsOut:
    """What I say of my tasks: got it, read it, accept it, am so far, have done it, reject it.

    The words a phone has buffered, at most 100, in any order and as often as it likes; one result per word, and a
    refused one spoils no other.
    """
    return WordsOut(results=await saying.say(staff.id, body.words))
