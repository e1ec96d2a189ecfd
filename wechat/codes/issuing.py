"""Having the platform issue codes and renew them, outside transactions: claims that are leases, tries, give-up.

A file of its own: here the platform is called, which `service` never does.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from infra import alerts, clock, database, images
from infra.database import transaction
from infra.errors import DomainError
from infra.ids import new_id
from infra.logging import logger
from infra.parameters import Parameter
from wechat.accounts import queries as accounts
from wechat.accounts.queries import Credentials
from wechat.accounts.rules import Kind
from wechat.codes import budget
from wechat.codes.rules import Life
from wechat.codes.service import FAILED_ALERT
from wechat.platform import qrcodes
from wechat.platform.errors import AccountDisabled, AccountInShadow, PlatformAway, PlatformRefused, QuotaSpent
from wechat.platform.policy import Action

TEMPORARY_SECONDS = Parameter(
    name="wechat.temporary_code_seconds",
    default=2_592_000,
    least=60,
    most=2_592_000,
    help="临时二维码的有效秒数（平台最多 30 天）",
    english="How many seconds a temporary code is good for (WeChat allows 30 days)",
)
RENEW_DAYS = Parameter(
    name="wechat.code_renew_days",
    default=3,
    least=1,
    most=29,
    help="临时二维码到期前多少天换发（最多为有效期的一半）",
    english="Temporary codes are renewed so many days before they end (half their life at most)",
)

_AT_ONCE = 10
# How long a run goes on, so that others get their turn: it comes every second, or every minute.
_ISSUE_SECONDS = 1.0
_RENEW_SECONDS = 20.0
_LEASE = timedelta(seconds=60)
_TRIES = 20
_MOST_COUNTED = 1000
_PAUSE = timedelta(seconds=15)
_LONGEST_WAIT_SECONDS = 3600
_NO_ROOM = 45029  # the platform's own count of permanent codes, which other systems share
# What is wrong with the request itself stays wrong.
_HOPELESS = {Action.FIX_CONFIGURATION, Action.FIX_DATA, Action.REMOVE_USE, Action.REPORT_BUG}

# A claim is a lease: whoever dies while the platform is asked loses it after a minute. Materialized, because a join
# may run a subselect with a limit more than once.
_CLAIM = """
WITH due AS MATERIALIZED (
    SELECT w.id, w.key, a.app_id FROM wechat_code w JOIN wechat_account a ON a.id = w.account_id
    WHERE {due} AND w.next_at <= $1 AND w.stopped_at IS NULL AND (w.ends_at IS NULL OR w.ends_at > $1)
      AND NOT a.shadow AND a.disabled_at IS NULL
    ORDER BY {order} LIMIT $3 FOR UPDATE OF w SKIP LOCKED
)
UPDATE wechat_code c SET attempts = LEAST(c.attempts + 1, {most}), next_at = $2 FROM due WHERE c.id = due.id
RETURNING c.id, due.key, due.app_id, c.state, c.life, c.page, c.attempts
"""
_CLAIM_WAITING = _CLAIM.format(most=_MOST_COUNTED, due="w.state = 'pending'", order="w.next_at")
_CLAIM_EXPIRING = _CLAIM.format(
    most=_MOST_COUNTED,
    due="w.state = 'issued' AND w.life = 'temporary' AND w.expires_at <= $4",
    order="w.expires_at",
)

# Only if the code is still meant to live that way: it may have become temporary while the platform was asked.
_SAVE = """
UPDATE wechat_code SET state = 'issued', ticket = $3, url = $4, expires_at = $5, next_at = $6,
    attempts = 0, error = NULL
WHERE id = $1 AND life = $2
"""

_SAVE_PICTURE = """
INSERT INTO wechat_code_picture (id, code_id, image) VALUES ($1, $2, $3)
ON CONFLICT (code_id) DO UPDATE SET image = excluded.image
"""

_REFUSED = """
UPDATE wechat_code SET state = CASE WHEN state = 'pending' AND $2 THEN 'failed' ELSE state END, next_at = $3, error = $4
WHERE id = $1
"""

_POSTPONE = """
UPDATE wechat_code SET next_at = $1 WHERE next_at < $1 AND ($2::uuid IS NULL OR account_id = $2)
AND (state = 'pending' OR (state = 'issued' AND life = 'temporary' AND expires_at <= $3))
"""

# Those the platform is being asked for at this moment find out by themselves: some may have got the last room.
_MAKE_TEMPORARY = """
WITH changed AS (
    UPDATE wechat_code SET life = 'temporary', attempts = 0, next_at = $3
    WHERE account_id = $1 AND state = 'pending' AND life = 'permanent' AND (id = $2 OR next_at <= $3) RETURNING 1
)
UPDATE wechat_account SET permanent_codes = GREATEST(permanent_codes - (SELECT count(*) FROM changed), 0)
WHERE id = $1 RETURNING (SELECT count(*) FROM changed)
"""

Claim = Callable[[], Awaitable[Sequence[asyncpg.Record]]]


@dataclass(frozen=True, slots=True)
class _Issued:
    """What the platform gave: a ticket with its URL, or a picture."""

    ticket: str | None = None
    url: str | None = None
    expires_at: datetime | None = None
    picture: bytes | None = None


async def issue_due() -> int:
    """Ask the platform for the codes that wait; returns how many were issued. Stops when the platform is away."""

    async def claim() -> Sequence[asyncpg.Record]:
        now = clock.now()
        return await database.fetch(_CLAIM_WAITING, now, now + _LEASE, _AT_ONCE)

    return await _work(claim, _ISSUE_SECONDS)


async def renew_due() -> int:
    """Get fresh tickets for temporary codes that will expire, or have; returns how many.

    The scene stays the same and the former ticket works to its end, so nobody notices. What was stopped or whose season
    is over is not renewed.
    """

    async def claim() -> Sequence[asyncpg.Record]:
        now = clock.now()
        return await database.fetch(_CLAIM_EXPIRING, now, now + _LEASE, _AT_ONCE, now + await _ahead())

    return await _work(claim, _RENEW_SECONDS)


async def _ahead() -> timedelta:
    return min(timedelta(days=await RENEW_DAYS.get()), timedelta(seconds=await TEMPORARY_SECONDS.get()) / 2)


async def _work(claim: Claim, seconds: float) -> int:
    done, started = 0, time.monotonic()
    while time.monotonic() - started < seconds and (claimed := await claim()):
        outcomes = await asyncio.gather(*(_issue(code) for code in claimed))
        done += outcomes.count("issued")
        if "away" in outcomes:
            # Calls that time out would keep the workers from everything else.
            await _postpone(clock.now() + _PAUSE)
            break
    return done


async def _issue(code: asyncpg.Record) -> str:
    account = await accounts.credentials(code["app_id"])
    try:
        await _save(code, await _ask(account, code))
    except (PlatformAway, AccountInShadow, AccountDisabled, QuotaSpent) as error:
        return await _wait(account, code, error)
    except PlatformRefused as refusal:
        if refusal.errcode == _NO_ROOM and account.kind is Kind.OFFICIAL:
            await _make_temporary(account, code["id"])
        else:
            await _refused(code, refusal, hopeless=refusal.action in _HOPELESS)
        return "refused"
    except DomainError as error:
        await _refused(code, error, hopeless=False)
        return "refused"
    return "issued"


async def _ask(account: Credentials, code: asyncpg.Record) -> _Issued:
    """A repeated request gives a code of the same scene, so asking again is always safe."""
    if account.kind is Kind.MINI:
        drawn = await qrcodes.draw_mini(account, code["key"], code["page"])
        return _Issued(picture=await asyncio.to_thread(images.as_png, drawn))
    if code["life"] == Life.PERMANENT:
        return _Issued(*await qrcodes.create_permanent(account, code["key"]))
    asked_at = clock.now()
    ticket, url, seconds = await qrcodes.create_temporary(account, code["key"], await TEMPORARY_SECONDS.get())
    return _Issued(ticket, url, asked_at + timedelta(seconds=seconds))


async def _save(code: asyncpg.Record, issued: _Issued) -> None:
    async with transaction() as connection:
        if issued.picture is not None:
            await connection.execute(_SAVE_PICTURE, new_id(), code["id"], issued.picture)
        await connection.execute(
            _SAVE, code["id"], code["life"], issued.ticket, issued.url, issued.expires_at, clock.now()
        )


async def _wait(account: Credentials, code: asyncpg.Record, error: DomainError) -> str:
    """Nothing was said about the code: that was no try."""
    logger().warning("code_waits", app_id=account.app_id, reason=error.code)
    next_at = error.until if isinstance(error, QuotaSpent) else clock.now() + _PAUSE
    await database.execute(
        "UPDATE wechat_code SET attempts = attempts - 1, next_at = $2 WHERE id = $1", code["id"], next_at
    )
    if isinstance(error, QuotaSpent):
        await _postpone(error.until, account.id)
    return "away" if isinstance(error, PlatformAway) else "waits"


async def _postpone(until: datetime, account_id: UUID | None = None) -> None:
    """Leave the platform alone until then: for one account's codes, or for all."""
    await database.execute(_POSTPONE, until, account_id, clock.now() + await _ahead())


async def _refused(code: asyncpg.Record, error: DomainError, *, hopeless: bool) -> None:
    """Try later, or give up; what is issued stays so, and is tried for ever, as its ticket may still work."""
    attempt, renewal = code["attempts"], code["state"] == "issued"
    logger().warning("code_not_issued", app_id=code["app_id"], attempt=attempt, error=str(error))
    pause = timedelta(seconds=_LONGEST_WAIT_SECONDS if hopeless else min(2**attempt, _LONGEST_WAIT_SECONDS))
    gives_up = hopeless or attempt >= _TRIES
    await database.execute(_REFUSED, code["id"], gives_up, clock.now() + pause, str(error)[:200])
    if gives_up:
        what = "临时二维码未能换发，每小时再试" if renewal else "二维码未能生成，排除原因后运行 guanxi codes retry"
        await alerts.raise_alert(FAILED_ALERT, code["app_id"], f"{what}（{error}）")


async def _make_temporary(account: Credentials, code_id: UUID) -> None:
    """The platform has no room for permanent codes, whatever we count: those that wait become temporary ones."""
    row = await database.fetch_one(_MAKE_TEMPORARY, account.id, code_id, clock.now())
    if row and row["count"]:
        message = f"平台答复永久二维码已用完（{_NO_ROOM}）：{row['count']} 个二维码改为临时，将自动续期"
        await alerts.raise_alert(budget.ALERT, account.app_id, message)
