"""What is asked of imports and exports, and what they say."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from core.customers.imports.rules import ImportState, Into, OnPossibleDuplicate
from core.customers.search.schemas import CustomerFilters
from infra.schemas import Input, Output

FieldKey = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$|^custom:[0-9a-f-]{36}$")]
MOST_COLUMNS = 200


class HeadersIn(Input):
    """A table that the caller uploaded with the purpose `table`."""

    file_id: UUID


class FieldOut(Output):
    """What a column can be; `key` is what a mapping names."""

    key: str
    title: str


class HeadersOut(Output):
    """`mapping` has a field or null for each column, as the same headers were mapped before, or as they are called."""

    headers: list[str]
    rows: list[list[str]]
    mapping: list[str | None]
    remembered: bool
    fields: list[FieldOut]


class ConsentIn(Input):
    """Which text everybody in the table has agreed to, and when."""

    purpose: Annotated[str, StringConstraints(min_length=1, max_length=30)]
    version: Annotated[int, Field(ge=1, le=2_147_483_647)]


class ImportIn(Input):
    """`mapping` names a field or null for each column of the table."""

    file_id: UUID
    mapping: Annotated[list[FieldKey | None], Field(min_length=1, max_length=MOST_COLUMNS)]
    dry_run: bool = True
    into: Into = Into.OWN
    on_possible_duplicate: OnPossibleDuplicate = OnPossibleDuplicate.REFUSE
    tag_ids: Annotated[list[UUID], Field(max_length=20)] = Field(default=[])
    consent: ConsentIn | None = None


class ImportOut(Output):
    """Of `rows` (known once the table has been read through) `done` were looked at; each is one of the four.

    `warned` ones were created and need a look.
    """

    id: UUID
    staff_id: UUID
    file_name: str
    dry_run: bool
    into: Into
    on_possible_duplicate: OnPossibleDuplicate
    state: ImportState
    rows: int | None
    done: int
    created: int
    linked: int
    refused: int
    warned: int
    error: str | None
    started_at: datetime
    ended_at: datetime | None


class TableFormat(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"


class ExportIn(Input):
    """Which customers, of those in reach; `columns` (all when left out) in this order.

    `unmask` gives the numbers of others' customers in full, to who may see them so (customers:unmask).
    """

    filters: CustomerFilters = CustomerFilters()
    columns: Annotated[list[FieldKey] | None, Field(min_length=1, max_length=MOST_COLUMNS)] = None
    format: TableFormat = TableFormat.CSV
    unmask: bool = False
