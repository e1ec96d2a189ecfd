"""Cursor pagination by id: ids grow with time, so a page never shifts under the reader."""

from collections.abc import Sequence
from typing import Annotated, Any, TypeVar
from uuid import UUID

from pydantic import Field

from infra.schemas import Output, Page

S = TypeVar("S", bound=Output)

Cursor = Annotated[UUID | None, Field(description="`next` of the former page")]
Limit = Annotated[int, Field(ge=1, le=200, description="How many at most")]


def page_of(schema: type[S], rows: Sequence[Any], limit: int) -> Page[S]:
    """A page of up to `limit` of the rows; there is a next one if a row was read beyond it."""
    items = [schema.model_validate(row) for row in rows[:limit]]
    return Page(items=items, next=str(rows[limit - 1].id) if len(rows) > limit else None)
