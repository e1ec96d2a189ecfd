"""The HTTP door inside the test's own process, without a socket."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import chain
from typing import Any

import httpx

from api.app import create_app
from app.contexts import CONTEXTS
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


def error_of(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal in our shape."""
    return answer.status_code, answer.json()["error"]["code"]
