"""The audit log, for those who may read it; that they read it is written down too."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from core.audit import queries
from core.audit.paging import Cursors
from core.audit.schemas import AuditFilters, AuditOut, AuditSearch, ChainOut
from core.organisation.dependencies import RequirePermission
from core.organisation.queries import Colleague
from infra import audit
from infra.schemas import Page

router = APIRouter(prefix="/staff/v1", tags=["audit"])

Reader = Annotated[Colleague, RequirePermission("audit:read")]
_CSV: dict[int | str, dict[str, object]] = {200: {"content": {"text/csv": {}}, "description": "A table"}}


@router.get("/audit")
async def search_audit(by: Reader, search: Annotated[AuditSearch, Query()]) -> Page[AuditOut]:
    """Who saw or changed what, the newest first. Each search is a row of the log itself; its further pages are not."""
    filters = search.filters()
    cursors = Cursors(by.id, filters)
    before = cursors.read(search.cursor)
    if before is None:
        await audit.note("audit.searched", "audit", "log", filters.told())
    rows = await queries.page(by, filters, before, search.limit + 1)
    last = rows[search.limit - 1] if len(rows) > search.limit else None
    return Page(items=rows[: search.limit], next=cursors.write(last.created_at, last.id) if last else None)


@router.get("/audit.csv", response_class=Response, responses=_CSV)
async def export_audit(by: Reader, filters: Annotated[AuditFilters, Query()]) -> Response:
    """The same as a table, all of it."""
    await audit.note("audit.exported", "audit", "log", filters.told())
    headers = {"Content-Disposition": 'attachment; filename="audit.csv"'}
    return StreamingResponse(queries.table(by, filters), media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/audit/chain")
async def audit_chain(_by: Reader) -> ChainOut:
    """Is anything missing or changed?"""
    return await queries.chain()
