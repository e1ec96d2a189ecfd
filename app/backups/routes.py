"""Which backups were made, for administrators."""

from typing import Annotated

from fastapi import APIRouter

from app.backups import queries
from app.backups.schemas import BackupOut
from core.organisation.dependencies import RequirePermission
from core.organisation.queries import Colleague
from infra.paging import Cursor, Limit, page_of
from infra.schemas import Page

router = APIRouter(prefix="/staff/v1/backups", tags=["backups"])


@router.get("")
async def list_backups(
    _by: Annotated[Colleague, RequirePermission("backups:read")], cursor: Cursor = None, limit: Limit = 50
) -> Page[BackupOut]:
    """Backups that were made or tried, the newest first."""
    return page_of(BackupOut, await queries.page(cursor, limit + 1), limit)
