"""Exports: whom the caller reaches, what each may see of them, nothing that runs, and written down."""

import csv
import io

import orjson
import pytest

from core.permissions.rules import RoleKey
from infra import database
from infra.csv import BEGINNING
from infra.tables import read
from infra.xlsx import Limits
from tests import factories as make
from tests.core.file_world import empty_store
from tests.core.import_world import imported, table
from tests.doors import error_of

EXPORT = "/staff/v1/customer-exports"


@pytest.fixture(autouse=True)
def _empty_store(db):
    empty_store()


@pytest.fixture
async def admin(http):
    return await make.admin()


async def exported(http, by, **body):
    answer = await http.post(EXPORT, headers=await make.headers(by), json=body)
    assert answer.status_code == 200, answer.text
    return answer


async def rows(http, by, **body):
    text = (await exported(http, by, **body)).content.decode()
    assert text.startswith(BEGINNING)
    return list(csv.DictReader(io.StringIO(text.removeprefix(BEGINNING))))


COLUMNS = ["name", "mobile", "email", "owner"]
HEADERS = ("姓名", "手机", "邮箱")
ONE = ("顾客01", "13800138001", "one@example.com")


async def test_own_numbers_are_whole_others_are_masked_and_the_pools_are_hidden(http, admin):
    guide = await make.guide("导购01")
    await imported(admin, table(ONE, headers=HEADERS))
    await imported(admin, table(("顾客02", "13800138002", "two@example.com"), headers=HEADERS))
    await database.execute(
        "UPDATE customer SET guide_id = $1 WHERE number = (SELECT max(number) FROM customer)", guide.id
    )
    await imported(admin, table(("顾客03", "13800138003", "three@example.com"), headers=HEADERS), into="pool")
    found = await rows(http, admin, columns=COLUMNS)
    assert [tuple(row.values()) for row in found] == [
        ("顾客03", "", "", ""),
        ("顾客02", "138****8002", "t***@example.com", guide.username),
        ("顾客01", "13800138001", "one@example.com", admin.username),
    ]


async def test_numbers_in_full_need_a_right_a_word_and_are_written_down(http, admin):
    guide = await make.guide()
    await imported(admin, table(ONE, headers=HEADERS))
    await database.execute("UPDATE customer SET guide_id = $1", guide.id)
    found = await rows(http, admin, columns=["mobile"], unmask=True)
    assert found == [{"手机": "13800138001"}]
    notes = await make.rows("SELECT details FROM audit WHERE action = 'customer.exported'")
    assert [orjson.loads(note["details"]) for note in notes] == [
        {"count": 1, "filters": {}, "columns": ["mobile"], "unmask": True, "format": "csv"}
    ]


async def test_nobody_exports_without_the_right(http, db):
    for role in (RoleKey.GUIDE, RoleKey.REP, RoleKey.STORE_MANAGER, RoleKey.MARKETER):
        extra = {"is_guide": True, "store_id": (await make.store()).id} if role is RoleKey.GUIDE else {}
        by = await make.headers(await make.colleague(role, **extra))
        answer = await http.post(EXPORT, headers=by, json={})
        assert (answer.status_code, answer.json()["error"]["details"]) == (403, {"permission": "customers:export"})


async def test_a_manager_exports_whom_he_reaches(http, admin):
    top = await make.department("总部二")
    region = await make.department("大区", parent=top)
    manager = await make.colleague(RoleKey.MANAGER, post=await make.post(region))
    own = await make.colleague(RoleKey.REP, post=await make.post(region))
    rows_ = table(("顾客01", own.username), ("顾客02", admin.username), headers=("姓名", "负责人"))
    await imported(admin, rows_, into="column")
    assert [row["名称"] for row in await rows(http, manager)] == ["顾客01"]
    assert [row["名称"] for row in await rows(http, admin)] == ["顾客02", "顾客01"]


async def test_filters_and_columns_are_the_callers_choice(http, admin):
    headers = ("姓名", "客户级别", "信用额度", "性别")
    await imported(admin, table(("顾客01", "A", "1万", "男"), ("顾客02", "B", "12.5", ""), headers=headers))
    found = await rows(http, admin, filters={"levels": ["B"]}, columns=["credit_limit", "level", "name"])
    assert found == [{"信用额度": "12.50", "客户级别": "B", "名称": "顾客02"}]
    answer = await http.post(EXPORT, headers=await make.headers(admin), json={"columns": ["none_such"]})
    assert error_of(answer) == (422, "export_columns_unknown")


async def test_what_a_spreadsheet_would_run_is_defused_and_can_be_read_back(http, admin):
    formula = '=HYPERLINK("http://example.com")'
    await imported(admin, table((formula, "备注"), headers=("姓名", "备注")))
    assert (await rows(http, admin, columns=["name"])) == [{"名称": f"'{formula}"}]
    content = (await exported(http, admin, columns=["name", "mobile"])).content
    await database.execute("DELETE FROM customer_search")
    again, report = await imported(admin, content, dry_run=True)
    assert (again.created, report) == (1, [])


async def test_xlsx_has_the_same_cells_as_texts_and_nothing_that_runs(http, admin):
    await imported(admin, table(("=1+1", "13800138001"), ("顾客02", "")))
    answer = await exported(http, admin, columns=["name", "mobile"], format="xlsx")
    found = read(io.BytesIO(answer.content), Limits(10**7, 10**5), most_columns=10, most_rows=10)
    assert (found.headers, [row.cells for row in found.rows]) == (
        ["名称", "手机"],
        [["顾客02", ""], ["=1+1", "13800138001"]],
    )
    assert b"<f>" not in answer.content
    assert "customers.xlsx" in answer.headers["content-disposition"]


async def test_what_leaves_the_callers_reach_meanwhile_is_left_out(http, admin, monkeypatch):
    from core.customers.imports import exporting
    from core.customers.imports.schemas import ExportIn

    monkeypatch.setattr(exporting, "_PAGE", 2)
    await imported(admin, table(*((f"顾客0{number}",) for number in range(5)), headers=("姓名",)))
    export = await exporting.begin(admin, ExportIn(columns=["name"]))
    pages = export.stream()
    begun = [await anext(pages), await anext(pages)]
    await database.execute(
        """UPDATE customer SET merged_into_id = (SELECT id FROM customer ORDER BY number DESC LIMIT 1)
        WHERE number = (SELECT min(number) FROM customer)"""
    )
    rest = b"".join([*begun, *[piece async for piece in pages]]).decode()
    assert rest.removeprefix(BEGINNING).split() == ["名称", "顾客04", "顾客03", "顾客02", "顾客01"]
