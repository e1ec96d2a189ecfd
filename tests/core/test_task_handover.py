"""A leaver's tasks go to a colleague: those to do and those sent."""

import asyncio

import pytest

from app.contexts import registry
from core.permissions.rules import RoleKey
from core.tasks import handover
from infra import database
from infra.ids import new_id
from tests import factories as make
from tests.core.task_world import outcomes, person, word


@pytest.fixture
async def author(http):
    return await person(http, RoleKey.ADMIN)


async def _hand_over(source, target):
    async with database.transaction() as connection:
        given = await handover.hand_over(connection, source.staff.id, target.staff.id, new_id())
    await make.settle(registry())
    return given


async def test_open_tasks_go_to_the_receiver_and_finished_ones_stay(http, author):
    source, target = await person(http), await person(http)
    tasks = [await author.send(source) for _ in range(3)]
    both = await author.send(source, target)
    await source.say(word(tasks[0], "done"))
    await make.settle(registry())
    assert await handover.held(source.staff.id) == 3
    assert await _hand_over(source, target) == 3
    assert await handover.held(source.staff.id) == 0
    assert await handover.held(target.staff.id) == 3
    assert (await source.todos(), len(await target.todos())) == ([], 3)
    assert len(await target.notices("task.assigned")) == 3
    page = await author.get(f"/tasks/{tasks[1]['id']}/recipients", state="removed")
    assert [row["handed_to_id"] for row in page["items"]] == [target.id]
    assert (await author.get(f"/tasks/{both['id']}"))["counts"]["total"] == 1
    assert outcomes(await target.say(word(tasks[1], "done"))) == ["applied"]
    assert (await author.get(f"/tasks/{tasks[1]['id']}"))["counts"]["done"] == 1


async def test_a_leavers_tasks_are_few_statements_however_many_they_are(http, author):
    source, target = await person(http), await person(http)
    counts = []
    for number in (1, 6):
        for _ in range(number):
            await author.send(source)
        statements = []
        async with database.transaction() as connection:
            with connection.query_logger(statements.append):
                await handover.hand_over(connection, source.staff.id, target.staff.id, new_id())
        counts.append(len(statements))
    assert counts[0] == counts[1]


async def test_a_hand_over_and_a_change_of_the_same_task_never_wait_for_each_other_in_a_circle(http):
    source, target = await person(http, RoleKey.ADMIN), await person(http, RoleKey.ADMIN)
    other = await person(http)
    for _ in range(5):
        task = await source.send(source, other)
        narrower = {"version": 1, "audience": {"staff_ids": [other.id]}}
        answer, _ = await asyncio.gather(
            source.call("PATCH", f"/tasks/{task['id']}", narrower), _hand_over(source, target)
        )
        assert answer.status_code in {200, 404}


async def test_what_was_sent_and_is_still_open_gets_the_receiver_as_author(http):
    source, target = await person(http, RoleKey.ADMIN), await person(http, RoleKey.ADMIN)
    one = await person(http)
    finished, running = await source.send(one), await source.send(one)
    await one.say(word(finished, "done"))
    assert await handover.held(source.staff.id) == 1
    assert await _hand_over(source, target) == 1
    assert (await target.get(f"/tasks/{running['id']}"))["author_id"] == target.id
    assert (await target.get(f"/tasks/{finished['id']}"))["author_id"] == source.id


async def test_tasks_may_go_there_and_back_again(http, author):
    source, target = await person(http), await person(http)
    await author.send(source)
    await _hand_over(source, target)
    assert await _hand_over(target, source) == 1
    assert (len(await source.todos()), await target.todos()) == (1, [])


async def test_a_new_audience_keeps_who_stands_in_for_another(http, author):
    source, target, other = [await person(http) for _ in range(3)]
    task = await author.send(source)
    await _hand_over(source, target)
    body = {"version": 1, "audience": {"staff_ids": [other.id]}}
    await author.call("PATCH", f"/tasks/{task['id']}", body)
    page = await author.get(f"/tasks/{task['id']}/recipients")
    assert {row["staff_id"] for row in page["items"]} == {target.id, other.id}
