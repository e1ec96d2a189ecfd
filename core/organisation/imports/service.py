"""The import of people: read, planned against the organisation as it is, written in a few statements or not at all."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from core.organisation import places
from core.organisation.account.new_passwords import hash_new
from core.organisation.departments import queries as departments
from core.organisation.departments.rules import paths
from core.organisation.departments.service import hold_tree
from core.organisation.errors import UsernameTaken
from core.organisation.events import StaffBecameGuide
from core.organisation.imports.errors import InitialPasswordNeeded
from core.organisation.imports.rules import HEADERS, Known, Plan, plan
from core.organisation.imports.schemas import ImportOut
from core.organisation.queries import Colleague
from core.permissions.rules import Scope
from infra import audit, clock, spreadsheets
from infra.database import Connection, constraint_errors, retry_on_conflict, transaction
from infra.errors import Forbidden
from infra.ids import new_id
from infra.outbox import publish
from infra.parameters import Parameter

MOST_ROWS = Parameter(
    name="imports.most_rows",
    default=2_000,
    least=10,
    most=10_000,
    help="一次导入最多的行数",
    english="The most rows of an import",
)
NOTES = (
    "请勿改动“导入”表的表头；整张表全部正确才会导入。",
    "登录名：2 至 50 个小写字母、数字、点、短横线或下划线，以字母或数字开头。",
    "部门：从最上级写起，用“/”分隔，例如 总部/华东/上海。",
    "角色、门店：与系统中的名称一致；门店可不填，导购必须填。",
    "导购：填“是”或“否”，不填为否。导购会自动获得渠道码。",
    "所有人使用导入时给定的初始密码，首次登录须修改。",
)

# Held until the commit: no role is deleted and no store closed meanwhile.
_ROLES = """
SELECT id, name, key, points, scope, special_rights FROM role
WHERE deleted_at IS NULL AND name = ANY($1::text[]) ORDER BY id FOR SHARE
"""
_STORES = "SELECT id, name FROM store WHERE closed_at IS NULL AND name = ANY($1::text[]) ORDER BY id FOR SHARE"
_POSTS = "SELECT id, department_id, name FROM post WHERE deleted_at IS NULL"
_TAKEN = "SELECT username FROM staff WHERE username = ANY($1::text[])"

_ADD_DEPARTMENTS = """
INSERT INTO department (id, parent_id, name, position, created_at)
SELECT n.id, n.parent_id, n.name, n.place + COALESCE((
    SELECT max(position) FROM department d WHERE d.parent_id IS NOT DISTINCT FROM n.parent_id AND d.deleted_at IS NULL
), 0), $4
FROM unnest($1::uuid[], $2::uuid[], $3::text[]) WITH ORDINALITY AS n (id, parent_id, name, place)
"""
_ADD_POSTS = """
INSERT INTO post (id, department_id, name, created_at)
SELECT id, department_id, name, $4 FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS n (id, department_id, name)
"""
_ADD_PEOPLE = """
INSERT INTO staff (id, name, username, phone, email, is_guide, department_id, post_id, store_id, role_id,
                   password_hash, must_change_password, special_rights, created_at)
SELECT p.*, $11, true, '[]', $12 FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::boolean[],
    $7::uuid[], $8::uuid[], $9::uuid[], $10::uuid[]) AS p
"""
_COLUMNS = (
    "id",
    "name",
    "username",
    "phone",
    "email",
    "is_guide",
    "department_id",
    "post_id",
    "store_id",
    "role_id",
)


async def import_staff(
    by: Colleague, content: bytes, password: str | None, *, dry_run: bool, make_missing: bool
) -> ImportOut:
    """Add everyone in a filled-in form, or say what is wrong with which row and add nobody.

    Raises SpreadsheetUnreadable, SpreadsheetHeaders, SpreadsheetTooLong, InitialPasswordNeeded, PasswordTooWeak,
    Forbidden when departments are to be made by who may not.
    """
    if make_missing and not by.may("departments:write"):
        raise Forbidden({"permission": "departments:write"})
    if password is None and not dry_run:
        raise InitialPasswordNeeded
    found = await asyncio.to_thread(spreadsheets.read, content, tuple(HEADERS.values()), await MOST_ROWS.get())
    rows = [(row.number, row.cells) for row in found]
    password_hash = "" if password is None else await hash_new(password, by.username)
    done = await _settle(by, rows, password_hash, password or "", write=not dry_run, make_missing=make_missing)
    return _report(done, rows=len(rows), dry_run=dry_run)


@retry_on_conflict
async def _settle(
    by: Colleague,
    rows: Sequence[tuple[int, Mapping[str, str]]],
    password_hash: str,
    password: str,
    *,
    write: bool,
    make_missing: bool,
) -> Plan:
    with constraint_errors({"staff_username_key": UsernameTaken}):
        async with transaction() as connection:
            await hold_tree(connection)
            known = await _known(connection, by, rows, password=password, make_missing=make_missing)
            done = plan(rows, known, new_id)
            if write and not done.problems:
                await _write(connection, done, password_hash)
    return done


async def _known(
    connection: Connection,
    by: Colleague,
    rows: Sequence[tuple[int, Mapping[str, str]]],
    *,
    password: str,
    make_missing: bool,
) -> Known:
    def named(field: str) -> list[str]:
        return sorted({cells[HEADERS[field]] for _, cells in rows})

    stores = await connection.fetch(_STORES, named("store"))
    roles = await connection.fetch(_ROLES, named("role"))
    departments_in_reach, stores_in_reach = await places.seen(by)
    return Known(
        rights=by.rights,
        departments=paths(await departments.tree()),
        posts={(row["department_id"], row["name"]): row["id"] for row in await connection.fetch(_POSTS)},
        roles={row["name"]: (row["id"], places.rights_of(row)) for row in roles},
        stores={row["name"]: row["id"] for row in stores},
        usernames=frozenset(row["username"] for row in await connection.fetch(_TAKEN, named("username"))),
        departments_in_reach=departments_in_reach,
        stores_in_reach=stores_in_reach,
        own_department=by.department_id if by.scope is Scope.STORE else None,
        may_make=make_missing,
        password=password,
    )


async def _write(connection: Connection, done: Plan, password_hash: str) -> None:
    now = clock.now()
    await connection.execute(_ADD_DEPARTMENTS, *_turned(done.departments), now)
    await connection.execute(_ADD_POSTS, *_turned(done.posts), now)
    people = [[person[name] for person in done.people] for name in _COLUMNS]
    await connection.execute(_ADD_PEOPLE, *people, password_hash, now)
    guides = [StaffBecameGuide(staff_id=person["id"]) for person in done.people if person["is_guide"]]
    if guides:
        await publish(*guides)
    for department_id, parent_id, name in done.departments:
        await audit.note("department.added", "department", department_id, {"name": name, "parent_id": parent_id})
    for post_id, department_id, name in done.posts:
        await audit.note("post.added", "post", post_id, {"name": name, "department_id": department_id})
    ids = [person["id"] for person in done.people]
    await audit.note("staff.imported", "staff", "many", {"count": len(ids), "staff_ids": ids})


def _turned(rows: Sequence[tuple[UUID, UUID | None, str]] | Sequence[tuple[UUID, UUID, str]]) -> list[list[Any]]:
    """Rows of three as three columns."""
    return [[row[place] for row in rows] for place in range(3)]


def _report(done: Plan, *, rows: int, dry_run: bool) -> ImportOut:
    fine = not done.problems
    return ImportOut(
        dry_run=dry_run,
        rows=rows,
        added=len(done.people) if fine else 0,
        departments_added=len(done.departments) if fine else 0,
        posts_added=len(done.posts) if fine else 0,
        problems=done.problems,
    )
