"""Who saw or changed what: rows that only grow, in a chain of hashes that shows a removed or changed one.

A row is written in the transaction of what it tells. Its place in the chain it gets a moment later (core.audit), by one
process at a time: chaining inside every transaction would make all of them wait for each other's commits.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import orjson

from infra import clock, database
from infra.ids import new_id
from infra.logging import current_request_id

SYSTEM = "system"

_actor: ContextVar[tuple[str, str | None]] = ContextVar("actor", default=(SYSTEM, None))

_NOTE = """
WITH noted AS (
    INSERT INTO audit (id, created_at, actor, action, subject_kind, subject_id, details, request_id, address)
    VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, $8, $9)
) INSERT INTO audit_unsealed (audit_id, audit_at) VALUES ($1, $2)
"""


def act_as(actor: str, address: str | None = None) -> None:
    """From here on, in this task, it is this one who acts: `staff:<id>`, `cli`, `system`."""
    _actor.set((actor, address))


@contextmanager
def acting_as(actor: str) -> Iterator[None]:
    """The same for a block."""
    token = _actor.set((actor, None))
    try:
        yield
    finally:
        _actor.reset(token)


def actor() -> str:
    """Who acts in this task."""
    return _actor.get()[0]


async def note(action: str, subject_kind: str, subject_id: object, details: Mapping[str, Any] | None = None) -> None:
    """Write down what the acting one did, in the caller's transaction if there is one.

    `action` is `subject.verb` in past tense (`role.changed`, `customer.seen`). `details` hold no secret, no phone
    number and no openid.
    """
    who, address = _actor.get()
    await database.execute(
        _NOTE,
        new_id(),
        clock.now(),
        who,
        action,
        subject_kind,
        str(subject_id),
        orjson.dumps(details or {}, default=str).decode(),
        current_request_id(),
        address,
    )
