"""Codes as pictures, for guides (their own) and managers (all)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from core.organisation.dependencies import CurrentStaff, RequirePermission
from core.organisation.queries import Colleague
from core.permissions.rules import allows
from infra.errors import Forbidden
from infra.paging import Cursor, Limit, page_of
from infra.schemas import Page
from wechat.codes import pictures, queries
from wechat.codes.schemas import CodeOut, TargetKind

router = APIRouter(prefix="/staff/v1", tags=["codes"])

_PNG: dict[int | str, dict[str, object]] = {200: {"content": {"image/png": {}}, "description": "A PNG picture"}}


async def _visible_code(code_id: UUID, staff: CurrentStaff) -> CodeOut:
    """The code, for whoever may see it: a manager any, a guide the own ones."""
    code = await queries.code(code_id)
    own = code.kind is TargetKind.GUIDE and code.target_id == staff.id and allows(staff.role, "codes:own")
    if not own and not allows(staff.role, "codes:read"):
        raise Forbidden({"permission": "codes:read"})
    return code


VisibleCode = Annotated[CodeOut, Depends(_visible_code)]


@router.get("/me/codes")
async def my_codes(guide: Annotated[Colleague, RequirePermission("codes:own")]) -> list[CodeOut]:
    """My own codes, one per official account."""
    return await queries.page(guide.id, None, 100)


@router.get("/codes")
async def list_codes(
    _by: Annotated[Colleague, RequirePermission("codes:read")], cursor: Cursor = None, limit: Limit = 50
) -> Page[CodeOut]:
    """All codes of guides, stores and channels."""
    return page_of(CodeOut, await queries.page(None, cursor, limit + 1), limit)


@router.get("/codes/{code_id}/code.png", response_class=Response, responses=_PNG)
async def code_png(code: VisibleCode) -> Response:
    """The bare QR code."""
    return Response(await pictures.code_png(code), media_type="image/png")


@router.get("/codes/{code_id}/poster.png", response_class=Response, responses=_PNG)
async def poster_png(code: VisibleCode) -> Response:
    """The QR code on a poster with the account's and the guide's, store's or channel's name."""
    return Response(await pictures.poster_png(code), media_type="image/png")
