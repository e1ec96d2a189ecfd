"""A steady load: requests leave at their appointed time, however long the ones before them wait (an open loop).

A wait is counted from the appointed time, so that a server that stalls is charged for everybody it kept waiting.
"""

import asyncio
import gc
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import uvloop

from benchmarks.crew import Start
from benchmarks.load import Answers, Connection
from benchmarks.sample_pushes import requests

WARM_UP_SECONDS = 2
_FRESH_SECONDS = 3.0  # uvicorn hangs up after five


@dataclass(frozen=True, slots=True)
class Steady:
    """So many pushes a second for so many seconds."""

    rate: int
    seconds: int
    scenes: list[str]

    @property
    def warm_up(self) -> int:
        return self.rate * WARM_UP_SECONDS

    @property
    def requests(self) -> int:
        return self.rate * self.seconds


def fire_steadily(load: Steady, port: int, run: str, start: Start) -> Answers:
    """Prepare all requests, warm the server up with some, send the others. `run` makes the openids differ."""
    prepared = iter(requests(load.warm_up + load.requests, run, load.scenes))
    gc.freeze()
    gc.disable()
    start()
    return uvloop.run(_fire(load, port, prepared))


async def _fire(load: Steady, port: int, prepared: Iterator[bytes]) -> Answers:
    lines = _Lines(port)
    await lines.send(load.rate, islice(prepared, load.warm_up))
    return await lines.send(load.rate, prepared)


class _Lines:
    """Kept-alive connections, the last used first; a new one when all wait for an answer."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle = list[_Line]()

    async def send(self, rate: int, prepared: Iterator[bytes]) -> Answers:
        answers, waits = Answers(), list[asyncio.Future[None]]()
        begun = time.perf_counter()
        for number, request in enumerate(prepared):
            due = begun + number / rate
            await asyncio.sleep(due - time.perf_counter())
            waits.append((await self._line(answers)).send(request, due))
        await asyncio.gather(*waits)
        answers.seconds = time.perf_counter() - begun
        return answers

    async def _line(self, answers: Answers) -> "_Line":
        while self._idle:
            line = self._idle.pop()
            if line.is_fresh():
                line.answers = answers
                return line
            line.close()
        loop = asyncio.get_running_loop()
        return (await loop.create_connection(lambda: _Line(self._idle, answers), "127.0.0.1", self._port))[1]


class _Line(Connection):
    """Steps back among the idle ones instead of sending on."""

    def __init__(self, idle: "list[_Line]", answers: Answers) -> None:
        super().__init__(iter(()), answers)
        self._idle = idle
        self._idle_since = time.perf_counter()

    def is_fresh(self) -> bool:
        """Whether the server, which hangs up on the idle, surely still listens."""
        return time.perf_counter() - self._idle_since < _FRESH_SECONDS

    def send(self, request: bytes, due: float) -> "asyncio.Future[None]":
        self.finished = asyncio.get_running_loop().create_future()
        self.sent_at = due
        self.transport.write(request)
        return self.finished

    def send_next(self) -> None:
        self._idle_since = time.perf_counter()
        self._idle.append(self)
        self.finished.set_result(None)

    def close(self) -> None:
        self.finished.cancel()
        self.transport.close()
