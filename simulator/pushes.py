"""The push engine: up to three deliveries, in order per person, in parallel across people."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import aiohttp

from simulator import deliveries
from simulator.errors import ControlError, push_cancelled
from simulator.phone import show
from simulator.records import Account, Attempt, Push, SignedRequest
from simulator.replies import Verdict
from simulator.settings import Settings
from simulator.state import State

# A person's next push starts when the former is answered, or this long after it was sent: no thumb is much
# quicker, and on two connections the later request could otherwise be read first.
LEAD_SECONDS = 0.25
SYSTEM_BUBBLE = "该公众号提供的服务出现故障，请稍后再试"


@dataclass(frozen=True, slots=True)
class Resend:
    """How a settled push is delivered again: signed now, at a moved time, or as it was signed first."""

    times: int
    parallel: bool
    offset_seconds: int
    as_first_signed: bool


class Engine:
    """Runs every push as one task; one left unsettled by a killed process goes on."""

    def __init__(self, state: State, settings: Settings) -> None:
        self._state = state
        self._settings = settings
        self._slots = asyncio.Semaphore(settings.in_flight)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._lanes: dict[tuple[str, str], asyncio.Event] = {}
        self._session: aiohttp.ClientSession | None = None

    @property
    def session(self) -> aiohttp.ClientSession:
        """The HTTP session; it exists between start and close."""
        if self._session is None:
            raise RuntimeError("the engine is not started")
        return self._session

    def start(self) -> None:
        """Open the session and take up what is unsettled; needs a running loop."""
        self._session = deliveries.open_session()
        for push in self._state.pushes.values():
            if push.outcome == "pending":
                self.launch(push)

    async def close(self) -> None:
        """Drop what is under way and close the connections."""
        await self.cancel()
        await self.session.close()

    async def cancel(self) -> None:
        """Drop every push that is under way, unsettled."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._lanes.clear()

    def launch(self, push: Push) -> None:
        """Start the deliveries of a push, its first one after those of the person's earlier pushes."""
        lane = (push.app_id, push.fan_id)
        under_way = asyncio.Event()
        task = asyncio.create_task(self._run(push, after=self._lanes.get(lane), under_way=under_way))
        self._lanes[lane] = under_way
        self._tasks[push.push_id] = task
        task.add_done_callback(lambda _: self._tasks.pop(push.push_id))

    async def settled(self, push: Push) -> None:
        """Wait until a push is answered or given up; 409 push_cancelled when a reset dropped it."""
        task = self._tasks.get(push.push_id)
        if task is not None:
            # The push goes on when the one who waits for it goes away.
            await asyncio.wait([task])
        if push.outcome == "pending":
            raise push_cancelled()

    async def verify(self, account: Account) -> str | None:
        """Ask the push URL for an echo; return why it failed, or None."""
        return await deliveries.verify_url(
            self.session,
            account,
            timestamp=int(self._state.clock.now()),
            timeout_seconds=self._settings.timeout_seconds,
        )

    async def resend(self, push: Push, how: Resend) -> list[Attempt]:
        """Deliver a push again without any effect on the person's phone; return the attempts in order."""
        first = push.first_request
        if how.as_first_signed and first is None:
            raise ControlError(409, "never_sent", "this push has not been sent yet")
        account = self._state.account(push.app_id)

        def request() -> SignedRequest:
            if how.as_first_signed and first is not None:
                return first
            return deliveries.sign(account, push, int(self._state.clock.now()) + how.offset_seconds)

        async def once() -> Attempt:
            delivery = await self._deliver(account, push, request)
            return delivery.attempt.model_copy(update={"resent": True})

        if how.parallel:
            attempts = await asyncio.gather(*(once() for _ in range(how.times)))
        else:
            attempts = [await once() for _ in range(how.times)]
        if self._state.pushes.get(push.push_id) is not push:
            raise push_cancelled()
        push.attempts.extend(attempts)
        self._state.save(push)
        return attempts

    async def _run(self, push: Push, *, after: asyncio.Event | None, under_way: asyncio.Event) -> None:
        if after is not None:
            await after.wait()
        try:
            await self._deliver_until_settled(push, under_way)
        finally:
            under_way.set()

    async def _deliver_until_settled(self, push: Push, under_way: asyncio.Event) -> None:
        zero = None
        done = sum(not attempt.resent for attempt in push.attempts)
        for due in self._settings.retry_seconds[done:]:
            if zero is not None:
                await asyncio.sleep(zero + due - time.perf_counter())
            account = self._state.account(push.app_id)
            delivery = await self._deliver(account, push, partial(self._sign_now, account, push), under_way)
            under_way.set()
            zero = delivery.began - due if zero is None else zero
            push.attempts.append(delivery.attempt)
            if delivery.verdict is not None:
                self._settle(push, delivery.verdict)
                return
            self._state.save(push)
        self._give_up(push, "silent")

    def _sign_now(self, account: Account, push: Push) -> SignedRequest:
        request = deliveries.sign(account, push, int(self._state.clock.now()))
        if push.first_request is None:
            push.first_request = request
            self._state.save(push)
        return request

    async def _deliver(
        self,
        account: Account,
        push: Push,
        request: Callable[[], SignedRequest],
        under_way: asyncio.Event | None = None,
    ) -> deliveries.Delivery:
        # Signed when its turn comes: a push that waited for a slot must not carry an old timestamp.
        async with self._slots:
            if under_way is not None:
                asyncio.get_running_loop().call_later(LEAD_SECONDS, under_way.set)
            return await deliveries.deliver(
                self.session,
                account,
                push,
                request(),
                at=self._state.clock.now(),
                timeout_seconds=self._settings.timeout_seconds,
            )

    def _settle(self, push: Push, verdict: Verdict) -> None:
        if verdict.outcome == "malformed":
            self._give_up(push, "malformed")
            return
        push.outcome = verdict.outcome
        push.reply = verdict.text
        if verdict.outcome == "replied" and not self._is_following(push):
            push.outcome = "discarded"
            push.reply = None
        with self._state.atomic():
            self._state.save(push)
            if push.outcome == "replied":
                self._show_reply(push, verdict)

    def _show_reply(self, push: Push, verdict: Verdict) -> None:
        show(self._state, push, sender="account", kind=verdict.kind, text=verdict.text or "")
        if push.kind == "subscribe":
            follow = self._state.follows[push.app_id][push.fan_id]
            follow.welcomed = True
            self._state.save(follow)

    def _give_up(self, push: Push, outcome: Literal["malformed", "silent"]) -> None:
        push.outcome = outcome
        with self._state.atomic():
            self._state.save(push)
            if self._is_following(push):
                show(self._state, push, sender="system", kind="text", text=SYSTEM_BUBBLE)

    def _is_following(self, push: Push) -> bool:
        return self._state.follows[push.app_id][push.fan_id].following
