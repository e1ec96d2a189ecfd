"""Follow-up notes and reminder lists."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from core.customers.followups.rules import FollowUpKind
from core.files.schemas import FileOut
from infra.problems import Unfit
from infra.schemas import Input, Output, Text

_LAST_YEAR = 2199

Moment = Annotated[AwareDatetime, Field(ge=datetime.fromisoformat("2000-01-01T00:00:00Z"))]
Body = Annotated[Text, StringConstraints(min_length=1, max_length=2000)]


class FollowUpIn(Input):
    """`occurred_at` is when the contact was (a phone sends it later when it was offline), now if not given.

    `task_id` is one of the own tasks, `files` were uploaded by oneself as attachments. What was agreed:
    `next_contact_at`, and `order_due_on`, the day until which an order will come.
    """

    kind: FollowUpKind
    body: Body | None = None
    contact_person_id: UUID | None = None
    file_ids: Annotated[tuple[UUID, ...], Field(max_length=9)] = ()
    task_id: UUID | None = None
    next_contact_at: Moment | None = None
    order_due_on: Annotated[date | None, Field(ge=date(2000, 1, 1), le=date(_LAST_YEAR, 12, 31))] = None
    occurred_at: Moment | None = None

    @model_validator(mode="after")
    def _within_the_calendar(self) -> "FollowUpIn":
        for at in (self.next_contact_at, self.occurred_at):
            if at is not None and at.year > _LAST_YEAR:
                raise Unfit("须在 2199 年之前", "must lie before the year 2200")
        return self


class FollowUpOut(Output):
    """`contact_person` is the person talked to. In `body`, numbers are masked for everyone but the customer's owner."""

    id: UUID
    customer_id: UUID
    staff_id: UUID
    author: str
    kind: FollowUpKind
    body: str | None
    contact_person_id: UUID | None
    contact_person: str | None
    task_id: UUID | None
    files: list[FileOut]
    next_contact_at: datetime | None
    order_due_on: date | None
    occurred_at: datetime
    created_at: datetime


class RemindersOut(Output):
    """How many own customers stand on each list.

    To contact today or tomorrow, contact overdue, order overdue, long without business, about to go back to the pool.
    """

    due: int
    overdue: int
    order_overdue: int
    quiet: int
    returning: int


class RemindedOut(Output):
    """An own customer on a list."""

    id: UUID
    number: int
    name: str | None
    next_contact_at: datetime | None
    order_due_on: date | None
    active_at: datetime | None
    business_at: datetime | None
