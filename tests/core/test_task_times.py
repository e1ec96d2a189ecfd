"""Reminders before the deadline, escalation after it: once each, to whom it concerns."""

import asyncio
from datetime import timedelta

import pytest

from app.contexts import registry
from core.organisation.models import Department
from core.permissions.rules import RoleKey
from core.tasks import reminding
from infra import clock, database
from tests import factories as make
from tests.core.task_world import person, word


@pytest.fixture
async def author(http):
    return await person(http, RoleKey.ADMIN)


async def _sent(author, *people, **values):
    deadline = clock.now() + timedelta(hours=2)
    return await author.send(*people, deadline=deadline.isoformat(), **values)


async def test_who_has_not_finished_is_reminded_once(db, http, author):
    open_one, accepted, done, rejected = people = [await person(http) for _ in range(4)]
    task = await _sent(author, *people, remind_minutes=60)
    for one, step in ((accepted, "accepted"), (done, "done"), (rejected, "rejected")):
        await one.say(word(task, step))
    assert await reminding.remind_due() == 0
    make.jump(db, minutes=61)
    assert sum(await asyncio.gather(*(reminding.remind_due() for _ in range(4)))) == 1
    assert await reminding.remind_due() == 0
    assert [len(await one.notices("task.reminded")) for one in people] == [1, 1, 0, 0]
    assert (await open_one.notices("task.reminded"))[0]["title"] == "任务即将到期：盘点"


async def test_a_reminder_that_dies_halfway_is_made_by_the_next(db, http, author, monkeypatch):
    one = await person(http)
    await _sent(author, one, remind_minutes=60)
    make.jump(db, minutes=61)
    with monkeypatch.context() as dying:
        dying.setattr(reminding.notices, "notify_many", _die)
        with pytest.raises(RuntimeError):
            await reminding.remind_due()
    assert await one.notices("task.reminded") == []
    assert await reminding.remind_due() == 1
    assert len(await one.notices("task.reminded")) == 1


async def _die(*_args):
    raise RuntimeError("killed")


async def test_a_recalled_or_freshly_sent_task_reminds_nobody(db, http, author):
    one = await person(http)
    task = await _sent(author, one, remind_minutes=60, escalate_minutes=5)
    await _sent(author, one, remind_minutes=180)
    await author.call("POST", f"/tasks/{task['id']}/recall", {"reason": "发错了"})
    make.jump(db, minutes=130)
    assert await reminding.remind_due() == await reminding.escalate_due() == 0


async def test_what_is_overdue_already_is_not_called_soon_due(db, http, author):
    one = await person(http)
    await _sent(author, one, remind_minutes=60)
    make.jump(db, minutes=121)
    assert await reminding.remind_due() == 1
    assert await one.notices("task.reminded") == []


async def test_a_new_deadline_reminds_anew(db, http, author):
    one = await person(http)
    task = await _sent(author, one, remind_minutes=60)
    make.jump(db, minutes=61)
    assert await reminding.remind_due() == 1
    later = clock.now() + timedelta(hours=3)
    await author.call("PATCH", f"/tasks/{task['id']}", {"version": 1, "deadline": later.isoformat()})
    assert await reminding.remind_due() == 0
    make.jump(db, minutes=61 + 121)
    assert await reminding.remind_due() == 1
    assert len(await one.notices("task.reminded")) == 2


async def _tree():
    """Three departments below each other, with a head of the top one and of the middle one; the lowest has none."""
    top = await make.department()
    middle = await make.department(parent=top)
    low = await make.department(parent=middle)
    return [(department, await make.post(department)) for department in (top, middle, low)]


async def test_overdue_goes_to_the_author_and_the_nearest_heads_who_are_not_late_themselves(db, http, author):
    (top, top_post), (middle, middle_post), (_, low_post) = await _tree()
    boss, head = await person(http, post=top_post), await person(http, post=middle_post)
    await Department.filter(id=top.id).update(head_id=boss.staff.id)
    await Department.filter(id=middle.id).update(head_id=head.staff.id)
    low = [await person(http, post=low_post) for _ in range(3)]
    first = await _sent(author, *low, escalate_minutes=30)
    second = await _sent(author, *low, head, title="理货", escalate_minutes=30)
    for task in (first, second):
        await low[0].say(word(task, "done"))
        await low[1].say(word(task, "rejected"))
    await make.settle(registry())
    make.jump(db, minutes=151)
    assert sum(await asyncio.gather(*(reminding.escalate_due() for _ in range(3)))) == 2
    assert await reminding.escalate_due() == 0

    async def words(one):
        return sorted(notice["body"].split("，")[1] for notice in await one.notices("task.overdue"))

    assert await words(author) == ["共有 1 人未完成", "共有 2 人未完成"]
    assert await words(head) == ["您负责的部门中有 1 人未完成"]
    assert await words(boss) == ["您负责的部门中有 2 人未完成"]
    assert await words(low[2]) == []


async def test_nobody_is_told_when_nobody_is_late(db, http, author):
    one = await person(http)
    task = await _sent(author, one, escalate_minutes=5)
    await one.say(word(task, "done"))
    make.jump(db, minutes=130)
    assert await reminding.escalate_due() == 1
    assert await author.notices("task.overdue") == []


async def test_who_has_left_is_not_reminded_and_not_late(db, http, author):
    one, leaver = await person(http), await person(http)
    await _sent(author, one, leaver, remind_minutes=60, escalate_minutes=5)
    await database.execute("UPDATE staff SET left_at = $2 WHERE id = $1", leaver.staff.id, clock.now())
    make.jump(db, minutes=61)
    await reminding.remind_due()
    assert [len(await person.notices("task.reminded")) for person in (one, leaver)] == [1, 0]
    make.jump(db, minutes=130)
    await reminding.escalate_due()
    assert "1 人" in (await author.notices("task.overdue"))[0]["body"]
