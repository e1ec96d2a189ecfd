"""Log-in, the own account, and what administrators do to accounts."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response

from core.organisation import scopes
from core.organisation.account import new_passwords, second_factor, service
from core.organisation.account.schemas import (
    CodeIn,
    Ended,
    LoggedIn,
    LoginIn,
    MeChange,
    MeOut,
    PasswordChange,
    PasswordOut,
    PasswordReset,
    SecondFactorOut,
    SecondFactorRemoval,
    SessionOut,
)
from core.organisation.dependencies import (
    CurrentOpener,
    CurrentSession,
    CurrentStaff,
    CurrentStaffAtDoor,
    CurrentToken,
    RequirePermission,
)
from core.organisation.queries import Colleague
from core.organisation.schemas import StaffOut
from core.sessions import queries as sessions
from core.sessions.queries import LiveSession
from infra.paging import Cursor, Limit, page_of
from infra.schemas import Page

router = APIRouter(prefix="/staff/v1", tags=["account"])
_REFUSAL = {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorBody"}}}
_PNG: dict[int | str, dict[str, object]] = {
    200: {"content": {"image/png": {}}, "description": "A PNG picture"},
    404: {"content": _REFUSAL, "description": "No secret waits for its confirmation"},
}
Reader = Annotated[Colleague, RequirePermission("staff:read")]
Writer = Annotated[Colleague, RequirePermission("staff:write")]


@router.post("/login")
async def log_in(body: LoginIn, opener: CurrentOpener) -> LoggedIn:
    """A session token for the right user name and password, and the code of the second factor for who has one."""
    session, staff = await service.log_in(body.username, body.password, opener, body.code)
    return LoggedIn(token=session.token, expires_at=session.expires_at, staff=StaffOut.model_validate(staff))


@router.post("/logout", status_code=204)
async def log_out(token: CurrentToken, staff: CurrentStaffAtDoor) -> None:
    """End this session."""
    await service.log_out(staff, token)


@router.get("/me")
async def who_am_i(staff: CurrentStaffAtDoor, session: CurrentSession) -> MeOut:
    """The person behind the token, and what that person may do."""
    return await _me(staff, session)


@router.patch("/me")
async def change_me(body: MeChange, staff: CurrentStaff, session: CurrentSession) -> MeOut:
    """Change my name, phone or email; user name, role and place are an administrator's business."""
    values = body.model_dump(exclude_unset=True, exclude={"version"})
    return await _me(await service.change_profile(staff.id, body.version, values), session)


@router.put("/me/password", status_code=204)
async def change_password(
    body: PasswordChange, staff: CurrentStaffAtDoor, session: CurrentSession, opener: CurrentOpener
) -> None:
    """Change my password; every other session of mine ends."""
    await new_passwords.change_own(staff, session.id, body.present, body.new, opener.address)


@router.post("/me/second-factor", status_code=201)
async def start_second_factor(staff: CurrentStaffAtDoor) -> SecondFactorOut:
    """A new secret for my authenticator; it counts from its confirmation on."""
    return SecondFactorOut.model_validate(await second_factor.start(staff))


@router.get("/me/second-factor.png", response_class=Response, responses=_PNG)
async def second_factor_png(staff: CurrentStaffAtDoor) -> Response:
    """The QR code of the secret that waits for its confirmation."""
    picture = await second_factor.picture(staff)
    return Response(picture, media_type="image/png", headers={"Cache-Control": "no-store"})


@router.put("/me/second-factor", status_code=204)
async def confirm_second_factor(body: CodeIn, staff: CurrentStaffAtDoor) -> None:
    """Confirm the secret with a code; log-in asks for one from now on."""
    await second_factor.confirm(staff.id, body.code)


@router.delete("/me/second-factor", status_code=204)
async def take_away_second_factor(body: SecondFactorRemoval, staff: CurrentStaff, opener: CurrentOpener) -> None:
    """Take my second factor away, with my password and a code."""
    await service.take_away_own_factor(staff, body.password, body.code, opener.address)


@router.get("/me/sessions")
async def my_sessions(
    staff: CurrentStaff, session: CurrentSession, cursor: Cursor = None, limit: Limit = 50
) -> Page[SessionOut]:
    """Where I am logged in."""
    return await _sessions(staff.id, session, cursor, limit)


@router.delete("/me/sessions/{session_id}", status_code=204)
async def end_my_session(session_id: UUID, staff: CurrentStaff) -> None:
    """End one of my sessions."""
    await service.end_own_session(staff, session_id)


@router.get("/staff/{staff_id}/sessions")
async def sessions_of(
    staff_id: UUID, by: Reader, session: CurrentSession, cursor: Cursor = None, limit: Limit = 50
) -> Page[SessionOut]:
    """Where a colleague is logged in."""
    await scopes.reached(by, staff_id)
    return await _sessions(staff_id, session, cursor, limit)


@router.delete("/staff/{staff_id}/sessions")
async def force_out(staff_id: UUID, by: Writer) -> Ended:
    """Forced log-out: every session of the colleague ends at once."""
    await scopes.reached(by, staff_id)
    return Ended(sessions=await service.force_out(staff_id))


@router.put("/staff/{staff_id}/password")
async def reset_password(staff_id: UUID, body: PasswordReset, by: Writer) -> PasswordOut:
    """A new initial password for a colleague, given or (`{}`) made; shown this once, and every session ends."""
    return PasswordOut(password=await new_passwords.reset(by, staff_id, body.password))


@router.delete("/staff/{staff_id}/second-factor", status_code=204)
async def take_second_factor(staff_id: UUID, by: Writer) -> None:
    """Take the second factor away from a colleague who lost the phone; every session ends."""
    await new_passwords.take_second_factor(by, staff_id)


async def _me(staff: Colleague, session: LiveSession) -> MeOut:
    due = await service.due_first(staff, session.way)
    return MeOut.of(staff, await service.contact_data(staff.id), due.code if due else None)


async def _sessions(staff_id: UUID, session: LiveSession, cursor: UUID | None, limit: int) -> Page[SessionOut]:
    page = page_of(SessionOut, await sessions.page("staff", staff_id, cursor, limit + 1), limit)
    for one in page.items:
        one.current = one.id == session.id
    return page
