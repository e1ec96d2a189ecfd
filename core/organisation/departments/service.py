"""Use cases around departments.

Whoever changes the tree, or a post in it, takes turns (`hold_tree`), so that two moves can't close a circle. Rows are
locked in one order everywhere: people, departments, posts.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from core.organisation import places
from core.organisation.departments import merging
from core.organisation.departments.errors import (
    DepartmentBelowItself,
    DepartmentInUse,
    DepartmentNameTaken,
    DepartmentsChanged,
)
from core.organisation.errors import DepartmentNotFound, RightNotYours, StaffNotFound
from core.organisation.models import Department, DepartmentGrant, Post
from core.organisation.queries import Colleague
from core.organisation.scopes import reaches
from core.permissions.rules import Scope
from infra import audit, clock
from infra.database import Connection, constraint_errors, retry_on_conflict, transaction
from infra.ids import new_id

_CONSTRAINTS = {"department_name_key": DepartmentNameTaken}

_BELOW = """
WITH RECURSIVE below AS (
    SELECT $1::uuid AS id UNION SELECT d.id FROM department d JOIN below b ON d.parent_id = b.id
) SELECT id FROM below
"""

_CHILDREN = """
SELECT id FROM department WHERE parent_id IS NOT DISTINCT FROM $1 AND deleted_at IS NULL ORDER BY position, id
"""

_LAST = """
SELECT COALESCE(max(position), 0) + 1 FROM department WHERE parent_id IS NOT DISTINCT FROM $1 AND deleted_at IS NULL
"""

_ORDER = """
UPDATE department d SET position = o.place FROM unnest($1::uuid[]) WITH ORDINALITY AS o (id, place) WHERE d.id = o.id
"""

_USE = """
SELECT (SELECT count(*) FROM department WHERE parent_id = $1 AND deleted_at IS NULL) AS departments,
       (SELECT count(DISTINCT post_id) FROM staff WHERE department_id = $1 AND left_at IS NULL) AS posts,
       (SELECT count(*) FROM staff WHERE department_id = $1 AND left_at IS NULL) AS people,
       (SELECT count(*) FROM store WHERE department_id = $1 AND closed_at IS NULL) AS stores
"""

_AT_WORK = "SELECT id FROM staff WHERE id = $1 AND left_at IS NULL AND disabled_at IS NULL FOR SHARE"


async def hold_tree(connection: Connection) -> None:
    """Nobody else changes departments or posts until the caller's transaction ends."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtext('departments'))")


async def add(by: Colleague, *, name: str, parent_id: UUID | None) -> UUID:
    """A new department, the last below its parent. Raises DepartmentNotFound, DepartmentNameTaken, RightNotYours."""
    with constraint_errors(_CONSTRAINTS):
        async with transaction() as connection:
            await hold_tree(connection)
            await _hold_above(by, parent_id)
            added = await Department.create(
                id=new_id(),
                parent_id=parent_id,
                name=name,
                position=await connection.fetchval(_LAST, parent_id),
                created_at=clock.now(),
            )
            await audit.note("department.added", "department", added.id, {"name": name, "parent_id": parent_id})
    return added.id


@retry_on_conflict
async def change(by: Colleague, department_id: UUID, values: Mapping[str, Any]) -> None:
    """Change name and head. Raises DepartmentNotFound, DepartmentNameTaken, StaffNotFound."""
    with constraint_errors(_CONSTRAINTS):
        async with transaction() as connection:
            await hold_tree(connection)
            if (head_id := values.get("head_id")) is not None:
                await _hold_head(connection, by, head_id)
            department = await hold(by, department_id)
            changed = {key: value for key, value in values.items() if getattr(department, key) != value}
            if not changed:
                return
            details = {key: [getattr(department, key), value] for key, value in changed.items()}
            await Department.filter(id=department_id).update(**changed)
            await audit.note("department.changed", "department", department_id, details)


@retry_on_conflict
async def move(by: Colleague, department_id: UUID, parent_id: UUID | None) -> None:
    """Put a department under another one.

    Raises DepartmentNotFound, DepartmentBelowItself, DepartmentNameTaken, RightNotYours.
    """
    with constraint_errors(_CONSTRAINTS):
        async with transaction() as connection:
            await hold_tree(connection)
            department = await hold(by, department_id)
            await _hold_above(by, parent_id)
            if department.parent_id == parent_id:
                return
            if parent_id in await _below(connection, department_id):
                raise DepartmentBelowItself
            last = await connection.fetchval(_LAST, parent_id)
            await Department.filter(id=department_id).update(parent_id=parent_id, position=last)
            details = {"parent_id": [department.parent_id, parent_id]}
            await audit.note("department.moved", "department", department_id, details)


@retry_on_conflict
async def order(by: Colleague, parent_id: UUID | None, ids: Sequence[UUID]) -> None:
    """Put all departments below one in order. Raises DepartmentNotFound, DepartmentsChanged, RightNotYours."""
    async with transaction() as connection:
        await hold_tree(connection)
        await _hold_above(by, parent_id)
        present = [row["id"] for row in await connection.fetch(_CHILDREN, parent_id)]
        if sorted(present) != sorted(ids):
            raise DepartmentsChanged({"ids": [str(id_) for id_ in present]})
        if present != list(ids):
            await connection.execute(_ORDER, list(ids))
            await audit.note("department.ordered", "department", parent_id or "top", {"ids": ids})


@retry_on_conflict
async def merge(by: Colleague, department_id: UUID, into_id: UUID) -> None:
    """Everything of a department goes into another one, and it is gone.

    Raises DepartmentNotFound, DepartmentBelowItself, DepartmentNameTaken with the names that stand in both.
    """
    async with transaction() as connection:
        await hold_tree(connection)
        await merging.hold_people(connection, department_id)
        for id_ in sorted({department_id, into_id}):
            await hold(by, id_)
        if into_id in await _below(connection, department_id):
            raise DepartmentBelowItself
        moved = await merging.merge(connection, department_id, into_id)
        await audit.note("department.merged", "department", department_id, {"into_id": into_id} | moved)


@retry_on_conflict
async def delete(by: Colleague, department_id: UUID) -> None:
    """Delete an empty department with its posts. Raises DepartmentNotFound, DepartmentInUse."""
    async with transaction() as connection:
        await hold_tree(connection)
        department = await hold(by, department_id)
        row = await connection.fetchrow(_USE, department_id)
        use = dict(row) if row else {}
        if any(use.values()):
            raise DepartmentInUse(use)
        now = clock.now()
        await Department.filter(id=department_id).update(deleted_at=now, head_id=None)
        await Post.filter(department_id=department_id, deleted_at=None).update(deleted_at=now)
        await DepartmentGrant.filter(department_id=department_id).delete()
        await audit.note("department.deleted", "department", department_id, {"name": department.name})


async def hold(by: Colleague, department_id: UUID) -> Department:
    """A living department in reach, locked for a change. Raises DepartmentNotFound."""
    department = await Department.select_for_update(no_key=True).get_or_none(id=department_id, deleted_at=None)
    if department is None or not await places.department_in_reach(by, department_id):
        raise DepartmentNotFound
    return department


async def _hold_above(by: Colleague, parent_id: UUID | None) -> None:
    """What stands at the top is the business of who sees everything."""
    if parent_id is not None:
        await hold(by, parent_id)
    elif by.scope is not Scope.ALL:
        raise RightNotYours({"beyond": [Scope.ALL.value]})


async def _hold_head(connection: Connection, by: Colleague, head_id: UUID) -> None:
    if not await reaches(by, head_id) or await connection.fetchval(_AT_WORK, head_id) is None:
        raise StaffNotFound


async def _below(connection: Connection, department_id: UUID) -> set[UUID]:
    """The department and all below it."""
    return {row["id"] for row in await connection.fetch(_BELOW, department_id)}
