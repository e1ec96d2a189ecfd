"""What customers can be searched by, and the rows of a list; views and rule tags keep `CustomerFilters` as JSON."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from core.customers.linking.rules import Door
from core.customers.ownership import Place
from core.customers.profiles.rules import Nature, Party, Stage, Status
from core.customers.profiles.schemas import PhoneOut
from infra.paging import Limit
from infra.problems import Unfit
from infra.schemas import Input, Output, Page, Text

_CENTURY = 36_525

Day = Annotated[date, Field(ge=date(1900, 1, 1), le=date(2199, 12, 31))]
DayOffset = Annotated[int, Field(ge=-_CENTURY, le=_CENTURY, description="Days from today: -30 is thirty days ago")]
MonthDay = Annotated[str, StringConstraints(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$")]
NumberCursor = Annotated[int | None, Field(ge=1, le=2**63 - 1, description="`next` of the former page")]
Word = Annotated[Text, StringConstraints(min_length=1, max_length=100)]
Value = Annotated[Text, StringConstraints(min_length=1, max_length=500)]
Words = Annotated[list[Word], Field(min_length=1, max_length=50)]
Ids = Annotated[list[UUID], Field(min_length=1, max_length=100)]
FewIds = Annotated[list[UUID], Field(min_length=1, max_length=20)]


class Days(Input):
    """From one business day to another, both included, fixed or counted from today; open where nothing is given.

    `or_never`: also whoever has no such date.
    """

    since: Day | None = None
    until: Day | None = None
    since_days: DayOffset | None = None
    until_days: DayOffset | None = None
    or_never: bool = False

    @model_validator(mode="after")
    def _each_end_once(self) -> "Days":
        if (self.since and self.since_days is not None) or (self.until and self.until_days is not None):
            raise Unfit("同一端只能给一个日期", "give each end once")
        return self


class Birthdays(Input):
    """Birthdays from one day of the year to another (also across New Year), or today and the next days."""

    since: MonthDay | None = None
    until: MonthDay | None = None
    next_days: Annotated[int | None, Field(ge=0, le=365)] = None

    @model_validator(mode="after")
    def _one_way(self) -> "Birthdays":
        if (self.since is None) != (self.until is None) or (self.since is None) == (self.next_days is None):
            raise Unfit("请给出起止两天，或未来天数", "give both days, or a number of days")
        return self


class FieldCondition(Input):
    """What a custom field holds: one of these values or options, these words, a number, a day. All that is given."""

    field_id: UUID
    any_of: Annotated[list[Value] | None, Field(min_length=1, max_length=50)] = None
    contains: Word | None = None
    least: Annotated[float | None, Field(allow_inf_nan=False)] = None
    most: Annotated[float | None, Field(allow_inf_nan=False)] = None
    days: Days | None = None

    @model_validator(mode="after")
    def _something(self) -> "FieldCondition":
        if not self.model_dump(exclude={"field_id"}, exclude_none=True):
            raise Unfit("请给出条件", "give a condition")
        return self


class CustomerFilters(Input):
    """All that is given must be so. Whoever was merged into another is never found, the trash only when asked for.

    `q`: part of a name (the customer's or a contact person's, or the mnemonic); a whole number of a phone, the last
    four digits of a mobile, the customer's number, or a card or key. `place`: without it, whoever isn't in the trash.
    `first_…`: what the first touch is credited to. `last_record`: when somebody last had business with the customer, or
    the owner got it. A department counts with those below it.
    """

    q: Word | None = None
    natures: Annotated[list[Nature] | None, Field(min_length=1, max_length=2)] = None
    parties: Annotated[list[Party] | None, Field(min_length=1, max_length=5)] = None
    statuses: Annotated[list[Status] | None, Field(min_length=1, max_length=3)] = None
    stages: Annotated[list[Stage] | None, Field(min_length=1, max_length=6)] = None
    levels: Words | None = None
    industries: Words | None = None
    provinces: Words | None = None
    cities: Words | None = None
    tags_all: FewIds | None = None
    tags_any: Ids | None = None
    tags_none: Ids | None = None
    fields: Annotated[list[FieldCondition] | None, Field(min_length=1, max_length=10)] = None
    place: Place | None = None
    owner_ids: Ids | None = None
    department_id: UUID | None = None
    store_id: UUID | None = None
    following: bool | None = None
    has_phone: bool | None = None
    doors: Annotated[list[Door] | None, Field(min_length=1, max_length=8)] = None
    first_store_id: UUID | None = None
    first_channel_id: UUID | None = None
    first_code_id: UUID | None = None
    created: Days | None = None
    registered: Days | None = None
    first_touch: Days | None = None
    followed_up: Days | None = None
    last_record: Days | None = None
    next_contact: Days | None = None
    birthday: Birthdays | None = None


class SearchIn(Input):
    """A search; `total` asks for a count, which stops at ten thousand."""

    filters: CustomerFilters = CustomerFilters()
    cursor: NumberCursor = None
    limit: Limit = 50
    total: bool = False


class WornTagOut(Output):
    """`kind`: a tag or a group."""

    id: UUID
    name: str
    kind: str


class CustomerRowOut(Output):
    """A customer in a list; `custom` has the custom fields that are listed, by field id."""

    id: UUID
    number: int
    name: str | None
    nature: Nature
    party: Party
    status: Status
    stage: Stage
    level: str | None
    tags: list[WornTagOut]
    place: Place
    owner_id: UUID | None
    owner: str | None
    following: bool
    phones: list[PhoneOut]
    followed_up_at: datetime | None
    next_contact_at: datetime | None
    last_record_at: datetime | None
    created_at: datetime
    custom: dict[str, Any]


class CustomersOut(Page[CustomerRowOut]):
    """A page; `total` counts all that match, when asked for. `more`: there are more than that."""

    total: int | None = None
    more: bool = False
