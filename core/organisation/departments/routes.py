"""The tree of departments, for administrators."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from core.organisation.departments import queries, service
from core.organisation.departments.schemas import (
    DepartmentChange,
    DepartmentIn,
    DepartmentMerge,
    DepartmentMove,
    DepartmentOrder,
    DepartmentOut,
)
from core.organisation.dependencies import Once, RequirePermission
from core.organisation.queries import Colleague

router = APIRouter(prefix="/staff/v1/departments", tags=["departments"])
Reader = Annotated[Colleague, RequirePermission("departments:read")]
Writer = Annotated[Colleague, RequirePermission("departments:write")]


async def _shown(department_id: UUID) -> DepartmentOut:
    return DepartmentOut.model_validate(await queries.department(department_id))


@router.get("")
async def list_departments(_by: Reader) -> list[DepartmentOut]:
    """The whole tree as it is read: each department before those below it."""
    return [DepartmentOut.model_validate(row) for row in await queries.tree()]


@router.post("", status_code=201)
async def add_department(body: DepartmentIn, by: Writer, once: Once) -> DepartmentOut:
    """A new department, the last one below its parent."""

    async def act() -> DepartmentOut:
        return await _shown(await service.add(by, name=body.name, parent_id=body.parent_id))

    return await once.run(act, DepartmentOut)


@router.put("/order")
async def order_departments(body: DepartmentOrder, by: Writer) -> list[DepartmentOut]:
    """Put siblings in order; gives the whole tree."""
    await service.order(by, body.parent_id, body.ids)
    return [DepartmentOut.model_validate(row) for row in await queries.tree()]


@router.patch("/{department_id}")
async def change_department(department_id: UUID, body: DepartmentChange, by: Writer) -> DepartmentOut:
    """Rename a department, name or remove its head (any colleague at work)."""
    await service.change(by, department_id, body.model_dump(exclude_unset=True))
    return await _shown(department_id)


@router.post("/{department_id}/move")
async def move_department(department_id: UUID, body: DepartmentMove, by: Writer) -> DepartmentOut:
    """Put a department, with all below it, under another one; it becomes the last there."""
    await service.move(by, department_id, body.parent_id)
    return await _shown(department_id)


@router.post("/{department_id}/merge")
async def merge_department(department_id: UUID, body: DepartmentMerge, by: Writer) -> DepartmentOut:
    """Everything of a department goes into another one, which is shown; people move to its post of the same name."""
    await service.merge(by, department_id, body.into_id)
    return await _shown(body.into_id)


@router.delete("/{department_id}", status_code=204)
async def delete_department(department_id: UUID, by: Writer) -> None:
    """Delete a department in which there are no departments, people or open stores."""
    await service.delete(by, department_id)
