"""Health, readiness, metrics and documentation, with and without the servers behind them."""

import re
from datetime import UTC, datetime

import pytest

from app.contexts import MODELS
from infra import database
from infra.settings import settings
from tests import factories as make
from tests.doors import error_of


async def test_alive_and_ready(http):
    for path in ("/healthz", "/readyz"):
        answer = await http.get(path)
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_metrics_count_requests_by_route_not_by_address(http):
    await http.get("/staff/v1/customers/0198c1a2-7e4b-7c3d-9e8f-0123456789ab/timeline")
    await http.get("/never-heard-of")
    answer = await http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    routes = set(re.findall(r'guanxi_http_seconds_count\{method="GET",route="([^"]+)"', answer.text))
    assert {"/staff/v1/customers/{customer_id}/timeline", "unmatched"} <= routes
    assert "0198c1a2" not in answer.text
    assert "guanxi_outbox_unrelayed 0.0" in answer.text


@pytest.fixture
async def without_postgresql(http, fresh_settings):
    """The same application with nobody listening where PostgreSQL should be."""
    staff = await make.admin()
    headers = await make.headers(staff)
    await database.disconnect()
    fresh_settings.setenv("GUANXI_DATABASE_URL", "postgres://guanxi:x@127.0.0.1:1/guanxi")
    settings.cache_clear()
    await database.connect(MODELS)
    yield http, headers, staff
    await database.disconnect()
    fresh_settings.undo()
    settings.cache_clear()
    await database.connect(MODELS)


async def test_without_postgresql_the_process_lives_and_says_what_it_can_not_do(without_postgresql):
    http, headers, staff = without_postgresql
    assert (await http.get("/healthz")).status_code == 200
    assert error_of(await http.get("/readyz")) == (503, "unavailable")
    assert (await http.get("/metrics")).status_code == 200
    login = {"username": staff.username, "password": make.PASSWORD}
    for answer in (
        await http.get("/staff/v1/me", headers=headers),
        await http.get("/staff/v1/stores", headers=headers),
        await http.post("/staff/v1/login", json=login),
        await http.post("/wechat/wx1/push", content=b"<xml></xml>"),
    ):
        assert error_of(answer) == (503, "unavailable")
        assert answer.headers["x-request-id"] == answer.json()["error"]["request_id"]


async def test_answers_tell_the_time_of_the_clock(http, db):
    make.jump_to(db, datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC))
    assert (await http.get("/healthz")).headers["date"].startswith("Sat, 02 Jan 2027 03:04:")


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
async def test_the_documentation_loads_nothing_from_elsewhere(http, path):
    page = await http.get(path)
    assert page.status_code == 200
    loaded = re.findall(r"""(?:src|href|url\()\s*[=:]?\s*["']?([^"'\s>)]+)""", page.text)
    assert loaded
    assert [address for address in loaded if re.match(r"(https?:)?//", address)] == []
    for address in loaded:
        if address.startswith("/") and address != "/openapi.json":
            assert (await http.get(address)).status_code == 200, address
    assert not re.search(r"https?://(?!www\.w3\.org)[\w.-]+\.(com|net|org|io)\b", page.text)


async def test_the_openapi_document_loads_nothing_from_elsewhere_and_knows_the_bearer(http):
    document = (await http.get("/openapi.json")).json()
    assert "http" not in str(document.get("servers", ""))
    schemes = document["components"]["securitySchemes"].values()
    assert [(scheme["type"], scheme["scheme"]) for scheme in schemes] == [("http", "bearer")]
