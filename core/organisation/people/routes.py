"""People, for administrators and for whoever works with them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import StringConstraints

from core.organisation.dependencies import Once, RequirePermission
from core.organisation.people import queries, service
from core.organisation.people.queries import StaffFilter
from core.organisation.people.schemas import StaffChange, StaffDetailOut, StaffIn, StaffState
from core.organisation.queries import Colleague
from core.organisation.schemas import StaffOut
from infra.paging import Cursor, Limit, page_of
from infra.schemas import Page, Text

router = APIRouter(prefix="/staff/v1/staff", tags=["staff"])
Reader = Annotated[Colleague, RequirePermission("staff:read")]
Writer = Annotated[Colleague, RequirePermission("staff:write")]
Search = Annotated[Text, StringConstraints(min_length=1, max_length=50)]


async def _filter(
    *,
    department_id: UUID | None = None,
    post_id: UUID | None = None,
    store_id: UUID | None = None,
    role_id: UUID | None = None,
    state: StaffState | None = None,
    text: Search | None = None,
) -> StaffFilter:
    return StaffFilter(
        department_id=department_id, post_id=post_id, store_id=store_id, role_id=role_id, state=state, text=text
    )


@router.post("", status_code=201)
async def add_staff(body: StaffIn, by: Writer, once: Once) -> StaffOut:
    """A new colleague, with a role and in a place that don't go beyond the caller's."""

    async def act() -> StaffOut:
        return StaffOut.model_validate(await service.add(by, **body.model_dump()))

    return await once.run(act, StaffOut)


@router.get("")
async def list_staff(
    by: Reader, wanted: Annotated[StaffFilter, Depends(_filter)], cursor: Cursor = None, limit: Limit = 50
) -> Page[StaffOut]:
    """The people in the caller's reach, also those who left, in the order they were added.

    `department_id` stands for the departments below it too; `text` is part of the name or the user name.
    """
    return page_of(StaffOut, await queries.page(by, wanted, cursor, limit + 1), limit)


@router.get("/{staff_id}")
async def get_staff(staff_id: UUID, by: Reader) -> StaffDetailOut:
    """One colleague in the caller's reach."""
    return await queries.detail(by, staff_id)


@router.patch("/{staff_id}")
async def change_staff(staff_id: UUID, body: StaffChange, by: Writer) -> StaffDetailOut:
    """Change a colleague's data, place or rights; what concerns rights needs `roles:write` besides."""
    await service.change(by, staff_id, body.version, body.model_dump(exclude_unset=True, exclude={"version"}))
    return await queries.detail(by, staff_id)


@router.post("/{staff_id}/disable")
async def disable_staff(staff_id: UUID, by: Writer) -> StaffDetailOut:
    """The account can't log in any more and every session ends; data and code stay (AT-72)."""
    await service.disable(by, staff_id)
    return await queries.detail(by, staff_id)


@router.post("/{staff_id}/enable")
async def enable_staff(staff_id: UUID, by: Writer) -> StaffDetailOut:
    """The account may log in again."""
    await service.enable(by, staff_id)
    return await queries.detail(by, staff_id)
