"""What happens on some people's phones, as server-sent events."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from itertools import count

from pydantic import BaseModel

from simulator.control.schemas import BubbleOut
from simulator.phones.captions import Caption
from simulator.phones.phone_schemas import (
    ChangedOut,
    ClockOut,
    FollowOut,
    NewBubbleOut,
    OnePhoneOut,
    PhonesOut,
    RingOut,
    SettledOut,
)
from simulator.platform.faults import Fault
from simulator.platform.menus import Menu, PersonalMenu
from simulator.pushing.push_faults import PushFault
from simulator.world.records import Account, Bubble, Code, Follow, Person, Push, Record
from simulator.world.state import State

RETRY_MILLISECONDS = 1_000
# The clock file may be written by anybody, so it is looked at this often.
TICK_SECONDS = 0.5
# A page that hears nothing for longer than this takes the connection for broken.
TICKS_BETWEEN_BEATS = 20
BUBBLES_AT_FIRST = 200
# Beyond this the page does not read; it is cut off, comes again and begins anew.
WAITING_MOST = 1_000


class Listener:
    """Gathers the events for one page."""

    def __init__(self, accounts: Mapping[str, Account], account: Account, fan_ids: Iterable[str]) -> None:
        self.ended = False
        self._accounts = accounts
        self._app_id = account.app_id
        self._fan_ids = frozenset(fan_ids)
        self._events: asyncio.Queue[str] = asyncio.Queue(WAITING_MOST)

    def notice(self, record: Record | None) -> None:
        """Take up a record; None says that everything was forgotten, which ends the stream."""
        try:
            for event in () if record is None else self._events_of(record):
                self._events.put_nowait(event)
        except asyncio.QueueFull:
            self.ended = True
        self.ended = self.ended or record is None

    async def next(self) -> str | None:
        """Return the next event, or None when nothing happened for a tick."""
        try:
            async with asyncio.timeout(TICK_SECONDS):
                return await self._events.get()
        except TimeoutError:
            return None

    def _events_of(self, record: Record) -> Iterator[str]:
        if isinstance(record, Bubble) and record.sender == "account" and record.fan_id in self._fan_ids:
            # Whichever account it is: a phone rings for all of them.
            yield _event("ring", RingOut.of(record, self._accounts[record.app_id].name))
        if isinstance(record, Person) and record.fan_id in self._fan_ids:
            yield _event("changed", ChangedOut(what="menu"))
        event = self._event(record)
        if event is not None:
            yield event

    def _event(self, record: Record) -> str | None:
        if getattr(record, "app_id", None) != self._app_id:
            return None
        match record:
            case Menu() | PersonalMenu():
                return _event("changed", ChangedOut(what="menu"))
            case Code() | Caption():
                return _event("changed", ChangedOut(what="codes"))
            case Fault() | PushFault():
                return _event("changed", ChangedOut(what="faults"))
            case Bubble() | Follow() | Push() if record.fan_id in self._fan_ids:
                return _of_a_person(record)
        return None


async def events(state: State, account: Account, fan_ids: list[str]) -> AsyncIterator[str]:
    """Yield the phones as they are, then what changes, until the page goes or everything is forgotten."""
    listener = Listener(state.accounts, account, fan_ids)
    state.watch(listener.notice)
    try:
        offset = state.clock.offset()
        yield f"retry: {RETRY_MILLISECONDS}\n" + _event("phones", _phones(state, account, fan_ids))
        for tick in count(1):
            event = await listener.next()
            if listener.ended:
                return
            if event is not None:
                yield event
            if state.clock.offset() != offset or tick % TICKS_BETWEEN_BEATS == 0:
                offset = state.clock.offset()
                yield _event("clock", ClockOut.of(state.clock))
    finally:
        state.unwatch(listener.notice)


def _of_a_person(record: Bubble | Follow | Push) -> str | None:
    fan_id = record.fan_id
    match record:
        case Bubble():
            return _event("bubble", NewBubbleOut(fan_id=fan_id, bubble=BubbleOut.of(record)))
        case Follow():
            return _event("follow", FollowOut(fan_id=fan_id, following=record.following))
        case Push() if record.outcome != "pending":
            return _event("push", SettledOut(fan_id=fan_id, push_id=record.push_id, outcome=record.outcome))
    return None


def _phones(state: State, account: Account, fan_ids: list[str]) -> PhonesOut:
    known = [fan_id for fan_id in fan_ids if fan_id in state.people]
    phones = [_phone(state, account, fan_id) for fan_id in known]
    return PhonesOut(clock=ClockOut.of(state.clock), phones=phones)


def _phone(state: State, account: Account, fan_id: str) -> OnePhoneOut:
    follow = state.follows[account.app_id].get(fan_id)
    bubbles = state.bubbles.get((account.app_id, fan_id), [])[-BUBBLES_AT_FIRST:]
    outcomes = {
        bubble.push_id: state.pushes[bubble.push_id].outcome for bubble in bubbles if bubble.push_id in state.pushes
    }
    return OnePhoneOut(
        fan_id=fan_id,
        name=state.people[fan_id].name,
        following=follow is not None and follow.following,
        bubbles=[BubbleOut.of(bubble) for bubble in bubbles],
        pending=[push_id for push_id, outcome in outcomes.items() if outcome == "pending"],
        accepted=[push_id for push_id, outcome in outcomes.items() if outcome == "accepted"],
    )


def _event(name: str, content: BaseModel) -> str:
    return f"event: {name}\ndata: {content.model_dump_json(by_alias=True)}\n\n"
