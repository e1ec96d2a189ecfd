"""People from a spreadsheet: all of them or none, every problem named by row and column, within the own rights."""

import asyncio
import io
import zipfile

import pytest

from app.contexts import registry
from core.organisation.imports.rules import HEADERS
from core.permissions.rules import RoleKey, Scope
from infra import database
from infra.spreadsheets import MEDIA_TYPE, read
from tests import factories as make
from tests.core.sheets import filled, sent
from tests.doors import error_of

PATH = "/staff/v1/staff/import"
PASSWORD = "first-Password-1"
COLUMNS = tuple(HEADERS.values())


@pytest.fixture
async def boss(http):
    return await make.headers(await make.admin())


def row(number=1, **changes):
    values = {
        "姓名": f"员工{number:02d}",
        "登录名": f"person-{number:04d}",
        "部门": "总部",
        "岗位": "员工",
        "角色": "外勤",
        "门店": "",
        "手机": "",
        "邮箱": "",
        "导购": "",
    }
    return values | changes


async def _send(http, headers, rows, *, dry_run=False, make_missing=False, password=PASSWORD):
    content = rows if isinstance(rows, bytes) else filled(COLUMNS, rows)
    more = {"Initial-Password": password} if password else {}
    query = f"?dry_run={str(dry_run).lower()}&make_missing={str(make_missing).lower()}"
    return await http.post(PATH + query, headers=sent(headers) | more, content=content)


def _problems(answer):
    assert answer.status_code == 200, answer.text
    return [(p["row"], p["field"], p["code"]) for p in answer.json()["problems"]]


async def test_the_template_has_the_columns_that_are_read(http, boss):
    answer = await http.get(f"{PATH}/template.xlsx", headers=boss)
    assert (answer.status_code, answer.headers["content-type"]) == (200, MEDIA_TYPE)
    assert read(answer.content, COLUMNS, 10) == []


async def test_everybody_is_added_and_has_to_change_the_password(http, boss):
    store = await make.store("一店")
    rows = [
        row(1, 手机="13800138000", 邮箱="person@example.com"),
        row(2, 角色="导购", 门店="一店", 导购="是"),
    ]
    answer = await _send(http, boss, rows)
    assert answer.json() == {
        "dry_run": False,
        "rows": 2,
        "added": 2,
        "departments_added": 0,
        "posts_added": 0,
        "problems": [],
    }
    people = (await http.get("/staff/v1/staff?text=person-", headers=boss)).json()["items"]
    assert [(p["username"], p["role"], p["is_guide"]) for p in people] == [
        ("person-0001", "rep", False),
        ("person-0002", "guide", True),
    ]
    first = (await http.get(f"/staff/v1/staff/{people[0]['id']}", headers=boss)).json()
    assert (first["phone"], first["email"], first["must_change_password"]) == (
        "13800138000",
        "person@example.com",
        True,
    )
    login = {"username": "person-0001", "password": PASSWORD}
    assert (await http.post("/staff/v1/login", json=login)).status_code == 200
    account = await make.account()
    await make.settle(registry())
    codes = await make.rows("SELECT 1 FROM wechat_code WHERE guide_id = $1", people[1]["id"])
    assert (len(codes), people[1]["store_id"], account is None) == (1, str(store.id), False)


async def test_a_dry_run_says_the_same_and_writes_nothing(http, boss):
    rows = [row(number, 部门="总部/华东/上海", 岗位="店员") for number in (1, 2)]
    answer = await _send(http, boss, rows, dry_run=True, make_missing=True, password=None)
    done = answer.json()
    assert (done["dry_run"], done["added"], done["departments_added"], done["posts_added"]) == (True, 2, 2, 1)
    assert (await make.count("staff"), await make.count("department"), await make.count("post")) == (1, 1, 1)


async def test_missing_departments_and_posts_are_made_when_asked_for(http, boss):
    rows = [row(1, 部门="总部/华东/上海", 岗位="店员"), row(2, 部门="总部 / 华东", 岗位="经理"), row(3, 部门="海外")]
    assert _problems(await _send(http, boss, rows)) == [
        (2, "部门", "department_not_found"),
        (3, "部门", "department_not_found"),
        (4, "部门", "department_not_found"),
    ]
    assert (await make.count("staff"), await make.count("department")) == (1, 1)
    done = (await _send(http, boss, rows, make_missing=True)).json()
    assert (done["added"], done["departments_added"], done["posts_added"]) == (3, 3, 3)
    tree = (await http.get("/staff/v1/departments", headers=boss)).json()
    assert [("  " * r["depth"] + r["name"], r["people"]) for r in tree] == [
        ("总部", 1),
        ("  华东", 1),
        ("    上海", 1),
        ("海外", 1),
    ]


async def test_every_problem_is_named_by_row_and_column_and_nobody_is_added(http, boss):
    await make.colleague(RoleKey.REP, "占用")
    await database.execute("UPDATE staff SET username = 'person-0009' WHERE name = '占用'")
    closed = await make.store("旧店")
    await http.post(f"/staff/v1/stores/{closed.id}/close", headers=boss)
    rows = [
        row(1),
        row(2, 姓名="", 登录名="", 部门="", 岗位="", 角色="", 手机="10086"),
        row(3, 登录名="Person 3", 手机="电话", 邮箱="no address", 导购="也许"),
        row(4),
        row(4),
        row(9),
        row(5, 岗位="没有的", 角色="没有的", 门店="没有的"),
        row(6, 门店="旧店"),
        row(7, 角色="导购", 导购="是"),
        row(8, 姓名="名" * 51),
        row(10, 登录名="first-pass"),
    ]
    found = _problems(await _send(http, boss, rows))
    assert found == [
        (3, "姓名", "missing"),
        (3, "登录名", "missing"),
        (3, "部门", "missing"),
        (3, "岗位", "missing"),
        (3, "角色", "missing"),
        (4, "登录名", "invalid"),
        (4, "手机", "invalid"),
        (4, "邮箱", "invalid"),
        (4, "导购", "invalid"),
        (5, "登录名", "username_twice"),
        (6, "登录名", "username_twice"),
        (7, "登录名", "username_taken"),
        (8, "角色", "role_not_found"),
        (8, "门店", "store_not_found"),
        (8, "岗位", "post_not_found"),
        (9, "门店", "store_not_found"),
        (10, "门店", "store_needed"),
        (11, "姓名", "invalid"),
        (12, "登录名", "password_holds_username"),
    ]
    answer = (await _send(http, boss, rows)).json()
    assert (answer["added"], await make.count("staff")) == (0, 2)
    words = {p["message"] for p in answer["problems"]}
    assert "填“是”或“否”" in words
    assert "最多 50 个字符" in words


async def test_the_same_file_again_is_reported_and_changes_nothing(http, boss):
    rows = [row(number) for number in (1, 2)]
    assert (await _send(http, boss, rows)).json()["added"] == 2
    before = await make.rows("SELECT * FROM staff ORDER BY id")
    assert _problems(await _send(http, boss, rows)) == [
        (2, "登录名", "username_taken"),
        (3, "登录名", "username_taken"),
    ]
    assert await make.rows("SELECT * FROM staff ORDER BY id") == before


async def test_of_the_same_file_sent_many_times_at_once_one_counts(http, boss):
    rows = [row(number, 部门="总部/新") for number in range(1, 20)]
    answers = await asyncio.gather(*(_send(http, boss, rows, make_missing=True) for _ in range(4)))
    assert sorted(answer.json()["added"] for answer in answers) == [0, 0, 0, 19]
    assert (await make.count("staff"), await make.count("department")) == (20, 2)


async def test_two_thousand_people_are_written_together(http, boss, monkeypatch):
    counted = []
    rows = [row(number, 部门=f"总部/部门{number % 20}", 岗位=f"岗位{number % 3}") for number in range(1, 2_001)]
    execute = database.execute

    async def counting(*args):
        counted.append(args[0])
        return await execute(*args)

    monkeypatch.setattr(database, "execute", counting)
    done = (await _send(http, boss, rows, make_missing=True)).json()
    assert (done["added"], done["departments_added"], done["posts_added"]) == (2_000, 20, 60)
    assert len(counted) <= 85  # one line of the audit per department and post, one for all people
    assert await make.count("staff") == 2_001
    too_long = await _send(http, boss, [*rows, row(2_001)])
    assert error_of(too_long) == (422, "spreadsheet_too_long")


async def test_an_import_gives_no_more_than_the_importer_has(http):
    await make.admin()
    east, west = await make.department("华东"), await make.department("华西")
    for department in (east, west):
        await make.post(department, "店员")
    foreign = await make.store("西店")
    headers = await make.headers(await make.admin())
    await http.patch(f"/staff/v1/stores/{foreign.id}", headers=headers, json={"department_id": str(west.id)})
    importer = await make.colleague(RoleKey.ADMIN, post=await make.post(east), scope=Scope.BELOW)
    theirs = await make.headers(importer)
    rows = [
        row(1, 部门="华东", 岗位="店员"),
        row(2, 部门="华西", 岗位="店员"),
        row(3, 部门="华东", 岗位="店员", 角色="管理员"),
        row(4, 部门="华东", 岗位="店员", 门店="西店"),
        row(5, 部门="海外", 岗位="店员"),
        row(6, 部门="华东/上海", 岗位="店员"),
    ]
    assert _problems(await _send(http, theirs, rows, make_missing=True)) == [
        (3, "部门", "department_not_found"),
        (4, "角色", "right_not_yours"),
        (5, "门店", "store_not_found"),
        (6, "部门", "department_not_found"),
    ]
    assert (await _send(http, theirs, [rows[0], rows[5]], make_missing=True)).json()["added"] == 2
    manager = await make.headers(await make.manager())
    assert error_of(await _send(http, manager, [row(1)])) == (403, "forbidden")


async def test_the_initial_password_is_needed_and_meets_the_rule(http, boss):
    for password, expected in (
        (None, (422, "initial_password_needed")),
        ("short", (422, "invalid_input")),
        ("onlyletters", (422, "password_too_weak")),
    ):
        answer = await _send(http, boss, [row(1)], password=password)
        assert error_of(answer) == expected
        assert password is None or password not in answer.text
    assert await make.count("staff") == 1


def _padded():
    file = io.BytesIO(filled(COLUMNS, [row(1)]))
    out = io.BytesIO()
    with zipfile.ZipFile(file) as former, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in former.infolist():
            content = former.read(info)
            if info.filename.endswith("sheet1.xml"):
                content = content.replace(b"<sheetData>", b"<sheetData>" + b" " * 20_000_000)
            new.writestr(info.filename, content)
    return out.getvalue()


async def test_what_is_no_form_is_refused(http, boss):
    for content, expected in (
        (b"", (422, "invalid_input")),
        (b"PK\x03\x04", (422, "spreadsheet_unreadable")),
        ("姓名,登录名".encode(), (422, "spreadsheet_unreadable")),
        (_padded(), (422, "spreadsheet_unreadable")),
        (filled(("姓名", "登录名"), []), (422, "spreadsheet_headers")),
        (b"x" * 1_048_577, (413, "too_large")),
    ):
        assert error_of(await _send(http, boss, content)) == expected
    as_json = await http.post(f"{PATH}?dry_run=true", headers=boss, json={"rows": []})
    assert as_json.status_code == 422


async def test_an_import_is_in_the_audit_without_phone_numbers(http, boss):
    await _send(http, boss, [row(1, 手机="13800138000", 部门="总部/新")], make_missing=True)
    noted = await make.rows("SELECT action, details::text AS details FROM audit ORDER BY id")
    actions = [n["action"] for n in noted if not n["action"].startswith("staff.log")]
    assert actions[-3:] == ["department.added", "post.added", "staff.imported"]
    assert '"count": 1' in noted[-1]["details"]
    assert "13800138000" not in str(noted)
