"""Searching and exporting the audit log, and that this is noted too."""

import csv
import io
from datetime import timedelta

import pytest

from core.audit import service
from core.permissions.rules import RoleKey
from infra import audit, clock, database
from infra.csv import line
from tests import factories as make
from tests.core.audit_world import forget, tamper
from tests.doors import error_of

PATH = "/staff/v1/audit"


@pytest.fixture
async def admin(http):
    person = await make.admin()
    http.headers.update(await make.headers(person))
    await forget()
    return person


async def told(actor, *actions, subject=("role", "1"), details=None):
    with audit.acting_as(actor):
        for action in actions:
            await audit.note(action, *subject, details)


async def found(http, **params):
    answer = await http.get(PATH, params={"limit": 200} | params)
    assert answer.status_code == 200, answer.text
    return [row["action"] for row in answer.json()["items"] if row["action"] != "audit.searched"]


async def test_a_row_tells_who_did_what_to_whom(http, admin):
    await told(f"staff:{admin.id}", "role.changed", details={"name": "新"})
    answer = await http.get(PATH, params={"action": "role.changed"})
    (row,) = answer.json()["items"]
    assert {key: row[key] for key in ("actor", "actor_name", "action", "subject_kind", "subject_id", "details")} == {
        "actor": f"staff:{admin.id}",
        "actor_name": admin.name,
        "action": "role.changed",
        "subject_kind": "role",
        "subject_id": "1",
        "details": {"name": "新"},
    }


async def test_each_filter_leaves_out_what_it_should(http, admin):
    other = await make.admin()
    await forget()
    await told(f"staff:{admin.id}", "role.added", "role.changed", "post.added")
    await told(f"staff:{other.id}", "role.added", subject=("role", "2"))
    await told("cli", "parameter.changed", subject=("parameter", "a.b"))
    assert await found(http) == ["parameter.changed", "role.added", "post.added", "role.changed", "role.added"]
    assert await found(http, staff_id=str(admin.id)) == ["post.added", "role.changed", "role.added"]
    assert await found(http, actor="cli") == ["parameter.changed"]
    assert await found(http, action="role.") == ["role.added", "role.changed", "role.added"]
    assert await found(http, action="role.added", staff_id=str(other.id)) == ["role.added"]
    assert await found(http, action="rol%") == await found(http, action="x") == []
    assert await found(http, subject_kind="role", subject_id="2") == ["role.added"]
    assert await found(http, subject_kind="role", action="post") == ["post.added"]


async def test_times_bound_the_search(http, admin, db):
    at = clock.now()
    await told("cli", "a.done")
    later = (at + timedelta(hours=1)).isoformat()
    assert await found(http, **{"from": at.isoformat()}) == ["a.done"]
    assert await found(http, until=at.isoformat(), action="a.") == []
    assert await found(http, **{"from": later}, until=later) == []


@pytest.mark.parametrize("filters", [{}, {"action": "thing."}])
async def test_pages_follow_each_other_without_gap_or_repeat(http, admin, filters):
    await told("cli", *(f"thing.{number % 3}" for number in range(11)))
    seen, cursor = [], None
    while True:
        page = (
            await http.get(
                PATH, params={"limit": 4, "cursor": cursor, **filters} if cursor else {"limit": 4, **filters}
            )
        ).json()
        seen += [row["id"] for row in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    rows = await make.rows("SELECT id FROM audit ORDER BY created_at DESC, id DESC")
    # Without a filter the search itself is the newest row.
    assert seen == [str(row["id"]) for row in rows][(1 if filters else 0) :]
    assert await searches() == 1


async def searches():
    return len(await make.rows("SELECT 1 FROM audit WHERE action = 'audit.searched'"))


async def test_a_search_is_noted_with_what_was_asked(http, admin):
    await http.get(PATH, params={"action": "customer.", "subject_kind": "customer"})
    (row,) = await make.rows("SELECT actor, details::text AS details FROM audit")
    assert (row["actor"], row["details"]) == (
        f"staff:{admin.id}",
        '{"action": "customer.", "subject_kind": "customer"}',
    )


async def test_nobody_begins_in_the_middle_with_a_cursor_of_another_search(http, admin):
    await told("cli", *["a.done"] * 5)
    cursor = (await http.get(PATH, params={"limit": 2})).json()["next"]
    assert (await http.get(PATH, params={"limit": 3, "cursor": cursor})).status_code == 200
    for params in ({"action": "a."}, {"actor": "cli"}):
        assert error_of(await http.get(PATH, params={"cursor": cursor} | params)) == (422, "invalid_input")
    for forged in ("x", cursor[:-1], f"{cursor}0", "20260304T000000.000000Z_019f0000-0000-7000-8000-000000000001"):
        assert error_of(await http.get(PATH, params={"cursor": forged})) == (422, "invalid_input")
    http.headers.update(await make.headers(await make.admin()))
    assert error_of(await http.get(PATH, params={"cursor": cursor})) == (422, "invalid_input")
    assert await searches() == 1


async def test_the_export_is_a_whole_table_in_which_no_cell_is_a_formula(http, admin, monkeypatch):
    monkeypatch.setattr("core.audit.queries._BATCH", 4)
    await told("cli", *(f"thing.{number}" for number in range(9)), subject=("thing", "=1+1"), details={"a": '"'})
    answer = await http.get("/staff/v1/audit.csv", params={"subject_kind": "thing"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    header, *rows = csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")))
    assert header[:3] == ["id", "created_at", "actor"]
    assert len(rows) == 9
    assert {row[header.index("subject_id")] for row in rows} == {"'=1+1"}
    assert {row[header.index("details")] for row in rows} == {'{"a":"\\""}'}
    exported = await make.rows("SELECT action FROM audit WHERE action LIKE 'audit.%'")
    assert [row["action"] for row in exported] == ["audit.exported"]


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\t=1", "\r=1", "＝1"])
def test_a_cell_that_would_be_run_gets_an_apostrophe(text):
    (cell,) = next(csv.reader(io.StringIO(line([text]), newline="")))
    assert cell == f"'{text}"


def test_numbers_and_harmless_text_stay_as_they_are():
    assert line([-5, None, "a-b", '说"x"']) == '-5,,a-b,"说""x"""\r\n'


async def test_the_chain_is_shown_with_its_first_broken_place(http, admin):
    await told("cli", *["a.done"] * 4)
    await service.seal()
    chain = (await http.get(f"{PATH}/chain")).json()
    assert (chain["rows"], chain["intact"], chain["place"], chain["checked_since"]) == (4, True, None, 0)
    assert chain["head"].startswith("4:")
    await tamper("DELETE FROM audit WHERE id = (SELECT audit_id FROM audit_chain WHERE seq = 2)")
    chain = (await http.get(f"{PATH}/chain")).json()
    assert (chain["intact"], chain["fault"], chain["place"]) == (False, "row_removed", "2")


async def test_who_sees_less_than_everything_sees_what_those_did_whom_they_see(http, db):
    reader = await make.colleague(RoleKey.ADMIN)
    below = await make.department(parent=await make.department())
    await database.execute(
        "UPDATE staff SET scope = 'department', department_id = $2, post_id = $3 WHERE id = $1",
        reader.id,
        below.id,
        (await make.post(below)).id,
    )
    near = await make.colleague(RoleKey.GUIDE, post=await make.post(below))
    await told(f"staff:{near.id}", "a.near")
    await told(f"staff:{(await make.admin()).id}", "a.far")
    await told("cli", "a.cli")
    http.headers.update(await make.headers(reader))
    await tamper("DELETE FROM audit WHERE action NOT LIKE 'a.%'")
    assert await found(http) == ["a.near"]
    assert await found(http, action="a.") == ["a.near"]


async def test_without_the_right_there_is_nothing_to_see(http, db):
    http.headers.update(await make.headers(await make.manager()))
    await forget()
    for path in (PATH, f"{PATH}.csv", f"{PATH}/chain"):
        assert error_of(await http.get(path)) == (403, "forbidden")
    assert await make.count("audit") == 0
