"""To-do lists: everything in one list, in order; repeats and late arrivals change nothing; reminders ring once."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from core.todos import reminders
from core.todos.service import NewTodo, drop, finish, put_many
from infra import clock, database, parameters
from infra.live import staff_topic
from tests import factories as make
from tests.doors import error_of


@pytest.fixture
async def guide(http):
    return await make.guide()


@pytest.fixture
async def mine(guide):
    return await make.headers(guide)


async def put(*todos):
    async with database.transaction() as connection:
        await put_many(connection, todos)


async def end(how, kind, source_id, people):
    async with database.transaction() as connection:
        await how(connection, kind, source_id, people)


def task(staff, source_id=None, **values):
    return NewTodo(
        **{"staff_id": staff.id, "kind": "task", "source_id": source_id or uuid4(), "title": "任务"} | values
    )


async def titles(http, headers, query=""):
    answer = await http.get(f"/staff/v1/me/todos{query}", headers=headers)
    return [item["title"] for item in answer.json()["items"]]


async def test_the_list_shows_what_is_due_first_then_the_oldest_and_marks_the_overdue(http, guide, mine):
    now, hour = clock.now(), timedelta(hours=1)
    await put(task(guide, title="无期限一"))
    await put(
        task(guide, title="无期限二"),
        task(guide, title="明天", due_at=now + 24 * hour),
        task(guide, title="已过期", due_at=now - hour, kind="approval"),
        task(guide, title="马上", due_at=now + hour),
        task(await make.guide(), title="别人的"),
    )
    items = (await http.get("/staff/v1/me/todos", headers=mine)).json()["items"]
    assert [item["title"] for item in items] == ["已过期", "马上", "明天", "无期限一", "无期限二"]
    assert [item["overdue"] for item in items] == [True, False, False, False, False]
    assert not any(item["by_hand"] for item in items)
    assert await titles(http, mine, "?kind=approval") == ["已过期"]
    counts = (await http.get("/staff/v1/me/todos/counts", headers=mine)).json()
    assert counts == {"open": 5, "overdue": 1, "kinds": {"approval": 1, "task": 4}}


@pytest.mark.parametrize("state", ["open", "done"])
async def test_pages_hold_each_row_once(http, guide, mine, state):
    now = clock.now()
    todos = [task(guide, title=str(n), due_at=now + timedelta(hours=n // 2) if n < 6 else None) for n in range(9)]
    await put(*todos)
    if state == "done":
        for todo in todos:
            await end(finish, "task", todo.source_id, [guide.id])
    seen, cursor = [], ""
    while cursor is not None:
        page = (await http.get(f"/staff/v1/me/todos?state={state}&limit=2{cursor}", headers=mine)).json()
        seen += [item["title"] for item in page["items"]]
        cursor = page["next"] and f"&cursor={page['next']}"
    numbers = [int(title) for title in seen]
    assert sorted(numbers) == list(range(9))
    if state == "open":
        assert [n // 2 if n < 6 else 9 for n in numbers] == [0, 0, 1, 1, 2, 2, 9, 9, 9]
    else:
        assert numbers == list(range(8, -1, -1))
    assert error_of(await http.get("/staff/v1/me/todos?cursor=x", headers=mine)) == (422, "invalid_input")


async def test_a_put_that_comes_again_changes_nothing(http, guide, mine):
    source = uuid4()
    for _ in range(2):
        await put(task(guide, source, title="一"), task(guide, source, title="一"))
    assert await titles(http, mine) == ["一"]
    await end(finish, "task", source, [guide.id])
    await put(task(guide, source, title="一"))
    assert await titles(http, mine) == []
    assert await titles(http, mine, "?state=done") == ["一"]
    told = await make.rows("SELECT kind FROM live_event WHERE topic = $1", staff_topic(guide.id))
    assert [row["kind"] for row in told] == ["todos", "todos"]


async def test_a_newer_version_is_shown_and_opens_again_only_if_told_so(http, guide, mine):
    source = uuid4()
    await put(task(guide, source, title="二", version=2))
    await put(task(guide, source, title="一", version=1, reopen=True))
    assert await titles(http, mine) == ["二"]
    await end(finish, "task", source, [guide.id])
    await put(task(guide, source, title="三", version=3))
    assert (await titles(http, mine), await titles(http, mine, "?state=done")) == ([], ["三"])
    await put(task(guide, source, title="四", version=4, reopen=True))
    assert (await titles(http, mine), await titles(http, mine, "?state=done")) == (["四"], [])
    await end(drop, "task", source, None)
    assert (await titles(http, mine), await titles(http, mine, "?state=done")) == ([], [])
    await put(task(guide, source, title="五", version=5, reopen=True))
    assert await titles(http, mine) == ["五"]


@pytest.mark.parametrize(("how", "done"), [(finish, ["一"]), (drop, [])])
async def test_what_was_ended_before_it_arrived_stays_ended(http, guide, mine, how, done):
    source = uuid4()
    await end(how, "task", source, [guide.id])
    assert (await titles(http, mine), await titles(http, mine, "?state=done")) == ([], [])
    await put(task(guide, source, title="一"))
    assert (await titles(http, mine), await titles(http, mine, "?state=done")) == ([], done)


@pytest.mark.parametrize("ends", [(finish, drop), (drop, finish)])
async def test_of_both_ends_done_stands_whichever_came_first(http, guide, mine, ends):
    source = uuid4()
    await put(task(guide, source, title="一"))
    for how in ends:
        await end(how, "task", source, [guide.id])
    assert (await titles(http, mine), await titles(http, mine, "?state=done")) == ([], ["一"])


async def test_ending_for_some_or_for_all_leaves_the_first_end(http, db, guide, mine):
    source, other = uuid4(), await make.guide()
    theirs = await make.headers(other)
    await put(task(guide, source, title="一"), task(other, source, title="一"))
    await end(finish, "task", source, [guide.id])
    assert (await titles(http, mine), await titles(http, theirs)) == ([], ["一"])
    await end(drop, "task", source, None)
    assert (await titles(http, mine, "?state=done"), await titles(http, theirs)) == (["一"], [])
    make.jump(db, days=7, hours=1)
    assert await titles(http, await make.headers(guide), "?state=done") == []


async def test_puts_and_ends_in_every_order_at_once_never_deadlock(db):
    people, sources = [await make.guide() for _ in range(4)], [uuid4() for _ in range(4)]
    todos = [task(person, source) for person in people for source in sources]
    await asyncio.gather(
        *(put(*todos[::step]) for step in (1, -1) * 4),
        *(end(finish, "task", source, [p.id for p in people]) for source in sources for _ in range(2)),
    )
    rows = await make.rows("SELECT 1 FROM todo WHERE done_at IS NOT NULL AND version = 1")
    assert len(rows) == 16


async def test_a_reminder_of_one_s_own_is_added_once_and_done_by_hand(http, guide, mine):
    body = {"title": "回访顾客01", "due_at": (clock.now() + timedelta(days=1)).isoformat()}
    key = mine | {"Idempotency-Key": "k1"}
    added = [(await http.post("/staff/v1/me/todos", headers=key, json=body)) for _ in range(2)]
    assert [answer.status_code for answer in added] == [201, 201]
    todo = added[0].json()
    assert (todo, todo["kind"], todo["by_hand"]) == (added[1].json(), "reminder", True)
    assert await titles(http, mine) == ["回访顾客01"]
    done = [(await http.post(f"/staff/v1/me/todos/{todo['id']}/done", headers=mine)).json() for _ in range(2)]
    assert done[0]["done_at"] == done[1]["done_at"] is not None
    assert (await titles(http, mine), await titles(http, mine, "?state=done")) == ([], ["回访顾客01"])


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"title": " "},
        {"title": "x" * 101},
        {"title": "a\nb"},
        {"title": "x", "due_at": "2026-05-01T09:00:00"},
        {"title": "x", "due_at": "0001-01-01T00:00:00+14:00"},
        {"title": "x", "due_at": "9999-12-31T23:59:59-14:00"},
    ],
)
async def test_what_cannot_be_a_reminder_is_refused(http, mine, body):
    assert error_of(await http.post("/staff/v1/me/todos", headers=mine, json=body)) == (422, "invalid_input")


async def test_what_comes_from_elsewhere_ends_there_and_what_is_foreign_is_unknown(http, guide, mine):
    await put(task(guide, title="一"))
    todo = (await http.get("/staff/v1/me/todos", headers=mine)).json()["items"][0]
    answer = await http.post(f"/staff/v1/me/todos/{todo['id']}/done", headers=mine)
    assert error_of(answer) == (409, "todo_not_by_hand")
    stranger = await make.headers(await make.guide())
    for todo_id in (todo["id"], uuid4()):
        answer = await http.post(f"/staff/v1/me/todos/{todo_id}/done", headers=stranger)
        assert error_of(answer) == (404, "todo_not_found")


async def notices(kind="todo.due"):
    rows = await make.rows("SELECT title FROM notice WHERE kind = $1 ORDER BY title", kind)
    return [row["title"] for row in rows]


async def test_the_list_rings_once_before_something_is_due(http, db, guide, mine):
    now, minute = clock.now(), timedelta(minutes=1)
    source = uuid4()
    await put(
        task(guide, source, title="响", due_at=now + 60 * minute, remind=True),
        task(guide, title="不响", due_at=now + 60 * minute),
        task(guide, title="已过", due_at=now - minute, remind=True),
        task(guide, title="以后", due_at=now + 300 * minute, remind=True),
    )
    make.jump(db, minutes=29)
    assert await reminders.ring() == 0
    make.jump(db, minutes=31)
    assert sum(await asyncio.gather(*(reminders.ring() for _ in range(4)))) == 1
    assert await notices() == ["响"]
    # A later time rings again, a new title alone does not.
    await put(task(guide, source, title="改名", due_at=now + 60 * minute, remind=True, version=2))
    assert await reminders.ring() == 0
    await put(task(guide, source, title="改期", due_at=now + 90 * minute, remind=True, version=3))
    make.jump(db, minutes=61)
    assert await reminders.ring() == 1
    assert await notices() == ["响", "改期"]


async def test_what_is_done_does_not_ring_and_the_minutes_are_a_parameter(http, db, guide):
    await parameters.change("todos.remind_minutes", 0, expected_version=0, by="test")
    source, due = uuid4(), clock.now() + timedelta(minutes=10)
    await put(task(guide, source, due_at=due, remind=True), task(guide, title="响", due_at=due, remind=True))
    await end(finish, "task", source, None)
    make.jump(db, minutes=9)
    assert await reminders.ring() == 0
    make.jump(db, minutes=11)
    assert await reminders.ring() == 1
    assert await notices() == ["响"]
