"""Customers on their way between owners, the public pool and the trash."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from core.customers.ownership import Reason
from core.customers.profiles.rules import Nature, Party, Stage
from core.customers.search.schemas import CustomerFilters
from infra.paging import Limit, MomentCursor
from infra.schemas import Input, Output

CustomerIds = Annotated[list[UUID], Field(min_length=1, max_length=1000)]


Day = Annotated[date, Field(ge=date(2011, 1, 1), le=date(2199, 12, 31))]


class PoolFilters(Input):
    """All that is given must hold; `since` and `until` are days of coming into the pool, both included."""

    reason: Reason | None = None
    since: Day | None = None
    until: Day | None = None
    cursor: MomentCursor = None
    limit: Limit = 50


class PoolSearchIn(Input):
    """As a search of customers; wherever `filters` look, only the pool is searched."""

    filters: CustomerFilters = CustomerFilters()
    cursor: Annotated[int | None, Field(ge=1, le=2**63 - 1, description="`next` of the former page")] = None
    limit: Limit = 50


class PooledOut(Output):
    """A customer of the pool: since when and why, and how many numbers there are, which nobody sees."""

    id: UUID
    number: int
    name: str | None
    nature: Nature
    party: Party
    stage: Stage
    level: str | None
    industry: str | None
    province: str | None
    city: str | None
    phones: int
    pooled_at: datetime
    reason: Reason


class TrashedOut(Output):
    id: UUID
    number: int
    name: str | None
    party: Party
    discarded_at: datetime


class MoveIn(Input):
    """All of them, or none."""

    customer_ids: CustomerIds


class AssignIn(MoveIn):
    """`to` is the colleague who gets them."""

    to: UUID


class TransferIn(MoveIn):
    """`to` is the colleague who gets them; without one they go to the public pool."""

    to: UUID | None = None


class MovedOut(Output):
    """`act_id` names what was done, in the history of each customer; `customers` is how many it was done to."""

    act_id: UUID
    customers: int


class ClaimedOut(MovedOut):
    """`claims_left` of this business day."""

    claims_left: int


class ClaimsOut(Output):
    """How many customers one claim takes, how many claims there are on a business day, how many are used today."""

    size: int
    daily: int
    used: int


class OwnerChangeOut(Output):
    """From whom to whom (None: the pool, the trash or nobody), why, and who did it (None: the system)."""

    id: int
    act_id: UUID
    former: str | None
    owner: str | None
    reason: Reason
    changed_by: str | None
    changed_at: datetime
