"""The whole picture of a customer, as it goes out. Openids never leave the house."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from core.customers.linking.rules import PhoneLabel
from core.customers.ownership import Place
from core.customers.parts import PartKind
from core.customers.profiles.rules import Gender, Nature, Party, Stage, Status
from core.customers.schemas import TimelineKind
from core.permissions.rules import Layout
from infra.schemas import Output


class PictureBaseOut(Output):
    """Who it is and whose: what every layout shows. `number` is what people call the customer by."""

    id: UUID
    number: int
    name: str | None
    nature: Nature
    party: Party
    status: Status
    stage: Stage
    level: str | None
    tags: list[str]
    following: bool
    place: Place
    owner_id: UUID | None
    owner: str | None
    department: str | None
    created_at: datetime
    registered_at: datetime | None


class PicturePhoneOut(Output):
    """`text` is None in the pool, and has stars for whom the customer isn't."""

    id: UUID
    label: PhoneLabel
    text: str | None
    masked: bool
    verified: bool
    contact_id: UUID | None


class PicturePersonOut(Output):
    """Somebody to talk to; the numbers are among the customer's, by `contact_id`."""

    id: UUID
    name: str
    department: str | None
    post: str | None
    is_main: bool


class PictureRecordOut(Output):
    """The rest of the base data, which sales and service see; `email` as numbers are shown."""

    mnemonic: str | None
    gender: Gender | None
    birthday: date | None
    industry: str | None
    province: str | None
    city: str | None
    address: str | None
    postcode: str | None
    latitude: float | None
    longitude: float | None
    datum: str | None
    email: str | None
    home_page: str | None
    credit_grade: str | None
    credit_limit: int | None
    parent_id: UUID | None
    parent: str | None
    remark: str | None
    custom: dict[str, Any]
    phones: list[PicturePhoneOut]
    persons: list[PicturePersonOut]
    active_at: datetime | None
    next_contact_at: datetime | None
    order_due_on: date | None


class TotalsOut(Output):
    """What a customer amounts to. `value` (fen) and `points` are 0 as long as no context counts them."""

    days: int = Field(description="Business days since the customer came, today included")
    touches: int
    follow_ups: int
    visits: int
    chats: int
    orders: int
    contracts: int
    value: int
    points: int


class PartOut(Output):
    """What one context tells, in its own words."""

    name: str
    title: str
    content: Any


class PictureOut(Output):
    """One customer in the layout of who looks (K-08): sales sees all, service the base, management totals.

    `parts` has every kind of the layout; one that no context has filled is an empty list.
    """

    layout: Layout
    base: PictureBaseOut
    record: PictureRecordOut | None
    totals: TotalsOut | None
    parts: dict[PartKind, list[PartOut]]


class TimelineEntryOut(Output):
    """`guide`: whom a touch counts for, or who was given the customer. `details` are ids and facts of the kind."""

    id: UUID
    occurred_at: datetime
    kind: TimelineKind
    guide: str | None
    store: str | None
    channel: str | None
    details: dict[str, Any]
