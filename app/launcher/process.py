"""One child of the supervisor: started, watched, probed, stopped."""

import asyncio
import contextlib
import http.client
import signal
import subprocess
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

from app.launcher.child import Child, ServerError, end_of, kill_group
from app.launcher.keeper import Keeper

PROBE_SECONDS = 0.05
CARE_SECONDS = 1.0


class DiedEarlyError(ServerError):
    """A child ended before it was ready."""


class Process:
    """A child's present incarnation; `start` makes the next one."""

    def __init__(self, child: Child, *, home: Path, keeper: Keeper) -> None:
        self.child = child
        self.log_file = home / "logs" / f"{child.name}.log"
        self.pid_file = home / "run" / f"{child.name}.pid"
        self.deaths: list[float] = []
        self._keeper = keeper
        self._popen: subprocess.Popen[bytes] | None = None
        self._exited = asyncio.Event()
        if self.log_file.exists():
            self.log_file.replace(self.log_file.with_suffix(".log.1"))

    @property
    def name(self) -> str:
        """As in the announcements and the names of its files."""
        return self.child.name

    async def start(self) -> float:
        """Starts it and waits until it is ready; returns the seconds that took.

        Raises DiedEarlyError when it dies before, ServerError when it cannot be run or is late.
        """
        began = time.monotonic()
        if self.child.before is not None:
            await asyncio.to_thread(self.child.before)
        self._spawn()
        try:
            async with asyncio.timeout(self.child.ready_timeout):
                await self._until_ready()
        except TimeoutError:
            raise ServerError(f"{self.name} was not ready after {self.child.ready_timeout:g} s") from None
        return time.monotonic() - began

    async def exited(self) -> str:
        """Waits until it is dead, caring for it meanwhile, kills what is left of its group and says how it died."""
        while not self._exited.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CARE_SECONDS if self.child.care else None):
                    await self._exited.wait()
            if self.child.care is not None and not self._exited.is_set():
                await asyncio.to_thread(self.child.care)
        fate = self._fate()
        self._bury()
        return fate

    async def stop(self, grace: float) -> None:
        """Asks it to stop, and after `grace` seconds kills it; its whole group is gone afterwards."""
        if self._popen is None:
            return
        if self._popen.poll() is None:
            self._popen.send_signal(self.child.stop_signal)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace):
                await self._exited.wait()
        self.kill()
        await self._exited.wait()
        self._bury()

    def kill(self) -> None:
        """Kills its whole group at once."""
        if self._popen is not None:
            kill_group(self._popen.pid)

    def last_lines(self) -> str:
        """The end of its log."""
        return end_of(self.log_file)

    def _spawn(self) -> None:
        # No await in here: a cancelled start must not leave a process that nobody knows.
        self._popen = self.child.spawn(self.log_file)
        self._keeper.add(self._popen.pid, self.child.stop_signal)
        self.pid_file.write_text(f"{self._popen.pid}\n")
        self._exited = asyncio.Event()
        loop = asyncio.get_running_loop()
        # A thread of its own, because every child needs one for life and asyncio's pool is small.
        threading.Thread(target=_reap, args=(self._popen, loop, self._exited), daemon=True).start()

    async def _until_ready(self) -> None:
        while not await asyncio.to_thread(_probe, self.child):
            if self._exited.is_set():
                break
            await asyncio.sleep(PROBE_SECONDS)
        if self._exited.is_set():
            raise DiedEarlyError(f"{self.name} {self._fate()} before it was ready")

    def _bury(self) -> None:
        if self._popen is not None:
            kill_group(self._popen.pid)
            self._keeper.remove(self._popen.pid)
            self.pid_file.unlink(missing_ok=True)
            self._popen = None

    def _fate(self) -> str:
        code = self._popen.returncode if self._popen is not None else 0
        return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"


def _reap(process: subprocess.Popen[bytes], loop: asyncio.AbstractEventLoop, exited: asyncio.Event) -> None:
    process.wait()
    with contextlib.suppress(RuntimeError):  # the loop was closed: nobody waits any more
        loop.call_soon_threadsafe(exited.set)


def _probe(child: Child) -> bool:
    if child.ready is None:
        return True
    if callable(child.ready):
        return child.ready()
    url = urlsplit(child.ready)
    # Not urllib: it would ask the machine's proxy for a loopback address.
    connection = http.client.HTTPConnection(url.hostname or "127.0.0.1", url.port, timeout=1)
    try:
        connection.request("GET", url.path or "/")
        return connection.getresponse().status // 100 == 2  # noqa: PLR2004 - any success
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
