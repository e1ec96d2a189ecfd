"""What colleagues send and see of records."""

from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field, JsonValue, StringConstraints, model_validator

from core.customers.linking.rules import Door, PhoneLabel
from core.customers.ownership import Place
from core.customers.profiles.rules import FIELDS, Gender, Nature, Party, Stage, Status, name_key
from core.stores.schemas import PositionIn, PositionOut
from infra import clock
from infra.phones import MobileText, PhoneText
from infra.problems import Unfit
from infra.schemas import IN_LINE, Input, Output, Text

_EARLIEST = date(1900, 1, 1)
_MOST_FEN = 10**13  # a hundred billion yuan

Version = Annotated[int, Field(ge=0, le=1_000_000, description="The one that was changed; 0: there is no record yet")]


def _named(name: str) -> str:
    if not name_key(name):
        raise Unfit("不能为空", "must not be empty")
    return name


def _past(day: date) -> date:
    if not _EARLIEST <= day <= clock.business_day():
        raise Unfit("须在 1900 年之后、今天之前", "must lie between 1900 and today")
    return day


def _past_moment(at: datetime) -> datetime:
    # Far from the beginning of the calendar, so that any reckoning with it stays inside.
    if at.year < _EARLIEST.year or at > clock.now():
        raise Unfit("须在 1900 年之后、现在之前", "must lie between 1900 and now")
    return at


CustomerName = Annotated[Text, StringConstraints(min_length=1, max_length=100), IN_LINE, AfterValidator(_named)]
PastDay = Annotated[date, AfterValidator(_past)]
Email = Annotated[Text, StringConstraints(pattern=r"^[^@\s]{1,64}@[^@\s]{1,180}\.[^@\s.]{1,60}$", max_length=254)]
Remark = Annotated[Text, StringConstraints(max_length=2000)]
Custom = Annotated[dict[UUID, JsonValue], Field(max_length=500, description="By field id; null takes a value away")]
Line10 = Annotated[Text, StringConstraints(min_length=1, max_length=10), IN_LINE]
Line30 = Annotated[Text, StringConstraints(min_length=1, max_length=30), IN_LINE]
Line50 = Annotated[Text, StringConstraints(min_length=1, max_length=50), IN_LINE]
Line200 = Annotated[Text, StringConstraints(min_length=1, max_length=200), IN_LINE]
Postcode = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
HomePage = Annotated[
    Text, StringConstraints(pattern=r"^(https?://)?[\w.-]+\.[\w-]+(:[0-9]{1,5})?(/\S*)?$", max_length=200)
]


class PhonesIn(Input):
    """A number for each purpose; null takes it away. A mobile that is there changes by request only."""

    mobile: MobileText | None = None
    main: PhoneText | None = None
    finance: PhoneText | None = None
    office: PhoneText | None = None
    home: PhoneText | None = None
    fax: PhoneText | None = None

    def by_label(self) -> dict[PhoneLabel, str | None]:
        """Those that were given."""
        return {PhoneLabel(name): getattr(self, name) for name in self.model_fields_set}


class _Fields(Input):
    """`level` is one of the parameter customers.levels; a position wins over the address on maps."""

    nature: Nature | None = None
    party: Party | None = None
    status: Status | None = None
    mnemonic: Line50 | None = None
    gender: Gender | None = None
    birthday: PastDay | None = None
    level: Line30 | None = None
    industry: Line50 | None = None
    province: Line30 | None = None
    city: Line30 | None = None
    address: Line200 | None = None
    postcode: Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")] | None = None
    position: PositionIn | None = None
    email: Email | None = None
    home_page: HomePage | None = None
    parent_unit_id: UUID | None = None
    remark: Remark | None = None
    registered_at: Annotated[AwareDatetime, AfterValidator(_past_moment)] | None = None
    custom: Custom = Field(default_factory=dict)

    def fields(self) -> dict[str, Any]:
        """What was given, as records keep it (rules.FIELDS)."""
        given = {name: getattr(self, name) for name in self.model_fields_set if name in FIELDS}
        if "parent_unit_id" in self.model_fields_set:
            given["parent_id"] = self.parent_unit_id
        if self.position is not None:
            placed = self.position.position()
            given["position"] = (placed.wgs84_latitude, placed.wgs84_longitude, placed.datum.value)
        return given

    def custom_values(self) -> dict[str, Any]:
        """By field id as text."""
        return {str(field_id): value for field_id, value in self.custom.items()}


class CustomerIn(_Fields):
    """A new customer of the caller, or of `owner_id` (needs `customers:assign`).

    `confirm`: it is somebody else than the customers with the same mobile and another name.
    """

    name: CustomerName
    phones: PhonesIn = Field(default_factory=PhonesIn)
    owner_id: UUID | None = None
    confirm: bool = False


class CustomerChange(_Fields):
    """What is left out stays as it is, null takes it away. `version` is the one that was changed.

    `confirm`: it is somebody else than the customers with a mobile that is entered, and another name.
    """

    version: Version
    name: CustomerName | None = None
    phones: PhonesIn = Field(default_factory=PhonesIn)
    confirm: bool = False

    @model_validator(mode="after")
    def _what_may_be_null(self) -> Self:
        for name in ("name", "nature", "party", "status"):
            if name in self.model_fields_set and getattr(self, name) is None:
                raise Unfit(f"{name} 不能为空", f"{name} can't be null")
        return self


class CustomerCopyIn(Input):
    """What the new record has of its own; see the route for what is taken over."""

    name: CustomerName
    phones: PhonesIn = Field(default_factory=PhonesIn)
    confirm: bool = False


class CreditIn(Input):
    """`limit` in fen."""

    version: Version
    grade: Line10 | None
    limit: Annotated[int, Field(ge=0, le=_MOST_FEN)] | None


class StageIn(Input):
    """`backwards`: going back is meant."""

    version: Version
    stage: Stage
    backwards: bool = False


class StageChangeOut(Output):
    """`by` is None where an event brought it."""

    id: int
    former: Stage | None
    stage: Stage
    by: str | None
    changed_at: datetime


class PhoneOut(Output):
    """`text` is None in the pool; `masked`: parts of it are stars."""

    id: UUID
    label: PhoneLabel
    text: str | None
    masked: bool
    verified: bool


class SourceOut(Output):
    """Which door gave a field, and when."""

    door: Door
    at: datetime


class OwnerOut(Output):
    id: UUID
    name: str
    department: str


class CustomerOut(Output):
    """A record. E-mail addresses of others' customers are masked; in the pool there are none.

    `sources` says of each field (custom ones as `custom.<id>`) which door gave it. `credit_limit` is in fen.
    """

    id: UUID
    number: int
    version: int
    place: Place
    owner: OwnerOut | None
    following: bool
    nature: Nature
    party: Party
    status: Status
    stage: Stage
    name: str | None
    mnemonic: str | None
    gender: Gender | None
    birthday: date | None
    level: str | None
    industry: str | None
    province: str | None
    city: str | None
    address: str | None
    postcode: str | None
    position: PositionOut | None
    email: str | None
    home_page: str | None
    credit_grade: str | None
    credit_limit: int | None
    parent_unit_id: UUID | None
    parent_unit: str | None
    remark: str | None
    registered_at: datetime | None
    phones: list[PhoneOut]
    custom: dict[str, JsonValue]
    sources: dict[str, SourceOut]
    created_at: datetime
    updated_at: datetime | None


class FoundOut(Output):
    """Somebody who is there already; `id` only in the caller's reach. `owner` is None in the pool and of fans."""

    id: UUID | None
    name: str | None
    nature: Nature
    place: Place
    owner: str | None
    department: str | None


class LookupOut(Output):
    """At most 20, the best first; `more`: there are others, so look for more of the name."""

    items: list[FoundOut]
    more: bool
