"""A small process that outlives us just long enough to stop our children when we are killed.

It reads what it shall stop from a pipe; when the pipe ends without a farewell, its parent is dead. That also
reaches grandchildren, which a parent-death signal does not, needs nothing between fork and exec, and works
beyond Linux.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

GRACE_SECONDS = 5.0


class Keeper:
    """Names process groups to the keeper process; `close` lets it go without stopping anybody."""

    def __init__(self) -> None:
        self._groups: dict[int, int] = {}
        self._process = self._spawn()

    def add(self, leader: int, stop_signal: signal.Signals) -> None:
        """`leader`'s process group gets `stop_signal`, and later SIGKILL, when this process dies."""
        self._groups[leader] = stop_signal
        self._tell(f"{leader} {int(stop_signal)}\n")

    def remove(self, leader: int) -> None:
        """The group has ended."""
        if self._groups.pop(leader, None) is not None:
            self._tell(f"{leader} 0\n")

    def close(self) -> None:
        """Ends the keeper; what it was told to keep lives on."""
        with contextlib.suppress(OSError):
            self._write("".join(f"{leader} 0\n" for leader in self._groups))
        self._dismiss()

    def _tell(self, line: str) -> None:
        try:
            self._write(line)
        except OSError:  # the keeper itself was killed
            self._dismiss()
            self._process = self._spawn()
            self._write("".join(f"{leader} {sig}\n" for leader, sig in self._groups.items()))

    def _write(self, text: str) -> None:
        pipe = self._pipe()
        pipe.write(text.encode())
        pipe.flush()

    def _pipe(self) -> IO[bytes]:
        if self._process.stdin is None or self._process.stdin.closed:
            raise OSError("the keeper has no pipe")
        return self._process.stdin

    def _dismiss(self) -> None:
        with contextlib.suppress(OSError):
            self._pipe().close()
        self._process.wait()

    @staticmethod
    def _spawn() -> subprocess.Popen[bytes]:
        # As a file, isolated and without site-packages: starts in 10 ms from any folder.
        argv = [sys.executable, "-I", "-S", __file__]
        return subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd="/",
            start_new_session=True,
        )


def _keep_watch() -> None:
    for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sig, signal.SIG_IGN)
    groups: dict[int, int] = {}
    for line in sys.stdin:
        leader, stop_signal = map(int, line.split())
        if stop_signal:
            groups[leader] = stop_signal
        else:
            groups.pop(leader, None)
    # Last started, first stopped.
    _stop(dict(reversed(groups.items())))


def _stop(groups: dict[int, int]) -> None:
    """Asks the leaders, then kills what is left of each group once its leader is gone, or late."""
    for leader, stop_signal in groups.items():
        with contextlib.suppress(ProcessLookupError):
            os.kill(leader, stop_signal)
    deadline = time.monotonic() + GRACE_SECONDS
    waiting = list(groups)
    while waiting:
        late = time.monotonic() > deadline
        for leader in [leader for leader in waiting if late or not _alive(leader)]:
            waiting.remove(leader)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(leader, signal.SIGKILL)
        time.sleep(0.05)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state != "Z"  # nobody may be there to reap it: containers often have no init


if __name__ == "__main__":
    _keep_watch()
