"""Every error has one shape, in the caller's language, with the request's id, and gives nothing away."""

import io
import json
import logging
from datetime import UTC, datetime
from uuid import uuid4

import asyncpg
import pytest

from api.app import create_app
from infra.errors import TooManyRequests
from tests import factories as make
from tests.doors import error_of, open_door


@pytest.fixture
async def boss(http):
    return await make.headers(await make.admin())


def error(answer):
    body = answer.json()
    assert list(body) == ["error"]
    assert set(body["error"]) == {"code", "message", "details", "request_id"}
    return body["error"]


@pytest.mark.parametrize(
    ("language", "message"),
    [
        (None, "请先登录"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "请先登录"),
        ("en-US,en;q=0.9", "Please log in"),
        ("EN", "Please log in"),
    ],
)
async def test_messages_are_chinese_unless_english_is_asked_for_first(http, language, message):
    headers = {"Accept-Language": language} if language else {}
    answer = await http.get("/staff/v1/me", headers=headers)
    assert (answer.status_code, error(answer)["message"]) == (401, message)
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/nowhere", (404, "not_found")),
        ("GET", "/staff/v1/login", (405, "method_not_allowed")),
        ("DELETE", "/staff/v1/stores", (405, "method_not_allowed")),
        ("POST", "/staff/v1/login", (422, "invalid_input")),
    ],
)
async def test_unknown_addresses_methods_and_bodies_have_the_same_shape(http, method, path, expected):
    answer = await http.request(method, path)
    assert error_of(answer) == expected
    assert error(answer)["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize("given", ["request-0001", "a.b_c-D" * 8])
async def test_a_request_id_is_echoed(http, given):
    answer = await http.get("/nowhere", headers={"X-Request-Id": given})
    assert answer.headers["x-request-id"] == error(answer)["request_id"] == given


@pytest.mark.parametrize("given", ["short", "x" * 65, "with space here", "line\tbreak-here", "<script>alert"])
async def test_a_request_id_that_is_none_is_replaced(http, given):
    answer = await http.get("/nowhere", headers={"X-Request-Id": given})
    assert answer.headers["x-request-id"] == error(answer)["request_id"] != given


async def test_every_answer_has_a_request_id_of_its_own(http):
    ids = {(await http.get("/healthz")).headers["x-request-id"] for _ in range(5)}
    assert len(ids) == 5


@pytest.mark.parametrize("path", ["/staff/v1/login", "/staff/v1/staff"])
async def test_a_body_beyond_the_limit_is_too_large_in_our_shape(http, boss, path):
    answer = await http.post(path, headers=boss, content=b"x" * 1_048_577)
    assert error_of(answer) == (413, "too_large")
    assert error(answer)["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b'{"username": "\\ud800", "password": "x"}',
        b'{"username": "a\\u0000b", "password": "x"}',
        b'{"username": 1, "password": ["x"]}',
        b'{"\\ud800": 1}',
        b"\xff\xfe",
        b"NaN",
        b'{"username": "a", "password": NaN}',
        b"[" * 50_000,
    ],
)
async def test_a_body_that_is_no_valid_input_is_refused(http, content):
    answer = await http.post("/staff/v1/login", content=content, headers={"content-type": "application/json"})
    assert error_of(answer) == (422, "invalid_input")


async def test_a_refused_input_is_named_but_not_repeated(http, boss):
    body = {
        "name": "x" * 51,
        "username": "Secret Name",
        "password": "short-1",
        "role_id": "a-role",
        "more": "hidden-value",
    }
    answer = await http.post("/staff/v1/staff", headers=boss, json=body)
    assert error_of(answer) == (422, "invalid_input")
    fields = {field["field"] for field in error(answer)["details"]["fields"]}
    assert {"body.name", "body.username", "body.password", "body.role_id", "body.more"} < fields
    for value in (*body.values(), '"input"'):
        assert value not in answer.text


@pytest.mark.parametrize(
    ("language", "problem"),
    [
        ("zh-CN", "转发地址须以 https:// 开头，且不能是本系统的推送地址"),
        ("en", "must be an https address, and not our own push address"),
    ],
)
async def test_a_field_is_named_as_the_sender_knows_it(http, boss, language, problem):
    account = await make.account()
    headers = boss | {"Accept-Language": language}
    body = {"forward_url": "notaurl"}
    answer = await http.patch(f"/staff/v1/accounts/{account.id}", headers=headers, json=body)
    assert error(answer)["details"]["fields"] == [{"field": "body.forward_url", "problem": problem}]


async def test_problems_are_told_in_the_callers_language(http, boss):
    body = {"name": "x" * 51, "phone": "a phone", "role_id": "a-role", "scope": "a-scope", "more": 1}

    async def told(language):
        headers = boss | {"Accept-Language": language}
        answer = await http.patch(f"/staff/v1/staff/{uuid4()}", headers=headers, json=body)
        return {field["field"]: field["problem"] for field in error(answer)["details"]["fields"]}

    chinese, english = await told("zh-CN"), await told("en")
    assert chinese["body.name"] == "最多 50 个字符"
    assert (chinese["body.phone"], chinese["body.more"]) == ("格式不对", "没有这一项")
    assert chinese["body.scope"].startswith("只能是 '")
    assert not any(" or " in problem or "should" in problem for problem in chinese.values())
    assert english["body.more"] == "Extra inputs are not permitted"


async def test_a_huge_unknown_field_is_not_repeated_at_length(http, boss):
    answer = await http.post("/staff/v1/staff", headers=boss, json={"k" * 500_000: 1})
    assert answer.status_code == 422
    assert len(answer.content) < 10_000


async def test_a_wait_is_told_in_seconds(db):
    app = create_app()

    @app.get("/busy")
    async def busy():
        raise TooManyRequests(retry_after=17)

    async with open_door(app) as client:
        answer = await client.get("/busy")
    assert (error_of(answer), answer.headers["retry-after"]) == ((429, "too_many_requests"), "17")


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (ZeroDivisionError("secret"), (500, "internal_error")),
        (asyncpg.DeadlockDetectedError("secret"), (503, "unavailable")),
        (asyncpg.LockNotAvailableError("secret"), (503, "unavailable")),
        (asyncpg.QueryCanceledError("secret"), (503, "unavailable")),
        (asyncpg.TooManyConnectionsError("secret"), (503, "unavailable")),
        (ConnectionResetError("secret"), (503, "unavailable")),
    ],
)
async def test_what_goes_wrong_inside_tells_nothing_but_the_requests_id(db, raised, expected):
    app = create_app()

    @app.get("/broken")
    async def broken():
        raise raised

    async with open_door(app) as client:
        answer = await client.get("/broken", headers={"X-Request-Id": "request-0001"})
    assert error_of(answer) == expected
    assert "secret" not in answer.text
    assert error(answer)["request_id"] == answer.headers["x-request-id"] == "request-0001"
    assert ("retry-after" in answer.headers) == (expected[0] == 503)


async def test_the_log_of_a_failed_request_carries_its_id(db):
    app, written = create_app(), io.StringIO()
    logging.getLogger().handlers[0].setStream(written)

    @app.get("/broken")
    async def broken():
        raise ZeroDivisionError

    async with open_door(app) as client:
        await client.get("/broken", headers={"X-Request-Id": "request-0001"})
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    failed = [line for line in lines if line["event"] == "request_failed"]
    assert [line.get("request_id") for line in failed] == ["request-0001"]
    assert "ZeroDivisionError" in failed[0]["exception"]


async def test_details_may_hold_what_the_product_counts_in(db):
    app, one, at = create_app(), uuid4(), datetime(2026, 3, 4, 4, tzinfo=UTC)

    @app.get("/refused")
    async def _refused():
        raise TooManyRequests({"ids": [one], "at": at})

    async with open_door(app) as door:
        answer = await door.get("/refused")
    assert answer.status_code == 429
    assert error(answer)["details"] == {"ids": [str(one)], "at": "2026-03-04T04:00:00+00:00"}
