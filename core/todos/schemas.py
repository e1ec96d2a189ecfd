"""To-dos as colleagues see and send them."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints

from infra.schemas import IN_LINE, Input, Output, Text

Due = Annotated[AwareDatetime, Field(ge=datetime(2000, 1, 1, tzinfo=UTC), le=datetime(2199, 12, 31, tzinfo=UTC))]


class TodoOut(Output):
    """`kind` and `source_id` say what it comes from, `link` (a path of our pages) where it is done.

    `by_hand`: its owner ends it here; any other ends where it comes from.
    """

    id: UUID
    kind: str
    source_id: UUID
    title: str
    link: str
    due_at: datetime | None
    overdue: bool
    by_hand: bool
    created_at: datetime
    done_at: datetime | None


class TodoCountsOut(Output):
    """What is open: in all, overdue, and by kind."""

    open: int
    overdue: int
    kinds: dict[str, int]


class ReminderIn(Input):
    """Something of one's own; with a time, it rings before it (parameter `todos.remind_minutes`)."""

    title: Annotated[Text, StringConstraints(min_length=1, max_length=100), IN_LINE]
    due_at: Due | None = None
