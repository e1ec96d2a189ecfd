"""Parameters over HTTP: read, set by version, reset, with everything noted (K-06)."""

import re
import subprocess
import sys
from decimal import Decimal

import pytest

from core.parameters import company
from core.parameters.company import DocumentKind
from infra import parameters
from tests import factories as make
from tests.architecture.sources import sources
from tests.core.audit_world import forget
from tests.doors import error_of

PATH = "/staff/v1/parameters"


@pytest.fixture
async def admin(http):
    person = await make.admin()
    http.headers.update(await make.headers(person))
    await forget()
    return person


async def put(http, name, value, version=0):
    return await http.put(f"{PATH}/{name}", json={"value": value, "version": version})


async def test_they_are_listed_by_group_with_everything_a_form_needs(http, admin):
    groups = {group["group"]: group["items"] for group in (await http.get(PATH)).json()["groups"]}
    assert list(groups) == sorted(groups)
    (order,) = [entry for entry in groups["decimals"] if entry["name"] == "decimals.order"]
    assert order == {
        "name": "decimals.order",
        "help": "订单金额的小数位数",
        "english": "Decimal places of amounts of a kind of document: order",
        "type": "int",
        "unit": "位",
        "least": None,
        "most": None,
        "choices": [0, 1, 2],
        "default": 2,
        "value": 2,
        "version": 0,
        "changed_by": None,
        "changed_at": None,
    }


def _declared_by(module):
    code = f"import {module}; from infra.parameters import declared; print(*declared)"
    return set(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split())


def test_every_process_knows_the_parameters_of_all():
    known = _declared_by("app.contexts")
    written = {
        match[1] for source in sources() for match in re.finditer(r'Parameter\(\s*name="([a-z_.]+)"', source.text)
    }
    assert known >= written
    assert len(written) > 40


async def test_a_change_shows_who_made_it_and_is_noted(http, admin):
    answer = await put(http, "company.admin_email", "admin@example.com")
    assert answer.status_code == 200, answer.text
    assert {key: answer.json()[key] for key in ("value", "version", "changed_by")} == {
        "value": "admin@example.com",
        "version": 1,
        "changed_by": admin.name,
    }
    assert await company.ADMIN_EMAIL.get() == "admin@example.com"
    (row,) = await make.rows("SELECT actor, subject_id, details::text AS details FROM audit")
    assert (row["actor"], row["subject_id"]) == (f"staff:{admin.id}", "company.admin_email")
    assert row["details"] == '{"to": "admin@example.com", "from": null, "version": 1}'


async def test_who_saw_an_older_version_is_told_the_present_one(http, admin):
    await put(http, "decimals.order", 1)
    answer = await put(http, "decimals.order", 0)
    assert error_of(answer) == (409, "parameter_changed")
    assert answer.json()["error"]["details"] == {"name": "decimals.order", "version": 1}
    assert await make.count("audit") == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("decimals.order", 3),
        ("decimals.order", -1),
        ("decimals.order", "2"),
        ("decimals.order", True),
        ("reminders.birthday_days", 61),
        ("reminders.birthday_days", 2**60),
        ("company.admin_email", "nobody"),
        ("company.admin_email", "a@b"),
        ("company.admin_email", "a b@c.cn"),
        ("company.admin_email", "a@c.cn\nx"),
    ],
)
async def test_a_value_that_does_not_fit_is_refused(http, admin, name, value):
    assert error_of(await put(http, name, value)) == (422, "parameter_refused")
    assert await make.count("parameter_version") == await make.count("audit") == 0


@pytest.mark.parametrize("body", [{"value": None, "version": 0}, {"value": 2.5, "version": 0}, {"value": 1}, {}])
async def test_a_body_of_another_form_is_refused(http, admin, body):
    assert error_of(await http.put(f"{PATH}/decimals.order", json=body)) == (422, "invalid_input")


async def test_the_default_comes_back_as_a_new_version(http, admin):
    await put(http, "decimals.order", 0)
    assert error_of(await http.delete(f"{PATH}/decimals.order?version=0")) == (409, "parameter_changed")
    back = (await http.delete(f"{PATH}/decimals.order?version=1")).json()
    assert (back["value"], back["version"], back["changed_by"]) == (2, 2, admin.name)
    assert await company.rounded(DocumentKind.ORDER, 1234) == 1234


async def test_the_history_goes_back_to_the_first_change(http, admin):
    for version, value in enumerate((0, 1, 2)):
        await put(http, "decimals.order", value, version)
    await http.delete(f"{PATH}/decimals.order?version=3")
    first = (await http.get(f"{PATH}/decimals.order/history?limit=3")).json()
    assert [(one["version"], one["value"], one["changed_by"]) for one in first["items"]] == [
        (4, None, admin.name),
        (3, 2, admin.name),
        (2, 1, admin.name),
    ]
    rest = (await http.get(f"{PATH}/decimals.order/history?cursor={first['next']}")).json()
    assert ([one["version"] for one in rest["items"]], rest["next"]) == ([1], None)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_an_unknown_name_is_not_found(http, admin, method):
    body = {"value": 1, "version": 0} if method == "PUT" else None
    path = f"{PATH}/no.such?version=0" if method == "DELETE" else f"{PATH}/no.such"
    assert error_of(await http.request(method, path, json=body)) == (404, "parameter_not_found")
    assert error_of(await http.get(f"{PATH}/no.such/history")) == (404, "parameter_not_found")


async def test_a_manager_may_not(http, db):
    http.headers.update(await make.headers(await make.manager()))
    assert error_of(await http.get(PATH)) == (403, "forbidden")
    assert error_of(await put(http, "decimals.order", 1)) == (403, "forbidden")


async def test_at29_amounts_are_rounded_to_the_decimals_of_their_document(db):
    await parameters.change("decimals.quote", 0, expected_version=0, by="test")
    await parameters.change("decimals.contract", 1, expected_version=0, by="test")
    amounts = [await company.rounded(kind, Decimal("1250.5")) for kind in DocumentKind]
    assert dict(zip(DocumentKind, amounts, strict=True)) == {
        DocumentKind.CONTRACT: 1250,
        DocumentKind.ORDER: 1251,
        DocumentKind.QUOTE: 1300,
        DocumentKind.PRODUCT: 1251,
    }


async def test_at29_a_line_is_rounded_once(db):
    await parameters.change("decimals.order", 1, expected_version=0, by="test")
    # 1.99 yuan times 2.499 are 4.97301 yuan: 5.0, and 4.97 where fen count.
    assert await company.times(DocumentKind.ORDER, 199, Decimal("2.499")) == 500
    assert await company.times(DocumentKind.PRODUCT, 199, Decimal("2.499")) == 497
