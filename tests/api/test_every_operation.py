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

from core.customers.rules import ContactKind, Credit
from core.permissions.rules import Role
from tests import factories as make
from tests.routes import routes

OPERATIONS = [route.name for route in routes()]
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
async def world(db):
    """A row of every kind, and the headers of every sort of caller."""
    account, store = await make.account(), await make.store(channel=await make.channel())
    guide, leaver = await make.guide(store=store), await make.guide(store=store)
    await make.welcome("欢迎", guide_id=guide.id)
    await make.record(make.contact(ContactKind.FOLLOW, credit=Credit(guide_id=guide.id)))
    customer = await make.customer_of()
    callers = [await make.colleague(role) for role in (Role.MANAGER, Role.ADMIN)]
    return {
        "headers": [{}, *[await make.headers(staff) for staff in (guide, *callers)]],
        "ids": {
            "app_id": account.app_id,
            "channel_id": str(store.channel_id),
            "code_id": str((await make.code(account, guide)).id),
            "customer_id": str(customer["id"]),
            "staff_id": str(leaver.id),
            "store_id": str(store.id),
        },
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
@settings(max_examples=12, **EVERY_TIME_THE_SAME)
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
