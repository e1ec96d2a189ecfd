"""Routes called before the framework's machinery behave as every other: same errors, same ids, same function."""

import asyncpg
import pytest

from api.app import create_app
from app.contexts import CONTEXTS
from tests.doors import error_of, open_door
from tests.routes import routes

FAST = [route for context in CONTEXTS for route in context.fast_routes]


class Broken:
    """A push endpoint's state of which nothing works."""

    def __init__(self, error):
        self.error = error

    async def receive(self, *_):
        raise self.error

    async def close(self):
        return None


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ZeroDivisionError("secret"), (500, "internal_error")),
        (asyncpg.DeadlockDetectedError("secret"), (503, "unavailable")),
        (ConnectionResetError("secret"), (503, "unavailable")),
    ],
)
async def test_what_goes_wrong_inside_is_told_as_everywhere_else(db, error, expected):
    app = create_app()
    async with open_door(app) as client:
        app.state.receiver = Broken(error)
        answer = await client.post("/wechat/wx1/push", headers={"X-Request-Id": "request-0001"})
    assert error_of(answer) == expected
    assert answer.headers["x-request-id"] == answer.json()["error"]["request_id"] == "request-0001"
    assert "secret" not in answer.text


async def test_refusals_come_in_the_callers_language(http):
    answer = await http.post("/wechat/wx1/push", headers={"Accept-Language": "en"})
    assert answer.json()["error"]["message"] == "There is no such account"


async def test_other_methods_and_longer_addresses_are_no_pushes(http):
    assert error_of(await http.put("/wechat/wx1/push")) == (405, "method_not_allowed")
    for path in ("/wechat/wx1/push/more", "/wechat/a/b/push", "/wechat//push"):
        assert error_of(await http.post(path)) == (404, "not_found")


def test_a_fast_route_is_a_route_of_its_context_and_calls_the_same_function():
    assert FAST
    assert {(route.method, route.path) for route in FAST} <= {route.name for route in routes()}
    slow = {
        (method, route.path): route.endpoint
        for context in CONTEXTS
        for router in context.routes
        for route in router.routes
        for method in route.methods
    }
    for route in FAST:
        assert slow[route.method, route.path] is route.endpoint
