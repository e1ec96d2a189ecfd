"""Reconciliation with the follower list: who follows without our knowing, and who left.

A run is a row that is claimed for a while, so it goes on where it was broken off, also the next day when the calls of
the day are used up. Whatever it does may be done again.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from core.customers.service import record_contacts
from core.organisation import queries as organisation
from infra import alerts, clock, crypto, database
from infra.errors import DomainError
from infra.ids import new_id
from infra.logging import logger
from infra.parameters import Parameter
from wechat.accounts import queries as accounts
from wechat.accounts.queries import Credentials
from wechat.followers import profiles
from wechat.followers.profiles import TakeTags
from wechat.followers.rules import RunState, list_is_whole
from wechat.platform import users
from wechat.platform.errors import PlatformRefused, QuotaSpent
from wechat.platform.policy import Action

HOUR = Parameter(
    name="wechat.reconcile_hour", default=4, least=0, most=23, help="每天几点（营业时区）与平台核对关注者名单"
)
LEAST_PERCENT = Parameter(
    name="wechat.reconcile_least_percent",
    default=95,
    least=0,
    most=100,
    help="读到的名单不足平台所报总数的百分之几时，不据此判定任何人已取消关注",
)
RETRY_SECONDS = Parameter(
    name="wechat.reconcile_retry_seconds", default=60, least=5, most=86_400, help="核对名单中断后，多少秒后继续"
)

UNIONID_DAYS = Parameter(
    name="wechat.unionid_retry_days",
    default=7,
    least=1,
    most=365,
    help="没有 UnionID 的粉丝每隔多少天再查询一次（公众号绑定开放平台后才会有）",
)

_SLICE_SECONDS = 60.0
_LEASE = timedelta(minutes=3)
_SETTLE_ROWS = 500
_ASK_ROWS = 5_000

_START = """
INSERT INTO wechat_follower_run (id, account_id, state, seen, healed, lost, next_at, started_at)
SELECT id, account_id, 'reading', 0, 0, 0, $3, $3 FROM unnest($1::uuid[], $2::uuid[]) AS r (id, account_id)
ON CONFLICT (account_id) WHERE state <> 'done' DO NOTHING
"""

# A new account is read when it is connected; what is daily begins the morning after.
_DUE = """
SELECT a.id FROM wechat_account a WHERE a.kind = 'official' AND a.disabled_at IS NULL AND a.created_at < $1
AND NOT EXISTS (SELECT 1 FROM wechat_follower_run r WHERE r.account_id = a.id AND r.started_at >= $1)
"""

_CLAIM = """
WITH due AS MATERIALIZED (
    SELECT id FROM wechat_follower_run WHERE state <> 'done' AND next_at <= $1
    ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED
)
UPDATE wechat_follower_run r SET next_at = $2 FROM due WHERE r.id = due.id
RETURNING r.id, r.account_id, r.state, r.cursor, r.started_at
"""

_SEE = """
INSERT INTO wechat_follower_seen (run_id, digest) SELECT $1, digest FROM unnest($2::bytea[]) AS s (digest)
ORDER BY digest ON CONFLICT DO NOTHING
"""

_TURN_PAGE = """
UPDATE wechat_follower_run SET cursor = $3, state = $4, next_at = $5, error = NULL,
    seen = (SELECT count(*) FROM wechat_follower_seen WHERE run_id = $1)
WHERE id = $1 AND state = 'reading' AND cursor IS NOT DISTINCT FROM $2
"""

_MISSING = """
SELECT i.openid FROM identity i
WHERE i.app_id = $1 AND i.following AND i.openid IS NOT NULL AND i.state_at < $2
AND NOT EXISTS (SELECT 1 FROM wechat_follower_seen s WHERE s.run_id = $3 AND s.digest = i.digest)
AND NOT EXISTS (SELECT 1 FROM staff_wechat w WHERE w.digest = i.digest)
ORDER BY i.id LIMIT $4
"""

# Skips whoever is being written: nobody holding a customer waits for us.
_ASK_AGAIN = """
WITH due AS MATERIALIZED (
    SELECT id FROM identity WHERE app_id = $1 AND following AND openid IS NOT NULL AND unionid IS NULL
    AND ask_at IS NULL AND (profiled_at IS NULL OR profiled_at < $3) ORDER BY id LIMIT $4 FOR UPDATE SKIP LOCKED
)
UPDATE identity i SET ask_at = $2 FROM due WHERE i.id = due.id
"""

_FINISH = """
UPDATE wechat_follower_run SET state = 'done', cursor = NULL, finished_at = $2, error = COALESCE($3, error)
WHERE id = $1 AND state <> 'done'
"""


@dataclass(frozen=True, slots=True)
class _Run:
    """A claimed run."""

    id: UUID
    account: Credentials
    state: RunState
    cursor: bytes | None
    started_at: datetime


class _Overtaken(Exception):
    """Somebody else went on with the run."""


async def start(account_id: UUID) -> UUID:
    """Begin to read an account's follower list, unless it is being read already; gives the run."""
    await database.execute(_START, [new_id()], [account_id], clock.now())
    rows = await database.fetch(
        "SELECT id FROM wechat_follower_run WHERE account_id = $1 ORDER BY started_at DESC LIMIT 1", account_id
    )
    run_id: UUID = rows[0]["id"]
    return run_id


async def start_daily() -> None:
    """Begin the runs of the day, once its quiet hour has come."""
    hour = timedelta(hours=await HOUR.get())
    now = clock.now()
    morning = clock.start_of_day(clock.business_day()) + hour
    since = morning if morning <= now else clock.start_of_day(clock.business_day() - timedelta(days=1)) + hour
    due = [row["id"] for row in await database.fetch(_DUE, since)]
    if due:
        await database.execute(_START, [new_id() for _ in due], due, now)


async def reconcile_due(take_tags: TakeTags) -> None:
    """Go on with the runs that are due, for about a minute."""
    await start_daily()
    deadline = time.monotonic() + _SLICE_SECONDS
    while time.monotonic() < deadline:
        now = clock.now()
        row = await database.fetch_one(_CLAIM, now, now + _LEASE)
        if row is None:
            return
        await _go_on(row, take_tags, deadline)


async def _go_on(row: asyncpg.Record, take_tags: TakeTags, deadline: float) -> None:
    account = next((one for one in await accounts.every() if one.id == row["account_id"]), None)
    if account is None:
        await _pause(row["id"], clock.now() + timedelta(hours=1), "account disabled")
        return
    run = _Run(row["id"], account, RunState(row["state"]), row["cursor"], row["started_at"])
    try:
        if run.state is RunState.READING:
            await _read_page(run, take_tags, deadline)
        else:
            await _settle(run)
    except _Overtaken:
        logger().info("run_overtaken", app_id=account.app_id)
    except QuotaSpent as error:
        await _pause(run.id, error.until, str(error))
    except PlatformRefused as refusal:
        if refusal.action is Action.MARK_OPENID_WRONG and run.cursor is not None:
            # The place we stopped at is gone: begin anew, what was seen stays seen.
            await database.execute("UPDATE wechat_follower_run SET cursor = NULL WHERE id = $1", run.id)
        await _pause(run.id, await _later(), str(refusal))
    except DomainError as error:
        if database.is_outage(error):
            raise
        await _pause(run.id, await _later(), str(error))


async def _later() -> datetime:
    return clock.now() + timedelta(seconds=await RETRY_SECONDS.get())


async def _pause(run_id: UUID, until: datetime, error: str | None = None) -> None:
    await database.execute(
        "UPDATE wechat_follower_run SET next_at = $2, error = $3 WHERE id = $1 AND state <> 'done'",
        run_id,
        until,
        error and error[:200],
    )


async def _read_page(run: _Run, take_tags: TakeTags, deadline: float) -> None:
    after = crypto.decrypt(run.cursor) if run.cursor else ""
    openids, following, total = await users.followers(run.account, after)
    digests = {crypto.digest(run.account.app_id, openid): openid for openid in openids}
    strangers = await _strangers(digests)
    size = await profiles.SIZE.get()
    for first in range(0, len(strangers), size):
        if time.monotonic() > deadline:
            # The page is read again in the next turn, and whoever was healed is no stranger any more.
            await _pause(run.id, clock.now())
            return
        await _heal(run, strangers[first : first + size], take_tags)
    if following or await _is_whole(run, total):
        await _turn_page(run, list(digests), following)


async def _strangers(digests: dict[bytes, str]) -> list[str]:
    """Those of a page whom we don't know as followers; colleagues are none of our business."""
    async with database.connection() as connection:
        rows = await connection.fetch(
            "SELECT digest FROM identity WHERE following AND digest = ANY($1::bytea[])", list(digests)
        )
        known = {row["digest"] for row in rows} | await organisation.staff_identities(connection, list(digests))
    return [openid for digest, openid in digests.items() if digest not in known]


async def _heal(run: _Run, openids: Sequence[str], take_tags: TakeTags) -> None:
    at = profiles.present()
    people = [person for person in await profiles.asked(run.account, openids) if person.follows]
    healed = await profiles.record_follows(run.account, people)
    await profiles.learn(run.account, people, at, take_tags)
    await database.execute(
        "UPDATE wechat_follower_run SET healed = healed + $2, next_at = $3 WHERE id = $1",
        run.id,
        healed,
        clock.now() + _LEASE,
    )


async def _turn_page(run: _Run, digests: Sequence[bytes], following: str) -> None:
    """The page counts as read; raises _Overtaken when somebody else has turned it."""
    cursor = crypto.encrypt(following) if following else None
    state = RunState.READING if following else RunState.SETTLING
    async with database.transaction() as connection:
        await connection.execute(_SEE, run.id, digests)
        if await connection.execute(_TURN_PAGE, run.id, run.cursor, cursor, state, clock.now()) != "UPDATE 1":
            raise _Overtaken


async def _is_whole(run: _Run, total: int) -> bool:
    """Whether the list was long enough to say who is missing; otherwise the run ends here."""
    row = await database.fetch_one("SELECT seen FROM wechat_follower_run WHERE id = $1", run.id)
    seen = row["seen"] if row else 0
    if list_is_whole(seen, total, await LEAST_PERCENT.get()):
        return True
    words = f"关注者名单不完整：平台报 {total} 人，只读到 {seen} 人；未据此判定取消关注"
    await alerts.raise_alert("wechat.followers_short", run.account.app_id, words)
    await _finish(run, f"list is short: {seen} of {total}")
    return False


async def _settle(run: _Run) -> None:
    while await _settle_some(run):
        pass
    now = clock.now()
    before = now - timedelta(days=await UNIONID_DAYS.get())
    while await database.execute(_ASK_AGAIN, run.account.app_id, now, before, _ASK_ROWS) == _ASK_ROWS:
        pass
    await _finish(run, None)


@database.retry_on_conflict
async def _settle_some(run: _Run) -> bool:
    """Some of those who follow as far as we know, and are not in the list, have left; False when there is nobody."""
    async with database.transaction() as connection:
        held = await connection.fetchval("SELECT state FROM wechat_follower_run WHERE id = $1 FOR UPDATE", run.id)
        if held != RunState.SETTLING:
            raise _Overtaken
        rows = await connection.fetch(_MISSING, run.account.app_id, run.started_at, run.id, _SETTLE_ROWS)
        contacts = [profiles.departure(run.account, row["openid"], run.started_at) for row in rows]
        if not contacts:
            return False
        lost = await record_contacts(connection, contacts)
        await connection.execute(
            "UPDATE wechat_follower_run SET lost = lost + $2, next_at = $3 WHERE id = $1",
            run.id,
            lost,
            clock.now() + _LEASE,
        )
        return True


async def _finish(run: _Run, error: str | None) -> None:
    async with database.transaction() as connection:
        await connection.execute(_FINISH, run.id, clock.now(), error)
        await connection.execute("DELETE FROM wechat_follower_seen WHERE run_id = $1", run.id)
