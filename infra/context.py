"""What a context gives the system. `app/contexts.py` lists each context once, and all doors read that list."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from infra.database import Connection
from infra.events import Handler


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Periodic work: a plain async function that claims what is due; it does not start while it still runs.

    What may take long, calls to the platform above all, goes to the queue `bulk`: events don't wait behind it. After
    `longest` it is cancelled.
    """

    name: str
    every: timedelta
    run: Callable[[], Awaitable[Any]]
    queue: str = "default"
    longest: timedelta = timedelta(minutes=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Belonging:
    """What a colleague may hold (customers, codes, tasks …) and can be handed to another in one step.

    `held` counts it for the preview; `hand_over(connection, source, target, hand_over id)` gives it away in the
    caller's transaction and returns how much it was. `title` is what people call it.
    """

    name: str
    title: str
    held: Callable[[UUID], Awaitable[int]]
    hand_over: Callable[[Connection, UUID, UUID, UUID], Awaitable[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerPart:
    """What a context hangs on a customer, and what becomes of it when customers merge or are forgotten.

    `kind` is its place in the whole picture (core.customers.parts.PartKind). A merge re-points the rows of `tables`
    (each has `id` and `customer_id`, and is named below those it refers to) and gives them back when it is undone; what
    needs more than that is done by `merge(connection, {source: target})`, whose answer (JSON by source) comes back to
    `unmerge(connection, source, target, answer)`, which raises MergeChanged when it can't be taken back.

    `merge` comes before the tables: of what a customer may have once only, it makes room, or the source's row stays
    there. `reassign(connection, {source of an arrival: customer id})` moves what came with arrivals that turn out to be
    somebody else's.

    `erase(connection, customer ids, kind)` forgets people, in the caller's transaction; `keeps(connection, ids)` are
    those who stay known although they left (members). `summary(customer id, colleague)` is one statement's worth for
    the picture, `data(customer id)` everything for the person's own document, `counts(connection, ids)` for previews.
    """

    name: str
    title: str
    kind: str
    tables: tuple[str, ...] = ()
    merge: Callable[[Connection, Mapping[UUID, UUID]], Awaitable[Mapping[UUID, Any]]] | None = None
    unmerge: Callable[[Connection, UUID, UUID, Any], Awaitable[None]] | None = None
    reassign: Callable[[Connection, Mapping[UUID, UUID]], Awaitable[None]] | None = None
    erase: Callable[[Connection, Sequence[UUID], str], Awaitable[None]] | None = None
    keeps: Callable[[Connection, Sequence[UUID]], Awaitable[set[UUID]]] | None = None
    summary: Callable[[UUID, Any], Awaitable[Any]] | None = None
    data: Callable[[UUID], Awaitable[Any]] | None = None
    counts: Callable[[Connection, Sequence[UUID]], Awaitable[Mapping[UUID, int]]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatCommand:
    """What a fan may write to get something from a context: `words`, of which 帮助 shows the first with the `title`.

    `respond(view)` answers as a responder of pushes does, in its time, reading only; None: not this fan, others may.
    """

    words: tuple[str, ...]
    title: str
    respond: Callable[[Any], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class FastRoute:
    """A route called before the framework's machinery: `endpoint(request=…, **path parameters)` gives a response."""

    method: str
    path: str
    endpoint: Callable[..., Awaitable[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """`routes` are routers of the HTTP door, `responders` answer pushes, `permissions` name operation points.

    `commands` are what fans may write to it. `warm` fills caches before a process takes its first request.
    """

    name: str
    models: str | None = None
    routes: tuple[Any, ...] = ()
    fast_routes: tuple[FastRoute, ...] = ()
    handlers: tuple[Handler, ...] = ()
    jobs: tuple[Job, ...] = ()
    responders: tuple[Any, ...] = ()
    commands: tuple[ChatCommand, ...] = ()
    permissions: tuple[str, ...] = ()
    belongings: tuple[Belonging, ...] = ()
    customer_parts: tuple[CustomerPart, ...] = ()
    warm: tuple[Callable[[], Awaitable[None]], ...] = ()
