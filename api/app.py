"""Builds the application."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import chain

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.types import ASGIApp

from api import errors, health, openapi, pages
from api.fast import FastRoutes
from api.middleware import RequestMiddleware
from app.contexts import CONTEXTS, MODELS
from core.notices import delivered, streams
from infra import database, logging, redis
from infra.errors import Unavailable
from infra.files import stores
from infra.settings import settings
from wechat.platform import client
from wechat.pushes.service import Receiver

# Pushes and forms are small. Files come by an address of their own, which measures them while they come.
MOST_BODY_BYTES = 1_048_576
STREAMED = frozenset({("POST", "/staff/v1/files")})


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
    await streams.hub.open()
    _settle_garbage()
    yield
    await streams.hub.close()
    await delivered.close()
    await receiver.close()
    await client.close()
    await stores.close()
    await redis.disconnect()
    await database.disconnect()


def _settle_garbage() -> None:
    """Keep the collector from looking at modules and caches again and again while requests wait."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def create_app() -> FastAPI:
    """The HTTP door: every context's routes, health, metrics, and a documentation that needs no internet."""
    config = settings()
    logging.configure(process="api", level=config.log_level, json=config.log_json)
    app = FastAPIOffline(
        title="关系 Guanxi",
        description="A chat-first social CRM behind WeChat official accounts and mini-programs.",
        version="1",
        lifespan=lifespan,
        # Metrics are our own (`infra/metrics.py`); whether somebody wants more would be asked anew at each push.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    for context in CONTEXTS:
        for router in context.routes:
            app.include_router(router)
    app.include_router(health.router)
    app.include_router(pages.router)
    errors.install(app)
    openapi.install(app)
    _stand_around(app)
    return app


def _stand_around(app: FastAPI) -> None:
    """Put our two layers outside of all the framework's own, which would cost every push as much as its decryption."""
    framework = app.build_middleware_stack

    def build() -> ASGIApp:
        fast = FastRoutes(framework(), [route for context in CONTEXTS for route in context.fast_routes])
        return RequestMiddleware(fast, MOST_BODY_BYTES, STREAMED)

    app.build_middleware_stack = build  # type: ignore[method-assign]  # where Starlette asks for the stack, once
