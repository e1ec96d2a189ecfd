"""What is sent and seen of hand-overs."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from infra.schemas import Input, Output, Text

Reason = Annotated[Text, StringConstraints(max_length=200)]
Parts = Annotated[list[Annotated[str, StringConstraints(max_length=40)]], Field(min_length=1, max_length=50)]


class HeldOut(Output):
    """What a colleague holds of one kind; `name` is what `parts` take."""

    name: str
    title: str
    count: int


class HandOverIn(Input):
    """`to` gets all, or only the `parts` named."""

    to: UUID
    parts: Parts | None = None
    reason: Reason = ""


class LeaveIn(Input):
    """With `hand_over_to`, that colleague gets everything (or the `parts` named) in the same step."""

    hand_over_to: UUID | None = None
    parts: Parts | None = None
    reason: Reason = ""


class HandOverOut(Output):
    """`parts`: how much of each kind went from one to the other; `made_by` is who did it (`staff:<id>`)."""

    id: UUID
    source_id: UUID
    source: str
    target_id: UUID
    target: str
    parts: dict[str, int]
    reason: str
    made_by: str
    made_at: datetime
