"""T1: a task to 10,000 people. From the request to the last notice and to-do; words about it; its author's page."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from statistics import quantiles
from uuid import UUID, uuid4

import aiohttp
import asyncpg

from benchmarks.crew import run_together
from benchmarks.house import House, Server, level_ground, running, say, serving, with_product
from benchmarks.rounds import in_turns
from benchmarks.table import P99, AnyLine, Latency, Line, Run
from benchmarks.task_roles import COPIES, PROCESSES, Report, Talk, talk, upsert
from infra import clock, database

_PEOPLE = 10_000
_CHUNK = 1_000
_MOST_ROUNDS = 3
_WORD_ROUNDS = 2
_MOST_FAN_OUT_MS = 5_000.0
_MOST_PAGE_MS = 50.0
_WORDS_FLOOR = 0.5
_PAGES = 300
_PATIENCE = 120.0
_API = ("-m", "app.cli", "api", "--port", "{port}")
_BACKGROUND = {
    "task-relay": ("-m", "app.cli", "relay"),
    "task-beat": ("-m", "app.cli", "beat"),
    "task-worker": ("-m", "app.cli", "worker", "--queues", "critical,default"),
    "task-bulk": ("-m", "app.cli", "worker", "--queues", "bulk,media", "--concurrency", "1"),
}

_STAFF = """
INSERT INTO staff (id, name, username, password_hash, role_id, department_id, post_id, special_rights, created_at)
SELECT gen_random_uuid(), '员工', 'task-' || n, '', $2, $3, $4, '[]', $5 FROM generate_series(1, $1::int) n
"""
_TABLES = (
    "CREATE TABLE bench_recipient (LIKE task_recipient INCLUDING ALL)",
    "CREATE TABLE bench_notice (LIKE notice INCLUDING ALL)",
    "CREATE TABLE bench_todo (LIKE todo INCLUDING ALL)",
    """CREATE TABLE bench_word (staff_id uuid PRIMARY KEY, delivered_at timestamptz, read_at timestamptz,
    done_at timestamptz)""",
)
_RAW = (
    """INSERT INTO bench_recipient (task_id, staff_id, added_at)
    SELECT $1, unnest($2::uuid[]), $3""",
    """INSERT INTO bench_notice (id, staff_id, key, kind, title, body, link, urgent, created_at)
    SELECT gen_random_uuid(), unnest($2::uuid[]), $1::uuid::text, 'task', 'title', 'body', 'link', false, $3""",
    """INSERT INTO bench_todo (id, staff_id, kind, source_id, title, link, version, created_at)
    SELECT gen_random_uuid(), unnest($2::uuid[]), 'task', $1::uuid, 'title', 'link', 1, $3""",
)
_COUNT_ALL = """
SELECT count(*), count(delivered_at), count(read_at), count(*) FILTER (WHERE decision = 'done')
FROM task_recipient WHERE task_id = $1 AND removed_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class _World:
    """The author's session, who gets the tasks, and by which audience."""

    token: str
    department_id: UUID
    people: tuple[UUID, ...]


def lines(house: House, rounds: int) -> list[AnyLine]:
    """T1: fan-out, words, page."""
    world = asyncio.run(with_product(_furnish))
    with serving(house, "task-api", *_API, ready="/readyz") as api:
        with ExitStack() as stack:
            for name, command in _BACKGROUND.items():
                stack.enter_context(running(house, name, *command, grace=5))
            _fan_out(house, world, api)  # the first one warms the workers up
            found: list[AnyLine] = [_fan_out_line(house, world, api, min(rounds, _MOST_ROUNDS))]
        found = [*found, _words_line(house, world, min(rounds, _WORD_ROUNDS))]
        return [*found, _page_line(house, world, api, min(rounds, _MOST_ROUNDS))]


async def _furnish() -> _World:
    from core.organisation import service as organisation
    from core.permissions.rules import READY_MADE, RoleKey
    from core.sessions import service as sessions

    post = await organisation.first_post("总部", "员工")
    author = await organisation.create_staff(
        name="管理员",
        username="task-author",
        password_hash="",
        role_id=READY_MADE[RoleKey.ADMIN].id,
        department_id=post.department_id,
        post_id=post.id,
    )
    rep = READY_MADE[RoleKey.REP].id
    await database.execute(_STAFF, _PEOPLE - 1, rep, post.department_id, post.id, clock.now())
    for table in _TABLES:
        await database.execute(table)
    opened = await sessions.open_session("staff", author.id)
    rows = await database.fetch("SELECT id FROM staff WHERE department_id = $1 ORDER BY id", post.department_id)
    return _World(opened.token, post.department_id, tuple(UUID(int=row["id"].int) for row in rows))


def _fan_out_line(house: House, world: _World, api: Server, rounds: int) -> Latency:
    path = f"a task to {_PEOPLE:,} people: request to last notice and to-do"
    ours, raw = partial(_fan_out, house, world, api), partial(_raw, house, world)
    what = f"the same recipients, notices and to-dos by raw asyncpg, {_CHUNK:,} rows an INSERT, one connection"
    found = in_turns(f"T1 {path}", ours, raw, rounds)
    return Latency(id="T1", path=path, most=_MOST_FAN_OUT_MS, baseline=what, rounds=found)


def _fan_out(house: House, world: _World, api: Server) -> Run:
    return asyncio.run(_send_and_wait(house, world, api))


async def _send_and_wait(house: House, world: _World, api: Server) -> Run:
    watch = await asyncpg.connect(house.url)
    async with _client(world, api) as client:
        begun = time.monotonic()
        body = {"title": "盘点", "body": "请盘点门店", "audience": {"department_ids": [str(world.department_id)]}}
        async with client.post("/staff/v1/tasks", json=body) as answer:
            task_id = UUID((await answer.json())["id"])
        sent = time.monotonic()
        await _until(partial(_all_written, watch, task_id))
        seconds = time.monotonic() - begun
        # What follows from the notices must not run during the baseline's turn.
        await _until(partial(_nothing_pending, watch))
    await watch.close()
    return Run(_PEOPLE / seconds, {P99: seconds * 1e3, "answer ms": (sent - begun) * 1e3})


async def _until(reached: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(_PATIENCE):
        while True:
            if await reached():
                return
            await asyncio.sleep(0.02)


async def _all_written(watch: asyncpg.Connection, task_id: UUID) -> bool:
    todos = await watch.fetchval("SELECT count(*) FROM todo WHERE source_id = $1", task_id)
    key = f"task.assigned:{task_id}:1"
    return todos == _PEOPLE == await watch.fetchval("SELECT count(*) FROM notice WHERE key = $1", key)


async def _nothing_pending(watch: asyncpg.Connection) -> bool:
    return not await watch.fetchval("SELECT count(*) FROM event_delivery WHERE state = 'pending'")


def _client(world: _World, api: Server) -> aiohttp.ClientSession:
    headers = {"Authorization": f"Bearer {world.token}"}
    return aiohttp.ClientSession(f"http://127.0.0.1:{api.port}", headers=headers, raise_for_status=True)


def _raw(house: House, world: _World) -> Run:
    return asyncio.run(_write_raw(house, world))


async def _write_raw(house: House, world: _World) -> Run:
    connection = await asyncpg.connect(house.url)
    task_id, now, begun = uuid4(), clock.now(), time.monotonic()
    for start in range(0, _PEOPLE, _CHUNK):
        people = world.people[start : start + _CHUNK]
        async with connection.transaction():
            for sql in _RAW:
                await connection.execute(sql, task_id, people, now)
    seconds = time.monotonic() - begun
    await connection.close()
    return Run(_PEOPLE / seconds, {P99: seconds * 1e3})


def _words_line(house: House, world: _World, rounds: int) -> Line:
    path = f"words about it, {COPIES}-fold and shuffled, {PROCESSES} processes"
    ours, raw = partial(_talk, house, world), partial(_upsert, house, world)
    what = f"one durable upsert per word, raw asyncpg, {PROCESSES} connections"
    found = in_turns(f"T1 {path}", ours, raw, rounds)
    return Line(id="T1w", path=path, floor=_WORDS_FLOOR, aim=1.0, baseline=what, rounds=found)


def _talk(house: House, world: _World) -> Run:
    asyncio.run(level_ground(house.url))
    what = asyncio.run(with_product(partial(_send, world)))
    reports = run_together([partial(talk, what, number) for number in range(PROCESSES)])
    asyncio.run(_check(house, what, reports))
    return _rate(what, reports)


def _upsert(house: House, world: _World) -> Run:
    asyncio.run(level_ground(house.url, "TRUNCATE bench_word"))
    what = Talk(uuid4(), clock.now(), world.people)
    return _rate(what, run_together([partial(upsert, house.url, what, number) for number in range(PROCESSES)]))


def _rate(what: Talk, reports: list[Report]) -> Run:
    seconds = max(report.ended for report in reports) - min(report.begun for report in reports)
    return Run(what.words * COPIES / seconds, {})


async def _send(world: _World) -> Talk:
    from core.organisation import queries as organisation
    from core.organisation.audience import Audience
    from core.tasks import service
    from core.tasks.schemas import TaskIn

    row = await database.fetch_one("SELECT id FROM staff WHERE username = 'task-author'")
    author = await organisation.colleague(row["id"]) if row else None
    if author is None:
        raise RuntimeError("the author is gone")
    task = await service.send(author, TaskIn(title="盘点", audience=Audience(department_ids=[world.department_id])))
    return Talk(UUID(int=task.id.int), task.created_at, world.people)


async def _check(house: House, what: Talk, reports: list[Report]) -> None:
    """Raises RuntimeError unless every word counted once and every number is exact."""
    connection = await asyncpg.connect(house.url)
    counts = tuple(await connection.fetchrow(_COUNT_ALL, what.task_id))
    await connection.close()
    applied = sum(report.applied for report in reports)
    if applied != what.words or counts != (len(what.people),) * 4:
        raise RuntimeError(f"{applied} of {what.words} words counted; the numbers say {counts}")


def _page_line(house: House, world: _World, api: Server, rounds: int) -> Latency:
    path = f"its author's page with exact numbers of {_PEOPLE:,}"
    asyncio.run(level_ground(house.url, "VACUUM ANALYZE task_recipient"))
    ours, raw = partial(_ask_pages, house, world, api), partial(_count_raw, house)
    found = in_turns(f"T1 {path}", ours, raw, rounds)
    what = "the same count, raw asyncpg, one connection"
    return Latency(id="T1p", path=path, most=_MOST_PAGE_MS, baseline=what, rounds=found)


async def _last_task(house: House) -> UUID:
    connection = await asyncpg.connect(house.url)
    task_id = await connection.fetchval("SELECT id FROM task ORDER BY id DESC LIMIT 1")
    counted = _COUNT_ALL.replace("$1", f"'{task_id}'")
    for row in await connection.fetch(f"EXPLAIN (ANALYZE, BUFFERS) {counted}"):
        say(row[0])
    await connection.close()
    return UUID(str(task_id))


def _ask_pages(house: House, world: _World, api: Server) -> Run:
    return asyncio.run(_pages(house, world, api))


async def _pages(house: House, world: _World, api: Server) -> Run:
    task_id = await _last_task(house)
    async with _client(world, api) as client:

        async def page() -> None:
            async with client.get(f"/staff/v1/tasks/{task_id}") as answer:
                if (await answer.json())["counts"]["done"] != _PEOPLE:
                    raise RuntimeError("the page's numbers are wrong")

        return await _timed(page)


def _count_raw(house: House) -> Run:
    return asyncio.run(_counts(house))


async def _counts(house: House) -> Run:
    connection = await asyncpg.connect(house.url)
    task_id = await connection.fetchval("SELECT id FROM task ORDER BY id DESC LIMIT 1")
    run = await _timed(lambda: connection.fetchrow(_COUNT_ALL, task_id))
    await connection.close()
    return run


async def _timed(act: Callable[[], Awaitable[object]]) -> Run:
    waits = []
    for _ in range(_PAGES):
        begun = time.monotonic()
        await act()
        waits.append((time.monotonic() - begun) * 1e3)
    hundredths = quantiles(waits, n=100)
    return Run(1e3 * len(waits) / sum(waits), {"p50 ms": hundredths[49], P99: hundredths[98]})
