"""The budget of permanent codes: 100,000 an account, for ever (wechat-platform §4.1), counted where rows are made.

A stopped permanent code is never given to something else behind its back: its poster may still hang somewhere. Who
needs one more points an old one at the new target (`service.aim`). Codes of mini-programs cost nothing.
"""

from dataclasses import dataclass
from uuid import UUID

from infra import alerts
from infra.database import Connection
from infra.parameters import Parameter
from wechat.codes.errors import PermanentCodesUsedUp

BUDGET = Parameter(
    name="wechat.permanent_codes_budget",
    default=100_000,
    least=0,
    most=100_000,
    help="每个公众号可用的永久二维码数（平台上限 10 万；其他系统已用的请扣除）",
    english=("How many permanent codes each account may use (WeChat allows 100,000; take off what other systems use)"),
)
ALARM_PERCENT = Parameter(
    name="wechat.permanent_codes_alarm_percent",
    default=90,
    least=1,
    most=100,
    help="永久二维码用到百分之几时告警",
    english="An alert is raised when so many percent of the permanent codes are used",
)
ALERT = "wechat.permanent_codes"

_TAKE = """
UPDATE wechat_account SET permanent_codes = permanent_codes + $2 WHERE id = $1 AND permanent_codes + $2 <= $3
RETURNING app_id, permanent_codes
"""

_LOCK = """
SELECT id, app_id, permanent_codes FROM wechat_account
WHERE kind = 'official' AND ($1::uuid IS NULL OR id = $1) ORDER BY id FOR NO KEY UPDATE
"""


@dataclass(frozen=True, slots=True)
class Limits:
    """The parameters' values. Read before a transaction opens: the cache behind them reads on another connection."""

    budget: int
    alarm: int


@dataclass(frozen=True, slots=True)
class Room:
    """What an account, locked by the caller's transaction, has used."""

    account_id: UUID
    app_id: str
    used: int

    def left(self, limits: Limits) -> int:
        return max(limits.budget - self.used, 0)


async def limits() -> Limits:
    """How many permanent codes an account may have, and at how many an operator hears of it."""
    budget = await BUDGET.get()
    return Limits(budget, budget * await ALARM_PERCENT.get() // 100)


async def take(connection: Connection, limits: Limits, account_id: UUID, count: int) -> None:
    """Count permanent codes that the caller makes in this transaction: all or none. Raises PermanentCodesUsedUp."""
    row = await connection.fetchrow(_TAKE, account_id, count, limits.budget)
    if row is None:
        used = await connection.fetchval("SELECT permanent_codes FROM wechat_account WHERE id = $1", account_id)
        raise PermanentCodesUsedUp({"used": used, "budget": limits.budget, "asked": count})
    await _watch(row["app_id"], row["permanent_codes"] - count, row["permanent_codes"], limits)


async def rooms(connection: Connection, account_id: UUID | None) -> dict[UUID, Room]:
    """The official accounts (or the one), locked until the caller's transaction ends."""
    rows = await connection.fetch(_LOCK, account_id)
    return {row["id"]: Room(row["id"], row["app_id"], row["permanent_codes"]) for row in rows}


async def note(connection: Connection, limits: Limits, room: Room, permanent: int, temporary: int) -> None:
    """Count what was made in a locked room; `temporary` ones should have been permanent."""
    if permanent:
        await connection.execute(
            "UPDATE wechat_account SET permanent_codes = permanent_codes + $2 WHERE id = $1", room.account_id, permanent
        )
        await _watch(room.app_id, room.used, room.used + permanent, limits)
    if temporary:
        await alerts.raise_alert(
            ALERT, room.app_id, f"永久二维码名额（{limits.budget}）已用完：{temporary} 个二维码改为临时，将自动续期"
        )


async def _watch(app_id: str, before: int, used: int, limits: Limits) -> None:
    """Tell an operator when the alarm's share or the whole budget has just been reached."""
    share = f"{used}/{limits.budget}"
    if before < limits.budget <= used:
        await alerts.raise_alert(ALERT, app_id, f"永久二维码名额已用完：{share}，之后的将是临时二维码")
    elif before < limits.alarm <= used:
        await alerts.raise_alert(ALERT, app_id, f"永久二维码即将用完：{share}")
