"""Every route of the product and what it asks of its caller, read from the routers of the contexts."""

from collections.abc import Iterator
from dataclasses import dataclass

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from api import health
from app.contexts import CONTEXTS
from core.organisation.dependencies import _staff_at_door

# Whoever adds a route here says in its docstring what stands in for a session.
PUBLIC = {
    ("POST", "/staff/v1/login"),
    ("GET", "/staff/v1/login/wechat"),
    ("POST", "/staff/v1/login/wechat"),
    ("GET", "/files/v1/{link}"),
    ("HEAD", "/files/v1/{link}"),
    ("GET", "/wechat/{app_id}/push"),
    ("POST", "/wechat/{app_id}/push"),
    ("GET", "/MP_verify_{key}.txt"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
}

# What never ends; it is looked at in its own tests.
STREAMS = {("GET", "/staff/v1/live")}


@dataclass(frozen=True)
class Guarded:
    """A route, whether it needs a colleague's session, and the operation points it asks for by name."""

    method: str
    path: str
    session: bool
    permissions: frozenset[str]

    @property
    def name(self) -> tuple[str, str]:
        return self.method, self.path


def _calls(dependant: Dependant) -> Iterator[object]:
    for dependency in dependant.dependencies:
        yield dependency.call
        yield from _calls(dependency)


def routes() -> list[Guarded]:
    """All routes of all contexts and of the operations."""
    routers = [router for context in CONTEXTS for router in context.routes]
    found = []
    for route in [route for router in (*routers, health.router) for route in router.routes]:
        assert isinstance(route, APIRoute), route
        calls = list(_calls(route.dependant))
        permissions = frozenset(p for call in calls if (p := getattr(call, "permission", None)))
        session = _staff_at_door in calls
        found += [Guarded(method, route.path, session, permissions) for method in sorted(route.methods or ())]
    return found
