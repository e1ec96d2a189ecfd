"""Sending template messages, outside transactions: claims that are leases, one call per message, its ending.

A file of its own: here the platform is called, which `service` never does. Two senders never hold the same message; one
that dies loses its claims after the lease. The platform may have got such a message, so it is sent again under the same
`client_msg_id`, by which the platform knows it, and only as long as the platform remembers.
"""

import asyncio
import time
from collections.abc import Sequence
from datetime import timedelta

import asyncpg
import orjson

from infra import alerts, clock, database
from infra.database import transaction
from infra.errors import DomainError
from infra.logging import logger
from infra.parameters import Parameter
from wechat.accounts import queries as accounts
from wechat.outbound.endings import count, postpone, write_down
from wechat.outbound.rules import PAUSE, Channel, Claimed, Ending, State, Why, next_try, not_sent, skipped
from wechat.outbound.service import tell_delivered
from wechat.platform import templates, tokens
from wechat.platform.errors import (
    AccountDisabled,
    AccountInShadow,
    PlatformAway,
    PlatformRefused,
    PlatformUnreached,
    QuotaSpent,
)
from wechat.platform.policy import Action

AT_ONCE = Parameter(
    name="wechat.outbound_at_once",
    default=50,
    least=1,
    most=500,
    help="同时发往微信的消息条数（每个发送进程）",
    english="How many messages are sent to WeChat at once, in each sending process",
)
LEASE_SECONDS = Parameter(
    name="wechat.outbound_lease_seconds",
    default=60,
    least=15,
    most=300,
    help="发送进程意外中断后，多少秒后由其他进程接手",
    english="When a sending process dies, another goes on after so many seconds",
)
REPEAT_SECONDS = Parameter(
    name="wechat.template_repeat_seconds",
    default=540,
    least=0,
    most=86_400,
    help="模板消息结果不明时，多少秒内可用同一 client_msg_id 再问一次（平台记住约 10 分钟，须留有余量）",
    english=(
        "When it is unknown what became of a template message, it may be asked for again with the "
        "same client_msg_id for so many seconds (WeChat remembers about 10 minutes, so leave room)"
    ),
)
TRIES = Parameter(
    name="wechat.outbound_tries",
    default=10,
    least=1,
    most=30,
    help="因账号原因被微信拒绝的消息最多尝试的次数",
    english="How often a message refused for the account's sake is tried",
)
FAILURES_IN_A_ROW = Parameter(
    name="wechat.outbound_failures",
    default=5,
    least=1,
    most=1000,
    help="连续多少条消息发送失败后告警",
    english="An alert is raised when so many messages in a row failed",
)

FAILING_ALERT = "wechat.outbound_failing"
# How long a run goes on, so that others get their turn: it comes every second.
RUN_SECONDS = 1.0
_AWAY = {Why.AWAY, Why.ANSWER_LOST}
# What the platform refuses for the account's sake, until an operator has seen to it.
OF_THE_ACCOUNT = {Action.ALERT, Action.REFRESH_TOKEN}

_CLAIM = """
WITH due AS MATERIALIZED (
    SELECT m.id, m.tried_at FROM outbound_message m WHERE m.channel = 'template' AND {state} AND {time} <= $1
    ORDER BY {time} LIMIT $3 FOR UPDATE SKIP LOCKED
)
UPDATE outbound_message m SET state = 'sending', leased_until = $2, tried_at = COALESCE(m.tried_at, $1)
FROM due, wechat_account a WHERE m.id = due.id AND a.id = m.account_id
RETURNING m.id, a.app_id, m.openid, m.payload, m.attempts, due.tried_at AS tried_before, m.leased_until,
    a.shadow OR a.disabled_at IS NOT NULL AS silent,
    m.staff_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM staff s WHERE s.id = m.staff_id AND s.left_at IS NULL AND s.disabled_at IS NULL
    ) AS gone,
    m.openid IS NULL OR (m.staff_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM staff_wechat w WHERE w.staff_id = m.staff_id AND w.digest = m.digest
    )) AS unbound,
    EXISTS (SELECT FROM notice n WHERE n.id = m.source_id AND n.read_at IS NOT NULL) AS seen
"""
_CLAIM_DUE = _CLAIM.format(state="m.state = 'pending'", time="m.due_at")
_CLAIM_LOST = _CLAIM.format(state="m.state IN ('sending', 'unknown')", time="m.leased_until")

# The platform has forgotten their client_msg_id by now: sent again, they might arrive twice.
_GIVE_UP = """
UPDATE outbound_message SET state = 'unknown', leased_until = NULL, error = $3
WHERE channel = 'template' AND state IN ('sending', 'unknown') AND leased_until <= $1 AND tried_at <= $2
"""

_NEWEST = """
SELECT state FROM outbound_message WHERE account_id = (SELECT id FROM wechat_account WHERE app_id = $1)
AND channel = 'template' AND state IN ('sent', 'failed') ORDER BY id DESC LIMIT $2
"""


async def send_due() -> int:
    """Send what is due for a second or so; returns how many were sent. Stops when the platform is away."""
    sent, started = 0, time.monotonic()
    while time.monotonic() - started < RUN_SECONDS and (claimed := await _claim()):
        endings = await asyncio.gather(*(_send(message) for message in claimed))
        states = await _end(endings)
        sent += states.count(State.SENT)
        await _watch(endings)
        away = {ending.message.app_id for ending in endings if ending.error in _AWAY and ending.again_at}
        for app_id in away:
            await postpone(Channel.TEMPLATE, app_id)
        if away:
            break
    return sent


async def _claim() -> list[Claimed]:
    now, most = clock.now(), await AT_ONCE.get()
    lease = now + timedelta(seconds=await LEASE_SECONDS.get())
    oldest = now - timedelta(seconds=await REPEAT_SECONDS.get())
    if given_up := await database.execute(_GIVE_UP, now, oldest, Why.ANSWER_LOST):
        logger().error("outbound_unknown", messages=given_up)
    rows = await database.fetch(_CLAIM_LOST, now, lease, most)
    rows += await database.fetch(_CLAIM_DUE, now, lease, most - len(rows)) if len(rows) < most else []
    return [_claimed(row) for row in rows]


def _claimed(row: asyncpg.Record) -> Claimed:
    reasons = {
        Why.ACCOUNT_SILENT: row["silent"],
        Why.LEFT: row["gone"],
        Why.UNBOUND: row["unbound"],
        Why.READ: row["seen"],
    }
    return Claimed(
        id=row["id"],
        app_id=row["app_id"],
        openid=row["openid"] or "",
        payload=orjson.loads(row["payload"]),
        attempts=row["attempts"],
        tried_before=row["tried_before"],
        leased_until=row["leased_until"],
        why_not=next((why for why, so in reasons.items() if so), None),
    )


async def _send(message: Claimed) -> Ending:
    if message.why_not is not None:
        return skipped(message, message.why_not)
    account = await accounts.credentials(message.app_id)
    try:
        # Alone: what fails here has told the platform nothing of the message.
        await tokens.token(account)
    except DomainError as error:
        return await _refused(message, error)
    try:
        number = await templates.send(account, message.openid, client_msg_id=str(message.id), **message.payload)
    except (PlatformUnreached, PlatformRefused, QuotaSpent, AccountInShadow, AccountDisabled) as error:
        return await _refused(message, error)
    except PlatformAway:
        return Ending(message=message, state=State.UNKNOWN, error=Why.ANSWER_LOST, again_at=clock.now() + PAUSE)
    return Ending(message=message, state=State.SENT, platform_id=number)


async def _refused(message: Claimed, error: DomainError) -> Ending:
    """It did not leave this time: what follows."""
    match error:
        case AccountInShadow() | AccountDisabled():
            return skipped(message, Why.ACCOUNT_SILENT)
        case QuotaSpent():
            return not_sent(message, Why.QUOTA, error.until)
        case PlatformRefused() if error.action in OF_THE_ACCOUNT and message.attempts + 1 < await TRIES.get():
            again_at = next_try(clock.now(), message.attempts)
            return not_sent(message, str(error.errcode), again_at, counts=True)
        case PlatformRefused():
            return Ending(message=message, state=State.FAILED, error=str(error.errcode))
    return not_sent(message, Why.AWAY, clock.now() + PAUSE)


async def _end(endings: Sequence[Ending]) -> list[State]:
    """Write down what became of messages; the states they have now."""
    async with transaction() as connection:
        rows = await write_down(connection, endings)
        await tell_delivered(connection, rows)
    return count(Channel.TEMPLATE, rows)


async def _watch(endings: Sequence[Ending]) -> None:
    """An account whose newest messages all failed has a trouble of its own; one that sends has none any more."""
    states = {(ending.message.app_id, ending.state) for ending in endings}
    for app_id in {app_id for app_id, state in states if state is State.SENT}:
        await alerts.settle((FAILING_ALERT,), app_id)
    for app_id in {app_id for app_id, state in states if state is State.FAILED}:
        most = await FAILURES_IN_A_ROW.get()
        newest = [row["state"] for row in await database.fetch(_NEWEST, app_id, most)]
        if newest == [State.FAILED] * most:
            last = next(e.error for e in endings if e.message.app_id == app_id and e.state is State.FAILED)
            await alerts.raise_alert(FAILING_ALERT, app_id, f"最近 {most} 条微信消息都发送失败（{last}）")
