"""The relay: takes published events every 100 ms, fans them out to delivery rows, and wakes their handlers."""

import asyncio
import signal
import time
from contextlib import suppress
from datetime import date

from kombu.exceptions import OperationalError

from app.contexts import MODELS, registry
from infra import clock, database, logging, outbox, partitions
from infra.errors import Unavailable
from infra.logging import logger
from infra.settings import settings
from workers.app import app
from workers.tasks import wake

_POLL_SECONDS = 0.1
_WAKE_SECONDS = 0.05
_TROUBLE_SECONDS = 0.5


class Relay:
    """One at a time works (an advisory lock); more are hot stand-bys."""

    def __init__(self) -> None:
        self._registry = registry()
        self._to_wake = set[str]()
        self._woke_at = 0.0
        self._partitions_made: date | None = None
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        self._stopping.set()

    async def run(self) -> None:
        """Relay until stopped; outages and whatever else goes wrong are waited out."""
        while not self._stopping.is_set():
            try:
                await self._make_partitions()
                taken, deliveries = await outbox.fan_out(self._registry)
                self._to_wake |= deliveries.keys()
                await self._wake(idle=taken == 0)
                pause = 0.0 if taken == outbox.FAN_OUT_ROWS else _POLL_SECONDS
            except (Unavailable, OperationalError) as error:
                logger().warning("relay_waits", error=type(error).__name__, broker=app.connection().hostname)
                pause = _TROUBLE_SECONDS
            except Exception:  # noqa: BLE001 - one bad turn must not end the process
                # Contention with a change of partitions, say: the next turn finds everything where it was.
                logger().exception("relay_turn_failed")
                pause = _TROUBLE_SECONDS
            if pause:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), pause)

    async def _make_partitions(self) -> None:
        """Once a day, a week ahead: a failure has time until the next turn."""
        today = clock.now().date()
        if self._partitions_made != today:
            await partitions.ensure()
            self._partitions_made = today

    async def _wake(self, *, idle: bool) -> None:
        if self._to_wake and (idle or time.monotonic() - self._woke_at > _WAKE_SECONDS):
            handlers, self._to_wake = self._to_wake, set()
            self._woke_at = time.monotonic()
            # Sending blocks for about a millisecond, so it happens in a thread.
            await asyncio.to_thread(_wake_all, handlers)


def _wake_all(handlers: set[str]) -> None:
    for handler in sorted(handlers):
        wake(handler)


async def main() -> None:
    """The relay process, until SIGTERM or SIGINT."""
    logging.configure(process="relay", level=settings().log_level, json=settings().log_json)
    await database.connect(MODELS)
    relay = Relay()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, relay.stop)
    logger().info("relay_started")
    await relay.run()
    await database.disconnect()
