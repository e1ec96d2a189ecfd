"""The push engine: up to three deliveries, in order per person (but for a burst), in parallel across people."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Literal

import aiohttp
from fastapi import Depends, Request

from simulator.pushing import deliveries, push_faults
from simulator.pushing.acts import UNANSWERED
from simulator.pushing.deliveries import Outgoing
from simulator.pushing.holding import Group, Held
from simulator.pushing.replies import Verdict
from simulator.settings import Settings
from simulator.world.errors import ControlError, push_cancelled
from simulator.world.phone import show
from simulator.world.records import Account, Attempt, Push, SignedRequest
from simulator.world.state import State

SYSTEM_BUBBLE = "该公众号提供的服务出现故障，请稍后再试"
DUPLICATES = 2


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
        self._held = Held()
        self._later: set[asyncio.TimerHandle] = set()
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
        """Drop every push that is under way, held back or meant for later, unsettled."""
        for handle in self._later:
            handle.cancel()
        self._later.clear()
        self._held = Held()
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._lanes.clear()

    def launch(self, push: Push) -> None:
        """Start the deliveries of a push, unless a fault drops it or holds it back."""
        if push.outcome != "pending":
            return
        if push_faults.take(self._state, push.app_id, "drop"):
            push.outcome = "dropped"
            self._state.save(push)
            return
        self._let_go(self._held.pass_on(self._state, push))

    def launch_later(self, push: Push, seconds: float | None = None) -> None:
        """Start a push that the platform sends a while (real seconds) after what it tells of."""

        def launch() -> None:
            self._later.discard(handle)
            self.launch(push)

        handle = asyncio.get_running_loop().call_later(
            self._settings.later_seconds if seconds is None else seconds, launch
        )
        self._later.add(handle)

    def release(self, app_id: str) -> None:
        """Start what a fault held back that is switched off now."""
        self._let_go(self._held.release(self._state, app_id))

    def _let_go(self, groups: Iterable[Group]) -> None:
        for group in groups:
            for push in group.pushes:
                self._start(push, at_once=group.at_once)

    def _start(self, push: Push, *, at_once: bool) -> None:
        # A person's next push starts when the former is answered, or a lead after it was sent: no thumb is much
        # quicker, and on two connections the later request could otherwise be read first.
        lane = (push.app_id, push.fan_id)
        after = None if at_once else self._lanes.get(lane)
        under_way = asyncio.Event()
        task = asyncio.create_task(self._run(push, after=after, under_way=under_way))
        self._lanes[lane] = under_way
        self._tasks[push.push_id] = task
        task.add_done_callback(lambda _: self._tasks.pop(push.push_id))

    async def settled(self, push: Push) -> None:
        """Wait until a push is answered or given up, but not for one held back; 409 push_cancelled by a reset."""
        if push in self._held:
            return
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
            timestamp=self._now(),
            timeout_seconds=self._settings.timeout_seconds,
        )

    async def resend(self, push: Push, how: Resend) -> list[Attempt]:
        """Deliver a push again without any effect on the person's phone; return the attempts in order."""
        first = push.first_request
        if how.as_first_signed and first is None:
            raise ControlError(409, "never_sent", "this push has not been sent yet")
        account = self._state.account(push.app_id)

        def request() -> Outgoing:
            if how.as_first_signed and first is not None:
                return _outgoing(account, first)
            return _outgoing(account, deliveries.sign(account, push, self._now() + how.offset_seconds))

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
            extra = self._duplicates(push)
            await asyncio.gather(self._deliver_until_settled(push, under_way), *extra)
        finally:
            under_way.set()

    def _duplicates(self, push: Push) -> list[Coroutine[None, None, None]]:
        if not push_faults.take(self._state, push.app_id, "duplicate"):
            return []
        return [self._deliver_duplicate(push) for _ in range(DUPLICATES)]

    async def _deliver_duplicate(self, push: Push) -> None:
        account = self._state.account(push.app_id)
        delivery = await self._deliver(
            account, push, lambda: _outgoing(account, deliveries.sign(account, push, self._now()))
        )
        push.attempts.append(delivery.attempt.model_copy(update={"resent": True, "fault": "duplicate"}))
        self._state.save(push)

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

    def _sign_now(self, account: Account, push: Push) -> Outgoing:
        damage = push_faults.take_damage(self._state, push.app_id)
        if damage is not None:
            return push_faults.damaged(account, push, self._now(), damage)
        request = deliveries.sign(account, push, self._now())
        if push.first_request is None:
            push.first_request = request
            self._state.save(push)
        return _outgoing(account, request)

    def _now(self) -> int:
        return int(self._state.clock.now())

    async def _deliver(
        self,
        account: Account,
        push: Push,
        request: Callable[[], Outgoing],
        under_way: asyncio.Event | None = None,
    ) -> deliveries.Delivery:
        # Signed when its turn comes: a push that waited for a slot must not carry an old timestamp.
        async with self._slots:
            if under_way is not None:
                asyncio.get_running_loop().call_later(self._settings.lead_seconds, under_way.set)
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
        if verdict.outcome == "replied" and not self._has_somebody_waiting(push):
            push.outcome = "discarded"
            push.reply = None
        with self._state.atomic():
            self._state.save(push)
            if push.outcome == "replied":
                self._show_reply(push, verdict)

    def _show_reply(self, push: Push, verdict: Verdict) -> None:
        text = verdict.text or ""
        show(self._state, push, sender="account", kind=verdict.kind, text=text, content=verdict.content)
        if push.kind == "subscribe":
            follow = self._state.follows[push.app_id][push.fan_id]
            follow.welcomed = True
            self._state.save(follow)

    def _give_up(self, push: Push, outcome: Literal["malformed", "silent"]) -> None:
        push.outcome = outcome
        with self._state.atomic():
            self._state.save(push)
            if self._has_somebody_waiting(push):
                show(self._state, push, sender="system", kind="text", text=SYSTEM_BUBBLE)

    def _has_somebody_waiting(self, push: Push) -> bool:
        if not push.fan_id or push.kind in UNANSWERED:
            return False
        if self._state.account(push.app_id).kind == "mini":
            return True
        return self._state.follows[push.app_id][push.fan_id].following


def _outgoing(account: Account, request: SignedRequest) -> Outgoing:
    return Outgoing(request.query, request.body.encode(), request.keys or account.keys)


async def _engine(request: Request) -> Engine:
    engine: Engine = request.app.state.engine
    return engine


EngineDep = Annotated[Engine, Depends(_engine)]
