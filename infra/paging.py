"""Cursor pagination: by id (ids grow with time), or by time and id where facts arrive late.

A page never shifts under the reader.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

from pydantic import Field

from infra.errors import InvalidInput
from infra.schemas import Output, Page

S = TypeVar("S", bound=Output)

Cursor = Annotated[UUID | None, Field(description="`next` of the former page")]
MomentCursor = Annotated[str | None, Field(max_length=100, description="`next` of the former page")]
Limit = Annotated[int, Field(ge=1, le=200, description="How many at most")]


def moment_cursor(at: datetime, id_: UUID) -> str:
    """The cursor of a list ordered by time and id."""
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}_{id_}"


def read_moment_cursor(text: str) -> tuple[datetime, UUID]:
    """The (time, id) of such a cursor. Raises InvalidInput."""
    at, _, id_ = text.partition("_")
    try:
        return datetime.fromisoformat(at).astimezone(UTC), UUID(id_)
    except (ValueError, OverflowError) as error:
        raise InvalidInput({"field": "cursor"}) from error


def page_of(schema: type[S], rows: Sequence[Any], limit: int) -> Page[S]:
    """A page of up to `limit` of the rows; there is a next one if a row was read beyond it."""
    items = [schema.model_validate(row) for row in rows[:limit]]
    return Page(items=items, next=str(rows[limit - 1].id) if len(rows) > limit else None)
