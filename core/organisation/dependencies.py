"""Who is calling, and may they? Every route names one of these or stands in the tested list of public routes."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, TypeVar

from fastapi import Depends, Header, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel

from core.organisation import queries
from core.organisation.account import service as account
from core.organisation.queries import Colleague
from core.permissions.rules import SpecialRight
from core.sessions import queries as queries_of_sessions
from core.sessions import service as sessions
from core.sessions.queries import LiveSession
from core.sessions.service import Opener
from infra import audit, idempotency
from infra.errors import Forbidden, Unauthenticated
from infra.schemas import UNWRITABLE

M = TypeVar("M", bound=BaseModel)

_LONGEST_ADDRESS, _LONGEST_DEVICE = 45, 200

_bearer = HTTPBearer(auto_error=False, description="The token of POST /staff/v1/login")


async def _token(credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]) -> str:
    if credentials is None:
        raise Unauthenticated
    return credentials.credentials


CurrentToken = Annotated[str, Depends(_token)]


async def _opener(request: Request) -> Opener:
    address = request.client.host if request.client else "unknown"
    device = UNWRITABLE.sub("", request.headers.get("user-agent", ""))
    return Opener(address[:_LONGEST_ADDRESS], device[:_LONGEST_DEVICE])


CurrentOpener = Annotated[Opener, Depends(_opener)]


async def _session(token: CurrentToken) -> LiveSession:
    session = await queries_of_sessions.find(token, "staff")
    if session is None:
        raise Unauthenticated
    await sessions.note_use(session)
    return session


CurrentSession = Annotated[LiveSession, Depends(_session)]


async def _staff_at_door(session: CurrentSession, opener: CurrentOpener) -> Colleague:
    staff = await queries.at_work(session.principal_id)
    if staff is None:
        raise Unauthenticated
    audit.act_as(f"staff:{staff.id}", opener.address)
    return staff


# Also who must change the password or set up the second factor first: for what it takes to do so.
CurrentStaffAtDoor = Annotated[Colleague, Depends(_staff_at_door)]


async def _staff(staff: CurrentStaffAtDoor, session: CurrentSession) -> Colleague:
    due = await account.due_first(staff, session.way)
    if due is not None:
        raise due
    return staff


CurrentStaff = Annotated[Colleague, Depends(_staff)]


def RequirePermission(permission: str) -> object:  # noqa: N802 - reads as a type where it is used
    """The dependency that lets only holders of an operation point pass; gives the Colleague."""

    async def check(staff: CurrentStaff) -> Colleague:
        if not staff.may(permission):
            raise Forbidden({"permission": permission})
        return staff

    check.permission = permission  # type: ignore[attr-defined]  # read by the test of all routes
    return Depends(check)


def RequireSpecialRight(right: SpecialRight) -> object:  # noqa: N802 - as above
    """The same for holders of a special right: what is sensitive enough to be granted by name (AT-76)."""

    async def check(staff: CurrentStaff) -> Colleague:
        if right not in staff.special_rights:
            raise Forbidden({"special_right": right})
        return staff

    return Depends(check)


@dataclass(frozen=True, slots=True)
class OnceRunner:
    """Runs a use case once per Idempotency-Key of this caller and route; without the header, simply runs it."""

    principal: str
    route: str
    key: str | None
    body: bytes

    async def run(self, act: Callable[[], Awaitable[M]], kind: type[M]) -> M:
        """The use case's answer, or the stored one. Raises KeyReused, BadKey and what `act` raises."""
        if self.key is None:
            return await act()

        async def answer() -> str:
            return (await act()).model_dump_json()

        stored = await idempotency.once(
            principal=self.principal, route=self.route, key=self.key, body=self.body, act=answer
        )
        return kind.model_validate_json(stored)


async def _once(
    request: Request,
    staff: CurrentStaff,
    idempotency_key: Annotated[
        str | None, Header(description="The same key and body give the same answer and one effect, for 14 days")
    ] = None,
) -> OnceRunner:
    route = f"{request.method} {request.url.path}"
    return OnceRunner(f"staff:{staff.id}", route, idempotency_key, await request.body())


Once = Annotated[OnceRunner, Depends(_once)]
