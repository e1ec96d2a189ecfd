"""What staff send and see about tags."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from core.customers.errors import CustomerInPool, CustomerInTrash, CustomerNotFound
from core.customers.search.schemas import CustomerFilters
from core.customers.search.views.schemas import MissingOut
from core.customers.tags.rules import TagKind
from infra.schemas import IN_LINE, Input, Output, Text, Version

TagName = Annotated[Text, StringConstraints(min_length=1, max_length=30), IN_LINE]
FewTags = Annotated[list[UUID], Field(max_length=20)]


class TagIn(Input):
    """With a rule, whom the search finds has the tag; without one it is given by hand."""

    kind: TagKind = TagKind.TAG
    name: TagName
    rule: CustomerFilters | None = None


class TagChange(Input):
    """What is left out stays as it is."""

    version: Version
    name: TagName = ""
    rule: CustomerFilters | None = None


class TagOut(Output):
    """`customers` in the caller's reach have it, `more`: more than that; None: search for it to count them.

    A rule was last evaluated at `evaluated_at` (as it is now) and is again at `evaluate_at`; `missing` is what it can't
    ask for.
    """

    id: UUID
    kind: TagKind
    name: str
    rule: CustomerFilters | None
    customers: int | None
    more: bool
    evaluated_at: datetime | None
    evaluate_at: datetime | None
    missing: list[MissingOut]
    version: int
    created_at: datetime


class TaggingIn(Input):
    """Tags to put on customers, and to take off."""

    customer_ids: Annotated[list[UUID], Field(min_length=1, max_length=1000)]
    add: FewTags = Field(default_factory=list)
    remove: FewTags = Field(default_factory=list)


class TaggingOutcome(StrEnum):
    """What came of it for a customer; the refusals are named as the errors are."""

    CHANGED = "changed"
    UNCHANGED = "unchanged"
    NOT_FOUND = CustomerNotFound.code
    IN_POOL = CustomerInPool.code
    IN_TRASH = CustomerInTrash.code


class TaggedOut(Output):
    customer_id: UUID
    outcome: TaggingOutcome


class TaggingOut(Output):
    """A line for each customer asked for."""

    items: list[TaggedOut]


class CustomerTagOut(Output):
    """`by` is who gave it; None: a rule."""

    id: UUID
    kind: TagKind
    name: str
    by: str | None
    added_at: datetime
