"""What a context publishes (`Event`) and how others react to it (`Handler`)."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar

import orjson
from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A fact, named `context.thing_happened.v1`. It carries ids and facts, no phone and no openid, and only grows.

    `key` names the aggregate (a customer id, mostly) whose events an ordered handler sees in order.
    """

    name: ClassVar[str]

    @property
    def key(self) -> str:
        raise NotImplementedError


E = TypeVar("E", bound=Event)


_adapters: dict[type[Event], TypeAdapter[Any]] = {}


def _adapter(kind: type[Event]) -> TypeAdapter[Any]:
    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]


def encode(event: Event) -> str:
    """The payload as JSON."""
    return orjson.dumps(event).decode()


def decode(kind: type[E], payload: str | bytes) -> E:
    """The event again; unknown fields of a newer publisher are ignored. Raises ValidationError."""
    event: E = _adapter(kind).validate_json(payload)
    return event


@dataclass(frozen=True, slots=True)
class Delivered(Generic[E]):
    """An event as a handler receives it. `id` grows with publication and is the same at every attempt."""

    id: int
    event: E
    published_at: datetime
    request_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler:
    """A reaction that happens exactly once per event: its effects commit together with the delivery's mark.

    Give `handle` (one event) or `handle_many` (up to 200 at once, sorted by key; all or nothing). A handler works in
    the database only; what must leave it (a message, money) it writes down as an intent. `ordered` keeps the events of
    one key in the order of their ids; one that keeps failing is set aside after `tries` and lets the later ones pass.
    """

    name: str
    events: tuple[type[Event], ...]
    handle: Callable[[Delivered[Any]], Awaitable[None]] | None = None
    handle_many: Callable[[Sequence[Delivered[Any]]], Awaitable[None]] | None = None
    ordered: bool = False
    tries: int = 10
    queue: str = "default"

    def __post_init__(self) -> None:
        if (self.handle is None) == (self.handle_many is None):
            raise ValueError(f"{self.name}: give either handle or handle_many")


class Registry:
    """All events and handlers of the running system, checked for clashes when it is built."""

    def __init__(self, handlers: Iterable[Handler]) -> None:
        self.handlers: dict[str, Handler] = {}
        self.kinds: dict[str, type[Event]] = {}
        for handler in handlers:
            if handler.name in self.handlers:
                raise ValueError(f"two handlers are named {handler.name}")
            self.handlers[handler.name] = handler
            for kind in handler.events:
                if self.kinds.setdefault(kind.name, kind) is not kind:
                    raise ValueError(f"two events are named {kind.name}")

    def subscriptions(self) -> list[tuple[str, str, bool]]:
        """(event name, handler name, ordered) for the relay's fan-out."""
        return [(kind.name, h.name, h.ordered) for h in self.handlers.values() for kind in h.events]
