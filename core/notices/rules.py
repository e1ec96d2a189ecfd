"""Kinds of notices, and quiet hours."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class NoticeKind:
    """Declared once, as a module constant of the context that raises such notices: `task.assigned`, `title` 新任务."""

    name: str
    title: str

    def __post_init__(self) -> None:
        if kinds.setdefault(self.name, self) != self:
            raise ValueError(f"two kinds of notices are named {self.name}")


kinds: dict[str, NoticeKind] = {}


def known(name: str) -> str:
    """The name. Raises ValueError when no context declares such a kind."""
    if name not in kinds:
        raise ValueError(f"nobody declares the kind of notice {name!r}: NoticeKind({name!r}, title=…)")
    return name


def minute_of(text: str | None) -> int | None:
    """The minute of the day of `HH:MM`."""
    return None if text is None else int(text[:2]) * 60 + int(text[3:])


def time_of(minute: int | None) -> str | None:
    """`HH:MM`."""
    return None if minute is None else f"{minute // 60:02}:{minute % 60:02}"


def quiet_until(now: datetime, begin: int | None, end: int | None, zone: ZoneInfo) -> datetime | None:
    """When the quiet hours around `now` end; None outside them.

    `begin` (included) and `end` (not) are minutes of the business day; an `end` before the `begin` is past midnight.
    """
    if begin is None or end is None:
        return None
    here = now.astimezone(zone)
    minute = here.hour * 60 + here.minute
    if (minute - begin) % _DAY_MINUTES >= (end - begin) % _DAY_MINUTES:
        return None
    day = here.date() + timedelta(days=minute >= end)
    return datetime.combine(day, time(end // 60, end % 60), zone).astimezone(now.tzinfo)
