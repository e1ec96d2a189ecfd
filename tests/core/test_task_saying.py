"""Words from phones: each counts once, in any order; a bad one spoils no other; and what follows from them."""

import asyncio
import random
from datetime import timedelta
from uuid import uuid4

import pytest

from app.contexts import registry
from core.tasks import counting, saying
from core.tasks.errors import TaskNotFound
from core.tasks.schemas import WordIn
from infra import clock, database, redis
from infra.ids import new_id
from tests import factories as make
from tests.core.task_world import outcomes, person, word
from tests.doors import error_of


@pytest.fixture
async def author(http):
    from core.permissions.rules import RoleKey

    return await person(http, RoleKey.ADMIN)


async def _standing(one, task):
    return (await one.get(f"/me/tasks/{task['id']}"))["mine"]


async def test_a_word_counts_once_and_its_key_stands_for_its_content(http, author):
    one = await person(http)
    task = await author.send(one)
    said = word(task, "progress", progress=40, note="一半", at=timedelta(minutes=5))
    assert outcomes(await one.say(said, said)) == ["applied", "repeated"]
    assert outcomes(await one.say(said)) == ["repeated"]
    for other in ({"progress": 50}, {"note": ""}, {"said_at": clock.now().isoformat()}, {"version": 2}):
        assert outcomes(await one.say(said | other)) == ["word_key_reused"]
    assert await make.count("task_word") == 1
    assert (await _standing(one, task))["progress"] == 40


async def test_a_bad_word_spoils_no_other(http, author):
    one, two = await person(http), await person(http)
    task, others = await author.send(one, needs_proof=True), await author.send(two)
    good = word(task, "read")
    results = await one.say(
        word({"id": str(uuid4())}, "read"),
        word(others, "read"),
        word(task, "done"),
        word(task, "done", file_ids=[str(uuid4())]),
        word(task, "read", version=2),
        word(task, "progress"),
        word(task, "read", progress=3),
        {"key": good["key"], "step": "eaten"},
        "no word at all",
        None,
        good | {"key": "no key"},
        good,
    )
    assert outcomes(results) == [
        "task_not_found",
        "task_not_found",
        "proof_needed",
        "file_not_found",
        "task_version_unknown",
        *["invalid_input"] * 6,
        "applied",
    ]
    assert results[7]["key"] == good["key"] == results[-1]["key"]
    assert results[8]["key"] is results[9]["key"] is results[10]["key"] is None
    assert all(result["message"] for result in results[:-1])
    assert await make.count("task_word") == 1
    assert error_of(await one.call("POST", "/me/tasks/words", {"words": [good] * 101})) == (422, "invalid_input")


async def test_done_with_proof_keeps_the_file_and_shows_it_to_the_author(http, author):
    one = await person(http)
    task, file_id = await author.send(one, needs_proof=True), await _file_of(one)
    done = word(task, "done", file_ids=[str(file_id)])
    assert outcomes(await one.say(done)) == ["applied"]
    assert await make.rows("SELECT 1 AS kept FROM stored_file WHERE kept_at IS NOT NULL") == [{"kept": 1}]
    (shown,) = (await author.get(f"/tasks/{task['id']}/recipients/{one.id}/words"))["items"]
    assert [found["id"] for found in shown["files"]] == [str(file_id)]
    assert shown["files"][0]["url"]
    stolen = word(task, "done", file_ids=[str(await _file_of(author))])
    assert outcomes(await one.say(stolen)) == ["file_not_found"]


async def _file_of(owner):
    file_id, digest = new_id(), uuid4().hex * 2
    await database.execute(
        "INSERT INTO file_blob (digest, size, media_type, created_at) VALUES ($1, 3, 'image/png', $2)",
        digest,
        clock.now(),
    )
    await database.execute(
        """INSERT INTO stored_file (id, blob_id, name, purpose, owner_id, created_at)
        VALUES ($1, $2, '照片.png', 'attachment', $3, $4)""",
        file_id,
        digest,
        owner.staff.id,
        clock.now(),
    )
    return file_id


async def test_a_phone_with_a_wrong_clock_is_believed_within_bounds(http, author):
    one = await person(http)
    task = await author.send(one)
    early = word(task, "delivered", at=timedelta(days=4000))
    assert outcomes(await one.say(early, word(task, "read", at=timedelta(days=-4000)))) == ["applied"] * 2
    mine = await _standing(one, task)
    assert mine["delivered_at"] == task["created_at"]
    assert task["created_at"] < mine["read_at"] < clock.now().isoformat()
    assert outcomes(await one.say(early)) == ["repeated"]
    for moment in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):
        assert outcomes(await one.say(word(task, "read") | {"said_at": moment})) == ["applied"]
    assert outcomes(await one.say(word(task, "read") | {"said_at": "2026-05-01T09:00:00"})) == ["invalid_input"]


async def test_e08_the_trace_shows_all_that_was_said_in_its_order(http, author):
    one = await person(http)
    task = await author.send(one)
    at = clock.now()
    said = [word(task, "read", at=at)]
    said += [word(task, "progress", progress=n, at=at + timedelta(microseconds=n)) for n in (30, 10, 20)]
    await one.say(*said)
    path = f"/tasks/{task['id']}/recipients/{one.id}/words"
    first = await author.get(path, limit=3)
    rest = await author.get(path, limit=3, cursor=first["next"])
    assert [w["progress"] for w in (*first["items"], *rest["items"])] == [None, 10, 20, 30]
    assert rest["next"] is None
    assert error_of(await author.get(f"/tasks/{task['id']}/recipients/{author.id}/words")) == (404, "staff_not_found")


async def test_done_closes_the_todo_rejected_drops_it_and_taking_it_up_again_opens_it(http, author):
    one = await person(http)
    task = await author.send(one)
    at = clock.now()
    await make.settle(registry())
    steps = [("rejected", 0), ("accepted", 1), ("done", 0), ("accepted", 1), ("rejected", 0), ("accepted", 1)]
    for second, (step, open_ones) in enumerate(steps):
        await one.say(word(task, step, at=at + timedelta(microseconds=second + 1)))
        await make.settle(registry())
        assert len(await one.todos()) == open_ones, second
    # A word of before does not change what stands.
    await one.say(word(task, "done", at=at))
    await make.settle(registry())
    assert len(await one.todos()) == 1


async def test_the_author_is_told_of_rejections_with_the_reason_and_once_when_all_have_done_it(http, author):
    people = [await person(http) for _ in range(2)]
    task = await author.send(*people)
    await people[0].say(word(task, "rejected", note="休假中", at=timedelta()))
    await people[1].say(word(task, "done"))
    await make.settle(registry())
    (notice,) = await author.notices("task.rejected")
    assert notice["body"] == f"{people[0].staff.name}：休假中"
    assert await author.notices("task.all_done") == []
    for one in people:
        await one.say(word(task, "done"), word(task, "done"))
        await make.settle(registry())
    assert len(await author.notices("task.all_done")) == 1
    assert len(await author.notices("task.rejected")) == 1


async def test_words_given_in_before_the_task_was_announced_leave_no_todo(http, author):
    one = await person(http)
    task = await author.send(one)
    await one.say(word(task, "done"))
    await make.settle(registry())
    assert await one.todos() == []


async def test_the_authors_page_hears_of_new_numbers_once_a_second_at_most(http, author):
    people = [await person(http) for _ in range(5)]
    tasks = [await author.send(*people) for _ in range(2)]
    await counting.tell_counts()
    for one in people:
        await one.say(*(word(task, "read") for task in tasks))
    assert await counting.tell_counts() == 2
    assert await counting.tell_counts() == 0
    told = await make.rows(
        """SELECT payload->>'task_id' AS task, (payload->>'read')::int AS read FROM live_event
        WHERE topic = $1 AND kind = 'task_counts'""",
        f"staff:{author.id}",
    )
    assert {row["task"]: row["read"] for row in told} == {task["id"]: 5 for task in tasks}
    assert len(told) == 2


async def test_words_count_while_redis_is_away(http, author, monkeypatch):
    one = await person(http)
    task = await author.send(one)

    async def lost(*_args):
        raise redis.RedisError("gone")

    monkeypatch.setattr(redis.client(), "sadd", lost)
    monkeypatch.setattr(redis.client(), "spop", lost)
    assert outcomes(await one.say(word(task, "read"))) == ["applied"]
    assert await counting.tell_counts() == 0


async def test_a_set_function_takes_words_of_many_people_at_once_and_waits_for_nobody_twice(http, author):
    people = [await person(http) for _ in range(6)]
    tasks = [await author.send(*people) for _ in range(3)]
    rows = [
        saying.Said(one.staff.id, WordIn(**word(task, step)), clock.now())
        for one in people
        for task in tasks
        for step in ("delivered", "read", "done")
    ]

    async def batch(number):
        mixed = random.Random(number).sample(rows, len(rows))
        async with database.transaction() as connection:
            return await saying.say_many(connection, mixed)

    results = await asyncio.gather(*(batch(number) for number in range(6)))
    said = [outcome for batch in results for outcome in outcomes([r.model_dump() for r in batch])]
    assert said.count("applied") == len(rows) == await make.count("task_word")
    assert said.count("repeated") == 5 * len(rows)
    for task in tasks:
        counts = (await author.get(f"/tasks/{task['id']}"))["counts"]
        assert (counts["delivered"], counts["read"], counts["done"]) == (6, 6, 6)


async def test_what_is_refused_in_a_set_is_refused_by_name(http, author):
    stranger = saying.Said(author.staff.id, WordIn(**word({"id": str(uuid4())}, "read")), clock.now())
    async with database.transaction() as connection:
        (result,) = await saying.say_many(connection, [stranger])
    assert result.code == TaskNotFound.code
