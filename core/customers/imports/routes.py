"""Customers from tables and into tables."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse

from core.customers.imports import exporting, queries, service
from core.customers.imports.schemas import ExportIn, HeadersIn, HeadersOut, ImportIn, ImportOut
from core.organisation.dependencies import Once, RequirePermission
from core.organisation.queries import Colleague
from infra import audit, spreadsheets
from infra.paging import Cursor, Limit
from infra.schemas import Page

router = APIRouter(prefix="/staff/v1", tags=["customer imports"])

Importer = Annotated[Colleague, RequirePermission("customers:import")]
Exporter = Annotated[Colleague, RequirePermission("customers:export")]
_CSV: dict[int | str, dict[str, object]] = {200: {"content": {"text/csv": {}}, "description": "A table"}}
_TABLE: dict[int | str, dict[str, object]] = {
    200: {"content": {"text/csv": {}, spreadsheets.MEDIA_TYPE: {}}, "description": "A table"}
}


@router.post("/customer-imports/headers")
async def look_at_table(body: HeadersIn, by: Importer) -> HeadersOut:
    """The columns of a table that the caller uploaded (purpose `table`), and which field each probably is."""
    return await service.look_at(by, body.file_id)


@router.post("/customer-imports", status_code=202)
async def order_import(body: ImportIn, by: Importer, once: Once) -> ImportOut:
    """Have a table of customers read in the background, or with `dry_run` find out what would become of its rows.

    Into the pool it takes pool:write besides. Progress: GET, or `customer_import` on the live stream.
    """
    headers = await service.headers_of(by, body.file_id)
    return await once.run(lambda: service.order(by, body, headers), ImportOut)


@router.get("/customer-imports")
async def list_imports(by: Importer, cursor: Cursor = None, limit: Limit = 50) -> Page[ImportOut]:
    """The imports of colleagues in reach, the latest first."""
    found = await queries.runs(by, cursor, limit + 1)
    return Page(items=found[:limit], next=str(found[limit - 1].id) if len(found) > limit else None)


@router.get("/customer-imports/{import_id}")
async def read_import(import_id: UUID, by: Importer) -> ImportOut:
    """How far an import is, and what became of its rows."""
    return await queries.run(import_id, by)


@router.get("/customer-imports/{import_id}/report.csv", response_class=Response, responses=_CSV)
async def download_report(import_id: UUID, by: Importer) -> Response:
    """Every row that was not simply taken: what became of it, why, and which column it is about."""
    await queries.run(import_id, by)
    await audit.note("customer_import.report_read", "customer_import", import_id)
    headers = {"Content-Disposition": f'attachment; filename="import-{import_id}.csv"'}
    return StreamingResponse(queries.report(import_id), media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/customer-imports/{import_id}/cancel")
async def cancel_import(import_id: UUID, by: Importer) -> ImportOut:
    """Stop an import; what it has taken stays."""
    return await service.cancel(import_id, by)


@router.post("/customer-exports", response_class=Response, responses=_TABLE)
async def export_customers(body: ExportIn, by: Exporter) -> Response:
    """The customers in reach that the filters find, as a table, streamed.

    Others' numbers are masked, the pool's hidden; with `unmask` (customers:unmask) others' are in full, which is
    written down.
    """
    export = await exporting.begin(by, body)
    headers = {"Content-Disposition": f'attachment; filename="customers.{body.format}"'}
    return StreamingResponse(export.stream(), media_type=export.media_type, headers=headers)
