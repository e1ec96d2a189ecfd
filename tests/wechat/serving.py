"""The product's HTTP door on a loopback port, for what has to reach it by its public address."""

import asyncio
from contextlib import asynccontextmanager

import uvicorn

from api.app import create_app
from infra.settings import settings
from tests.doors import receiver
from tests.simulator.harness import free_port, until


@asynccontextmanager
async def serving(fresh_settings):
    """Yield the public address; the settings name it meanwhile."""
    app, port = create_app(), free_port()
    app.state.receiver = receiver()
    server = uvicorn.Server(uvicorn.Config(app, port=port, lifespan="off", log_config=None, access_log=False))
    task = asyncio.create_task(server.serve())

    async def started():
        return server.started

    await until(started)
    address = f"http://127.0.0.1:{port}"
    fresh_settings.setenv("GUANXI_PUBLIC_URL", address)
    settings.cache_clear()
    try:
        yield address
    finally:
        server.should_exit = True
        await task
        await app.state.receiver.close()
