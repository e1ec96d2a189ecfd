"""Imports under way: claimed for a while, read from where they stopped, written a chunk at a time.

A file of its own: ordering an import is a use case, this is what workers do. A chunk is one transaction: rows, their
report, the counters and how far it is; so whoever is killed in the middle leaves whole chunks, and who goes on begins
at the next one. A lease that another worker took over in the meantime is noticed before anything is written.
"""

import time
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from core.customers.imports import queries, reading, taking
from core.customers.imports.drafts import Draft, Reader
from core.customers.imports.earlier import Earlier, rehearse
from core.customers.imports.events import CustomersImported
from core.customers.imports.rules import ImportState, Into, OnPossibleDuplicate, Order, RowOutcome, Taken
from core.notices import service as notices
from core.notices.rules import NoticeKind
from core.notices.service import NewNotice
from core.organisation import queries as organisation
from core.organisation.queries import Colleague
from infra import alerts, audit, clock, database, live
from infra.database import Connection, retry_on_conflict
from infra.errors import DomainError, Forbidden, Unavailable
from infra.live import LiveEvent, staff_topic
from infra.logging import logger
from infra.outbox import publish
from infra.parameters import Parameter

LEASE_SECONDS = Parameter(
    name="customers.import_lease_seconds",
    default=120,
    least=10,
    most=3_600,
    unit="秒",
    help="处理客户导入的进程中断后，多久由其他进程接着处理",
)
ENDED = NoticeKind("customer_import.ended", title="客户导入已结束")
CHUNK = 1_000
_LINK = "/customer-imports/{}"
# A job gives others a turn after this long; the rest is read at its next start.
_SLICE_SECONDS = 300.0
_BETWEEN_WORDS = 1.0

_CLAIM = """
UPDATE customer_import SET state = 'running', lease_until = $2 WHERE id = (
    SELECT id FROM customer_import
    WHERE state IN ('waiting', 'running') AND (lease_until IS NULL OR lease_until <= $1)
    ORDER BY id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
) RETURNING id, staff_id, file_id, file_name, mapping, options, dry_run, rows, next_row, started_at
"""
_HOLD = """
SELECT next_row FROM customer_import WHERE id = $1 AND state = 'running' AND lease_until = $2 FOR NO KEY UPDATE
"""
_COUNTED = "UPDATE customer_import SET rows = $2, lease_until = $3 WHERE id = $1"
_ADVANCE = """
UPDATE customer_import SET next_row = next_row + $2, lease_until = $3, created = created + $4, linked = linked + $5,
    refused = refused + $6, warned = warned + $7
WHERE id = $1
RETURNING id, state, dry_run, rows, next_row AS done, created, linked, refused, warned
"""
_END = """
UPDATE customer_import SET state = $2, error = $3, ended_at = $4, lease_until = NULL WHERE id = $1
RETURNING id, state, dry_run, rows, next_row AS done, created, linked, refused, warned
"""
_PUT_BACK = "UPDATE customer_import SET lease_until = NULL WHERE id = $1 AND lease_until = $2"
_REPORT = """
INSERT INTO customer_import_row (run_id, "row", outcome, code, "column", customer_id)
SELECT $1, r.* FROM unnest($2::int[], $3::text[], $4::text[], $5::text[], $6::uuid[]) AS r
"""


class Overtaken(Exception):
    """The import was cancelled, or another worker goes on with it."""


@dataclass(slots=True)
class _Run:
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


async def run_due() -> int:
    """Go on with imports until none waits or the time is up; returns how many came to an end."""
    ended, started = 0, time.monotonic()
    while time.monotonic() - started < _SLICE_SECONDS:
        run = await _claim()
        if run is None:
            break
        ended += await _go_on(run, until=started + _SLICE_SECONDS)
    return ended


async def _lease() -> datetime:
    return clock.now() + timedelta(seconds=await LEASE_SECONDS.get())


async def _claim() -> _Run | None:
    lease = await _lease()
    row = await database.fetch_one(_CLAIM, clock.now(), lease)
    if row is None:
        return None
    return _Run(
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


async def _go_on(run: _Run, until: float) -> bool:
    """Read on; whether it came to an end, for better or worse."""
    with audit.acting_as(f"staff:{run.order.staff_id}"):
        try:
            if not await _read(run, _importer(run), until):
                await database.execute(_PUT_BACK, run.order.run_id, run.lease)
                return False
            await _end(run, ImportState.DONE, None)
        except Overtaken:
            return False
        except Unavailable:
            # Nothing is wrong with the import: the lease runs out, and somebody goes on.
            raise
        except DomainError as error:
            await _end(run, ImportState.FAILED, error.code)
        except Exception as error:
            if database.is_outage(error) or isinstance(error, database.CONFLICTS):
                raise
            logger().exception("customer_import_broken", import_id=str(run.order.run_id))
            await _end(run, ImportState.FAILED, "import_broken")
            await alerts.raise_alert("customers.import_broken", str(run.order.run_id), type(error).__name__)
        return True


def _importer(run: _Run) -> Colleague:
    """Raises Forbidden when who ordered it left, or may import no more."""
    needed = ["customers:import", *(["pool:write"] if run.order.into is Into.POOL else [])]
    for permission in needed:
        if run.by is None or not run.by.may(permission):
            raise Forbidden({"permission": permission})
    assert run.by is not None  # noqa: S101 - somebody has the permission
    return run.by


async def _read(run: _Run, by: Colleague, until: float) -> bool:
    """All rows from the next one on; False when the time was up before the end."""
    await _count(run)
    custom = await queries.custom_by_key()
    reader = Reader(run.mapping, custom)
    async with reading.opened(run.file_id) as table:
        headers = table.headers
        earlier = Earlier() if run.dry_run else None
        if earlier is None:
            await table.skip(run.next_row)
        else:
            await _remember(run, reader, table, earlier)
        async with aclosing(table.all_drafts(reader, CHUNK)) as chunks:
            async for drafts in chunks:
                await _take(run, by, drafts, headers, earlier)
                if time.monotonic() > until:
                    return False
    return True


async def _count(run: _Run) -> None:
    """The whole table is read once before its first row is taken: nothing is imported of one that breaks off."""
    if run.rows is not None:
        return
    async with reading.opened(run.file_id) as table:
        run.rows = await table.skip()
    lease = await _lease()
    async with database.transaction() as connection:
        await _hold(connection, run)
        await connection.execute(_COUNTED, run.order.run_id, run.rows, lease)
    run.lease = lease


async def _hold(connection: Connection, run: _Run) -> None:
    """Raises Overtaken unless the import is still ours and where we left it."""
    if await connection.fetchval(_HOLD, run.order.run_id, run.lease) != run.next_row:
        raise Overtaken


async def _remember(run: _Run, reader: Reader, table: reading.Reading, earlier: Earlier) -> None:
    """A dry run that goes on knows again what it had taken."""
    refused = await queries.refused_rows(run.order.run_id)
    left = run.next_row
    while left and (drafts := await table.drafts(reader, min(left, CHUNK))):
        earlier.add(draft for draft in drafts if draft.row not in refused)
        left -= len(drafts)


@retry_on_conflict
async def _take(
    run: _Run, by: Colleague, drafts: Sequence[Draft], headers: Sequence[str], earlier: Earlier | None
) -> None:
    lease = await _lease()
    async with database.transaction() as connection:
        await _hold(connection, run)
        if earlier is None:
            taken = await taking.take(connection, run.order, by, drafts)
            await _publish(run.order.run_id, taken)
        else:
            taken = await rehearse(run.order, by, drafts, earlier)
        titles = {key: title for key, title in zip(run.mapping, headers, strict=False) if key}
        await connection.execute(_REPORT, run.order.run_id, *_report(taken, titles))
        counts = [sum(one.outcome is outcome for one in taken) for outcome in RowOutcome]
        row = await connection.fetchrow(_ADVANCE, run.order.run_id, len(drafts), lease, *counts)
        told_at = await _tell(connection, run, row)
    run.next_row, run.lease, run.told_at = run.next_row + len(drafts), lease, told_at
    if earlier is not None:
        earlier.add(draft for draft, one in zip(drafts, taken, strict=True) if one.outcome is not RowOutcome.REFUSED)


async def _publish(run_id: UUID, taken: Sequence[Taken]) -> None:
    created = tuple(one.customer_id for one in taken if one.is_new and one.customer_id)
    # The driver's own class of ids is none that events can carry.
    known = {UUID(int=one.customer_id.int) for one in taken if not one.is_new and one.customer_id}
    linked = tuple(sorted(known - set(created)))
    if created or linked:
        await publish(CustomersImported(import_id=run_id, created_ids=created, linked_ids=linked))


def _report(taken: Sequence[Taken], titles: Mapping[str, str]) -> list[list[Any]]:
    """As columns; a row with several problems has a line for each."""
    lines = [
        (one.row, one.outcome.value, problem.code, problem.field and titles.get(problem.field), one.customer_id)
        for one in taken
        for problem in one.problems
    ]
    return [list(column) for column in zip(*lines, strict=True)] or [[], [], [], [], []]


async def _tell(connection: Connection, run: _Run, row: Any) -> float:
    """How far it is, on the live stream, once a second at most."""
    now = time.monotonic()
    if now - run.told_at < _BETWEEN_WORDS:
        return run.told_at
    await live.publish(connection, [LiveEvent(staff_topic(run.order.staff_id), "customer_import", dict(row))])
    return now


async def _end(run: _Run, state: ImportState, error: str | None) -> None:
    async with database.transaction() as connection:
        try:
            await _hold(connection, run)
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


def _notice(run: _Run, row: Any, error: str | None) -> NewNotice:
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
