"""Windows of the business week, by the clock on the wall. Pure.

A window belongs to the days on which it begins: 22:00 to 02:00 on Fridays ends on Saturday. One that ends when it
begins lasts a whole day.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

_WEEK = 7


@dataclass(frozen=True, slots=True)
class Hours:
    """Days of the week (1 is Monday), and the times between which the window is open; the last one is outside."""

    days: frozenset[int]
    since: time
    until: time

    def holds(self, at: datetime) -> bool:
        today, clock = at.isoweekday(), at.time()
        if self.since < self.until:
            return today in self.days and self.since <= clock < self.until
        yesterday = today - 1 or _WEEK
        return (today in self.days and self.since <= clock) or (yesterday in self.days and clock < self.until)


def hours(days: Collection[int], since: str, until: str) -> Hours:
    """From times as they are written, 09:00."""
    return Hours(frozenset(days), _clock(since), _clock(until))


def _clock(written: str) -> time:
    hour, minute = written.split(":")
    return time(int(hour), int(minute))


def are_open(windows: Sequence[Hours], at: datetime) -> bool:
    """Whether a moment of the business zone is in any of the windows; none at all means always."""
    return not windows or any(window.holds(at) for window in windows)


def next_opening(windows: Sequence[Hours], at: datetime) -> datetime:
    """When the first of the windows (one at least) opens after a moment of the business zone."""
    days = [at.date() + timedelta(days=number) for number in range(_WEEK + 1)]
    return min(
        opening
        for window in windows
        for day in days
        if day.isoweekday() in window.days and (opening := datetime.combine(day, window.since, at.tzinfo)) > at
    )
