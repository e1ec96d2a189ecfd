"""The load: keep-alive connections that each send the next prepared request as soon as the last is answered.

As light as Python allows, since it shares the cores with what it measures; the same for ours and for the baseline.
"""

import asyncio
import gc
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

import uvloop

from benchmarks.crew import Start
from benchmarks.sample_pushes import requests

_END_OF_HEAD = b"\r\n\r\n"
_LENGTH = b"content-length: "
WARM_UP = 500


@dataclass(slots=True)
class Answers:
    """What came back: milliseconds of each request, how many were 200, how many carried an encrypted reply."""

    seconds: float = 0.0
    ok: int = 0
    encrypted: int = 0
    milliseconds: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Load:
    """`requests` pushes over `connections` connections; people follow through codes with these scenes."""

    connections: int
    requests: int
    scenes: list[str]


def fire(load: Load, port: int, run: str, start: Start) -> Answers:
    """Prepare all requests, warm the server up with some, send the others. `run` makes the openids differ."""
    prepared = iter(requests(WARM_UP + load.requests, run, load.scenes))
    gc.freeze()
    gc.disable()
    start()
    return uvloop.run(_fire(load, port, prepared))


async def _fire(load: Load, port: int, prepared: Iterator[bytes]) -> Answers:
    # Caches that expired while the server had nothing to do are filled again before anything is measured.
    await _send(load.connections, port, islice(prepared, WARM_UP))
    return await _send(load.connections, port, prepared)


async def _send(connections: int, port: int, prepared: Iterator[bytes]) -> Answers:
    loop = asyncio.get_running_loop()
    answers = Answers()
    sockets = [
        (await loop.create_connection(lambda: Connection(prepared, answers), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    begun = time.perf_counter()
    for connection in sockets:
        connection.send_next()
    await asyncio.gather(*(connection.finished for connection in sockets))
    answers.seconds = time.perf_counter() - begun
    return answers


class Connection(asyncio.Protocol):
    """One kept-alive connection; `finished` when nothing is left to send."""

    def __init__(self, left: Iterator[bytes], answers: Answers) -> None:
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._left = left
        self.answers = answers
        self._received = b""
        self.sent_at = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # TCP gives this one
        self.transport = transport

    def send_next(self) -> None:
        request = next(self._left, None)
        if request is None:
            self.transport.close()
            self.finished.set_result(None)
            return
        self.sent_at = time.perf_counter()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(_END_OF_HEAD)
        if not found or len(body) < _length(head):
            return
        self._received = b""
        answers = self.answers
        answers.milliseconds.append((time.perf_counter() - self.sent_at) * 1000)
        answers.ok += head.startswith(b"HTTP/1.1 200")
        answers.encrypted += b"<Encrypt>" in body
        self.send_next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.finished.done():
            self.finished.set_exception(exc or ConnectionError("the server closed the connection"))


def _length(head: bytes) -> int:
    at = head.index(_LENGTH) + len(_LENGTH)
    return int(head[at:].split(b"\r\n", 1)[0])
