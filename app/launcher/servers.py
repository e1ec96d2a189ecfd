"""PostgreSQL and Valkey from wheels: the servers of the demo and of the tests on a machine that has none.

`prepare_*` makes the data and says how to run a server in the foreground, which is what the supervisor
wants; `start_*` runs one beside the calling process, which is what tests want. Both only listen on loopback.
"""

import contextlib
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from app.launcher.child import Child, ServerError, end_of, kill_group
from app.launcher.keeper import Keeper
from app.launcher.places import remove_data
from app.launcher.ports import free_port, release_port
from app.launcher.postgres import DATABASE, PostgresCommand, prepare_postgres
from app.launcher.valkey import ValkeyCommand, prepare_valkey

__all__ = [
    "Child",
    "PostgresCommand",
    "PostgresServer",
    "ServerError",
    "ValkeyCommand",
    "ValkeyServer",
    "free_port",
    "prepare_postgres",
    "prepare_valkey",
    "release_port",
    "remove_data",
    "start_postgres",
    "start_valkey",
]

STOP_SECONDS = 10.0
_TRIES = 5
_Started = TypeVar("_Started", bound="_Server")


class _Server:
    """A running server; leaving the `with` block stops it, and so does the death of this process."""

    def __init__(self, child: Child, log_file: Path) -> None:
        self._child = child
        self._log_file = log_file
        self._keeper = Keeper()
        self.process: subprocess.Popen[bytes] | None = None
        try:
            self._log_file.unlink(missing_ok=True)
            if child.before is not None:
                child.before()
            self.process = child.spawn(log_file)
            self._keeper.add(self.process.pid, child.stop_signal)
            self._wait_until_ready(self.process)
        except BaseException:
            self.stop()
            raise

    @property
    def port(self) -> int:
        """The loopback port."""
        return self._child.port or 0

    @property
    def pid(self) -> int:
        """The main process. Raises ServerError when it was stopped."""
        if self.process is None:
            raise ServerError(f"{self._child.name} does not run")
        return self.process.pid

    def stop(self) -> None:
        """Stops it and what it started: politely, after ten seconds by force. A second call does nothing."""
        process, self.process = self.process, None
        if process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.send_signal(self._child.stop_signal)
                process.wait(STOP_SECONDS)
            kill_group(process.pid)
            process.wait()
            self._keeper.remove(process.pid)
        self._keeper.close()
        release_port(self.port)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + self._child.ready_timeout
        while not (callable(self._child.ready) and self._child.ready()):
            if process.poll() is not None or time.monotonic() > deadline:
                raise ServerError(f"{self._child.name} did not start:\n{end_of(self._log_file)}")
            time.sleep(0.01)


class PostgresServer(_Server):
    """A running PostgreSQL; its database `guanxi` exists."""

    def __init__(self, command: PostgresCommand, log_file: Path) -> None:
        self._command = command
        super().__init__(command, log_file)

    def url(self, database: str = DATABASE) -> str:
        """`postgres://user:password@127.0.0.1:port/database`."""
        return self._command.url(database)

    def create_database(self, name: str, template: str | None = None) -> None:
        """Creates a database, see `PostgresCommand.create_database`."""
        self._command.create_database(name, template)


class ValkeyServer(_Server):
    """A running Valkey."""

    def __init__(self, command: ValkeyCommand, log_file: Path) -> None:
        self._command = command
        super().__init__(command, log_file)

    def url(self, database: int = 0) -> str:
        """`redis://:password@127.0.0.1:port/database`."""
        return self._command.url(database)


def start_postgres(
    data_dir: Path, *, durable: bool, port: int | None = None, log_file: Path | None = None
) -> PostgresServer:
    """Starts a PostgreSQL on `data_dir`, which is filled when empty; a leftover server is stopped first.

    Raises ServerError with the end of the log when it does not start.
    """
    log_file = log_file or data_dir / "postgres.log"
    return _on_some_port(lambda: PostgresServer(prepare_postgres(data_dir, durable=durable, port=port), log_file), port)


def start_valkey(run_dir: Path, *, durable: bool, port: int | None = None) -> ValkeyServer:
    """Starts a Valkey in `run_dir`; a leftover server there is stopped first.

    Raises ServerError with the end of the log when it does not start.
    """
    log_file = run_dir / "valkey.log"
    return _on_some_port(lambda: ValkeyServer(prepare_valkey(run_dir, durable=durable, port=port), log_file), port)


def _on_some_port(start: Callable[[], _Started], port: int | None) -> _Started:
    """Tries other ports when the one that was free is lost before the server has it."""
    for _ in range(_TRIES - 1 if port is None else 0):
        try:
            return start()
        except ServerError as error:
            if "Address already in use" not in str(error):
                raise
    return start()
