"""Imports over HTTP: upload, headers, mapping, order, progress, report; and who may."""

import io

import pytest

from core.customers.imports import running
from core.permissions.rules import RoleKey
from infra import database
from tests import factories as make
from tests.core.file_world import empty_store, upload
from tests.core.import_world import field, table
from tests.core.test_customer_import_runs import dirty
from tests.doors import error_of
from tests.infra.some_bytes import OF_TYPE
from tests.infra.test_spreadsheets import book

HEADERS, IMPORTS = "/staff/v1/customer-imports/headers", "/staff/v1/customer-imports"


@pytest.fixture(autouse=True)
def _empty_store(db):
    empty_store()


@pytest.fixture
async def me(http):
    return await make.headers(await make.admin())


async def uploaded(http, me, content=None, name="客户.csv"):
    answer = await upload(http, me, content or table(("顾客01", "13800138001")), name=name, purpose="table")
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def ordered(http, me, file_id=None, **values):
    body = {"file_id": file_id or await uploaded(http, me), "mapping": ["name", "mobile"], "dry_run": False} | values
    return await http.post(IMPORTS, headers=me, json=body)


@pytest.mark.parametrize("content", [table(("顾客01", "13800138001")), book(["顾客01", 13800138001])])
async def test_the_way_from_a_table_to_customers(http, me, content):
    file_id = await uploaded(http, me, content)
    looked = (await http.post(HEADERS, headers=me, json={"file_id": file_id})).json()
    assert (looked["headers"], looked["rows"]) == (["姓名", "手机"], [["顾客01", "13800138001"]])
    assert (looked["mapping"], looked["remembered"]) == (["name", "mobile"], False)
    assert {"key": "name", "title": "名称"} in looked["fields"]
    answer = await ordered(http, me, file_id)
    assert (answer.status_code, answer.json()["state"]) == (202, "waiting")
    await running.run_due()
    done = (await http.get(f"{IMPORTS}/{answer.json()['id']}", headers=me)).json()
    assert (done["state"], done["rows"], done["created"]) == ("done", 1, 1)
    assert [one["id"] for one in (await http.get(IMPORTS, headers=me)).json()["items"]] == [done["id"]]
    report = await http.get(f"{IMPORTS}/{done['id']}/report.csv", headers=me)
    assert report.text.removeprefix("\ufeff").split() == ["行号,结果,代码,说明,列"]


async def test_a_mapping_is_remembered_for_the_same_headers_first_the_own_one(http, me):
    other = await make.headers(await make.admin())
    await ordered(http, other, mapping=[None, "mobile"])
    looked = (await http.post(HEADERS, headers=me, json={"file_id": await uploaded(http, me)})).json()
    assert (looked["mapping"], looked["remembered"]) == ([None, "mobile"], True)
    await ordered(http, me, mapping=["remark", "mobile"])
    await ordered(http, other, mapping=["name", None])
    looked = (await http.post(HEADERS, headers=me, json={"file_id": await uploaded(http, me)})).json()
    assert looked["mapping"] == ["remark", "mobile"]


async def test_a_remembered_field_that_is_gone_is_left_out(http, me):
    gone = await field("尺码", "line")
    await ordered(http, me, mapping=["name", f"custom:{gone}"])
    await database.execute("UPDATE custom_field SET deleted_at = created_at")
    from core.custom_fields import queries

    queries.forget()
    looked = (await http.post(HEADERS, headers=me, json={"file_id": await uploaded(http, me)})).json()
    assert looked["mapping"] == ["name", None]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"mapping": ["name", "none_such"]}, "unknown"),
        ({"mapping": ["name", "name"]}, "twice"),
        ({"mapping": ["name", None, "mobile"]}, "too_many"),
        ({"mapping": ["gender"]}, "nothing_to_know_by"),
        ({"mapping": ["name"], "into": "column"}, "owner_missing"),
    ],
)
async def test_a_mapping_that_does_not_hold_is_refused(http, me, values, reason):
    answer = await ordered(http, me, **values)
    assert error_of(answer) == (422, "mapping_refused")
    assert answer.json()["error"]["details"]["reason"] == reason


async def test_the_same_order_with_the_same_key_is_one_import(http, me):
    body = {"file_id": await uploaded(http, me), "mapping": ["name"]}
    answers = [await http.post(IMPORTS, headers=me | {"Idempotency-Key": "1"}, json=body) for _ in range(2)]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    assert await make.count("customer_import") == 1


async def test_what_is_no_table_is_refused_when_it_is_uploaded(http, me):
    for media_type in ("application/pdf", "image/png", "video/mp4"):
        answer = await upload(http, me, OF_TYPE[media_type], purpose="table")
        assert error_of(answer) == (415, "file_type_refused")
    for content in (b"\x00\x01", b"<html><script>1</script>", b"\xff\xfe\xff\xff", b"#!/bin/sh\n"):
        assert error_of(await upload(http, me, content, purpose="table")) == (415, "file_type_refused")
    assert error_of(await upload(http, me, table(("顾客01", "")), purpose="attachment")) == (415, "file_type_refused")


async def test_nobody_imports_the_file_of_somebody_else_or_of_another_purpose(http, me):
    other = await make.headers(await make.admin())
    assert error_of(await ordered(http, me, await uploaded(http, other))) == (404, "file_not_found")
    image = (await upload(http, me, OF_TYPE["image/png"])).json()["id"]
    assert error_of(await ordered(http, me, image)) == (404, "file_not_found")


async def test_at09_an_ordinary_rep_imports_nothing_and_nobody_into_the_pool_without_its_right(http, me):
    for role in (RoleKey.REP, RoleKey.STORE_MANAGER, RoleKey.SERVICE):
        answer = await ordered(http, await make.headers(await make.colleague(role)), into="pool")
        assert error_of(answer) == (403, "forbidden")
        assert answer.json()["error"]["details"] == {"permission": "customers:import"}
    importer = await make.headers(await _with_points("customers:import"))
    answer = await ordered(http, importer, into="pool")
    assert answer.json()["error"]["details"] == {"permission": "pool:write"}
    assert (await ordered(http, importer)).status_code == 202
    credit = await ordered(http, importer, mapping=["name", "credit_limit"])
    assert credit.json()["error"]["details"] == {"permission": "customers:credit"}


async def _with_points(*points):
    from infra import clock
    from infra.ids import new_id

    role_id, somebody = new_id(), await make.colleague(RoleKey.REP)
    await database.execute(
        """INSERT INTO role (id, name, points, scope, special_rights, version, created_at)
        VALUES ($1, '导入员', $2::jsonb, 'own', '[]', 1, $3)""",
        role_id,
        str(list(points)).replace("'", '"'),
        clock.now(),
    )
    await database.execute("UPDATE staff SET role_id = $2 WHERE id = $1", somebody.id, role_id)
    return somebody


async def test_the_report_names_rows_and_never_what_stood_in_them(http, me):
    answer = await ordered(http, me, await uploaded(http, me, dirty(60)), mapping=["name", "mobile", "external_number"])
    await running.run_due()
    text = (await http.get(f"{IMPORTS}/{answer.json()['id']}/report.csv", headers=me)).text
    assert "1380013800" not in text
    assert "顾客" not in text.replace("客户", "")
    assert len(io.StringIO(text).readlines()) > 20
