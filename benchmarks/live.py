"""L2: how long a notice takes from its commit to a listening device, with 1,000 listeners on one API process.

Notices go to random people at a steady rate, and at the end one goes to everybody. The baseline keeps nothing: raw
Redis publish to a minimal server-sent-events endpoint.
"""

import asyncio
import json
import os
import random
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache, partial
from itertools import count
from statistics import quantiles
from typing import Any, TypeAlias
from uuid import UUID

import psutil
import uvloop

from benchmarks.bare_live import CHANNEL
from benchmarks.crew import Start, run_together
from benchmarks.house import House, Server, serving, with_product
from benchmarks.rounds import in_turns
from benchmarks.table import P99, Latency, Run
from infra import database

_LISTENERS = 1_000
_RATE = 50
_MOST_MS = 200.0
_MOST_ROUNDS = 3
_PATIENCE = 60.0
_API = ("-m", "app.cli", "api", "--port", "{port}")
_BARE = ("-m", "uvicorn", "benchmarks.bare_live:app", "--port", "{port}", "--loop", "uvloop", "--http", "httptools")
_QUIET = ("--no-access-log", "--log-level", "warning")
_TITLE = re.compile(rb'"title": "n(\d+)"')
_ROLL_CALL = "n0"
_runs = count(1)

Tell: TypeAlias = Callable[[str, list[UUID]], Awaitable[float]]


@dataclass(frozen=True, slots=True)
class _Load:
    """Whom to tell and for how long; `kind` says which side is measured."""

    kind: str
    run: int
    people: list[UUID]
    seconds: int

    @property
    def single(self) -> int:
        return _RATE * self.seconds


@dataclass(frozen=True, slots=True)
class _Heard:
    """When each notice came, in ms of the machine's monotonic clock; the server's memory before, with, and after."""

    at: dict[str, list[float]]
    memory: tuple[int, int, int]


def line(house: House, rounds: int, seconds: int) -> Latency:
    """L2."""
    people, tokens = _people()
    path = f"{_RATE} notices/s for {seconds} s to {_LISTENERS} listeners on one process"
    with (
        serving(house, "live-api", *_API, ready="/readyz") as api,
        serving(house, "bare-live", *_BARE, *_QUIET, ready="/readyz") as bare,
    ):
        ours = [_request("/staff/v1/live", f"Authorization: Bearer {token}\r\n") for token in tokens]
        theirs = [_request(f"/live/{person}") for person in people]
        found = in_turns(
            f"L2 {path}",
            lambda: _run(api, ours, _Load("ours", next(_runs), people, seconds)),
            lambda: _run(bare, theirs, _Load("bare", next(_runs), people, seconds)),
            min(rounds, _MOST_ROUNDS),
        )
    what = "raw Redis publish to a minimal Starlette endpoint with a queue per listener; nothing kept, nothing checked"
    return Latency(id="L2", path=path, most=_MOST_MS, baseline=what, rounds=found)


@cache
def _people() -> tuple[list[UUID], list[str]]:
    return asyncio.run(with_product(_hire))


async def _hire() -> tuple[list[UUID], list[str]]:
    from core.organisation import service as organisation
    from core.permissions.rules import READY_MADE, RoleKey
    from core.sessions import service as sessions

    post = await organisation.first_post("总部", "员工")
    people = [
        await organisation.create_staff(
            name=f"员工{number:04}",
            username=f"listener{number:04}",
            password_hash="",
            role_id=READY_MADE[RoleKey.REP].id,
            department_id=post.department_id,
            post_id=post.id,
        )
        for number in range(_LISTENERS)
    ]
    opened = [await sessions.open_session("staff", person.id) for person in people]
    return [UUID(int=person.id.int) for person in people], [session.token for session in opened]


def _request(path: str, headers: str = "") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: bench\r\n{headers}\r\n".encode()


def _run(server: Server, requests: list[bytes], load: _Load) -> Run:
    heard, told = run_together(
        [partial(_listen, server.port, server.process.pid, requests, load.single), partial(_publish, load)]
    )
    waits = [(at - told[name]) * 1000 for name, times in heard.at.items() if name != _ROLL_CALL for at in times]
    if len(waits) != load.single or len(heard.at[_ROLL_CALL]) != _LISTENERS:
        raise RuntimeError(f"{len(waits)} of {load.single} and {len(heard.at[_ROLL_CALL])} of {_LISTENERS} arrived")
    hundredths = quantiles(waits, n=100)
    before, with_listeners, after = heard.memory
    seen = {
        "p50 ms": hundredths[49],
        P99: hundredths[98],
        "to all ms": (max(heard.at[_ROLL_CALL]) - told[_ROLL_CALL]) * 1000,
        "kB each": (with_listeners - before) / _LISTENERS / 1024,
        "grown kB each": (after - with_listeners) / _LISTENERS / 1024,
    }
    return Run(load.single / load.seconds, seen)


def _listen(port: int, pid: int, requests: list[bytes], single: int, start: Start) -> Any:
    return uvloop.run(_gather(port, psutil.Process(pid), requests, single, start))


async def _gather(port: int, server: psutil.Process, requests: list[bytes], single: int, start: Start) -> _Heard:
    loop = asyncio.get_running_loop()
    at = dict[str, list[float]]()
    before = server.memory_info().rss
    begun, told = asyncio.Event(), asyncio.Event()
    counts = {"begun": 0, "told": 0}

    def note(name: str | None) -> None:
        if name is None:
            counts["begun"] += 1
        else:
            at.setdefault(name, []).append(time.monotonic())
            counts["told"] += 1
        if counts["begun"] == len(requests):
            begun.set()
        if counts["told"] == single + len(requests):
            told.set()

    sockets = [
        (await loop.create_connection(partial(_Device, request, note), "127.0.0.1", port))[0] for request in requests
    ]
    async with asyncio.timeout(_PATIENCE):
        await begun.wait()
    with_listeners = server.memory_info().rss
    start()
    async with asyncio.timeout(_PATIENCE * 2):
        await told.wait()
    after = server.memory_info().rss
    for socket in sockets:
        socket.close()
    return _Heard(at, (before, with_listeners, after))


class _Device(asyncio.Protocol):
    """A listening connection; says None when it has begun, then the name of each notice."""

    def __init__(self, request: bytes, note: Callable[[str | None], None]) -> None:
        self._request = request
        self._note = note
        self._received = b""
        self._begun = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # TCP gives this one
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        *whole, self._received = (self._received + data).split(b"\n\n")
        for block in whole:
            if not self._begun and b"event: hello" in block:
                self._begun = True
                self._note(None)
            for title in _TITLE.findall(block):
                self._note(f"n{title.decode()}")


def _publish(load: _Load, start: Start) -> Any:
    return asyncio.run(with_product(partial(_tell_steadily, load, start)))


async def _tell_steadily(load: _Load, start: Start) -> dict[str, float]:
    """When each notice was committed."""
    tell = _tell_ours(load.run) if load.kind == "ours" else _tell_bare()
    chosen = random.Random(load.run)
    await asyncio.to_thread(start)
    begun, told, tasks = time.monotonic(), dict[str, float](), list[asyncio.Task[None]]()

    async def one(name: str, people: list[UUID]) -> None:
        told[name] = await tell(name, people)

    for number in range(load.single):
        await asyncio.sleep(begun + number / _RATE - time.monotonic())
        tasks.append(asyncio.create_task(one(f"n{number + 1}", [chosen.choice(load.people)])))
    await asyncio.gather(*tasks)
    await one(_ROLL_CALL, load.people)
    return told


def _tell_ours(run: int) -> Tell:
    from core.notices.rules import NoticeKind
    from core.notices.service import NewNotice, notify_many

    kind = NoticeKind("bench.told", title="基准")

    async def tell(name: str, people: list[UUID]) -> float:
        committed = 0.0

        async def stamp() -> None:
            nonlocal committed
            committed = time.monotonic()

        async with database.transaction() as connection:
            database.after_commit(stamp)
            key = f"{run}:{name}"
            notices = [NewNotice(staff_id=person, key=key, kind=kind.name, title=name) for person in people]
            await notify_many(connection, notices)
        return committed

    return tell


def _tell_bare() -> Tell:
    from redis.asyncio import Redis

    client = Redis.from_url(os.environ["GUANXI_REDIS_URL"])

    async def tell(name: str, people: list[UUID]) -> float:
        text = json.dumps({"id": str(people[0]), "kind": "bench.told", "link": "", "title": name, "urgent": False})
        told = json.dumps({"to": [str(person) for person in people], "text": text})
        published = time.monotonic()
        await client.publish(CHANNEL, told)
        return published

    return tell
