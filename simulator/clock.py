"""The platform's time: the machine's time plus an offset that every process reads from one small file."""

import time
from pathlib import Path

# Thirty years; a slip of the hand (or "nan") must not leave the calendar.
FARTHEST_SECONDS = 1e9


class Clock:
    """Seconds since the epoch; a missing offset file means no offset."""

    def __init__(self, offset_file: Path | None) -> None:
        self._file = offset_file
        self._seen: tuple[int, int] | None = None
        self._offset = 0.0

    def now(self) -> float:
        """Return the present platform time in seconds since the epoch."""
        return time.time() + self._current_offset()

    def _current_offset(self) -> float:
        if self._file is None:
            return 0.0
        try:
            stat = self._file.stat()
        except FileNotFoundError:
            self._seen = None
            self._offset = 0.0
            return self._offset
        stamp = (stat.st_mtime_ns, stat.st_size)
        if stamp != self._seen:
            self._reread(self._file, stamp)
        return self._offset

    def _reread(self, file: Path, stamp: tuple[int, int]) -> None:
        # A file caught half-written keeps the former offset and is read again at the next call.
        try:
            offset = float(file.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return
        if abs(offset) <= FARTHEST_SECONDS:
            self._offset = offset
            self._seen = stamp
