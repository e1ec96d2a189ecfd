"""Log in, log out, and administrators' first steps with staff."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request

from core.organisation import service
from core.organisation.dependencies import CurrentStaff, CurrentToken, Once, RequirePermission
from core.organisation.queries import Colleague
from core.organisation.schemas import LoginIn, SessionOut, StaffIn, StaffOut, WechatBindingIn

router = APIRouter(prefix="/staff/v1", tags=["staff"])


@router.post("/login")
async def log_in(body: LoginIn, request: Request) -> SessionOut:
    """A session token for the right user name and password."""
    source = request.client.host if request.client else "unknown"
    session, staff = await service.log_in(body.username, body.password, source)
    return SessionOut(token=session.token, expires_at=session.expires_at, staff=StaffOut.model_validate(staff))


@router.post("/logout", status_code=204)
async def log_out(token: CurrentToken, _staff: CurrentStaff) -> None:
    """End this session."""
    await service.log_out(token)


@router.get("/me")
async def who_am_i(staff: CurrentStaff) -> StaffOut:
    """The person behind the token."""
    return StaffOut.model_validate(staff)


@router.post("/staff", status_code=201)
async def add_staff(body: StaffIn, _by: Annotated[Colleague, RequirePermission("staff:write")], once: Once) -> StaffOut:
    """A new colleague of any role."""

    async def act() -> StaffOut:
        return StaffOut.model_validate(await service.add_staff(**body.model_dump()))

    return await once.run(act, StaffOut)


@router.post("/staff/{staff_id}/leave")
async def leave(staff_id: UUID, _by: Annotated[Colleague, RequirePermission("staff:write")]) -> StaffOut:
    """A colleague leaves; a second call changes nothing."""
    return StaffOut.model_validate(await service.leave(staff_id))


@router.put("/staff/{staff_id}/wechat", status_code=204)
async def bind_wechat(
    staff_id: UUID, body: WechatBindingIn, _by: Annotated[Colleague, RequirePermission("staff:write")]
) -> None:
    """This openid is a colleague: it no longer counts as a fan."""
    await service.bind_wechat(staff_id, body.app_id, body.openid)
