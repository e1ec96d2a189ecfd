"""What colleagues send and see of corrections of mobiles."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import StringConstraints

from infra.phones import MobileText
from infra.schemas import Input, Output, Text


class MobileChangeIn(Input):
    mobile: MobileText
    reason: Annotated[Text, StringConstraints(min_length=1, max_length=200)]


class MobileChangeOut(Output):
    """`former` is the number to be replaced (None: there was none), both as the caller may see the customer's numbers.

    `approved` is None until it is decided.
    """

    id: UUID
    customer_id: UUID
    customer: str | None
    former: str | None
    mobile: str | None
    reason: str
    asked_by_id: UUID
    asked_by: str
    asked_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    approved: bool | None
