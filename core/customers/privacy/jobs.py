"""Periodic work on what is to be forgotten: people, and what happened long ago."""

from datetime import timedelta

from core.customers.privacy import erasing
from infra import clock, database, partitions
from infra.context import Job
from infra.parameters import Parameter

TIMELINE_MONTHS = Parameter(
    name="customers.timeline_months",
    default=0,
    least=0,
    most=240,
    help="客户动态保留的月数（0 为一直保留）",
    english="How many months the history of a customer is kept (0: always)",
    unit="个月",
)
_DAYS = 31


async def forget() -> None:
    """Whoever left long enough ago, and whoever lay in the trash long enough."""
    await erasing.forget_due()
    await erasing.forget_discarded()


async def drop_old() -> None:
    """Drop whole months of the timeline."""
    if months := await TIMELINE_MONTHS.get():
        before = clock.now() - timedelta(days=_DAYS * months)
        await partitions.drop_before(partitions.TIMELINE, before.date())
        # What is older than the oldest partition.
        await database.execute("DELETE FROM timeline_default WHERE occurred_at < $1", before)


JOBS = (
    Job(
        name="customers.privacy.forget",
        every=timedelta(minutes=1),
        run=forget,
        queue="bulk",
        longest=timedelta(minutes=10),
    ),
    Job(name="customers.privacy.drop_old", every=timedelta(days=1), run=drop_old),
)
