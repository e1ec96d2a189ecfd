"""Servers that an earlier, killed launcher left running on one of our folders."""

import contextlib
import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

import psutil

GRACE_SECONDS = 10.0


def stop_leftovers(folder: Path, program: str, stop_signal: signal.Signals, pid_file: Path) -> None:
    """Stops every process called `program` that works in `folder`, then removes its stale pid file.

    The leader that the pid file names is asked first and given ten seconds, so that it can save; what it
    leaves behind is killed. A pid file alone proves nothing: after a crash its number may be anybody's.
    """
    found = {process.pid: process for process in psutil.process_iter(["name"]) if _works_in(process, program, folder)}
    leader = found.get(_pid_in(pid_file))
    if leader is not None:
        with contextlib.suppress(psutil.NoSuchProcess):
            leader.send_signal(stop_signal)
        _wait_for([leader])
    for process in found.values():
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    _wait_for(found.values())
    pid_file.unlink(missing_ok=True)


def _wait_for(processes: Iterable[psutil.Process]) -> None:
    deadline = time.monotonic() + GRACE_SECONDS
    while any(_runs(process) for process in processes) and time.monotonic() < deadline:
        time.sleep(0.02)


def _runs(process: psutil.Process) -> bool:
    """A zombie does not, and where no init reaps it stays one: `psutil.wait_procs` would wait for it."""
    try:
        return process.is_running() and bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _works_in(process: psutil.Process, program: str, folder: Path) -> bool:
    try:
        return bool(process.info["name"] == program) and process.cwd() == os.path.realpath(folder)
    except (psutil.Error, OSError):
        return False


def _pid_in(pid_file: Path) -> int:
    try:
        return int(pid_file.read_text().split(maxsplit=1)[0])
    except (FileNotFoundError, ValueError, IndexError):
        return 0
