"""After the list is read: whom we take for followers is compared with it, and who is missing is asked about.

Both are walks over the account's followers in the order of their ids, a bounded step at a time, so that a step of ten
million people is as short as one of ten. The list alone makes nobody leave: that takes the platform's word about each
one, which the profiles' job asks for.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from infra import alerts, clock, database
from infra.parameters import Parameter
from wechat.accounts.queries import Credentials
from wechat.followers.rules import RunState, list_is_short

MARGIN_SECONDS = Parameter(
    name="wechat.reconcile_margin_seconds",
    default=600,
    least=0,
    most=86_400,
    help="核对开始前多少秒内有过关注迹象的粉丝，即使不在名单中也不查询",
    english=(
        "Fans who showed themselves so many seconds before the comparison are not asked for, though the list lacks them"
    ),
)
MISSING_MOST = Parameter(
    name="wechat.reconcile_missing_most",
    default=50,
    least=0,
    most=100_000_000,
    help="名单中缺少的粉丝不超过多少人时，总是逐个向平台查询",
    english="When the list lacks no more fans than this, each is asked for",
)
MISSING_PERCENT = Parameter(
    name="wechat.reconcile_missing_percent",
    default=2,
    least=0,
    most=100,
    help="名单中缺少的粉丝超过百分之几（且超过上述人数）时，视为名单不完整，只告警",
    english=(
        "When the list lacks more percent of the fans than this (and more than the number above), it "
        "counts as incomplete and only an alert is raised"
    ),
)
UNIONID_DAYS = Parameter(
    name="wechat.unionid_retry_days",
    default=7,
    least=1,
    most=365,
    help="没有 UnionID 的粉丝每隔多少天再查询一次（公众号绑定开放平台后才会有）",
    english=(
        "Fans without a UnionID are asked for again every so many days (they have one once the "
        "account is bound to an open platform)"
    ),
)

FAILED, SHORT = "wechat.followers_failed", "wechat.followers_short"
_STEP_ROWS = 5_000

_SOME = """
WITH step AS MATERIALIZED (
    SELECT i.id, i.state_at < $5 AND NOT EXISTS (
        SELECT FROM wechat_follower_seen s WHERE s.run_id = $1 AND s.digest = i.digest
    ) AND NOT EXISTS (SELECT FROM staff_wechat w WHERE w.digest = i.digest) AS missing
    FROM identity i WHERE i.app_id = $2 AND i.following AND i.openid IS NOT NULL
    AND i.id > COALESCE($3, '00000000-0000-0000-0000-000000000000'::uuid) ORDER BY i.id LIMIT $4
)
"""

# The end of a walk is the beginning of what comes next.
_TURN = """
UPDATE wechat_follower_run SET position = (SELECT id FROM step ORDER BY id DESC LIMIT 1), next_at = $6,
    error = NULL, state = CASE WHEN EXISTS (SELECT FROM step) THEN state ELSE {next} END{more}
WHERE id = $1 AND state = {state} AND position IS NOT DISTINCT FROM $3
"""

_COMPARE = _SOME + _TURN.format(
    state="'comparing'",
    next="'settling'",
    more=", missing = missing + (SELECT count(*) FROM step WHERE step.missing)",
)

# Skips whoever is being written: nobody holding a customer waits for us.
_ASK = """
, due AS MATERIALIZED (
    SELECT i.id FROM identity i JOIN step ON step.id = i.id WHERE i.ask_at IS NULL AND i.following
    AND (step.missing OR (i.unionid IS NULL AND (i.profiled_at IS NULL OR i.profiled_at < $7)))
    FOR UPDATE OF i SKIP LOCKED
), asked AS (
    UPDATE identity i SET ask_at = $6 FROM due WHERE i.id = due.id
)
"""
_SETTLE = _SOME + _ASK + _TURN.format(state="'settling'", next="'clearing'", more="")

_CLEAR = """
DELETE FROM wechat_follower_seen
WHERE ctid = ANY(ARRAY(SELECT ctid FROM wechat_follower_seen WHERE run_id = $1 LIMIT $2))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A run somebody works at for a while."""

    id: UUID
    account: Credentials
    state: RunState
    cursor: bytes | None = None
    position: UUID | None = None
    seen: int = 0
    missing: int = 0
    attempts: int = 0
    started_at: datetime


class Overtaken(Exception):
    """Somebody else went on with the run."""


async def compare(run: Claimed) -> None:
    """Count who of some followers is missing from the list."""
    await _step(run, _COMPARE)


async def settle(run: Claimed) -> None:
    """Have those of some followers asked about who are missing from the list, or have no unionid for long.

    A list that lacks too many ends the run: then it is the list that is wrong.
    """
    if run.position is None:
        if list_is_short(run.seen, run.missing, await MISSING_MOST.get(), await MISSING_PERCENT.get()):
            await _end_short(run)
            return
        await alerts.settle((FAILED, SHORT), run.account.app_id)
    await _step(run, _SETTLE, clock.now() - timedelta(days=await UNIONID_DAYS.get()))


async def clear(run: Claimed) -> None:
    """Forget some of whom the run has seen; when nobody is left, it is done."""
    now = clock.now()
    if await database.execute(_CLEAR, run.id, _STEP_ROWS):
        await database.execute("UPDATE wechat_follower_run SET next_at = $2 WHERE id = $1", run.id, now)
    else:
        await database.execute(
            "UPDATE wechat_follower_run SET state = 'done', finished_at = $2 WHERE id = $1 AND state = 'clearing'",
            run.id,
            now,
        )


async def _step(run: Claimed, sql: str, *more: datetime) -> None:
    trusted_from = run.started_at - timedelta(seconds=await MARGIN_SECONDS.get())
    values = (run.id, run.account.app_id, run.position, _STEP_ROWS, trusted_from, clock.now(), *more)
    if not await database.execute(sql, *values):
        raise Overtaken


async def _end_short(run: Claimed) -> None:
    known = run.seen + run.missing
    words = f"关注者名单缺少 {known} 名粉丝中的 {run.missing} 名；未据此判定任何人取消关注，请核对或调整参数"
    await alerts.raise_alert(SHORT, run.account.app_id, words)
    await database.execute(
        """UPDATE wechat_follower_run SET state = 'clearing', error = $2, next_at = $3
        WHERE id = $1 AND state = 'settling'""",
        run.id,
        f"list is short: {run.missing} of {known} are missing",
        clock.now(),
    )
