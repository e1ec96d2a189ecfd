"""The application: both sides over one state and one push engine."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from simulator import control_routes, platform_routes, push_routes, rendering
from simulator.clock import Clock
from simulator.pushes import Engine
from simulator.schemas import ErrorOut, HealthOut
from simulator.settings import Settings
from simulator.state import State
from simulator.store import Store


def create_app(settings: Settings) -> FastAPI:
    """Return the application; its state file is opened when it starts and closed when it ends."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        state = State(Store(settings.state_file), Clock(settings.clock_file))
        engine = Engine(state, settings)
        app.state.state, app.state.engine = state, engine
        engine.start()
        yield
        await engine.close()
        state.close()

    # The pages of /docs would load scripts from a foreign host.
    app = FastAPI(title="WeChat stand-in", lifespan=lifespan, docs_url=None, redoc_url=None)
    rendering.install(app)
    app.include_router(platform_routes.router)
    app.include_router(control_routes.router, responses={"4XX": {"model": ErrorOut}})
    app.include_router(push_routes.router, responses={"4XX": {"model": ErrorOut}})

    @app.get("/healthz")
    async def healthz() -> HealthOut:
        """Answer once everything is loaded."""
        return HealthOut()

    return app
