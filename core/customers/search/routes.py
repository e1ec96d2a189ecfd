"""Lists of customers, for whoever may see customers: those in reach."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from core.customers.search import queries
from core.customers.search.schemas import CustomerFilters, CustomersOut, NumberCursor, SearchIn, Word
from core.organisation.dependencies import RequirePermission
from core.organisation.queries import Colleague
from infra.paging import Limit

router = APIRouter(prefix="/staff/v1/customers", tags=["customers"])

Reader = Annotated[Colleague, RequirePermission("customers:read")]


@router.post("/search")
async def search_customers(body: SearchIn, by: Reader) -> CustomersOut:
    """The customers in the caller's reach for whom all conditions hold, newest first."""
    return await queries.search(by, body)


@router.get("")
async def list_customers(
    by: Reader,
    q: Annotated[Word | None, Query()] = None,
    view_id: UUID | None = None,
    cursor: NumberCursor = None,
    limit: Limit = 50,
    *,
    total: bool = False,
) -> CustomersOut:
    """The customers in the caller's reach: all of them, whom `q` means, or those of a saved view."""
    asked = SearchIn(filters=CustomerFilters(q=q), cursor=cursor, limit=limit, total=total)
    return await (queries.of_view(by, view_id, q, asked) if view_id else queries.search(by, asked))
