"""How a program that we start and watch is described."""

import os
import pwd
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class ServerError(Exception):
    """A server or another child could not be prepared, started or used; the text is meant for people."""


@dataclass(frozen=True, kw_only=True)
class Child:
    """One program that runs in the foreground.

    `env` replaces the whole environment, `None` hands ours on. `user` is an account's name; only root may
    name one. `ready` is a probe that returns within a second, a loopback URL that answers 2xx, or `None` for
    "as soon as it runs"; `ready_timeout` is in seconds. `before` runs ahead of each start, restarts too; `care` each
    second while it runs.
    `stop_signal` goes to the main process only: a Celery main then finishes its tasks, while its children
    would drop theirs.
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] | None = None
    cwd: Path | None = None
    user: str | None = None
    port: int | None = None
    ready: Callable[[], bool] | str | None = None
    ready_timeout: float = 30
    stop_signal: signal.Signals = signal.SIGTERM
    before: Callable[[], None] | None = None
    care: Callable[[], None] | None = None

    def spawn_options(self) -> dict[str, Any]:
        """What `subprocess` needs beside `argv`."""
        options: dict[str, Any] = {"env": self.env, "cwd": self.cwd}
        if self.user is not None:
            options |= {"user": self.user, "group": pwd.getpwnam(self.user).pw_gid, "extra_groups": []}
        return options

    def spawn(self, log_file: Path) -> subprocess.Popen[bytes]:
        """Starts it; what it prints is appended to `log_file`. Raises ServerError when it cannot be run.

        It gets a session, so a process group, of its own: our Ctrl-C is not its Ctrl-C.
        """
        with log_file.open("ab") as log:
            try:
                return subprocess.Popen(
                    self.argv,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    **self.spawn_options(),
                )
            except OSError as error:
                raise ServerError(f"{self.name} cannot be run: {error}") from error


def end_of(log: Path, lines: int = 20) -> str:
    """The last lines of a log file; empty when there is none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 16_384))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
    except FileNotFoundError:
        return ""


def kill_group(leader: int, sig: signal.Signals = signal.SIGKILL) -> bool:
    """Signals a process group; false when nobody is left in it."""
    try:
        os.killpg(leader, sig)
    except ProcessLookupError:
        return False
    return True
