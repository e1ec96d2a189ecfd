"""Whose an import under way is: claimed for a while, held in each transaction, told about, put back or ended.

A file of its own: running says what is done with the rows, this that only one worker does it. A lease that another
worker took over in the meantime is noticed before anything is written.
"""

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from core.customers.imports.rules import ImportState, Into, OnPossibleDuplicate, Order
from core.notices import service as notices
from core.notices.rules import NoticeKind
from core.notices.service import NewNotice
from core.organisation import queries as organisation
from core.organisation.queries import Colleague
from infra import audit, clock, database, live
from infra.database import Connection
from infra.live import LiveEvent, staff_topic
from infra.parameters import Parameter

LEASE_SECONDS = Parameter(
    name="customers.import_lease_seconds",
    default=120,
    least=10,
    most=3_600,
    unit="秒",
    help="处理客户导入的进程中断后，多久由其他进程接着处理",
    english="When the process of a customer import dies, another goes on after so long",
)
ENDED = NoticeKind("customer_import.ended", title="客户导入已结束")
_LINK = "/customer-imports/{}"
_BETWEEN_WORDS = 1.0

# Those that nobody has begun come first, then whoever has waited longest since it was put back.
_CLAIM = """
UPDATE customer_import SET state = 'running', lease_until = $2 WHERE id = (
    SELECT id FROM customer_import
    WHERE state IN ('waiting', 'running') AND (lease_until IS NULL OR lease_until <= $1)
    ORDER BY lease_until NULLS FIRST, id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
) RETURNING id, staff_id, file_id, file_name, mapping, options, dry_run, rows, next_row, started_at
"""
_HOLD = """
SELECT next_row FROM customer_import WHERE id = $1 AND state = 'running' AND lease_until = $2 FOR NO KEY UPDATE
"""
_RENEW = "UPDATE customer_import SET lease_until = $2 WHERE id = $1"
_END = """
UPDATE customer_import SET state = $2, error = $3, ended_at = $4, lease_until = NULL WHERE id = $1
RETURNING id, state, dry_run, rows, next_row AS done, created, linked, refused, warned
"""
_PUT_BACK = "UPDATE customer_import SET lease_until = $3 WHERE id = $1 AND lease_until = $2 AND state = 'running'"
_OTHERS_WAIT = """
SELECT EXISTS (SELECT FROM customer_import
    WHERE state IN ('waiting', 'running') AND (lease_until IS NULL OR lease_until <= $1))
"""


class Overtaken(Exception):
    """The import was cancelled, or another worker goes on with it."""


@dataclass(slots=True)
class Run:
    """An import in this worker's hands until `lease`."""

    order: Order
    by: Colleague | None
    dry_run: bool
    file_id: UUID
    file_name: str
    mapping: list[str | None]
    rows: int | None
    next_row: int
    lease: datetime
    told_at: float = field(default=float("-inf"))


async def until() -> datetime:
    """The end of a lease that begins now."""
    return clock.now() + timedelta(seconds=await LEASE_SECONDS.get())


async def claim() -> Run | None:
    """The import whose turn it is, if any."""
    lease = await until()
    row = await database.fetch_one(_CLAIM, clock.now(), lease)
    if row is None:
        return None
    return Run(
        _order(row),
        await organisation.at_work(row["staff_id"]),
        row["dry_run"],
        row["file_id"],
        row["file_name"],
        orjson.loads(row["mapping"]),
        row["rows"],
        row["next_row"],
        lease,
    )


def _order(row: Any) -> Order:
    options = orjson.loads(row["options"])
    consent = options["consent"]
    return Order(
        run_id=UUID(int=row["id"].int),
        staff_id=UUID(int=row["staff_id"].int),
        into=Into(options["into"]),
        on_possible_duplicate=OnPossibleDuplicate(options["on_possible_duplicate"]),
        tag_ids=tuple(UUID(tag_id) for tag_id in options["tag_ids"]),
        consent=(consent["purpose"], consent["version"]) if consent else None,
        ordered_at=row["started_at"],
    )


async def hold(connection: Connection, run: Run) -> None:
    """Raises Overtaken unless the import is still ours and where we left it."""
    if await connection.fetchval(_HOLD, run.order.run_id, run.lease) != run.next_row:
        raise Overtaken


async def renew(run: Run) -> None:
    """Keep an import for longer, once half of the lease is over. Raises Overtaken."""
    lease = await until()
    if (run.lease - clock.now()) * 2 > timedelta(seconds=await LEASE_SECONDS.get()):
        return
    async with database.transaction() as connection:
        await hold(connection, run)
        await connection.execute(_RENEW, run.order.run_id, lease)
    run.lease = lease


async def put_back(run: Run) -> None:
    """It is another one's turn; whoever waits goes on with this one later."""
    await database.execute(_PUT_BACK, run.order.run_id, run.lease, clock.now())


async def others_wait() -> bool:
    """Whether there is an import that nobody works on."""
    (row,) = await database.fetch(_OTHERS_WAIT, clock.now())
    return bool(row[0])


async def tell(connection: Connection, run: Run, row: Any) -> float:
    """How far it is, on the live stream, once a second at most."""
    now = time.monotonic()
    if now - run.told_at < _BETWEEN_WORDS:
        return run.told_at
    await live.publish(connection, [LiveEvent(staff_topic(run.order.staff_id), "customer_import", dict(row))])
    return now


async def end(run: Run, state: ImportState, error: str | None) -> None:
    """It is over, for better or worse, unless it isn't ours any more; who ordered it is told."""
    async with database.transaction() as connection:
        try:
            await hold(connection, run)
        except Overtaken:
            return
        row = await connection.fetchrow(_END, run.order.run_id, state.value, error, clock.now())
        assert row is not None  # noqa: S101 - it is held
        await live.publish(connection, [LiveEvent(staff_topic(run.order.staff_id), "customer_import", dict(row))])
        counts = {name: row[name] for name in ("created", "linked", "refused", "warned")}
        await audit.note(
            "customer_import.ended", "customer_import", row["id"], counts | {"state": state, "error": error}
        )
        if run.by is not None:
            await notices.notify_many(connection, [_notice(run, row, error)])


def _notice(run: Run, row: Any, error: str | None) -> NewNotice:
    kind = "试导入" if row["dry_run"] else "客户导入"
    words = f"新增 {row['created']}，关联 {row['linked']}，未导入 {row['refused']}，需核对 {row['warned']}"
    return NewNotice(
        staff_id=run.order.staff_id,
        key=f"{ENDED.name}:{row['id']}",
        kind=ENDED.name,
        title=f"{kind}{'中止' if error else '完成'}：{run.file_name}"[:100],
        body=words,
        link=_LINK.format(row["id"]),
    )
