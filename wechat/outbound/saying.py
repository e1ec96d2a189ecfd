"""Saying something to a fan: a place in the window is taken, and the message put into the ledger, in one transaction.

A file of its own: what stands against a message is looked at here, before the platform is asked; `speaking` sends it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from infra import clock
from infra.database import Connection, transaction
from infra.errors import DomainError
from wechat.outbound import windows
from wechat.outbound.contents import Content
from wechat.outbound.errors import FanBlocked, FanNotFollowing, FanRefuses, WindowShut, WindowUsedUp
from wechat.outbound.rules import SHUT, Allowance, Channel, NewMessage, Why, Windows
from wechat.outbound.service import known_keys, put_many
from wechat.platform.errors import AccountDisabled, AccountInShadow

_ERRORS: dict[Why, type[DomainError]] = {
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


async def say(connection: Connection, saying: Saying) -> UUID:
    """Put a message and take its place in the window, in the caller's transaction; the ledger's id.

    Raises WindowShut, WindowUsedUp (details: until, left), FanNotFollowing, FanBlocked, FanRefuses, AccountInShadow,
    AccountDisabled: then nothing is written.
    """
    async with transaction():
        [(message_id, refused, shadow)] = await _put(connection, [saying])
        if refused is not None:
            raise refusal(refused, shadow=shadow)
    return message_id


async def say_many(connection: Connection, sayings: Sequence[Saying]) -> list[UUID | None]:
    """The same for automatic ones, in their order; None where something stands against it: written as `skipped`."""
    if not sayings:
        return []
    return [None if refused is not None else message_id for message_id, refused, _ in await _put(connection, sayings)]


def refusal(allowance: Allowance, *, shadow: bool) -> DomainError:
    """The error that says why nothing may be sent."""
    if allowance.why_not is Why.ACCOUNT_SILENT:
        return AccountInShadow() if shadow else AccountDisabled()
    until = allowance.until.isoformat() if allowance.until else None
    return _ERRORS[allowance.why_not or Why.WINDOW_SHUT]({"until": until, "left": 0})


async def _put(connection: Connection, sayings: Sequence[Saying]) -> list[tuple[UUID, Allowance | None, bool]]:
    """For each: the ledger's id, what refused it, and whether the account is in shadow."""
    await windows.lock(connection, [saying.digest for saying in sayings])
    known = await known_keys(connection, [saying.key for saying in sayings])
    found = await windows.standing(connection, [saying.digest for saying in sayings])
    now = await windows.usable_from()
    taken, spent = Counter[bytes](), dict[bytes, tuple[int, int]]()
    refused, messages, seen = dict[str, Allowance](), list[NewMessage](), set(known)
    for saying in sayings:
        if saying.key in seen:
            continue
        seen.add(saying.key)
        fan = found.get(saying.digest)
        against = _against(fan, taken[saying.digest], now)
        places = (None, None) if fan is None or against else fan.places(taken[saying.digest], now)
        if against is not None:
            refused[saying.key] = against
        else:
            taken[saying.digest] += 1
            message, short = spent.get(saying.digest, (0, 0))
            spent[saying.digest] = message + (places[0] is not None), short + (places[1] is not None)
        messages.append(_message(saying, places, against))
    if spent:
        await windows.spend(connection, spent)
    ids = dict(zip([message.key for message in messages], await put_many(connection, messages), strict=True)) | known
    shadows = {digest for digest, fan in found.items() if fan.shadow}
    return [(ids[saying.key], refused.get(saying.key), saying.digest in shadows) for saying in sayings]


def _against(fan: Windows | None, taken: int, now: datetime) -> Allowance | None:
    """What stands against one message more, after so many."""
    if fan is None:
        return SHUT
    allowance = fan.allowance(now)
    if allowance.why_not is not None:
        return allowance
    return None if allowance.left > taken else Allowance(allowance.until, 0, Why.WINDOW_USED_UP)


def _message(saying: Saying, places: tuple[datetime | None, datetime | None], against: Allowance | None) -> NewMessage:
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
