"""Why a person is wanted, how a case of service ends, and when it goes on to the next line. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from core.notices.rules import minute_of

_DAY = timedelta(days=1)


class Wanted(StrEnum):
    """Why a case was opened: no rule had an answer, the fan or what answered wants a person, or a colleague began."""

    NO_ANSWER = "no_answer"
    ASKED = "asked"
    BEGUN = "begun"


class Ended(StrEnum):
    """How a case was closed."""

    CLOSED = "closed"
    QUIET = "quiet"
    LEFT = "left"


class Reason(StrEnum):
    """What pages hear of a conversation: a message came or was sent, its case began or ended, hands changed, read."""

    MESSAGE = "message"
    SENT = "sent"
    CASE = "case"
    ASSIGNED = "assigned"
    READ = "read"


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose a case is: a colleague's (`store_id` is where that one works), else in a store's line, else the agents'."""

    staff_id: UUID | None = None
    store_id: UUID | None = None


AGENTS = Holder()


@dataclass(frozen=True, slots=True)
class Held:
    """A conversation under its lock; `case_id` is the open case, if there is one."""

    id: UUID
    customer_id: UUID
    case_id: UUID | None
    holder: Holder
    waiting_since: datetime | None
    last_number: int
    version: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides who gets a case: the customer's owner, the owner's store, and that of the first touch.

    `holder_id` and `holder_store_id` are whose it is now.
    """

    owner_id: UUID | None
    owner_store_id: UUID | None
    touch_store_id: UUID | None
    holder_id: UUID | None = None
    holder_store_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Able:
    """A colleague who may answer and works in a store, if in any; `everywhere`: an agent."""

    id: UUID
    store_id: UUID | None
    everywhere: bool


@dataclass(frozen=True, slots=True)
class Crew:
    """Who can take cases: colleagues at work by id, the stores that are open, and who is at the inbox just now."""

    people: dict[UUID, Able]
    open_stores: frozenset[UUID]
    present: frozenset[UUID] = frozenset()

    def serves(self, store_id: UUID | None, *, without: UUID | None = None) -> bool:
        """Whether somebody in the line of a store can answer."""
        return store_id in self.open_stores and any(
            one.store_id == store_id and one.id != without for one in self.people.values()
        )


def first_holder(standing: Standing, crew: Crew) -> Holder:
    """Who gets a new case: the owner at work, the store of the owner who left or of the first touch, or the agents."""
    owner = crew.people.get(standing.owner_id) if standing.owner_id else None
    if owner is not None:
        return Holder(owner.id, owner.store_id)
    return _line_of((standing.owner_store_id, standing.touch_store_id), crew, None)


def next_holder(standing: Standing, crew: Crew) -> Holder | None:
    """Whose it is when whoever has it doesn't answer: after a colleague the store, after a store the agents.

    An agent who is there keeps it (None); that of one who isn't goes back to the line of the others.
    """
    if standing.holder_id is None:
        return AGENTS
    holder = crew.people.get(standing.holder_id)
    if holder is not None and holder.everywhere:
        return None if holder.id in crew.present else AGENTS
    stores = (standing.holder_store_id, standing.owner_store_id, standing.touch_store_id)
    return _line_of(stores, crew, standing.holder_id)


def _line_of(stores: Iterable[UUID | None], crew: Crew, without: UUID | None) -> Holder:
    found = next((store_id for store_id in stores if crew.serves(store_id, without=without)), None)
    return Holder(None, found) if found else AGENTS


@dataclass(slots=True)
class Agent:
    """An agent at the inbox: how many fans wait for them, and when the line last gave them a case."""

    id: UUID
    store_id: UUID | None
    waiting: int
    given_at: datetime | None


def give(agents: Sequence[Agent], most: int, now: datetime) -> Agent | None:
    """The one with the fewest fans waiting, fewer than `most`; of these, who got one longest ago. It counts at once."""
    free = [one for one in agents if one.waiting < most]
    if not free:
        return None
    chosen = min(free, key=lambda one: (one.waiting, one.given_at is not None, one.given_at, one.id))
    chosen.waiting += 1
    chosen.given_at = now
    return chosen


@dataclass(frozen=True, slots=True)
class Hours:
    """Working hours of every business day; an `end` that is not after the `begin` lies on the next day."""

    begin: time
    end: time
    zone: ZoneInfo

    @classmethod
    def of(cls, text: str, zone: ZoneInfo) -> "Hours":
        """`09:00-21:00`."""
        begin, end = (minute_of(moment) or 0 for moment in text.split("-"))
        return cls(time(begin // 60, begin % 60), time(end // 60, end % 60), zone)

    def hold(self, at: datetime) -> bool:
        """Whether it is working time."""
        today = at.astimezone(self.zone).date()
        return any(begin <= at < end for begin, end in map(self._of, (today - _DAY, today)))

    def after(self, start: datetime, span: timedelta) -> datetime:
        """The moment when `span` of working time has passed since `start`."""
        day = start.astimezone(self.zone).date() - _DAY
        left = span
        while True:
            begin, end = self._of(day)
            since = max(start, begin)
            if since < end:
                if since + left <= end:
                    return (since + left).astimezone(start.tzinfo)
                left -= end - since
            day += _DAY

    def _of(self, day: date) -> tuple[datetime, datetime]:
        last = day if self.end > self.begin else day + _DAY
        return datetime.combine(day, self.begin, self.zone), datetime.combine(last, self.end, self.zone)
