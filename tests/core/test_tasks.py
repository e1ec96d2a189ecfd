"""Tasks: who gets them, who sees them, and numbers that are exact."""

from datetime import timedelta
from uuid import uuid4

import pytest

from app.contexts import registry
from core.permissions.rules import RoleKey
from infra import clock
from tests import factories as make
from tests.core.task_world import outcomes, person, word
from tests.doors import error_of


@pytest.fixture
async def author(http):
    return await person(http, RoleKey.ADMIN)


async def test_at60_a_task_reaches_each_recipient_with_a_notice_and_a_todo(http, author):
    people = [await person(http) for _ in range(3)]
    deadline = clock.now() + timedelta(days=1)
    task = await author.send(*people, deadline=deadline.isoformat(), urgent=True)
    assert task["counts"] == {
        "total": 3, "delivered": 0, "read": 0, "read_older": 0, "accepted": 0, "done": 0, "rejected": 0, "overdue": 0
    }  # fmt: skip
    await make.settle(registry())
    for one in people:
        (notice,) = await one.notices("task.assigned")
        assert (notice["title"], notice["link"], notice["urgent"]) == ("新任务：盘点", f"/tasks/{task['id']}", True)
        assert "请盘点门店" in notice["body"]
        assert await one.todos() == [{"title": "盘点", "due_at": deadline}]
    assert await author.todos() == []


async def test_everyone_whom_the_audience_means_gets_it_once(http, author):
    top, store = await make.department(), await make.store()
    below = await make.department(parent=top)
    posts = [await make.post(top), await make.post(below)]
    people = [await person(http, post=post) for post in posts]
    people.append(await person(http, store_id=store.id))
    audience = {
        "staff_ids": [people[0].id],
        "department_ids": [str(top.id)],
        "post_ids": [str(posts[1].id)],
        "store_ids": [str(store.id)],
    }
    answer = await author.call("POST", "/tasks/preview", {"audience": audience})
    assert answer.json() == {"people": 3}
    task = await author.send(audience=audience)
    assert task["counts"]["total"] == 3
    assert task["audience"] == audience | {"everybody": False}
    page = await author.get(f"/tasks/{task['id']}/recipients", limit=2)
    rest = await author.get(f"/tasks/{task['id']}/recipients", limit=2, cursor=page["next"])
    listed = {row["staff_id"] for row in (*page["items"], *rest["items"])}
    assert listed == {one.id for one in people}
    assert rest["next"] is None


async def test_a_task_for_nobody_or_beyond_ones_reach_is_refused(http, author):
    store, elsewhere = await make.store(), await make.store()
    manager = await person(http, RoleKey.STORE_MANAGER, store_id=store.id)
    own, foreign = await person(http, store_id=store.id), await person(http, store_id=elsewhere.id)
    assert (await manager.send(own))["counts"]["total"] == 1
    assert (await manager.send(audience={"store_ids": [str(store.id)]}))["counts"]["total"] == 2
    for audience in (
        {"staff_ids": [own.id, foreign.id]},
        {"staff_ids": [str(uuid4())]},
        {"store_ids": [str(elsewhere.id)]},
        {"everybody": True},
        {"department_ids": [str(own.staff.department_id)]},
    ):
        assert error_of(await manager.send(audience=audience)) == (422, "audience_out_of_reach")
        answer = await manager.call("POST", "/tasks/preview", {"audience": audience})
        assert error_of(answer) == (422, "audience_out_of_reach")
    assert error_of(await author.send(audience={})) == (422, "audience_empty")
    assert error_of(await author.send(audience={"department_ids": [str((await make.department()).id)]})) == (
        422,
        "audience_empty",
    )
    assert await make.count("task") == 2


async def test_a_repeated_request_sends_one_task(http, author):
    one = await person(http)
    author.headers |= {"Idempotency-Key": "phone-1"}
    assert (await author.send(one))["id"] == (await author.send(one))["id"]
    assert await make.count("task") == await make.count("task_recipient") == 1


@pytest.mark.parametrize(
    "times", [{"remind_minutes": 5}, {"escalate_minutes": 5}, {"deadline": "2020-01-01T00:00:00Z"}], ids=str
)
async def test_times_need_a_deadline_that_lies_ahead(http, author, times):
    assert error_of(await author.send(await person(http), **times)) == (422, "task_times_refused")


async def test_who_sees_a_task(http, author):
    east, west = await make.department(), await make.department()
    posts = {d.id: await make.post(d) for d in (east, west)}
    head = await person(http, RoleKey.MANAGER, post=posts[east.id])
    other = await person(http, RoleKey.MANAGER, post=posts[west.id])
    sender = await person(http, RoleKey.STORE_MANAGER, post=posts[east.id], store_id=(await make.store()).id)
    recipient = await person(http, store_id=sender.staff.store_id)
    task = await sender.send(recipient)
    path = f"/tasks/{task['id']}"
    for seer in (author, head, sender):
        seen = await seer.get(path)
        assert seen["counts"]["total"] == 1
        assert seen["mine"] is None
        assert [t["id"] for t in (await seer.get("/tasks"))["items"]] == [task["id"]]
        assert len((await seer.get(f"{path}/recipients"))["items"]) == 1
    seen = await recipient.get(path)
    assert seen["mine"]["read_at"] is None
    assert seen["counts"] is seen["audience"] is None
    assert (await recipient.get("/me" + path))["title"] == "盘点"
    assert error_of(await recipient.get(f"{path}/recipients")) == (403, "forbidden")
    assert error_of(await other.get(path)) == error_of(await other.get(f"/tasks/{uuid4()}")) == (404, "task_not_found")
    assert error_of(await other.get(f"{path}/recipients")) == (404, "task_not_found")
    assert error_of(await other.get(f"{path}/recipients/{recipient.id}/words")) == (404, "task_not_found")
    assert error_of(await other.call("POST", f"{path}/recall", {"reason": "x"})) == (404, "task_not_found")
    assert error_of(await other.call("PATCH", path, {"version": 1, "title": "x"})) == (404, "task_not_found")
    assert error_of(await other.get("/me" + path)) == (404, "task_not_found")
    assert (await other.get("/tasks"))["items"] == []
    assert (await head.get("/tasks", own=True))["items"] == []
    # Reading by GET says nothing.
    assert (await author.get(path))["counts"]["read"] == 0


async def test_at61_each_recipients_state_and_times_and_the_numbers_agree(db, http, author):
    people = [await person(http) for _ in range(6)]
    task = await author.send(*people, deadline=(clock.now() + timedelta(hours=1)).isoformat())
    steps = [(), ("delivered",), ("read",), ("read", "accepted"), ("done",), ("rejected",)]
    for one, said in zip(people, steps, strict=True):
        assert outcomes(await one.say(*(word(task, step) for step in said))) == ["applied"] * len(said)
    make.jump(db, hours=2)
    counts = (await author.get(f"/tasks/{task['id']}"))["counts"]
    assert counts == {
        "total": 6, "delivered": 5, "read": 4, "read_older": 0, "accepted": 1, "done": 1, "rejected": 1, "overdue": 4
    }  # fmt: skip
    expected = {
        "read": {2, 3, 4, 5},
        "not_read": {0, 1},
        "done": {4},
        "not_done": {0, 1, 2, 3, 5},
        "rejected": {5},
        "overdue": {0, 1, 2, 3},
        "removed": set(),
    }
    for state, numbers in expected.items():
        page = await author.get(f"/tasks/{task['id']}/recipients", state=state)
        assert {row["staff_id"] for row in page["items"]} == {people[n].id for n in numbers}, state
    (row,) = (await author.get(f"/tasks/{task['id']}/recipients", state="done"))["items"]
    assert row["read_at"] == row["delivered_at"] == row["decided_at"]
    assert (row["name"], row["progress"], row["department"]) == (people[4].staff.name, 100, "总部")
    assert [(await one.get("/me/tasks"))["items"] != [] for one in people] == [True] * 4 + [False] * 2
    assert [(await one.get("/me/tasks", which="done"))["items"] != [] for one in people] == [False] * 4 + [True, False]
