"""What a customer's record may say, and which of two things said of it stands. No I/O."""

from calendar import isleap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from core.customers.linking.rules import Door
from infra import names

NAME_LENGTH = 100
# What stands together: nobody means the latitude of one place and the longitude of another.
POSITION = ("latitude", "longitude", "datum")
FIELDS = (
    "nature",
    "party",
    "status",
    "name",
    "mnemonic",
    "gender",
    "birthday",
    "level",
    "industry",
    "province",
    "city",
    "address",
    "postcode",
    "position",
    "email",
    "home_page",
    "credit_grade",
    "credit_limit",
    "parent_id",
    "remark",
    "registered_at",
)
# Custom fields stand beside them, each on its own.
CUSTOM = "custom."


class Nature(StrEnum):
    PERSON = "person"
    BUSINESS = "business"


class Party(StrEnum):
    """One store of customers holds them all (F-18)."""

    PROSPECT = "prospect"
    CUSTOMER = "customer"
    PARTNER = "partner"
    AGENT = "agent"
    SUPPLIER = "supplier"


class Status(StrEnum):
    """How the relation stands."""

    ACTIVE = "active"
    PAUSED = "paused"
    CLOSED = "closed"


class Stage(StrEnum):
    """Where in its life as a customer somebody is (F-19)."""

    NEW = "new"
    INTERESTED = "interested"
    BOUGHT = "bought"
    LOYAL = "loyal"
    SLEEPING = "sleeping"
    LOST = "lost"


class Gender(StrEnum):
    MALE = "male"
    FEMALE = "female"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """What a door says of a customer at a time.

    `fields` are values by FIELDS (a position as latitude, longitude and datum, in WGS-84), or by "custom." and a field
    id, checked before.
    """

    customer_id: UUID
    door: Door
    occurred_at: datetime
    fields: Mapping[str, Any]


# Whoever speaks through these speaks for themselves, with a number or identity that WeChat or a text message proved.
_THEMSELVES = {Door.MINI_PROGRAM, Door.WECHAT_PHONE, Door.SMS}
_PERSONAL = {"name", "gender", "birthday"}
_RANKS = {Door.FOLLOW: 0, Door.POS: 1, Door.IMPORT: 2, Door.COUNTER: 3, Door.STAFF: 5}


@dataclass(frozen=True, slots=True)
class Said:
    """A field's value as somebody said it through a door, at a time; None as a value: there is none."""

    value: Any
    door: Door
    at: datetime

    def source(self) -> list[str]:
        """As the record keeps it."""
        return [self.door.value, self.at.isoformat()]


def rank(field: str, door: Door) -> int:
    """How much a door's word counts for a field (B-10).

    Of name, gender and birthday people know best themselves; else a colleague's entry counts most. Then what was said
    at the counter, what was imported, what a till sent, what came with following.
    """
    if door in _THEMSELVES:
        return 6 if field in _PERSONAL else 4
    return _RANKS[door]


def winner(field: str, said: Iterable[Said]) -> Said:
    """What stands: the word of the door that counts most, its latest; the order of arrival never decides."""

    def weight(one: Said) -> tuple[int, datetime, str, Door]:
        return rank(field, one.door), one.at, "" if one.value is None else str(one.value), one.door

    return max(said, key=weight)


def joined(*sides: Mapping[str, Said]) -> dict[str, Said]:
    """Several records of one person, field by field."""
    fields = {field for side in sides for field in side}
    return {field: winner(field, [side[field] for side in sides if field in side]) for field in fields}


_ORDER = {Stage.NEW: 0, Stage.INTERESTED: 1, Stage.BOUGHT: 2, Stage.LOYAL: 3, Stage.SLEEPING: 4, Stage.LOST: 5}
_AWAKE = {Stage.INTERESTED, Stage.BOUGHT, Stage.LOYAL}


def advances(former: Stage, stage: Stage) -> bool:
    """Whether going to a stage is going on; whoever sleeps or is lost may come back, but never as somebody new."""
    if former in {Stage.SLEEPING, Stage.LOST} and stage in _AWAKE:
        return True
    return _ORDER[stage] > _ORDER[former]


def stage_of_both(one: Stage, other: Stage) -> Stage:
    """The stage of somebody who was two customers: awake if one of them is, and as far as either came."""
    awake = [stage for stage in (one, other) if stage not in {Stage.SLEEPING, Stage.LOST}]
    return max(awake, key=_ORDER.__getitem__) if awake else min(one, other, key=_ORDER.__getitem__)


def name_key(name: str) -> str:
    """The name as names are compared, in the length that is kept."""
    return names.key(name)[:NAME_LENGTH]


def age(birthday: date | None, birth_year: int | None, today: date) -> int | None:
    """Full years, or without a birthday the difference of years."""
    if birthday is not None:
        return today.year - birthday.year - ((today.month, today.day) < _day_in(birthday, today.year))
    return None if birth_year is None else today.year - birth_year


def _day_in(birthday: date, year: int) -> tuple[int, int]:
    """Whoever was born on 29 February has the birthday on the 28th in other years."""
    leap_day = (birthday.month, birthday.day) == (2, 29)
    return (2, 28) if leap_day and not isleap(year) else (birthday.month, birthday.day)


def masked_email(email: str) -> str:
    """The first letter and the house."""
    name, _, house = email.partition("@")
    return f"{name[:1]}***@{house}"
