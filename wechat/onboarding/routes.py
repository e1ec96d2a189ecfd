"""The first day, for administrators; and the verification files, for the platform."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse

from core.organisation.dependencies import RequirePermission
from core.organisation.queries import Colleague
from wechat.onboarding import queries, service
from wechat.onboarding.schemas import DoctorOut, FindingOut, MenuOut, VerifyFileIn, VerifyFileOut

router = APIRouter(tags=["accounts"])


@router.get("/staff/v1/accounts/{account_id}/doctor")
async def examine(account_id: UUID, _by: Annotated[Colleague, RequirePermission("accounts:read")]) -> DoctorOut:
    """What connecting this account still needs; asks the platform, and our own public address."""
    found = await service.examine_by_id(account_id)
    return DoctorOut(items=[FindingOut.model_validate(finding) for finding in found])


@router.get("/staff/v1/accounts/{account_id}/menu")
async def kept_menu(account_id: UUID, _by: Annotated[Colleague, RequirePermission("accounts:read")]) -> MenuOut:
    """The menu the account had before us, as read."""
    return MenuOut.model_validate(await queries.menu(account_id))


@router.post("/staff/v1/verify-files", status_code=201)
async def put_verify_file(
    body: VerifyFileIn, _by: Annotated[Colleague, RequirePermission("accounts:write")]
) -> VerifyFileOut:
    """Serve a verification file of the platform's (`MP_verify_….txt`) at the root; the same name replaces it."""
    return VerifyFileOut.model_validate(await service.put_verify_file(**body.model_dump()))


@router.get("/MP_verify_{key}.txt", response_class=PlainTextResponse)
async def verify_file(key: str) -> Response:
    """A verification file. Public: it proves to the platform whose domain this is, and tells nothing else."""
    content = await queries.verify_file(f"MP_verify_{key}.txt")
    return PlainTextResponse(content, headers={"Cache-Control": "public, max-age=60"})
