"""What staff record and see of consents, channels and erasures."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints

from core.customers.privacy.rules import Channel, ErasureKind
from infra.schemas import Input, Output, Text

Purpose = Annotated[Text, StringConstraints(pattern=r"^[a-z_]{1,30}$")]
Version = Annotated[int, Field(ge=1, le=2_000_000_000)]
# Later than now is taken for now: clocks of phones differ.
When = Annotated[
    AwareDatetime | None, Field(ge=datetime(2011, 1, 1, tzinfo=UTC), le=datetime(2199, 12, 31, tzinfo=UTC))
]


class ConsentTextIn(Input):
    """The next version of what people are asked to agree to; it never changes again. `version` is the one before."""

    purpose: Purpose
    body: Annotated[Text, StringConstraints(min_length=1, max_length=20_000)]
    version: Annotated[int, Field(ge=0, le=2_000_000_000)] = 0


class ConsentTextOut(Output):
    """One published version."""

    id: UUID
    purpose: str
    version: int
    body: str
    published_at: datetime


class ConsentIn(Input):
    """What a person agreed to, or (not `given`) took back, in front of a colleague."""

    purpose: Purpose
    version: Version
    given: bool
    occurred_at: When = None


class ConsentOut(Output):
    """One line of the ledger; of each purpose the newest by `occurred_at` stands."""

    purpose: str
    version: int
    given: bool
    door: str
    occurred_at: datetime


class ChannelIn(Input):
    """What a person told a colleague about a way to be reached."""

    channel: Channel
    accepted: bool
    chosen_at: When = None


class ChannelOut(Output):
    """The newest word about a channel."""

    channel: Channel
    accepted: bool
    door: str
    chosen_at: datetime


class ErasureOut(Output):
    """A person is to be forgotten at `due_at`, was at `done_at`, or stays known (`cancelled_at`)."""

    id: UUID
    kind: ErasureKind
    asked_at: datetime
    due_at: datetime
    done_at: datetime | None
    cancelled_at: datetime | None


class PrivacyOut(Output):
    """All of it for one customer."""

    consents: list[ConsentOut]
    channels: list[ChannelOut]
    erasures: list[ErasureOut]
