"""The live benchmark's baseline: listeners get what comes from Redis as it is; nothing is kept or checked."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

CHANNEL = "bare-live"
_listeners = dict[str, asyncio.Queue[str]]()


async def _hear() -> None:
    async with Redis.from_url(os.environ["GUANXI_REDIS_URL"]).pubsub(ignore_subscribe_messages=True) as channel:
        await channel.subscribe(CHANNEL)
        async for message in channel.listen():
            told = json.loads(message["data"])
            for person in told["to"]:
                if person in _listeners:
                    _listeners[person].put_nowait(told["text"])


@asynccontextmanager
async def _lifespan(_app: Starlette) -> AsyncIterator[None]:
    hearing = asyncio.create_task(_hear())
    yield
    hearing.cancel()


async def _ready(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("ok")


async def _live(request: Request) -> StreamingResponse:
    return StreamingResponse(_events(request.path_params["person"]), media_type="text/event-stream")


async def _events(person: str) -> AsyncIterator[str]:
    waiting = _listeners[person] = asyncio.Queue[str]()
    yield 'event: hello\ndata: {"number": 0}\n\n'
    while True:
        yield f"event: notice\ndata: {await waiting.get()}\n\n"


app = Starlette(routes=[Route("/readyz", _ready), Route("/live/{person}", _live)], lifespan=_lifespan)
