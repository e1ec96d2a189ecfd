"""Every route with every role: no session is 401, a role without the right is 403, and the right alone is enough."""

from uuid import uuid4

import pytest

from core.permissions.rules import PERMISSIONS, Role
from tests import factories as make
from tests.doors import error_of
from tests.routes import PUBLIC, Guarded, routes

GUARDED = [route for route in routes() if route.name not in PUBLIC]


def _path(route: Guarded):
    return "/".join(str(uuid4()) if part.startswith("{") else part for part in route.path.split("/"))


async def _ask(http, route, headers):
    return await http.request(route.method, _path(route), headers=headers, json={} if route.method != "GET" else None)


@pytest.mark.parametrize("route", GUARDED, ids=lambda route: f"{route.method} {route.path}")
async def test_each_role_may_exactly_what_its_operation_points_say(http, route):
    for headers in ({}, {"Authorization": "Bearer none"}, {"Authorization": "Basic eDp5"}, {"Authorization": "Bearer"}):
        assert error_of(await _ask(http, route, headers)) == (401, "unauthenticated")
    for role in Role:
        store = await make.store() if role is Role.GUIDE else None
        staff = await make.colleague(role, store_id=store.id if store else None)
        answer = await _ask(http, route, await make.headers(staff))
        missing = route.permissions - PERMISSIONS[role]
        if missing:
            assert error_of(answer) == (403, "forbidden")
            assert answer.json()["error"]["details"] == {"permission": next(iter(missing))}
        else:
            assert answer.status_code in {200, 201, 204, 404, 422}, answer.text
