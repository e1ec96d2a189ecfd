"""Reconciliation with the follower list: its runs, and reading it page by page for those who follow unknown to us.

A run is a row that is claimed for a while, so it goes on where it was broken off, also the next day when the calls of
the day are used up. Whatever it does may be done again.
"""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from core.organisation import queries as organisation
from infra import alerts, clock, crypto, database
from infra.errors import DomainError
from infra.ids import new_id
from infra.logging import logger
from infra.parameters import Parameter
from wechat.accounts import queries as accounts
from wechat.followers import comparing, profiles
from wechat.followers.comparing import Claimed, Overtaken
from wechat.followers.profiles import TakeTags
from wechat.followers.rules import RunState
from wechat.platform import users
from wechat.platform.errors import PlatformRefused, QuotaSpent
from wechat.platform.policy import ALERTS, Action

HOUR = Parameter(
    name="wechat.reconcile_hour",
    default=4,
    least=0,
    most=23,
    help="每天几点（营业时区）与平台核对关注者名单",
    english=("The hour of the day, in the business time zone, at which followers are compared with WeChat's list"),
)
RETRY_SECONDS = Parameter(
    name="wechat.reconcile_retry_seconds",
    default=60,
    least=5,
    most=86_400,
    help="核对名单中断后，多少秒后继续",
    english="A comparison that broke off goes on after so many seconds",
)

_SLICE_SECONDS = 60.0
_LEASE = timedelta(minutes=3)
_LONGEST_SECONDS = 86_400

_START = """
INSERT INTO wechat_follower_run (id, account_id, state, seen, healed, missing, attempts, next_at, started_at)
SELECT id, account_id, 'reading', 0, 0, 0, 0, $3, $3 FROM unnest($1::uuid[], $2::uuid[]) AS r (id, account_id)
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
RETURNING r.id, r.account_id, r.state, r.cursor, r.position, r.seen, r.missing, r.attempts, r.started_at
"""

_SEE = """
INSERT INTO wechat_follower_seen (run_id, digest) SELECT $1, digest FROM unnest($2::bytea[]) AS s (digest)
ORDER BY digest ON CONFLICT DO NOTHING
"""

_STEPS = {
    RunState.COMPARING: comparing.compare,
    RunState.SETTLING: comparing.settle,
    RunState.CLEARING: comparing.clear,
}

_TURN_PAGE = """
UPDATE wechat_follower_run SET cursor = $3, state = $4, next_at = $5, error = NULL, seen = seen + $6
WHERE id = $1 AND state = 'reading' AND cursor IS NOT DISTINCT FROM $2
"""


async def start(account_id: UUID) -> UUID:
    """Begin to read an account's follower list, or go on at once where a run waits after failures; gives the run."""
    now = clock.now()
    await database.execute(_START, [new_id()], [account_id], now)
    await database.execute(
        "UPDATE wechat_follower_run SET next_at = $2, attempts = 0 WHERE account_id = $1 AND attempts > 0",
        account_id,
        now,
    )
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
    values = dict(row)
    account_id = values.pop("account_id")
    account = next((one for one in await accounts.every() if one.id == account_id), None)
    if account is None:
        await _pause(row["id"], clock.now() + timedelta(hours=1), "account disabled")
        return
    await _work(Claimed(account=account, **values | {"state": RunState(row["state"])}), take_tags, deadline)


async def _work(run: Claimed, take_tags: TakeTags, deadline: float) -> None:
    """One step of a run; whatever goes wrong, it is taken up again later."""
    try:
        if run.state is RunState.READING:
            await _read_page(run, take_tags, deadline)
        else:
            await _STEPS[run.state](run)
    except Overtaken:
        logger().info("run_overtaken", app_id=run.account.app_id)
    except QuotaSpent as error:
        await _pause(run.id, error.until, str(error))
    except PlatformRefused as refusal:
        await _refused(run, refusal)
    except DomainError as error:
        if database.is_outage(error):
            raise
        await _pause(run.id, clock.now() + timedelta(seconds=await RETRY_SECONDS.get()), str(error))
    except Exception as error:
        if database.is_outage(error):
            raise
        logger().exception("run_failed", app_id=run.account.app_id)
        await _alert(run, type(error).__name__)
        await _back_off(run, type(error).__name__)


async def _refused(run: Claimed, refusal: PlatformRefused) -> None:
    if refusal.action is Action.MARK_OPENID_WRONG and run.cursor is not None:
        # The place we stopped at is gone: begin anew, what was seen stays seen.
        await database.execute("UPDATE wechat_follower_run SET cursor = NULL WHERE id = $1", run.id)
    elif refusal.errcode not in ALERTS:
        await _alert(run, f"微信拒绝（{refusal.errcode}）")
    await _back_off(run, str(refusal))


async def _alert(run: Claimed, reason: str) -> None:
    await alerts.raise_alert(comparing.FAILED, run.account.app_id, f"关注者名单核对中断：{reason}；将自动重试")


async def _back_off(run: Claimed, error: str) -> None:
    """Try again later, twice as late each time, a day at most."""
    seconds = min(await RETRY_SECONDS.get() * 2 ** min(run.attempts, 20), _LONGEST_SECONDS)
    await _pause(run.id, clock.now() + timedelta(seconds=seconds), error, failures=1)


async def _pause(run_id: UUID, until: datetime, error: str | None = None, failures: int = 0) -> None:
    await database.execute(
        """UPDATE wechat_follower_run SET next_at = $2, error = $3, attempts = attempts + $4
        WHERE id = $1 AND state <> 'done'""",
        run_id,
        until,
        error and error[:200],
        failures,
    )


async def _read_page(run: Claimed, take_tags: TakeTags, deadline: float) -> None:
    after = crypto.decrypt(run.cursor) if run.cursor else ""
    openids, following = await users.followers(run.account, after)
    digests = {crypto.digest(run.account.app_id, openid): openid for openid in openids}
    strangers = await _strangers(digests)
    size = await profiles.SIZE.get()
    for first in range(0, len(strangers), size):
        if time.monotonic() > deadline:
            # The page is read again in the next turn, and whoever was healed is no stranger any more.
            await _pause(run.id, clock.now())
            return
        await _heal(run, strangers[first : first + size], take_tags)
    await _turn_page(run, list(digests), following)


async def _strangers(digests: dict[bytes, str]) -> list[str]:
    """Those of a page whom we don't know as followers; colleagues are none of our business."""
    async with database.connection() as connection:
        rows = await connection.fetch(
            "SELECT digest FROM identity WHERE following AND digest = ANY($1::bytea[])", list(digests)
        )
        known = {row["digest"] for row in rows} | await organisation.staff_identities(connection, list(digests))
    return [openid for digest, openid in digests.items() if digest not in known]


async def _heal(run: Claimed, openids: Sequence[str], take_tags: TakeTags) -> None:
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


async def _turn_page(run: Claimed, digests: Sequence[bytes], following: str) -> None:
    """The page counts as read; raises Overtaken when somebody else has turned it."""
    cursor = crypto.encrypt(following) if following else None
    state = RunState.READING if following else RunState.COMPARING
    async with database.transaction() as connection:
        new = int((await connection.execute(_SEE, run.id, digests)).rsplit(" ", 1)[-1])
        if await connection.execute(_TURN_PAGE, run.id, run.cursor, cursor, state, clock.now(), new) != "UPDATE 1":
            raise Overtaken
