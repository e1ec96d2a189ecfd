"""Sending customer messages, outside transactions: one of a conversation at a time, each of them once.

A file of its own beside `sending`: the platform neither tells what became of such a message nor knows it again, so one
whose answer was lost, or whose sender died, is never sent anew by itself: only a person may decide that. What ends
gives its place in the window back if it certainly was not sent.
"""

import asyncio
import time
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import orjson

from infra import clock, database
from infra.database import Connection, transaction
from infra.errors import DomainError
from infra.images import BadPicture
from infra.logging import logger
from wechat.accounts import queries as accounts
from wechat.accounts.queries import Credentials
from wechat.outbound import telling, uploads, windows, wording
from wechat.outbound.endings import count, postpone, write_down
from wechat.outbound.rules import PAUSE, Channel, Claimed, Ending, State, Why, Windows, next_try, not_sent, skipped
from wechat.outbound.sending import AT_ONCE, LEASE_SECONDS, OF_THE_ACCOUNT, RUN_SECONDS, TRIES
from wechat.outbound.uploads import PictureGone
from wechat.platform import customer_messages, tokens
from wechat.platform.errors import (
    AccountDisabled,
    AccountInShadow,
    PlatformAway,
    PlatformRefused,
    PlatformUnreached,
    QuotaSpent,
)
from wechat.platform.policy import Action, action_of

# A call is over after so many seconds: one that would outlive the lease is not begun.
_CALL = timedelta(seconds=11)
# While a slow call or upload holds a run up, others go on: there is one run at a time. It ends well within its time.
_LONGEST_RUN_SECONDS = 60.0
_USED_UP = "45047"
_AGAIN = OF_THE_ACCOUNT | {Action.UPLOAD_AGAIN}
_REMEMBERED = {
    Action.MARK_BLACKLISTED: Why.BLOCKED,
    Action.MARK_NOT_FOLLOWING: Why.NOT_FOLLOWING,
    Action.MARK_OPENID_WRONG: Why.REFUSED,
    Action.MARK_REFUSES: Why.REFUSED,
}

# One claims after the other: two at once might each take a message of the same conversation.
_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended('wechat.outbound.customer', 0))"

# What is only due later holds nobody up; what waits for another try does.
_CLAIM = """
WITH due AS MATERIALIZED (
    SELECT m.id FROM outbound_message m
    WHERE m.channel = 'customer' AND m.state = 'pending' AND m.due_at <= $1 AND NOT EXISTS (
        SELECT FROM outbound_message e WHERE e.conversation_id = m.conversation_id AND e.id <> m.id AND (
            e.state = 'sending' OR (e.state = 'pending' AND e.id < m.id AND (e.due_at <= $1 OR e.error IS NOT NULL))
        )
    ) ORDER BY m.due_at, m.id LIMIT $3 FOR UPDATE SKIP LOCKED
)
UPDATE outbound_message m SET state = 'sending', leased_until = $2, tried_at = $1
FROM due, wechat_account a WHERE m.id = due.id AND a.id = m.account_id
RETURNING m.id, a.app_id, m.digest, m.openid, m.payload, m.attempts, m.leased_until, m.message_until, m.short_until
"""

# Their senders died. Whether they left nobody knows.
_GIVE_UP = """
UPDATE outbound_message SET state = 'unknown', leased_until = NULL, error = $2
WHERE channel = 'customer' AND state = 'sending' AND leased_until <= $1 RETURNING id
"""

_ASK = "UPDATE identity SET ask_at = $2 WHERE digest = $1 AND following AND ask_at IS NULL"


async def speak_due() -> int:
    """Send what is due for a second or so, and as long as something is under way; returns how many were sent.

    Stops when the platform is away.
    """
    sent, started, away = 0, time.monotonic(), set[str]()
    running = set[asyncio.Task[tuple[Ending, list[State]]]]()
    try:
        while True:
            until = _LONGEST_RUN_SECONDS if running else RUN_SECONDS
            if not away and time.monotonic() - started < until and (room := await AT_ONCE.get() - len(running)):
                running |= {asyncio.create_task(_handle(message)) for message in await _claim(room)}
            if not running:
                return sent
            done, running = await asyncio.wait(running, timeout=RUN_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                ending, states = task.result()
                sent += states.count(State.SENT)
                if ending.error in (Why.AWAY, Why.ANSWER_LOST) and ending.message.app_id not in away:
                    away.add(ending.message.app_id)
                    await postpone(Channel.CUSTOMER, ending.message.app_id)
    finally:
        # Whatever happened to one, the others are under way.
        await asyncio.gather(*running, return_exceptions=True)


async def _claim(most: int) -> list[Claimed]:
    now = clock.now()
    async with transaction() as connection:
        await connection.execute(_ALONE)
        if given_up := await connection.fetch(_GIVE_UP, now, Why.ANSWER_LOST):
            logger().error("outbound_unknown", messages=len(given_up))
            await telling.tell_ended(connection, [row["id"] for row in given_up])
        rows = await connection.fetch(_CLAIM, now, now + timedelta(seconds=await LEASE_SECONDS.get()), most)
        fans = await windows.standing(connection, [row["digest"] for row in rows])
    return [_claimed(row, fans.get(row["digest"]), now) for row in rows]


def _claimed(row: asyncpg.Record, fan: Windows | None, now: datetime) -> Claimed:
    reason = fan.why_not if fan else Why.WINDOW_SHUT
    return Claimed(
        id=row["id"],
        app_id=row["app_id"],
        openid=row["openid"] or "",
        payload=orjson.loads(row["payload"]),
        attempts=row["attempts"],
        tried_before=None,
        leased_until=row["leased_until"],
        why_not=Why.FORGOTTEN if row["openid"] is None else reason,
        digest=row["digest"],
        claimed_at=now,
        place_until=fan.place_until(row["message_until"], row["short_until"]) if fan else None,
    )


async def _handle(message: Claimed) -> tuple[Ending, list[State]]:
    ending = await _send(message)
    return ending, await _end(ending)


async def _send(message: Claimed) -> Ending:
    if message.why_not is not None:
        return skipped(message, message.why_not)
    account = await accounts.credentials(message.app_id)
    try:
        # Alone: what fails here has told the platform nothing of the message.
        await tokens.token(account)
        words = await wording.worded(account, message.payload)
    except DomainError as error:
        return await _refused(message, error)
    if message.place_until is None or message.place_until <= await windows.usable_from():
        return skipped(message, Why.WINDOW_SHUT)
    if message.leased_until < clock.now() + _CALL:
        return not_sent(message, Why.AWAY, clock.now())
    return await _call(account, message, words)


async def _call(account: Credentials, message: Claimed, words: dict[str, Any]) -> Ending:
    try:
        await customer_messages.send(account, message.openid, words)
    except PlatformRefused as error:
        if error.action is Action.UPLOAD_AGAIN:
            await uploads.forget(account, wording.media_ids(words))
        return await _refused(message, error)
    except (PlatformUnreached, QuotaSpent, AccountInShadow, AccountDisabled) as error:
        return await _refused(message, error)
    except PlatformAway:
        return Ending(message=message, state=State.UNKNOWN, error=Why.ANSWER_LOST)
    return Ending(message=message, state=State.SENT)


async def _refused(message: Claimed, error: DomainError) -> Ending:
    """It certainly did not leave this time: what follows. What can't leave before its window ends, never will."""
    ending = await _judged(message, error)
    if ending.again_at is None or message.place_until is None or ending.again_at < message.place_until:
        return ending
    return replace(ending, state=State.FAILED, again_at=None)


async def _judged(message: Claimed, error: DomainError) -> Ending:
    now = clock.now()
    match error:
        case AccountInShadow() | AccountDisabled():
            return skipped(message, Why.ACCOUNT_SILENT)
        case PictureGone() | BadPicture():
            return Ending(message=message, state=State.FAILED, error=Why.PICTURE_GONE)
        case QuotaSpent():
            return not_sent(message, Why.QUOTA, error.until)
        case PlatformRefused() if error.action in _AGAIN and message.attempts + 1 < await TRIES.get():
            again_at = now if error.action is Action.UPLOAD_AGAIN else next_try(now, message.attempts)
            return not_sent(message, str(error.errcode), again_at, counts=True)
        case PlatformRefused():
            return Ending(message=message, state=State.FAILED, error=str(error.errcode))
    return not_sent(message, Why.AWAY, now + PAUSE)


async def _end(ending: Ending) -> list[State]:
    """Write down what became of a message, and what it says of the windows; its state, if it was still ours."""
    message = ending.message
    async with transaction() as connection:
        await windows.lock(connection, [message.digest])
        rows = await write_down(connection, [ending])
        if rows and ending.state is not State.PENDING:
            await _learn(connection, ending)
            await telling.tell_ended(connection, [message.id])
    if _meaning(ending) is Action.MARK_NOT_FOLLOWING:
        await database.execute(_ASK, message.digest, clock.now())
    return count(Channel.CUSTOMER, rows)


async def _learn(connection: Connection, ending: Ending) -> None:
    message, meaning = ending.message, _meaning(ending)
    if meaning is Action.SWITCH_CHANNEL and message.claimed_at is not None:
        await windows.empty(connection, message.digest, message.claimed_at, shut=ending.error != _USED_UP)
    elif ending.state in (State.FAILED, State.SKIPPED):
        await windows.give_back(connection, [message.id])
    if meaning in _REMEMBERED:
        await windows.refuse(connection, message.digest, _REMEMBERED[meaning])


def _meaning(ending: Ending) -> Action | None:
    """What the errcode that ended it means."""
    if ending.state is State.FAILED and ending.error is not None and ending.error.lstrip("-").isdigit():
        return action_of(int(ending.error))
    return None
