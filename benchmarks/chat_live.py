"""C2: how long a fan's message takes from the push to the page of whoever serves the fan, at 200 messages a second.

The push endpoint and the live streams are one API process's, relay and worker are the product's, all beside the million
messages of C1. The baseline keeps nothing: raw Redis publish to a minimal server-sent-events endpoint.
"""

import asyncio
import json
import os
import random
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache, partial
from itertools import count
from statistics import quantiles
from typing import Any
from uuid import UUID

import uvloop

from benchmarks import chat_crowd, pages
from benchmarks.bare_live import CHANNEL
from benchmarks.chat_crowd import APP_ID, ORIGINAL_ID
from benchmarks.crew import Start, run_together
from benchmarks.house import House, running, serving, with_product
from benchmarks.load import Answers, Connection
from benchmarks.rounds import in_turns
from benchmarks.sample_pushes import Target, written
from benchmarks.table import P99, Latency, Run
from infra import database

_RATE = 200
_FANS = 400
_MOST_MS = 1_000.0
_MOST_ROUNDS = 3
_WARM_UP_SECONDS = 4
_PATIENCE = 60.0
_API = ("-m", "app.cli", "api", "--port", "{port}")
_BARE = ("-m", "uvicorn", "benchmarks.bare_live:app", "--port", "{port}", "--loop", "uvloop", "--http", "httptools")
_QUIET = ("--no-access-log", "--log-level", "warning")
_OTHERS = {
    "chat-relay": ("-m", "app.cli", "relay"),
    "chat-worker": ("-m", "app.cli", "worker", "--queues", "critical,default"),
    "chat-bulk": ("-m", "app.cli", "worker", "--queues", "bulk,media", "--concurrency", "1"),
    "chat-beat": ("-m", "app.cli", "beat"),
}
_SERVED = """
SELECT k.id, k.staff_id, k.last_number, i.openid FROM conversation k JOIN identity i ON i.id = k.identity_id
JOIN customer c ON c.id = i.customer_id AND c.guide_id = k.staff_id ORDER BY k.id LIMIT $1
"""
_LAST = "SELECT id, last_number FROM conversation WHERE id = ANY($1::uuid[])"
_numbers = count(1)
_Name = tuple[str, int]


@dataclass(frozen=True, slots=True)
class _Chat:
    """A fan and who serves them."""

    id: UUID
    staff_id: UUID
    openid: str


@dataclass(frozen=True, slots=True)
class _Load:
    """What is written: chats in turn, with the numbers their next messages get; `seed` makes each run another one."""

    chats: list[_Chat]
    last: dict[str, int]
    seconds: int
    seed: int

    @property
    def messages(self) -> list[tuple[_Chat, int]]:
        """All of them in order, those of the warm-up first."""
        last, order = dict(self.last), random.Random(self.seed)
        found = []
        for _ in range(-(-self.total // len(self.chats))):
            for chat in order.sample(self.chats, len(self.chats)):
                last[str(chat.id)] += 1
                found.append((chat, last[str(chat.id)]))
        return found[: self.total]

    @property
    def warm_up(self) -> int:
        return _RATE * _WARM_UP_SECONDS

    @property
    def total(self) -> int:
        return self.warm_up + _RATE * self.seconds


def line(house: House, rounds: int, seconds: int) -> Latency:
    """C2."""
    chat_crowd.gathered(house.url)
    chats, tokens = _served()
    path = f"{_RATE} messages/s of {_FANS} fans for {seconds} s, from the push to the pages of {len(tokens)} colleagues"
    with ExitStack() as stack:
        for name, command in _OTHERS.items():
            stack.enter_context(running(house, name, *command, grace=5))
        api = stack.enter_context(serving(house, "chat-live", *_API, ready="/readyz"))
        bare = stack.enter_context(serving(house, "bare-live", *_BARE, *_QUIET, ready="/readyz"))
        ours = [_request("/staff/v1/live", f"Authorization: Bearer {token}\r\n") for token in tokens.values()]
        theirs = [_request(f"/live/{person}") for person in tokens]
        found = in_turns(
            f"C2 {path}",
            lambda: _run(api.port, ours, chats, seconds, bare=False),
            lambda: _run(bare.port, theirs, chats, seconds, bare=True),
            min(rounds, _MOST_ROUNDS),
        )
    what = "raw Redis publish to a minimal Starlette endpoint with a queue per listener; nothing kept, nothing checked"
    return Latency(id="C2", path=path, most=_MOST_MS, baseline=what, rounds=found)


@cache
def _served() -> tuple[list[_Chat], dict[UUID, str]]:
    """Chats, and the tokens of those who serve them."""

    async def read() -> tuple[list[_Chat], dict[UUID, str]]:
        rows = await database.fetch(_SERVED, _FANS)
        chats = [_Chat(UUID(int=row["id"].int), UUID(int=row["staff_id"].int), row["openid"]) for row in rows]
        return chats, await pages.tokens(sorted({chat.staff_id for chat in chats}))

    return asyncio.run(with_product(read))


def _request(path: str, headers: str = "") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: bench\r\n{headers}\r\n".encode()


def _run(port: int, listeners: list[bytes], chats: list[_Chat], seconds: int, *, bare: bool) -> Run:
    last = asyncio.run(with_product(partial(_last, chats)))
    load = _Load(chats, last, seconds, next(_numbers))
    heard, sent = run_together([partial(_listen, port, listeners, load), partial(_write, port, load, bare)])
    waits = [(heard[name] - at) * 1000 for name, at in sent.items()]
    hundredths = quantiles(waits, n=100)
    return Run(len(waits) / seconds, {"p50 ms": hundredths[49], P99: hundredths[98], "longest ms": max(waits)})


async def _last(chats: list[_Chat]) -> dict[str, int]:
    rows = await database.fetch(_LAST, [chat.id for chat in chats])
    return {str(row["id"]): row["last_number"] for row in rows}


def _listen(port: int, listeners: list[bytes], load: _Load, start: Start) -> Any:
    return uvloop.run(_gather(port, listeners, load, start))


async def _gather(port: int, listeners: list[bytes], load: _Load, start: Start) -> dict[_Name, float]:
    """When a page first heard of each message: an event names the newest, and stands for those before it."""
    loop, at = asyncio.get_running_loop(), dict[_Name, float]()
    waiting = defaultdict[str, set[int]](set)
    for chat, number in load.messages:
        waiting[str(chat.id)].add(number)
    begun, done = asyncio.Event(), asyncio.Event()
    counts = {"begun": 0, "left": load.total}

    def note(conversation_id: str | None, number: int) -> None:
        if conversation_id is None:
            counts["begun"] += 1
            if counts["begun"] == len(listeners):
                begun.set()
            return
        for shown in [one for one in waiting[conversation_id] if one <= number]:
            waiting[conversation_id].discard(shown)
            at[conversation_id, shown] = time.monotonic()
            counts["left"] -= 1
        if counts["left"] == 0:
            done.set()

    sockets = [(await loop.create_connection(partial(_Page, one, note), "127.0.0.1", port))[0] for one in listeners]
    async with asyncio.timeout(_PATIENCE):
        await begun.wait()
    start()
    try:
        async with asyncio.timeout(load.total / _RATE + _PATIENCE):
            await done.wait()
    except TimeoutError as error:
        raise RuntimeError(f"{counts['left']} of {load.total} messages were never shown") from error
    for socket in sockets:
        socket.close()
    return at


class _Page(asyncio.Protocol):
    """A listening connection; says None when it has begun, then what each event about a conversation names."""

    def __init__(self, request: bytes, note: Callable[[str | None, int], None]) -> None:
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
                self._note(None, 0)
            _, found, told = block.partition(b"\ndata: ")
            if found and b"conversation_id" in told:
                event = json.loads(told.split(b"\n")[0])
                self._note(event["conversation_id"], event["number"])


def _write(port: int, load: _Load, bare: bool, start: Start) -> Any:  # noqa: FBT001 - handed over by a `partial`
    return uvloop.run(_publish(load, start) if bare else _push(port, load, start))


async def _push(port: int, load: _Load, start: Start) -> dict[_Name, float]:
    """When each push was due to leave; whatever holds it up counts as waiting. The warm-up is left out."""
    target, answers, sent = Target(APP_ID, ORIGINAL_ID), Answers(), dict[_Name, float]()
    connections, loop = list[_Door](), asyncio.get_running_loop()
    for _ in range(32):
        connections.append((await loop.create_connection(partial(_Door, answers), "127.0.0.1", port))[1])
    await asyncio.to_thread(start)
    begun = time.monotonic()
    for place, (chat, number) in enumerate(load.messages):
        due = begun + place / _RATE
        request = written(
            target,
            chat.openid,
            f"第 {number} 句，有没有红色的外套",
            next(_numbers) * 10_000_000 + load.seed * 100_000 + place,
        )
        await asyncio.sleep(due - time.monotonic())
        door = connections[place % len(connections)]
        await door.idle()
        door.send(request)
        if place >= load.warm_up:
            sent[str(chat.id), number] = due
    for door in connections:
        await door.idle()
    if answers.ok != load.total:
        raise RuntimeError(f"{answers.ok} of {load.total} pushes were accepted")
    return sent


class _Door(Connection):
    """A kept-alive connection that sends what it is given, one after the other."""

    def __init__(self, answers: Answers) -> None:
        super().__init__(iter(()), answers)
        self._free = asyncio.Event()
        self._free.set()

    async def idle(self) -> None:
        await self._free.wait()

    def send(self, request: bytes) -> None:
        self._free.clear()
        self.sent_at = time.perf_counter()
        self.transport.write(request)

    def send_next(self) -> None:
        self._free.set()


async def _publish(load: _Load, start: Start) -> dict[_Name, float]:
    from redis.asyncio import Redis

    client, sent, tasks = Redis.from_url(os.environ["GUANXI_REDIS_URL"]), dict[_Name, float](), list[Any]()
    await asyncio.to_thread(start)
    begun = time.monotonic()
    for place, (chat, number) in enumerate(load.messages):
        due = begun + place / _RATE
        await asyncio.sleep(due - time.monotonic())
        text = json.dumps({"conversation_id": str(chat.id), "number": number, "reason": "message"})
        tasks.append(
            asyncio.create_task(client.publish(CHANNEL, json.dumps({"to": [str(chat.staff_id)], "text": text})))
        )
        if place >= load.warm_up:
            sent[str(chat.id), number] = due
    await asyncio.gather(*tasks)
    return sent
