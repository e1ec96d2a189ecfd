"""The application: both sides over one state and one push engine."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from simulator.control import control_routes
from simulator.control.schemas import HealthOut
from simulator.messaging import mass_routes, media_routes, outbound_routes, template_routes
from simulator.people import act_routes
from simulator.phones import phone_routes
from simulator.platform import (
    fault_routes,
    menu_routes,
    mini_routes,
    oauth_routes,
    platform_routes,
    rendering,
    retired_routes,
    user_routes,
)
from simulator.platform.faults import Faults
from simulator.pushing import push_fault_routes, push_routes
from simulator.pushing.pushes import Engine
from simulator.settings import Settings
from simulator.world.clock import Clock
from simulator.world.schemas import ErrorOut
from simulator.world.state import State
from simulator.world.store import Store

PLATFORM = (
    platform_routes,
    retired_routes,
    user_routes,
    menu_routes,
    oauth_routes,
    mini_routes,
    outbound_routes,
    template_routes,
    mass_routes,
    media_routes,
)
CONTROL = (
    control_routes.router,
    fault_routes.router,
    platform_routes.control,
    menu_routes.control,
    oauth_routes.control,
    mini_routes.control,
    push_routes.router,
    act_routes.router,
    push_fault_routes.router,
    template_routes.control,
    mass_routes.control,
)


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
    app.add_middleware(Faults)
    for platform in PLATFORM:
        app.include_router(platform.router)
    for control in CONTROL:
        app.include_router(control, responses={"4XX": {"model": ErrorOut}})
    phone_routes.install(app)

    @app.get("/healthz")
    async def healthz() -> HealthOut:
        """Answer once everything is loaded."""
        return HealthOut()

    return app
