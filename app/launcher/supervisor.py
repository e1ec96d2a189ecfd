"""One parent in the foreground that starts children, keeps them running and ends them all.

supervisor = Supervisor(Path(".guanxi"), print)

async def story() -> None:
    await supervisor.start([[postgres, valkey], api, [worker, beat]])
    ...  # play something, start more

sys.exit(asyncio.run(supervisor.run_forever(story)))
"""

import asyncio
import contextlib
import signal
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from app.launcher.child import Child, ServerError
from app.launcher.home import Home
from app.launcher.keeper import Keeper
from app.launcher.process import DiedEarlyError, Process

__all__ = ["Child", "Ended", "Supervisor"]

GRACE_SECONDS = 8.0
MOST_DEATHS = 5
DEATHS_WITHIN_SECONDS = 60.0
# One key press may arrive twice (`timeout` signals its child and then the group): only a later one counts.
_SECOND_PRESS_SECONDS = 0.3


class Ended(Exception):
    """The supervisor was told to end, or gave up; by now everything is stopped."""

    def __init__(self, exit_code: int) -> None:
        super().__init__(f"the supervisor ended with code {exit_code}")
        self.exit_code = exit_code


class Supervisor:
    """Children with logs in `home/logs` and pid files in `home/run`; what happens is said through `say`."""

    def __init__(self, home: Path, say: Callable[[str], None]) -> None:
        self._home = Home(home.absolute())
        self._tell = say
        self._keeper: Keeper | None = None
        self._groups: list[list[Process]] = []
        self._starts: set[asyncio.Task[None]] = set()
        self._watches: list[asyncio.Task[None]] = []
        self._ending = asyncio.Event()
        self._ending_since = 0.0
        self._exit_code = 0
        self._stopping: asyncio.Task[None] | None = None

    async def start(self, children: Sequence[Child | Sequence[Child]]) -> None:
        """Starts children one after the other; those in an inner list together. Returns when all are ready.

        Raises Ended when a child does not start or we are told to end meanwhile, ServerError when another
        supervisor lives in `home`.
        """
        self._home.occupy()
        self._keeper = self._keeper or Keeper()
        self._listen()
        starting = asyncio.create_task(self._start_all(children, self._keeper))
        self._starts.add(starting)
        await self._unless_ending(starting)

    async def run_forever(self, story: Callable[[], Awaitable[object]] | None = None) -> int:
        """Plays `story`, if any, and stays until a signal or until a child cannot be kept running.

        Returns the exit code, 0 or 1, when everything is stopped. The story is cancelled by an early end; its
        own errors are raised on, after everything is stopped.
        """
        self._listen()
        try:
            if story is not None:
                await self._unless_ending(asyncio.ensure_future(story()))
            await self._ending.wait()
        except Ended:
            pass
        finally:
            await self.stop()
        return self._exit_code

    async def stop(self) -> None:
        """Ends all children, the last started first, politely for eight seconds each. Repeatable."""
        self._ending.set()
        if self._stopping is None:
            self._stopping = asyncio.create_task(self._stop_all())
        await asyncio.shield(self._stopping)

    def pid_files(self) -> dict[str, str]:
        """Each child's name and the path of its pid file, which is there while it runs."""
        return {process.name: str(process.pid_file) for process in self._processes()}

    async def _start_all(self, children: Sequence[Child | Sequence[Child]], keeper: Keeper) -> None:
        for entry in children:
            together = [entry] if isinstance(entry, Child) else entry
            group = [Process(child, home=self._home.folder, keeper=keeper) for child in together]
            self._groups.append(group)
            async with asyncio.TaskGroup() as tasks:
                for process in group:
                    tasks.create_task(self._start_one(process))
            if self._ending.is_set():
                return

    async def _start_one(self, process: Process) -> None:
        try:
            seconds = await process.start()
        except ServerError as error:
            self._give_up(process, str(error))
            return
        self._say_ready(process, "ready", seconds)
        self._watches.append(asyncio.create_task(self._watch(process)))

    async def _watch(self, process: Process) -> None:
        """Restarts it whenever it dies, until it dies too often."""
        while True:
            fate = await process.exited()
            now = time.monotonic()
            recent = [at for at in process.deaths if now - at < DEATHS_WITHIN_SECONDS]
            process.deaths = [*recent, now]
            if len(process.deaths) >= MOST_DEATHS:
                self._give_up(process, f"{process.name} {fate}, for the {MOST_DEATHS}th time within a minute")
                return
            self._say(f"{process.name} {fate}; it is started again")
            await asyncio.sleep((len(process.deaths) - 1) * 0.2)
            try:
                seconds = await process.start()
            except DiedEarlyError:
                continue
            except ServerError as error:
                self._give_up(process, str(error))
                return
            self._say_ready(process, "ready again", seconds)

    def _give_up(self, process: Process, why: str) -> None:
        if self._ending.is_set():
            return
        self._say(f"{why}. The end of {process.log_file}:\n{process.last_lines()}")
        self._end(1)

    def _end(self, exit_code: int) -> None:
        self._exit_code = exit_code
        self._ending_since = time.monotonic()
        self._ending.set()

    async def _unless_ending(self, work: asyncio.Future[Any]) -> None:
        """Waits for `work`; when we end meanwhile, cancels it, stops everything and raises Ended."""
        ending = asyncio.create_task(self._ending.wait())
        try:
            await asyncio.wait({work, ending}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ending.cancel()
            if not work.done():
                work.cancel()
                await asyncio.wait({work})
        if self._ending.is_set():
            if not work.cancelled():
                work.exception()  # what went wrong because of the end is nobody's business
            await self.stop()
            raise Ended(self._exit_code)
        work.result()

    async def _stop_all(self) -> None:
        # First whoever might still start something.
        tasks = [*self._starts, *self._watches]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for group in reversed(self._groups):
            await asyncio.gather(*(process.stop(GRACE_SECONDS) for process in group))
        if self._keeper is not None:
            self._keeper.close()
        self._home.leave()
        self._listen(deaf=True)

    def _listen(self, *, deaf: bool = False) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        loop = asyncio.get_running_loop()
        for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if deaf:
                loop.remove_signal_handler(sig)
            elif sig != signal.SIGHUP or signal.getsignal(sig) != signal.SIG_IGN:  # `nohup` shall work
                loop.add_signal_handler(sig, self._on_signal, sig)

    def _on_signal(self, sig: signal.Signals) -> None:
        if not self._ending.is_set():
            self._say(f"{sig.name}: stopping everything (again: kills it at once)")
            self._end(0)
        elif time.monotonic() - self._ending_since > _SECOND_PRESS_SECONDS:
            for process in self._processes():
                process.kill()

    def _processes(self) -> Iterator[Process]:
        return (process for group in self._groups for process in group)

    def _say_ready(self, process: Process, what: str, seconds: float) -> None:
        where = "" if process.child.port is None else f" on port {process.child.port}"
        self._say(f"{process.name} is {what}{where} after {seconds:.1f} s")

    def _say(self, line: str) -> None:
        # The terminal may be gone (SIGHUP, a closed pipe): that must not keep the children alive.
        with contextlib.suppress(OSError):
            self._tell(line)
