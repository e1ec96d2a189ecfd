"""The platform's time: the machine's time plus an offset that every process reads from one small file."""

import calendar
import os
import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from simulator.world.errors import ControlError

# Thirty years; a slip of the hand (or "nan") must not leave the calendar.
FARTHEST_SECONDS = 1e9
SHANGHAI = timezone(timedelta(hours=8))


class Clock:
    """Seconds since the epoch; a missing offset file means no offset."""

    def __init__(self, offset_file: Path | None) -> None:
        self._file = offset_file
        self._seen: tuple[int, int, int] | None = None
        self._offset = 0.0

    @property
    def movable(self) -> bool:
        """Whether there is a file to move the clock by."""
        return self._file is not None

    def now(self) -> float:
        """Return the present platform time in seconds since the epoch."""
        return time.time() + self.offset()

    def offset(self) -> float:
        """Return the seconds by which platform time is ahead of real time."""
        if self._file is None:
            return 0.0
        try:
            stat = self._file.stat()
        except FileNotFoundError:
            self._seen = None
            self._offset = 0.0
            return self._offset
        # A replaced file is another inode, even within one tick of the file system's clock.
        stamp = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        if stamp != self._seen:
            self._reread(self._file, stamp)
        return self._offset

    def jump(self, seconds: float) -> None:
        """Move the clock of every process forward; 409 no_clock_file, clock_too_far."""
        offset = self.offset() + seconds
        if offset > FARTHEST_SECONDS:
            raise ControlError(409, "clock_too_far", "the clock cannot be moved that far")
        self._write(offset)

    def return_to_real(self) -> None:
        """Give every process the real time again; 409 no_clock_file."""
        self._write(0.0)

    def until_month_end(self) -> float:
        """Return the seconds to the last minute of the month in Shanghai, of the next month when it has begun."""
        now = datetime.fromtimestamp(self.now(), UTC).astimezone(SHANGHAI)
        end = _last_minute(now)
        if end <= now:
            end = _last_minute(end + timedelta(minutes=1))
        return (end - now).total_seconds()

    def _write(self, offset: float) -> None:
        if self._file is None:
            raise ControlError(409, "no_clock_file", "the simulator was started without a clock file")
        # Replaced in one step: no reader of any process sees half a number.
        draft = self._file.with_name(f"{self._file.name}.{os.getpid()}")
        draft.write_text(f"{offset:f}", encoding="ascii")
        draft.replace(self._file)

    def _reread(self, file: Path, stamp: tuple[int, int, int]) -> None:
        # A file caught half-written keeps the former offset and is read again at the next call.
        try:
            offset = float(file.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return
        if abs(offset) <= FARTHEST_SECONDS:
            self._offset = offset
            self._seen = stamp


def _last_minute(moment: datetime) -> datetime:
    last = calendar.monthrange(moment.year, moment.month)[1]
    return moment.replace(day=last, hour=23, minute=59, second=0, microsecond=0)
