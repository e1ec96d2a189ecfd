"""Generated requests, well and badly formed, by every role: never a 5xx, never an undocumented answer.

The requests follow from our OpenAPI document (schemathesis); the same ones each run. `make prove` sends many more.
"""

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from core.permissions.rules import READY_MADE, RoleKey, Scope
from tests import factories as make
from tests.routes import STREAMS, routes
from tests.routes_world import OBJECTS, build, object_of

OPERATIONS = [route.name for route in routes() if route.name not in STREAMS]
CHECKS = [not_a_server_error, status_code_conformance, response_schema_conformance, content_type_conformance]
EVERY_TIME_THE_SAME = {
    "derandomize": True,
    "database": None,
    "deadline": None,
    "phases": [Phase.generate],
    "suppress_health_check": list(HealthCheck),
}


@pytest.fixture(scope="session")
async def schema(_door):
    document = (await _door.get("/openapi.json")).json()
    return schemathesis.openapi.from_dict(document)


@pytest.fixture
async def world(db, name):
    """The objects that the operation's path names, and the headers of every sort of caller."""
    found = await build(READY_MADE[RoleKey.ADMIN].id, Scope.ALL)
    callers = [await make.colleague(role) for role in (RoleKey.GUIDE, RoleKey.MANAGER)]
    named = [parameter for parameter in OBJECTS if f"{{{parameter}}}" in name[1]]
    ids = {parameter: await object_of(name[1], parameter).make(found.own) for parameter in named}
    return {
        "headers": [{}, *[await make.headers(staff) for staff in (*callers, found.caller)]],
        "ids": ids | {"app_id": found.own.account.app_id},
    }


def _case(data, schema, world, name):
    """A drawn request of an operation, now and then for a row that exists."""
    method, path = name
    mode = data.draw(st.sampled_from([GenerationMode.POSITIVE, GenerationMode.NEGATIVE]))
    case = data.draw(schema[path][method].as_strategy(generation_mode=mode))
    if data.draw(st.booleans()):
        case.path_parameters = {
            key: world["ids"].get(key, value) for key, value in (case.path_parameters or {}).items()
        }
    # httpx and our server read headers as ASCII; what no client can send is no request.
    case.headers = {k: v for k, v in (case.headers or {}).items() if str(v).isascii() and k.lower() != "authorization"}
    return case, data.draw(st.sampled_from(world["headers"]))


async def _ask(http, case, headers):
    kwargs = case.as_transport_kwargs(base_url="http://door")
    prepared = requests.Request(
        **{key: kwargs.get(key) for key in ("method", "url", "headers", "params", "json", "data", "cookies")}
    ).prepare()
    sent = {k: v for k, v in prepared.headers.items() if k.lower() != "content-length"}
    return await http.request(prepared.method, prepared.url, headers=sent | headers, content=prepared.body or b"")


def _check(case, answer):
    try:
        case.validate_response(answer, checks=CHECKS)
    except FailureGroup as group:
        raise AssertionError("\n".join(str(failure) for failure in group.exceptions)) from None


@pytest.mark.parametrize("name", OPERATIONS, ids=" ".join)
@settings(max_examples=2, **EVERY_TIME_THE_SAME)
@given(data=st.data())
async def test_an_operation_answers_as_documented(http, schema, world, name, data):
    case, headers = _case(data, schema, world, name)
    _check(case, await _ask(http, case, headers))


@pytest.mark.prove
@pytest.mark.parametrize("name", OPERATIONS, ids=" ".join)
@settings(max_examples=400, **EVERY_TIME_THE_SAME)
@given(data=st.data())
async def test_an_operation_answers_as_documented_to_many_requests(http, schema, world, name, data):
    case, headers = _case(data, schema, world, name)
    _check(case, await _ask(http, case, headers))
