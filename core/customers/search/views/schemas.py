"""What people send and see about the searches they keep."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from core.customers.search.schemas import CustomerFilters
from infra.schemas import IN_LINE, Input, Output, Text, Version

ViewName = Annotated[Text, StringConstraints(min_length=1, max_length=30), IN_LINE]
# A column of the list, or the id of a custom field.
Column = Annotated[Text, StringConstraints(pattern=r"^[a-z0-9_-]{1,40}$")]
Columns = Annotated[list[Column], Field(max_length=50)]


class ViewIn(Input):
    """`columns` in the order shown; none: the usual ones. Sharing takes an operation point (`views:share`)."""

    name: ViewName
    filters: CustomerFilters
    columns: Columns = Field(default_factory=list)
    shared: bool = False


class ViewChange(Input):
    """What is left out stays as it is."""

    version: Version
    name: ViewName = ""
    filters: CustomerFilters = CustomerFilters()
    columns: Columns = Field(default_factory=list)
    shared: bool = False


class ViewOrder(Input):
    """All own views, in the order wanted."""

    ids: Annotated[list[UUID], Field(max_length=1000)]


class MissingOut(Output):
    """A tag or custom field (`kind`) that a search asks for or shows, and that was deleted."""

    kind: str
    id: UUID
    name: str | None


class ViewOut(Output):
    """`own`: the caller's, who alone may change it; `owner` made it. A reader sees the customers in the own reach."""

    id: UUID
    name: str
    filters: CustomerFilters
    columns: list[str]
    shared: bool
    own: bool
    owner: str
    missing: list[MissingOut]
    version: int
    created_at: datetime
