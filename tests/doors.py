"""The HTTP door: inside the test's own process, without a socket, or as a process of its own."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import httpx

from api.app import create_app
from app.contexts import CONTEXTS
from tests.forks import Fork
from tests.simulator.harness import free_port
from wechat.pushes.service import Receiver


def receiver(*responders: Any) -> Receiver:
    """A push endpoint's state with the product's responders, or the given ones."""
    return Receiver(responders or tuple(chain.from_iterable(context.responders for context in CONTEXTS)))


@asynccontextmanager
async def open_door(app: Any = None) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application; the database is already open, so its lifespan is not entered."""
    app = app or create_app()
    app.state.receiver = receiver()
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=("127.0.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://door") as client:
        yield client
    await app.state.receiver.close()


@asynccontextmanager
async def serving(log: Path, port: int | None = None) -> AsyncIterator[tuple[Fork, httpx.AsyncClient]]:
    """`guanxi api` as a process, ready, and a client of it; what it prints goes into `log`."""
    port = port or free_port()
    log.touch()
    base = f"http://127.0.0.1:{port}"
    environment = {"GUANXI_PUBLIC_URL": base} | os.environ | {"GUANXI_LOG_LEVEL": "INFO"}
    child = Fork("app.cli:main", "api", "--port", str(port), output=log, environment=environment)
    try:
        async with httpx.AsyncClient(base_url=base) as client:
            deadline = time.monotonic() + 20
            while True:
                assert child.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                try:
                    await client.get("/readyz")
                    break
                except httpx.ConnectError:
                    await asyncio.sleep(0.05)
            yield child, client
    finally:
        child.kill()
        child.wait()


def error_of(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal in our shape."""
    return answer.status_code, answer.json()["error"]["code"]
