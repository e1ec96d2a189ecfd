"""Which terms of the index (core.customers.indexing) stand for what is searched: always those, maybe more.

A file of its own, and no rules: it knows the business day.
"""

import re
import unicodedata
from calendar import isleap, monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import inf

from core.customers.search.schemas import Birthdays, Days
from infra import clock, names, phones

_FIRST, _LAST = date(1900, 1, 1), date(2199, 12, 31)
_SEASON = timedelta(days=45)
# What happened here happened since there are official accounts, and not after this year.
_KEPT_HERE, _OPENED = frozenset("dxu"), date(2011, 1, 1)
_YEAR = [f"{month:02}{day:02}" for month in range(1, 13) for day in range(1, monthrange(2000, month)[1] + 1)]
_END_OF_MOBILE = 4
_NUMBER = re.compile(r"[1-9]\d{0,17}")
_DIGITS = 12
_ASCII_SPACES = str.maketrans("", "", " \t\n\r\f\v")
_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def folded(text: str) -> str:
    """A text as custom fields are compared: compatibility forms folded (NFKC), no ASCII case, no spaces.

    What `core.customers.indexing.folded` does in SQL.
    """
    return unicodedata.normalize("NFKC", text).translate(_LOWER).translate(_ASCII_SPACES)


def pairs(text: str) -> list[str]:
    """Each two characters that stand together."""
    return [text[start : start + 2] for start in range(len(text) - 1)]


@dataclass(frozen=True, slots=True)
class Span:
    """Business days from `first` to `last`, None: open; with `or_never` also no day at all."""

    first: date | None
    last: date | None
    or_never: bool

    @classmethod
    def of(cls, days: Days, today: date) -> "Span":
        """What was asked for, seen from today; days out of the calendar are its ends."""
        return cls(
            days.since if days.since_days is None else _moved(today, days.since_days),
            days.until if days.until_days is None else _moved(today, days.until_days),
            days.or_never,
        )

    @property
    def moments(self) -> tuple[datetime | None, datetime | None]:
        """From when, and before when."""
        return (
            clock.start_of_day(self.first) if self.first else None,
            clock.start_of_day(self.last + timedelta(days=1)) if self.last else None,
        )

    def terms(self, prefix: str, *, days: bool = True) -> list[str]:
        """The years, months and days that cover it; without `days` in months, which may be more."""
        first, last = self.first or _FIRST, self.last or _LAST
        if prefix in _KEPT_HERE:
            first, last = max(first, _OPENED), min(last, clock.business_day().replace(month=12, day=31))
        if not days:
            first, last = first.replace(day=1), last.replace(day=monthrange(last.year, last.month)[1])
        return [f"{prefix}:{piece}" for piece in _pieces(first, last)]

    @property
    def broad(self) -> bool:
        """Whether most customers of a busy season may be in it."""
        return self.first is None or self.last is None or self.last - self.first > _SEASON


def _moved(today: date, days: int) -> date:
    return min(max(today + timedelta(days=days), _FIRST), _LAST)


def _pieces(first: date, last: date) -> Iterator[str]:
    day = first
    while day <= last:
        month = day.replace(day=monthrange(day.year, day.month)[1])
        year = day.replace(month=12, day=31)
        if (day.month, day.day) == (1, 1) and year <= last:
            yield f"{day:%Y}"
            day = year
        elif day.day == 1 and month <= last:
            yield f"{day:%Y%m}"
            day = month
        else:
            yield f"{day:%Y%m%d}"
        day += timedelta(days=1)


def birthdays(wanted: Birthdays, today: date) -> list[str]:
    """The days of the year asked for, as MMDD. Who was born on 29 February has birthday on the 28th of other years."""
    if wanted.next_days is None:
        since, until = (wanted.since or "").replace("-", ""), (wanted.until or "").replace("-", "")
        if since <= until:
            return [day for day in _YEAR if since <= day <= until]
        return [day for day in _YEAR if day >= since or day <= until]
    days = [today + timedelta(days=number) for number in range(wanted.next_days + 1)]
    short = any((day.month, day.day) == (2, 28) and not isleap(day.year) for day in days)
    return sorted({f"{day:%m%d}" for day in days} | ({"0229"} if short else set()))


def magnitudes(least: float | None, most: float | None) -> list[str]:
    """Sign and count of digits of the numbers from `least` to `most`, as far as custom fields go.

    Where not all numbers of a count are between, also the first digit.
    """
    low, high = -inf if least is None else least, inf if most is None else most
    found = []
    for sign, start, end in (("+", low, high), ("-", -high, -low)):
        for digits in range(1, _DIGITS + 1):
            begin = 0 if digits == 1 else 10 ** (digits - 1)
            if start <= begin and end >= 10**digits:
                found.append(f"{sign}{digits}")
                continue
            step = 10 ** (digits - 1)
            firsts = range(0 if digits == 1 else 1, 10)
            found += [f"{sign}{digits}.{n}" for n in firsts if start < (n + 1) * step and end >= n * step]
    return found


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody may mean by a few words: a name, and when there are digits in it other things besides.

    `end` are the last digits of a mobile, `number` is the customer's, `phone` a whole number, `key` a card or key.
    """

    name: str
    end: str | None = None
    number: int | None = None
    phone: str | None = None
    key: str | None = None

    @classmethod
    def of(cls, words: str) -> "Asked":
        """Read them."""
        bare = unicodedata.normalize("NFKC", words)
        if not (bare.isascii() and any(letter.isdigit() for letter in bare)):
            return cls(names.key(words))
        return cls(
            names.key(words),
            end=bare if bare.isdigit() and len(bare) == _END_OF_MOBILE else None,
            number=int(bare) if _NUMBER.fullmatch(bare) else None,
            phone=_phone(bare),
            key=bare,
        )

    @property
    def is_name(self) -> bool:
        """Whether it can only be a name."""
        return self.key is None

    @property
    def name_terms(self) -> list[str]:
        """The terms that a name with this in it has."""
        return [f"n:{piece}" for piece in pairs(self.name) or self.name]

    @property
    def alternatives(self) -> list[list[str]]:
        """Sets of terms, one of which everybody has who is meant, but for numbers."""
        found = [self.name_terms] if self.name else []
        return [*found, *([[f"m:{self.end}"]] if self.end else []), *([[f"e:{self.key}"]] if self.key else [])]


def _phone(text: str) -> str | None:
    try:
        return phones.parse(text).text
    except phones.PhoneRefused:
        return None
