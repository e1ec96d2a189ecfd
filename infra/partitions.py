"""Tables partitioned by UTC day or month: made ahead, dropped when their time is over.

Rows of a time that has no partition yet fall into the default one and are moved when the partition is made.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from infra import clock, database
from infra.logging import logger

_AHEAD = timedelta(days=7)
# Whoever uses the table meanwhile queues behind us, so we don't wait long for those before us.
_SHORT_WAIT = "SET LOCAL lock_timeout = '500ms'"


@dataclass(frozen=True, slots=True)
class Partitioned:
    """A table, its partition column, and whether a partition holds a month instead of a day."""

    table: str
    column: str
    monthly: bool = False

    def start_of(self, day: date) -> date:
        return day.replace(day=1) if self.monthly else day

    def after(self, start: date) -> date:
        return self.start_of(start + timedelta(days=31)) if self.monthly else start + timedelta(days=1)

    def starts(self, first: date, last: date) -> Iterator[date]:
        start = self.start_of(first)
        while start <= last:
            yield start
            start = self.after(start)

    def create_sql(self, columns: str) -> str:
        """DDL of the table and its default partition, for a migration."""
        return (
            f"CREATE TABLE {self.table} ({columns}) PARTITION BY RANGE ({self.column});\n"
            f"CREATE TABLE {self.table}_default PARTITION OF {self.table} DEFAULT;"
        )


OUTBOX = Partitioned("outbox", "created_at")
EVENT_DELIVERY = Partitioned("event_delivery", "event_at")
PUSH = Partitioned("push", "received_at")
TIMELINE = Partitioned("timeline", "occurred_at", monthly=True)
LIVE_EVENT = Partitioned("live_event", "created_at")
AUDIT = Partitioned("audit", "created_at", monthly=True)
CHAT_MESSAGE = Partitioned("chat_message", "created_at", monthly=True)
ALL = (OUTBOX, EVENT_DELIVERY, PUSH, TIMELINE, LIVE_EVENT, AUDIT, CHAT_MESSAGE)


async def ensure() -> int:
    """Make the partitions from yesterday to a week ahead where they are missing; returns how many."""
    today = clock.now().date()
    made = 0
    for kind in ALL:
        present = await _starts(kind)
        for start in kind.starts(today - timedelta(days=1), today + _AHEAD):
            if start not in present:
                if not await _create_unless_locked(kind, start):
                    break
                made += 1
    return made


async def _create_unless_locked(kind: Partitioned, start: date) -> bool:
    """A dump may hold the tables for hours; the default partition takes the rows until the next turn."""
    try:
        await _create(kind, start)
    except database.CONFLICTS:
        logger().warning("partition_waits", table=kind.table, start=start.isoformat())
        return False
    return True


async def drop_before(kind: Partitioned, day: date) -> int:
    """Drop the partitions that end on `day` or earlier; returns how many."""
    old = [start for start in await _starts(kind) if kind.after(start) <= day]
    for dropped, start in enumerate(sorted(old)):
        if not await _drop_unless_locked(kind, start):
            return dropped
    return len(old)


async def _drop_unless_locked(kind: Partitioned, start: date) -> bool:
    try:
        async with database.transaction() as connection:
            await connection.execute(_SHORT_WAIT)
            await connection.execute(f"DROP TABLE IF EXISTS {_name(kind, start)}")
    except database.CONFLICTS:
        logger().warning("partition_stays", table=kind.table, start=start.isoformat())
        return False
    logger().info("partition_dropped", table=kind.table, start=start.isoformat())
    return True


async def _starts(kind: Partitioned) -> set[date]:
    rows = await database.fetch(
        """SELECT child.relname FROM pg_inherits
        JOIN pg_class child ON child.oid = inhrelid WHERE inhparent = $1::regclass""",
        kind.table,
    )
    names = [row["relname"].removeprefix(f"{kind.table}_") for row in rows]
    return {datetime.strptime(name, "%Y%m%d").replace(tzinfo=UTC).date() for name in names if name != "default"}


def _name(kind: Partitioned, start: date) -> str:
    return f"{kind.table}_{start:%Y%m%d}"


@database.retry_on_conflict
async def _create(kind: Partitioned, start: date) -> None:
    low, high = (f"'{day.isoformat()} 00:00:00+00'" for day in (start, kind.after(start)))
    name = _name(kind, start)
    async with database.transaction() as connection:
        await connection.execute(_SHORT_WAIT)
        # Two processes may find the same time missing; the second finds it made.
        await connection.execute("SELECT pg_advisory_xact_lock(hashtext($1))", name)
        if await connection.fetchval("SELECT to_regclass($1)", name):
            return
        # Nobody may write a row of this time into the default partition between the move and the attachment.
        await connection.execute(f"LOCK TABLE {kind.table}_default IN ACCESS EXCLUSIVE MODE")
        await connection.execute(f"CREATE TABLE {name} (LIKE {kind.table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)")
        # The audit log lets nobody else delete.
        await connection.execute("SET LOCAL guanxi.moving_partition = 'on'")
        await connection.execute(
            f"""WITH moved AS (
                DELETE FROM {kind.table}_default WHERE {kind.column} >= {low} AND {kind.column} < {high} RETURNING *
            ) INSERT INTO {name} SELECT * FROM moved"""
        )
        await connection.execute(
            f"ALTER TABLE {kind.table} ATTACH PARTITION {name} FOR VALUES FROM ({low}) TO ({high})"
        )
