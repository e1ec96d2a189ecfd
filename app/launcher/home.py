"""The supervisor's folder: one supervisor at a time, and nothing left of a killed one."""

import contextlib
import fcntl
import os
from pathlib import Path

import psutil

from app.launcher.child import ServerError, kill_group

# The pid file is written just after the start; a process that began at another time only has the same number.
_SECONDS_APART = 3.0


class Home:
    """`logs/` and `run/` below a folder, locked while we live; the system frees the lock of the dead."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock: int | None = None

    def occupy(self) -> None:
        """Makes the folders, takes the lock and kills what a killed supervisor left running.

        Raises ServerError when another supervisor lives here.
        """
        if self._lock is not None:
            return
        (self.folder / "run").mkdir(parents=True, exist_ok=True)
        (self.folder / "logs").mkdir(mode=0o700, exist_ok=True)
        lock = os.open(self.folder / "run" / "supervisor.lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(lock, 32).decode().strip()
            os.close(lock)
            raise ServerError(f"it runs already in {self.folder} (process {holder})") from None
        os.truncate(lock, 0)
        os.write(lock, f"{os.getpid()}\n".encode())
        self._lock = lock
        for pid_file in (self.folder / "run").glob("*.pid"):
            _kill_leftover(pid_file)

    def leave(self) -> None:
        """Frees the lock."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _kill_leftover(pid_file: Path) -> None:
    with contextlib.suppress(ValueError, psutil.NoSuchProcess, ProcessLookupError):
        pid = int(pid_file.read_text())
        apart = abs(psutil.Process(pid).create_time() - pid_file.stat().st_mtime)
        if os.getsid(pid) == pid and apart < _SECONDS_APART:
            kill_group(pid)
    pid_file.unlink()
