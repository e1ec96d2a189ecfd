"""Acknowledgements of a task, repeated and shuffled, from eight processes at once: every number is exact (M13)."""

import asyncio
import os
import random
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import timedelta
from uuid import uuid4

import orjson
import pytest

from app.contexts import registry
from core.organisation.audience import Audience
from core.permissions.rules import RoleKey
from core.tasks import queries, saying, service
from core.tasks.schemas import TaskIn, WordIn
from infra import clock, database
from tests import factories as make
from tests.architecture.sources import ROOT
from tests.core.task_world import word

PROCESSES, COPIES = 8, 5
STEPS = ("delivered", "read", "done")

_PEOPLE = """
INSERT INTO staff (id, name, username, password_hash, role_id, department_id, post_id, special_rights, created_at)
SELECT gen_random_uuid(), '员工', 'phone-' || n, '', $2, $3, $4, '[]', $5 FROM generate_series(1, $1::int) n
"""


async def _task(people):
    """A task to so many colleagues of one department, and its author."""
    author = await make.colleague(RoleKey.ADMIN)
    post = await make.post(await make.department())
    await database.execute(_PEOPLE, people, author.role_id, post.department_id, post.id, clock.now())
    audience = Audience(department_ids=[post.department_id])
    return author, await service.send(author, TaskIn(title="盘点", audience=audience))


def _deal(task, recipients, luck):
    """Each process's batches: every word five times, shuffled, a few words of one person in each batch."""
    said = defaultdict(list)
    for staff_id in recipients:
        for step in STEPS:
            moment = task.created_at + timedelta(microseconds=luck.randrange(1, 500))
            said[staff_id].append(word({"id": str(task.id)}, step, at=moment))
    copies = [(staff_id, one) for staff_id, words in said.items() for one in words * COPIES]
    luck.shuffle(copies)
    shares = [defaultdict(list) for _ in range(PROCESSES)]
    for number, (staff_id, one) in enumerate(copies):
        shares[number % PROCESSES][staff_id].append(one)
    return said, shares


async def _speak(folder, shares):
    """How many words had which outcome; a process for each share."""
    paths = [folder / f"{number}.jsonl" for number in range(len(shares))]
    for path, share in zip(paths, shares, strict=True):
        path.write_bytes(b"\n".join(orjson.dumps([str(staff_id), words]) for staff_id, words in share.items()))
    command = [sys.executable, "-m", "tests.concurrency.task_phones", *map(str, paths)]
    done = await asyncio.to_thread(
        subprocess.run, command, cwd=ROOT, env=dict(os.environ), check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    spoken = [Counter(orjson.loads(line)) for line in done.stdout.splitlines()]
    assert len(spoken) == len(shares)
    return sum(spoken, Counter())


@pytest.mark.parametrize("people", [250, pytest.param(10_000, marks=pytest.mark.prove)])
async def test_at61_counts_are_exact_under_shuffled_words_repeated_by_eight_processes(db, tmp_path, people):
    luck = random.Random(people)
    author, task = await _task(people)
    recipients = [row["staff_id"] for row in await make.rows("SELECT staff_id FROM task_recipient")]
    said, shares = _deal(task, recipients, luck)
    spoken = await _speak(tmp_path, shares)
    words = people * len(STEPS)
    assert spoken == {"applied": words, "repeated": words * (COPIES - 1)}
    assert await make.count("task_word") == words

    seen = await queries.sent(author, task.id)
    assert (seen.counts.delivered, seen.counts.read, seen.counts.done) == (people, people, people)
    stand = await make.rows("SELECT staff_id, delivered_at, read_at, decided_at, progress FROM task_recipient")
    for row in stand:
        moments = {one["step"]: one["said_at"] for one in said[row["staff_id"]]}
        assert row["decided_at"].isoformat() == moments["done"]
        assert row["read_at"].isoformat() == min(moments["read"], moments["done"])
        assert row["delivered_at"].isoformat() == min(moments.values())
        assert row["progress"] == 100

    await make.settle(registry())
    assert await make.rows("SELECT count(*) AS open FROM todo WHERE done_at IS NULL") == [{"open": 0}]
    told = await make.rows("SELECT kind, count(*) AS n FROM notice GROUP BY kind ORDER BY kind")
    assert {row["kind"]: row["n"] for row in told} == {"task.all_done": 1, "task.assigned": people}


async def test_a_recall_among_words_leaves_each_word_on_one_side_of_it(db):
    author, task = await _task(40)
    recipients = [row["staff_id"] for row in await make.rows("SELECT staff_id FROM task_recipient")]

    async def speak(staff_id):
        results = []
        for step in STEPS:
            said = WordIn(**word({"id": str(task.id)}, step, key=uuid4()))
            results += await saying.say(staff_id, [said])
        return results

    spoken = asyncio.gather(*(speak(staff_id) for staff_id in recipients))
    await asyncio.sleep(0)
    await service.recall(author, task.id, "发错了")
    results = [result for one in await spoken for result in one]
    counted = (await make.rows("SELECT count(*) AS n FROM task_word WHERE counted"))[0]["n"]
    assert counted == sum(result.outcome == "applied" for result in results)
    assert await make.count("task_word") == len(results) == 120
    assert {result.code for result in results} <= {None, "task_recalled"}
