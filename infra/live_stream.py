"""One open stream: what it is still to get, in the form of server-sent events.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
import random
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Self

# A thousand clients that lost one server don't come back in one moment.
_COME_BACK_MS = (1_000, 3_000)


@dataclass(frozen=True, slots=True)
class Message:
    """An event as it goes out; without a `number` the client's place stays what it is."""

    number: int | None
    kind: str
    payload: str
    encoded: bytes

    @classmethod
    def of(cls, number: int, kind: str, payload: str) -> Self:
        """`payload` is JSON in one line."""
        return cls(number, kind, payload, f"id: {number}\nevent: {kind}\ndata: {payload}\n\n".encode())


BEAT = Message(None, "", "", b":\n\n")


def greeting(kind: str | None, number: int) -> Message:
    """The first one: when to come back, and `hello` or `reset` with the present number."""
    back = f"retry: {random.randint(*_COME_BACK_MS)}\n"  # noqa: S311 - jitter
    event = f'id: {number}\nevent: {kind}\ndata: {{"number": {number}}}\n' if kind else ""
    return Message(number, kind or "", "", f"{back}{event}\n".encode())


def farewell(kind: str) -> Message:
    """The last one, which says why."""
    return Message(None, kind, "", f"event: {kind}\ndata: {{}}\n\n".encode())


class Stream:
    """`number` is that of the last event handed in; None until it began."""

    __slots__ = ("_ready", "_waiting", "holder", "is_over", "number", "topic")

    def __init__(self, topic: str, holder: Hashable) -> None:
        self.topic = topic
        self.holder = holder
        self.number: int | None = None
        self.is_over = False
        self._waiting = list[Message]()
        self._ready = asyncio.Event()

    async def take(self) -> list[Message]:
        """What has come since the last call; waits for something. Nothing: it is over."""
        await self._ready.wait()
        taken, self._waiting = self._waiting, []
        if not self.is_over:
            self._ready.clear()
        return taken

    def start(self, number: int, message: Message) -> None:
        self.number = number
        self.put([message])

    def continue_with(self, messages: Sequence[Message], *, last: int, more: bool, most: int) -> None:
        """Hand in what follows `number`; who waits for more than `most` is cut off and may resume.

        When what follows is no longer kept, the client hears that it must read its lists anew (`reset`).
        """
        number = self.number or 0
        new = [message for message in messages if (message.number or 0) > number]
        if new and new[0].number == number + 1:
            self.number = new[-1].number
            self.put(new)
            if len(self._waiting) > most:
                self.cut()
        elif (new or not more) and number < last:
            self.start(last, greeting("reset", last))

    def put(self, messages: Sequence[Message]) -> None:
        if not self.is_over:
            self._waiting += messages
            self._ready.set()

    def end(self) -> None:
        """Over as soon as everything is taken."""
        self.is_over = True
        self._ready.set()

    def cut(self, last: Message | None = None) -> None:
        """Over now: what waits is dropped, `last` alone still goes out."""
        self._waiting = [last] if last else []
        self.end()
