"""Periodic work on pushes."""

from datetime import UTC, datetime, timedelta

from infra import clock, database, deliveries, partitions
from infra.context import Job
from infra.parameters import Parameter

KEPT_DAYS = Parameter(
    name="wechat.push_kept_days",
    default=30,
    least=1,
    most=365,
    help="原始推送与已存回复保留的天数（至少一天）",
    english="How many days pushes and what was answered are kept (at least one)",
)
_ROWS = 10_000


async def drop_old() -> None:
    """Forget pushes, their replies and keys past their days, never one whose event still waits.

    The platform repeats a push within seconds, so a key of yesterday has done its work.
    """
    day = clock.now().date() - timedelta(days=await KEPT_DAYS.get())
    droppable = await deliveries.droppable_before(day, failed_day=day)
    await partitions.drop_before(partitions.PUSH, droppable)
    start = datetime(droppable.year, droppable.month, droppable.day, tzinfo=UTC)
    while await database.execute(
        "DELETE FROM push_key WHERE key IN (SELECT key FROM push_key WHERE received_at < $1 LIMIT $2)", start, _ROWS
    ):
        pass


JOBS = (Job(name="wechat.pushes.drop_old", every=timedelta(hours=1), run=drop_old),)
