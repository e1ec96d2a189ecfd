"""Pictures, sounds and videos of fans: fetched from the platform, which keeps them for three days, into our files.

A file of its own: here the platform is called, which `service` never does. A claim is a lease; whoever is stopped loses
it, and the bytes are fetched again: they are kept once, by the transaction that ends the claim.
"""

import asyncio
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from core.files import service as files
from core.files import uploads
from core.files.purposes import Purpose
from core.files.uploads import Arrival
from core.organisation.queries import Colleague
from infra import alerts, clock, database, live
from infra.database import Connection, transaction
from infra.errors import DomainError
from infra.files.errors import FileTooLarge, FileTypeRefused
from infra.files.kinds import Family
from infra.live import LiveEvent, staff_topic
from infra.logging import logger
from infra.parameters import Parameter
from wechat.accounts import queries as accounts
from wechat.conversations.rules import MEDIA, MediaState
from wechat.outbound.rules import PAUSE, next_try
from wechat.platform import media as platform
from wechat.platform.errors import AccountDisabled, MediaGone, PlatformAway, QuotaSpent

AT_ONCE = Parameter(
    name="chat.media_at_once",
    default=8,
    least=1,
    most=50,
    help="同时从微信取回的图片、语音、视频个数（每个进程）",
    english="How many pictures, sounds and videos are fetched from WeChat at once, in each process",
)
MOST_MB = Parameter(
    name="chat.media_most_mb",
    default=20,
    least=1,
    most=200,
    unit="MB",
    help="从微信取回的单个图片、语音、视频的上限",
    english="The largest picture, sound or video that is fetched from WeChat",
)
HOURS = Parameter(
    name="chat.media_hours",
    default=72,
    least=1,
    most=720,
    unit="小时",
    help="收到图片、语音、视频后，多少小时内取不回就放弃（微信保存 3 天）",
    english=(
        "Pictures, sounds and videos that could not be fetched for so long are given up (WeChat keeps them 3 days)"
    ),
)
FAILURES = Parameter(
    name="chat.media_failures",
    default=20,
    least=1,
    most=10_000,
    help="一小时内有多少个图片、语音、视频取回失败就告警",
    english="An alert is raised when so many pictures, sounds and videos could not be fetched within an hour",
)
FAILING_ALERT = "wechat.media_failing"

_RUN_SECONDS = 5.0
_LEASE = timedelta(minutes=5)
_DISABLED_PAUSE = timedelta(hours=1)
_FAILURES_OF = timedelta(hours=1)
_MEBIBYTE = 1_048_576
_LONGEST_ERROR = 200
_FINAL = (MediaGone, FileTooLarge, FileTypeRefused)

_CLAIM = """
WITH due AS MATERIALIZED (
    SELECT id FROM chat_media WHERE state = 'waiting' AND next_at <= $1 ORDER BY next_at LIMIT $3
    FOR UPDATE SKIP LOCKED
)
UPDATE chat_media m SET next_at = $2, attempts = m.attempts + 1 FROM due, wechat_account a
WHERE due.id = m.id AND a.id = m.account_id
RETURNING m.id, m.number, m.message_at, m.media_id, m.attempts, m.next_at, a.app_id
"""

# Only under the lease it was claimed with, and nobody who was forgotten meanwhile.
_END = """
UPDATE chat_media SET state = $3, file_id = $4, error = $5, next_at = $6
WHERE id = $1 AND state = 'waiting' AND next_at = $2 RETURNING conversation_id, number, message_at, name
"""

# A message with nothing but a thumbnail is as far as that is.
_SHOW = """
UPDATE chat_message m SET media_state = $5, file_id = CASE WHEN $4 = 'media' THEN $6::uuid ELSE m.file_id END
WHERE m.conversation_id = $1 AND m.number = $2 AND m.created_at = $3 AND ($4 = 'media' OR NOT EXISTS (
    SELECT FROM chat_media c WHERE c.conversation_id = $1 AND c.number = $2 AND c.name = 'media'
))
"""

_WAIT = """
UPDATE chat_media SET next_at = $3, error = $4, attempts = attempts - $5 WHERE id = $1 AND next_at = $2
AND state = 'waiting'
"""

_LEAVE_ALONE = """
UPDATE chat_media SET next_at = $2 WHERE state = 'waiting' AND next_at < $2
AND account_id = (SELECT id FROM wechat_account WHERE app_id = $1)
"""

_WHO_LOOKS = """
SELECT staff_id FROM conversation_watch WHERE conversation_id = $1 AND until > $2
UNION SELECT staff_id FROM conversation WHERE id = $1 AND staff_id IS NOT NULL
"""

_FAILED = """
SELECT count(*) AS n FROM chat_media m JOIN wechat_account a ON a.id = m.account_id
WHERE a.app_id = $1 AND m.state = 'failed' AND m.next_at > $2
"""


async def _nobody(_by: Colleague, _file_id: UUID) -> bool:
    return False


# Links are handed out with the thread, to those who may see the conversation.
CHAT = Purpose(name="chat", families=frozenset({Family.IMAGE, Family.SOUND, Family.VIDEO}), may_see=_nobody)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of a claim: `state` waiting is tried again `at`; `counts`: it was a try."""

    row: asyncpg.Record
    state: MediaState
    at: datetime
    file_id: UUID | None = None
    error: str | None = None
    counts: bool = True
    away: bool = False


async def fetch_due() -> int:
    """Fetch what is due for some seconds; returns how many files we have now. An account that is away is left alone."""
    kept, started = 0, time.monotonic()
    while time.monotonic() - started < _RUN_SECONDS:
        now = clock.now()
        rows = await database.fetch(_CLAIM, now, now + _LEASE, await AT_ONCE.get())
        if not rows:
            break
        outcomes = await asyncio.gather(*(_fetch(row) for row in rows))
        for outcome in outcomes:
            kept += await _end(outcome)
        for app_id in {outcome.row["app_id"] for outcome in outcomes if outcome.away}:
            await database.execute(_LEAVE_ALONE, app_id, clock.now() + PAUSE)
        await _watch(outcomes)
    return kept


async def _fetch(row: asyncpg.Record) -> _Outcome:
    now, hours = clock.now(), timedelta(hours=await HOURS.get())
    if row["message_at"] + hours <= now:
        return _Outcome(row, MediaState.FAILED, now, error="too_old")
    try:
        account = await accounts.credentials(row["app_id"])
        async with platform.get(account, row["media_id"], await MOST_MB.get() * _MEBIBYTE) as received:
            arrival = Arrival(name=f"chat-{row['number']}", purpose=CHAT.name, owner_id=None, key=None)
            file_id = await uploads.take_in_whole(arrival, received.spooled)
    except _FINAL as error:
        return _Outcome(row, MediaState.FAILED, now, error=error.code)
    except DomainError as error:
        if database.is_outage(error):
            raise
        return _again(row, error)
    return _Outcome(row, MediaState.KEPT, now, file_id=file_id)


def _again(row: asyncpg.Record, error: DomainError) -> _Outcome:
    now, words = clock.now(), str(error)[:_LONGEST_ERROR]
    match error:
        case QuotaSpent():
            return _Outcome(row, MediaState.WAITING, error.until, error=words, counts=False)
        case AccountDisabled():
            return _Outcome(row, MediaState.WAITING, now + _DISABLED_PAUSE, error=words, counts=False)
        case PlatformAway():
            # This file may be what breaks the answer: it waits longer each time, the others but for a moment.
            return _Outcome(row, MediaState.WAITING, next_try(now, row["attempts"]), error=words, away=True)
    logger().warning("chat_media_waits", app_id=row["app_id"], error=words)
    return _Outcome(row, MediaState.WAITING, next_try(now, row["attempts"]), error=words)


async def _end(outcome: _Outcome) -> bool:
    """Write it down, and tell who looks at the conversation; whether the file is ours now."""
    row, lease = outcome.row, outcome.row["next_at"]
    if outcome.state is MediaState.WAITING:
        uncounted = 0 if outcome.counts else 1
        await database.execute(_WAIT, row["id"], lease, outcome.at, outcome.error, uncounted)
        return False
    async with transaction() as connection:
        if outcome.file_id:
            await files.keep(connection, [outcome.file_id], None)
        ended = await connection.fetchrow(
            _END, row["id"], lease, outcome.state, outcome.file_id, outcome.error, outcome.at
        )
        if ended is None:
            await files.release(connection, [outcome.file_id] if outcome.file_id else [])
            return False
        place = ended["conversation_id"], ended["number"], ended["message_at"]
        await connection.execute(_SHOW, *place, ended["name"], outcome.state, outcome.file_id)
        await _tell(connection, ended["conversation_id"], ended["number"])
    return outcome.file_id is not None


async def _tell(connection: Connection, conversation_id: UUID, number: int) -> None:
    rows = await connection.fetch(_WHO_LOOKS, conversation_id, clock.now())
    payload = {"conversation_id": conversation_id, "number": number, "reason": MEDIA}
    await live.publish(connection, [LiveEvent(staff_topic(row["staff_id"]), "chat", payload) for row in rows])


async def _watch(outcomes: Sequence[_Outcome]) -> None:
    """An operator hears when many fail: after three days nobody gets them back."""
    failed = _accounts(outcomes, MediaState.FAILED)
    for app_id in failed | _accounts(outcomes, MediaState.KEPT):
        row = await database.fetch_one(_FAILED, app_id, clock.now() - _FAILURES_OF)
        count = row["n"] if row else 0
        if count < await FAILURES.get():
            await alerts.settle((FAILING_ALERT,), app_id)
        elif app_id in failed:
            await alerts.raise_alert(FAILING_ALERT, app_id, f"一小时内有 {count} 个图片、语音或视频没能从微信取回")


def _accounts(outcomes: Collection[_Outcome], state: MediaState) -> set[str]:
    return {outcome.row["app_id"] for outcome in outcomes if outcome.state is state}
