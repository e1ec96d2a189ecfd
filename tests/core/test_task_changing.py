"""Changing and recalling tasks: who had read them is told; nobody overwrites somebody else's change."""

import asyncio
from datetime import timedelta

import pytest

from app.contexts import registry
from core.permissions.rules import RoleKey
from core.tasks import saying
from core.tasks.schemas import WordIn
from infra import clock, database
from tests import factories as make
from tests.core.task_world import outcomes, person, word
from tests.doors import error_of


@pytest.fixture
async def author(http):
    return await person(http, RoleKey.ADMIN)


async def _sent(http, author, *, people=2, **values):
    recipients = [await person(http) for _ in range(people)]
    task = await author.send(*recipients, **values)
    await make.settle(registry())
    return task, recipients


async def test_who_had_read_a_changed_task_is_told_and_shown_as_having_read_an_older_one(http, author):
    task, (reader, other) = await _sent(http, author)
    await reader.say(word(task, "read"))
    answer = await author.call("PATCH", f"/tasks/{task['id']}", {"version": 1, "title": "盘点冰柜"})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["version"], answer.json()["body"]) == (2, "请盘点门店")
    assert answer.json()["counts"]["read_older"] == 1
    await make.settle(registry())
    assert [n["title"] for n in await reader.notices("task.changed")] == ["任务有变更：盘点冰柜"]
    assert await other.notices("task.changed") == []
    assert [[t["title"] for t in await one.todos()] for one in (reader, other)] == [["盘点冰柜"], ["盘点冰柜"]]
    await reader.say(word(task, "read", version=2))
    mine = (await reader.get(f"/me/tasks/{task['id']}"))["mine"]
    assert (mine["read_version"], mine["read_older"]) == (2, False)


async def test_a_change_of_an_older_version_is_refused_with_the_present_one(http, author):
    task, _ = await _sent(http, author)
    path = f"/tasks/{task['id']}"
    assert (await author.call("PATCH", path, {"version": 1, "urgent": True})).json()["urgent"] is True
    answer = await author.call("PATCH", path, {"version": 1, "urgent": False})
    assert error_of(answer) == (409, "task_changed")
    assert answer.json()["error"]["details"] == {"version": 2}
    for nothing in ("title", "body", "audience", "urgent", "needs_proof"):
        assert error_of(await author.call("PATCH", path, {"version": 2, nothing: None})) == (422, "invalid_input")


async def test_another_audience_adds_removes_and_takes_back(http, author):
    task, (stays, goes) = await _sent(http, author)
    comes = await person(http)
    path = f"/tasks/{task['id']}"
    await goes.say(word(task, "read"))

    async def audience(version, *people):
        body = {"version": version, "audience": {"staff_ids": [one.id for one in people]}}
        answer = await author.call("PATCH", path, body)
        await make.settle(registry())
        return answer

    assert (await audience(1, stays, comes)).json()["counts"]["total"] == 2
    assert [len(await one.todos()) for one in (stays, goes, comes)] == [1, 0, 1]
    assert [len(await one.notices("task.assigned")) for one in (stays, goes, comes)] == [1, 1, 1]
    assert error_of(await goes.get("/me" + path)) == (404, "task_not_found")
    assert outcomes(await goes.say(word(task, "done"))) == ["task_recalled"]
    (removed,) = (await author.get(f"{path}/recipients", state="removed"))["items"]
    assert (removed["staff_id"], removed["removed_at"] is not None) == (goes.id, True)
    # Taken back, with what was said before.
    back = await audience(2, stays, goes, comes)
    assert (back.json()["counts"]["total"], back.json()["counts"]["read"]) == (3, 1)
    assert len(await goes.todos()) == 1
    assert len(await goes.notices("task.assigned")) == 2
    assert error_of(await audience(3)) == (422, "audience_empty")


async def test_when_those_who_had_not_done_it_are_removed_all_is_done(http, author):
    task, (done, goes) = await _sent(http, author)
    await done.say(word(task, "done"))
    body = {"version": 1, "audience": {"staff_ids": [done.id]}}
    await author.call("PATCH", f"/tasks/{task['id']}", body)
    await make.settle(registry())
    assert len(await author.notices("task.all_done")) == 1
    assert await goes.todos() == []


async def test_a_recalled_task_stays_with_its_reason_for_who_had_read_it_only(http, author):
    task, (reader, other) = await _sent(http, author)
    path = f"/tasks/{task['id']}"
    await reader.say(word(task, "read"))
    for reason in ("发错了", "又一个理由"):
        answer = await author.call("POST", f"{path}/recall", {"reason": reason})
        assert (answer.json()["recall_reason"], answer.json()["counts"]["total"]) == ("发错了", 2)
    await make.settle(registry())
    assert [n["body"] for n in await reader.notices("task.recalled")] == ["发错了"]
    assert await other.notices("task.recalled") == []
    assert await reader.todos() == await other.todos() == []
    assert (await reader.get("/me" + path))["recall_reason"] == "发错了"
    assert error_of(await other.get("/me" + path)) == (404, "task_not_found")
    assert [len((await reader.get("/me/tasks", which=w))["items"]) for w in ("open", "all")] == [0, 1]
    assert error_of(await author.call("PATCH", path, {"version": 1, "title": "x"})) == (409, "task_recalled")


async def test_words_said_before_a_recall_count_and_later_ones_stay_in_the_trace(http, author):
    task, (one, _) = await _sent(http, author)
    path = f"/tasks/{task['id']}"
    before = word(task, "read")
    await author.call("POST", f"{path}/recall", {"reason": "发错了"})
    after = word(task, "done")
    assert outcomes(await one.say(before, after)) == ["applied", "task_recalled"]
    assert outcomes(await one.say(after, before)) == ["task_recalled", "repeated"]
    trace = (await author.get(f"{path}/recipients/{one.id}/words"))["items"]
    assert [(w["step"], w["counted"]) for w in trace] == [("read", True), ("done", False)]
    counts = (await author.get(path))["counts"]
    assert (counts["read"], counts["done"]) == (1, 0)


@pytest.mark.parametrize("ending", ["changed", "recalled"])
async def test_who_read_it_offline_before_it_was_changed_or_recalled_is_told_when_that_is_known(http, author, ending):
    task, (one, unread) = await _sent(http, author)
    path, read = f"/tasks/{task['id']}", word(task, "read")
    if ending == "changed":
        await author.call("PATCH", path, {"version": 1, "title": "盘点冰柜"})
    else:
        await author.call("POST", f"{path}/recall", {"reason": "发错了"})
    await make.settle(registry())
    assert await one.notices(f"task.{ending}") == []
    for _ in range(2):
        assert outcomes(await one.say(read, word(task, "delivered", at=timedelta(seconds=1))))[0] != "task_recalled"
        await make.settle(registry())
    assert [len(await person.notices(f"task.{ending}")) for person in (one, unread)] == [1, 0]


async def test_who_reads_the_present_version_or_was_removed_is_told_of_no_change(http, author):
    task, (reads, goes) = await _sent(http, author)
    old = word(task, "read")
    body = {"version": 1, "title": "盘点冰柜", "audience": {"staff_ids": [reads.id]}}
    await author.call("PATCH", f"/tasks/{task['id']}", body)
    await goes.say(old)
    await reads.say(word(task, "read", version=2), old | {"key": word(task, "read")["key"]})
    await make.settle(registry())
    assert await reads.notices("task.changed") == await goes.notices("task.changed") == []


async def test_words_and_another_audience_at_once_never_wait_for_each_other_in_a_circle(http, author):
    # Who is added later has a higher row, whatever the order of the people's ids.
    people = sorted([await person(http) for _ in range(6)], key=lambda one: one.id, reverse=True)
    task = await author.send(people[0])
    path, version = f"/tasks/{task['id']}", 1
    for number in range(2, 7):
        body = {"version": version, "audience": {"staff_ids": [one.id for one in people[:number]]}}
        version = (await author.call("PATCH", path, body)).json()["version"]

    async def speak():
        rows = [saying.Said(one.staff.id, WordIn(**word(task, "read")), clock.now()) for one in people]
        async with database.transaction() as connection:
            return await saying.say_many(connection, rows)

    async def narrow():
        nonlocal version
        for number in (1, 6) * 4:
            body = {"version": version, "audience": {"staff_ids": [one.id for one in people[:number]]}}
            answer = await author.call("PATCH", path, body)
            assert answer.status_code == 200, answer.text
            version = answer.json()["version"]

    await asyncio.gather(narrow(), *(speak() for _ in range(24)))


async def test_a_task_recalled_before_it_was_announced_is_not_announced(http, author):
    one = await person(http)
    task = await author.send(one)
    await author.call("POST", f"/tasks/{task['id']}/recall", {"reason": "发错了"})
    await make.settle(registry())
    assert await one.notices("task.assigned") == await one.todos() == []


async def test_my_tasks_tell_what_changed_since(http, author):
    one = await person(http)
    first, second = await author.send(one), await author.send(one, title="理货")
    since = clock.now().isoformat()
    assert (await one.get("/me/tasks", since=since))["items"] == []
    await author.call("PATCH", f"/tasks/{first['id']}", {"version": 1, "body": "全部"})
    assert [t["body"] for t in (await one.get("/me/tasks", since=since))["items"]] == ["全部"]
    page = await one.get("/me/tasks", limit=1)
    rest = await one.get("/me/tasks", limit=1, cursor=page["next"])
    assert [t["id"] for t in (*page["items"], *rest["items"])] == [second["id"], first["id"]]
    assert rest["next"] is None


async def test_a_moved_deadline_moves_what_is_due_around_it(http, author):
    deadline = clock.now() + timedelta(days=2)
    task, _ = await _sent(http, author, deadline=deadline.isoformat(), remind_minutes=60, escalate_minutes=30)
    path, later = f"/tasks/{task['id']}", deadline + timedelta(days=1)
    moved = (await author.call("PATCH", path, {"version": 1, "deadline": later.isoformat()})).json()
    assert _moment(moved["remind_at"]) == later - timedelta(hours=1)
    assert _moment(moved["escalate_at"]) == later + timedelta(minutes=30)
    without = (await author.call("PATCH", path, {"version": 2, "remind_minutes": None})).json()
    assert without["remind_at"] is None
    assert _moment(without["escalate_at"]) == later + timedelta(minutes=30)
    open_end = {"version": 3, "deadline": None}
    assert (await author.call("PATCH", path, open_end)).json()["escalate_at"] is None
    assert error_of(await author.call("PATCH", path, {"version": 4, "remind_minutes": 5})) == (
        422,
        "task_times_refused",
    )


def _moment(text):
    from datetime import datetime

    return datetime.fromisoformat(text)


async def test_what_is_done_to_a_task_stands_in_the_audit(http, author):
    task, _ = await _sent(http, author)
    await author.call("PATCH", f"/tasks/{task['id']}", {"version": 1, "title": "理货"})
    await author.call("POST", f"/tasks/{task['id']}/recall", {"reason": "发错了"})
    noted = await make.rows("SELECT actor, action FROM audit WHERE subject_id = $1 ORDER BY id", task["id"])
    assert noted == [
        {"actor": f"staff:{author.id}", "action": f"task.{verb}"} for verb in ("sent", "changed", "recalled")
    ]
