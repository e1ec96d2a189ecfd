"""What is asked of the audit log, and what it shows."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints

from infra.paging import Limit, MomentCursor
from infra.schemas import Input, Output, Text

Word = Annotated[Text, StringConstraints(min_length=1, max_length=100)]
Moment = Annotated[AwareDatetime, Field(ge=datetime(2011, 1, 1, tzinfo=UTC), le=datetime(2199, 12, 31, tzinfo=UTC))]


class AuditFilters(Input):
    """All given ones hold together. `action` is a beginning (`role.`, `customer.seen`); times include `from`."""

    staff_id: UUID | None = None
    actor: Annotated[Word | None, Field(description="`staff:<id>`, `cli` or `system`")] = None
    action: Word | None = None
    subject_kind: Word | None = None
    subject_id: Annotated[Word | None, Field(description="Together with subject_kind")] = None
    since: Annotated[Moment | None, Field(alias="from")] = None
    until: Moment | None = None

    def told(self) -> dict[str, Any]:
        """What was asked for, as the log tells it."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class AuditSearch(AuditFilters):
    """A page of what was asked for."""

    cursor: MomentCursor = None
    limit: Limit = 50

    def filters(self) -> AuditFilters:
        return AuditFilters.model_validate(self.model_dump(by_alias=True, exclude={"cursor", "limit"}))


class AuditOut(Output):
    """Who did what to whom; `actor_name` is a colleague's."""

    id: UUID
    created_at: datetime
    actor: str
    actor_name: str | None
    action: str
    subject_kind: str
    subject_id: str
    details: dict[str, Any]
    request_id: str | None
    address: str | None


class CheckOut(Output):
    """The last check of the whole log."""

    at: datetime
    by: str
    rows: int
    fault: str | None
    place: str | None


class ChainOut(Output):
    """`rows` are in the chain, `waiting` get their place within seconds; `head` can be kept elsewhere as an anchor.

    `intact`, `fault` and `place` (the first broken one) tell of the places after `checked_since`, checked just now;
    `last_check` is that of the whole log, done each day.
    """

    rows: int
    waiting: int
    head: str
    intact: bool
    fault: str | None
    place: str | None
    checked_since: int
    last_check: CheckOut | None
