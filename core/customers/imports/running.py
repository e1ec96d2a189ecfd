"""Imports under way: read from where they stopped, written a chunk at a time.

A file of its own: ordering an import is a use case, this is what workers do. A chunk is one transaction: rows, their
report, the counters and how far it is; so whoever is killed in the middle leaves whole chunks, and who goes on begins
at the next one.
"""

import time
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import Any
from uuid import UUID

from core.customers.imports import leases, queries, reading, taking
from core.customers.imports.drafts import Draft, Reader
from core.customers.imports.earlier import Earlier, rehearse
from core.customers.imports.errors import MappingRefused
from core.customers.imports.events import CustomersImported
from core.customers.imports.fields import BY_KEY, CREDIT
from core.customers.imports.leases import Overtaken, Run
from core.customers.imports.rules import ImportState, Into, RowOutcome, Taken
from core.organisation.queries import Colleague
from infra import alerts, audit, database
from infra.database import retry_on_conflict
from infra.errors import DomainError, Forbidden, Unavailable
from infra.logging import logger
from infra.outbox import publish

CHUNK = 1_000
# A job gives others a turn after this long, an import when another one waits; the rest is read later.
_SLICE_SECONDS, _TURN_SECONDS = 300.0, 30.0
# Rows that are passed over between looks at the lease.
_STRIDE = 20_000

_COUNTED = "UPDATE customer_import SET rows = $2 WHERE id = $1"
_ADVANCE = """
UPDATE customer_import SET next_row = next_row + $2, lease_until = $3, created = created + $4, linked = linked + $5,
    refused = refused + $6, warned = warned + $7
WHERE id = $1
RETURNING id, state, dry_run, rows, next_row AS done, created, linked, refused, warned
"""
_REPORT = """
INSERT INTO customer_import_row (run_id, "row", outcome, code, "column", customer_id)
SELECT $1, r.* FROM unnest($2::int[], $3::text[], $4::text[], $5::text[], $6::uuid[]) AS r
"""


async def run_due() -> int:
    """Go on with imports until none waits or the time is up; returns how many came to an end."""
    ended, started = 0, time.monotonic()
    while time.monotonic() - started < _SLICE_SECONDS:
        run = await leases.claim()
        if run is None:
            break
        ended += await _go_on(run, until=started + _SLICE_SECONDS)
    return ended


async def _go_on(run: Run, until: float) -> bool:
    """Read on; whether it came to an end, for better or worse."""
    with audit.acting_as(f"staff:{run.order.staff_id}"):
        try:
            if not await _read(run, _importer(run), until):
                await leases.put_back(run)
                return False
            await leases.end(run, ImportState.DONE, None)
        except Overtaken:
            return False
        except Unavailable:
            # Nothing is wrong with the import: the lease runs out, and somebody goes on.
            raise
        except DomainError as error:
            await leases.end(run, ImportState.FAILED, error.code)
        except Exception as error:
            if database.is_outage(error) or isinstance(error, database.CONFLICTS):
                raise
            logger().exception("customer_import_broken", import_id=str(run.order.run_id))
            await leases.end(run, ImportState.FAILED, "import_broken")
            await alerts.raise_alert("customers.import_broken", str(run.order.run_id), type(error).__name__)
        return True


def _importer(run: Run) -> Colleague:
    """Raises Forbidden when who ordered it left, or may import no more."""
    needed = ["customers:import", *(["pool:write"] if run.order.into is Into.POOL else [])]
    needed += ["customers:credit"] if CREDIT & set(run.mapping) else []
    for permission in needed:
        if run.by is None or not run.by.may(permission):
            raise Forbidden({"permission": permission})
    assert run.by is not None  # noqa: S101 - somebody has the permission
    return run.by


async def _read(run: Run, by: Colleague, until: float) -> bool:
    """All rows from the next one on; False when the time was up before the end."""
    await _count(run)
    custom = await queries.custom_by_key()
    if gone := sorted({key for key in run.mapping if key and key not in BY_KEY and key not in custom}):
        raise MappingRefused({"reason": "unknown", "fields": gone})
    reader = Reader(run.mapping, custom)
    async with reading.opened(run.file_id) as table:
        headers = table.headers
        earlier = Earlier([field.key for field in custom.values() if field.unique]) if run.dry_run else None
        await _pass_over(run, reader, table, earlier)
        turn = time.monotonic() + _TURN_SECONDS
        async with aclosing(table.all_drafts(reader, CHUNK)) as chunks:
            async for drafts in chunks:
                await _take(run, by, drafts, headers, earlier)
                now = time.monotonic()
                if now > until or (now > turn and await leases.others_wait()):
                    return False
    return True


async def _count(run: Run) -> None:
    """The whole table is read once before its first row is taken: nothing is imported of one that breaks off."""
    if run.rows is not None:
        return
    rows = 0
    async with reading.opened(run.file_id) as table:
        while passed := await table.skip(_STRIDE):
            rows += passed
            await leases.renew(run)
    async with database.transaction() as connection:
        await leases.hold(connection, run)
        await connection.execute(_COUNTED, run.order.run_id, rows)
    run.rows = rows


async def _pass_over(run: Run, reader: Reader, table: reading.Reading, earlier: Earlier | None) -> None:
    """Go to the next row; a dry run knows again what it had taken."""
    left = run.next_row
    if earlier is None:
        while left and (passed := await table.skip(min(left, _STRIDE))):
            left -= passed
            await leases.renew(run)
        return
    refused = await queries.refused_rows(run.order.run_id)
    while left and (drafts := await table.drafts(reader, min(left, CHUNK))):
        earlier.add(draft for draft in drafts if draft.row not in refused)
        left -= len(drafts)
        await leases.renew(run)


@retry_on_conflict
async def _take(
    run: Run, by: Colleague, drafts: Sequence[Draft], headers: Sequence[str], earlier: Earlier | None
) -> None:
    lease = await leases.until()
    async with database.transaction() as connection:
        await leases.hold(connection, run)
        if earlier is None:
            taken = await taking.take(connection, run.order, by, drafts)
            await _publish(run.order.run_id, taken)
        else:
            taken = await rehearse(run.order, by, drafts, earlier)
        titles = {key: title for key, title in zip(run.mapping, headers, strict=False) if key}
        await connection.execute(_REPORT, run.order.run_id, *_report(taken, titles))
        counts = [sum(one.outcome is outcome for one in taken) for outcome in RowOutcome]
        row = await connection.fetchrow(_ADVANCE, run.order.run_id, len(drafts), lease, *counts)
        told_at = await leases.tell(connection, run, row)
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
