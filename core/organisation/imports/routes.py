"""The import of people from a spreadsheet."""

from typing import Annotated

from fastapi import APIRouter, Body, Header, Response

from core.organisation.dependencies import RequirePermission
from core.organisation.imports import service
from core.organisation.imports.rules import HEADERS
from core.organisation.imports.schemas import ImportOut
from core.organisation.queries import Colleague
from core.organisation.schemas import Password
from infra import spreadsheets

router = APIRouter(prefix="/staff/v1/staff/import", tags=["staff"])
Writer = Annotated[Colleague, RequirePermission("staff:write")]
Xlsx = Annotated[bytes, Body(media_type="application/octet-stream", description="The filled-in XLSX file")]
XLSX: dict[int | str, dict[str, object]] = {
    200: {"content": {spreadsheets.MEDIA_TYPE: {}}, "description": "An XLSX file"}
}


@router.get("/template.xlsx", response_class=Response, responses=XLSX)
async def staff_template(_by: Writer) -> Response:
    """The empty form, with notes on how to fill it in."""
    content = spreadsheets.template(list(HEADERS.values()), service.NOTES)
    headers = {"Content-Disposition": 'attachment; filename="staff.xlsx"'}
    return Response(content, media_type=spreadsheets.MEDIA_TYPE, headers=headers)


@router.post("")
async def import_staff(
    content: Xlsx,
    by: Writer,
    initial_password: Annotated[Password | None, Header(description="Of everybody in the file, until changed")] = None,
    *,
    dry_run: bool = True,
    make_missing: bool = False,
) -> ImportOut:
    """Add everyone in a filled-in form, or with `dry_run` say what would happen; with any problem nobody is added.

    `make_missing` makes departments and posts that aren't there (departments:write). Everybody gets the initial
    password, which has to be changed at the first log-in.
    """
    return await service.import_staff(by, content, initial_password, dry_run=dry_run, make_missing=make_missing)
