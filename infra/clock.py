"""The one clock of every process.

In demo and tests an offset is read from the small file named by `GUANXI_CLOCK_FILE` (seconds, decimal), so that
"jump 49 hours" moves API, workers, relay and simulator together. Production refuses such a file.
"""

import os
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from infra.settings import settings


class _Offset:
    """Seconds added to the real time; the file is read again only when it was written or replaced."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._stamp = (-1, -1)
        self._seconds = 0.0

    def seconds(self) -> float:
        if self._path is None:
            return 0.0
        try:
            status = os.stat(self._path)  # noqa: PTH116 - three times faster, on every request
        except FileNotFoundError:
            return 0.0
        stamp = status.st_mtime_ns, status.st_ino
        if stamp != self._stamp:
            self._seconds = float(self._path.read_text() or 0)
            self._stamp = stamp
        return self._seconds


_offset: _Offset | None = None


def _offset_seconds() -> float:
    global _offset  # noqa: PLW0603 - one per process, made when first asked
    if _offset is None:
        _offset = _Offset(settings().clock_file)
    return _offset.seconds()


def timestamp() -> float:
    """Seconds since 1970, offset included."""
    return time.time() + _offset_seconds()


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.fromtimestamp(timestamp(), UTC)


def business_day(at: datetime | None = None) -> date:
    """The calendar day of a moment in the business time zone (a setting, Asia/Shanghai by default)."""
    return (at or now()).astimezone(settings().timezone).date()


def start_of_day(day: date) -> datetime:
    """The first moment, in UTC, of a business day."""
    return datetime(day.year, day.month, day.day, tzinfo=settings().timezone).astimezone(UTC)


def reset() -> None:
    """Forget the file's name, after tests have changed the settings."""
    global _offset  # noqa: PLW0603
    _offset = None


def write_offset(path: Path, offset: timedelta) -> None:
    """Move the clock of all processes that read `path`; atomic, so that no reader sees half a number."""
    draft = path.with_suffix(".new")
    draft.write_text(f"{offset.total_seconds():f}")
    draft.replace(path)
