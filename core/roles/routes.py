"""Roles, for administrators; and everybody's own sensitive cards."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from core.organisation.dependencies import CurrentStaff, Once, RequirePermission
from core.organisation.queries import Colleague
from core.roles import queries, service
from core.roles.schemas import PermissionsOut, RoleChange, RoleIn, RoleOut, TitledOut
from infra.paging import Cursor, Limit, page_of
from infra.schemas import Page

router = APIRouter(prefix="/staff/v1", tags=["roles"])

Reader = Annotated[Colleague, RequirePermission("roles:read")]
Writer = Annotated[Colleague, RequirePermission("roles:write")]


@router.get("/permissions")
async def permissions(by: Reader) -> PermissionsOut:
    """What the caller may compose a role of: operation points by module, data scopes, special rights."""
    return queries.permissions(by.rights)


@router.get("/me/cards")
async def my_cards(by: CurrentStaff) -> list[TitledOut]:
    """The workbench's sensitive cards that I may see by special right."""
    return queries.cards(by.rights)


@router.get("/roles")
async def list_roles(by: Reader, cursor: Cursor = None, limit: Limit = 50) -> Page[RoleOut]:
    """The ready-made roles, then the others in the order they were added."""
    return page_of(RoleOut, await queries.page(by, cursor, limit + 1), limit)


@router.post("/roles", status_code=201)
async def add_role(body: RoleIn, by: Writer, once: Once) -> RoleOut:
    """A new role, perhaps as a copy of another; nobody gives what they don't hold."""

    async def act() -> RoleOut:
        return await queries.role(by, await service.add_role(by, **body.model_dump()))

    return await once.run(act, RoleOut)


@router.get("/roles/{role_id}")
async def get_role(role_id: UUID, by: Reader) -> RoleOut:
    """One role."""
    return await queries.role(by, role_id)


@router.patch("/roles/{role_id}")
async def change_role(role_id: UUID, body: RoleChange, by: Writer) -> RoleOut:
    """Change a role's name, points, scope or special rights; in force at its holders' next request."""
    await service.change_role(by, role_id, body.version, body.model_dump(exclude_unset=True, exclude={"version"}))
    return await queries.role(by, role_id)


@router.delete("/roles/{role_id}", status_code=204)
async def delete_role(role_id: UUID, by: Writer) -> None:
    """Delete a role that nobody holds any more."""
    await service.delete_role(by, role_id)
