"""Builds the application."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import chain

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from api import errors, health, openapi
from api.fast import FastRoutes
from api.middleware import RequestMiddleware
from app.contexts import CONTEXTS, MODELS
from infra import database, logging, redis
from infra.errors import Unavailable
from infra.settings import settings
from wechat.platform import client
from wechat.pushes.service import Receiver

# Pushes and forms are small; files come by an address of their own.
MOST_BODY_BYTES = 1_048_576


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open what a process shares, warm caches, and on the way out finish what was begun."""
    await database.connect(MODELS)
    try:
        await asyncio.gather(*(warm() for context in CONTEXTS for warm in context.warm))
    except Unavailable:
        # /readyz says so; the caches fill with the first push.
        logging.logger().warning("started_without_postgresql")
    receiver = Receiver(tuple(chain.from_iterable(context.responders for context in CONTEXTS)))
    app.state.receiver = receiver
    yield
    await receiver.close()
    await client.close()
    await redis.disconnect()
    await database.disconnect()


def create_app() -> FastAPI:
    """The HTTP door: every context's routes, health, metrics, and a documentation that needs no internet."""
    config = settings()
    logging.configure(process="api", level=config.log_level, json=config.log_json)
    app = FastAPIOffline(
        title="关系 Guanxi",
        description="A chat-first social CRM behind WeChat official accounts and mini-programs.",
        version="1",
        lifespan=lifespan,
    )
    for context in CONTEXTS:
        for router in context.routes:
            app.include_router(router)
    app.include_router(health.router)
    errors.install(app)
    openapi.install(app)
    # The last one added is the outermost.
    app.add_middleware(FastRoutes, routes=[route for context in CONTEXTS for route in context.fast_routes])
    app.add_middleware(RequestMiddleware, most_bytes=MOST_BODY_BYTES)
    return app
