"""Saying something to a fan: a place in the window is taken, and the message put into the ledger, in one transaction.

A file of its own: what stands against a message is looked at here, before the platform is asked; `speaking` sends it.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from infra import clock
from infra.database import Connection, transaction
from infra.errors import DomainError
from wechat.outbound import service, windows
from wechat.outbound.contents import Content
from wechat.outbound.errors import AccountSilent, FanBlocked, FanNotFollowing, FanRefuses, WindowShut, WindowUsedUp
from wechat.outbound.rules import SHUT, Allowance, Channel, NewMessage, Places, State, Why, Windows

_ERRORS: dict[Why, type[DomainError]] = {
    Why.ACCOUNT_SILENT: AccountSilent,
    Why.NOT_FOLLOWING: FanNotFollowing,
    Why.BLOCKED: FanBlocked,
    Why.REFUSED: FanRefuses,
    Why.WINDOW_SHUT: WindowShut,
    Why.WINDOW_USED_UP: WindowUsedUp,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """Something to say once, however often its `key` is put; `source_id` is what it is about, for the ledger."""

    account_id: UUID
    conversation_id: UUID
    digest: bytes
    openid: str
    content: Content
    key: str
    source_id: UUID | None = None
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Put:
    """A message in the ledger: what refused it just now, and whether it is never sent."""

    id: UUID
    against: Allowance | None
    skipped: bool


async def say(connection: Connection, saying: Saying) -> UUID:
    """Put a message and take its place in the window, in the caller's transaction; the ledger's id.

    Raises WindowShut, WindowUsedUp (details: until, left), FanNotFollowing, FanBlocked, FanRefuses,
    AccountSilent: then nothing is written.
    """
    # A savepoint: whoever goes on after a refusal has written nothing.
    async with transaction():
        [put] = await _put(connection, [saying])
        if put.against is not None:
            raise refusal(put.against)
    return put.id


async def say_many(connection: Connection, sayings: Sequence[Saying]) -> list[UUID | None]:
    """The same for automatic ones, in their order; None where something stands against it: written as `skipped`."""
    if not sayings:
        return []
    return [None if put.skipped else put.id for put in await _put(connection, sayings)]


def refusal(allowance: Allowance) -> DomainError:
    """The error that says why nothing may be sent."""
    until = allowance.until.isoformat() if allowance.until else None
    return _ERRORS[allowance.why_not or Why.WINDOW_SHUT]({"until": until, "left": 0})


async def _put(connection: Connection, sayings: Sequence[Saying]) -> list[_Put]:
    digests = [saying.digest for saying in sayings]
    await windows.lock(connection, digests)
    known = await service.known(connection, [saying.key for saying in sayings])
    fans = await windows.standing(connection, digests)
    now = await windows.usable_from()
    new, taken, spent = dict[str, NewMessage](), Counter[bytes](), defaultdict[bytes, list[Places]](list)
    refused = dict[str, Allowance]()
    for saying in sayings:
        if saying.key in known or saying.key in new:
            continue
        fan = fans.get(saying.digest)
        against = _against(fan, taken[saying.digest], now)
        places: Places = (None, None)
        if against is not None:
            refused[saying.key] = against
        elif fan is not None:
            places = fan.places(taken[saying.digest], now)
            taken[saying.digest] += 1
            spent[saying.digest].append(places)
        new[saying.key] = _message(saying, places, against)
    await windows.spend(connection, spent)
    ids = dict(zip(new, await service.put_many(connection, list(new.values())), strict=True))
    ids |= {key: message_id for key, (message_id, _) in known.items()}
    not_said = {key for key, (_, state) in known.items() if state is State.SKIPPED}
    return [
        _Put(ids[saying.key], refused.get(saying.key), skipped=saying.key in refused or saying.key in not_said)
        for saying in sayings
    ]


def _against(fan: Windows | None, taken: int, now: datetime) -> Allowance | None:
    """What stands against one message more, after so many."""
    if fan is None:
        return SHUT
    allowance = fan.allowance(now)
    if allowance.why_not is not None:
        return allowance
    return None if allowance.left > taken else Allowance(allowance.until, 0, Why.WINDOW_USED_UP)


def _message(saying: Saying, places: Places, against: Allowance | None) -> NewMessage:
    return NewMessage(
        account_id=saying.account_id,
        channel=Channel.CUSTOMER,
        key=saying.key,
        digest=saying.digest,
        openid=saying.openid,
        payload=saying.content.model_dump(mode="json"),
        due_at=saying.due_at or clock.now(),
        source_id=saying.source_id,
        conversation_id=saying.conversation_id,
        message_until=places[0],
        short_until=places[1],
        why=against.why_not if against else None,
    )
