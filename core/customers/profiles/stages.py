"""The stages a customer goes through (F-19), by hand and because of what happens.

A file of its own: it is what events of later contexts call.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core.customers import indexing
from core.customers.profiles import editing, records
from core.customers.profiles.errors import StageBackwards
from core.customers.profiles.rules import Stage, advances
from core.customers.timeline import Entry, tell
from core.organisation.queries import Colleague
from infra import audit, clock
from infra.database import Connection, retry_on_conflict, transaction
from infra.ids import new_id

_NOTE = """
INSERT INTO customer_stage_change (customer_id, former, stage, source, changed_by, changed_at)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::timestamptz[])
    AS s (customer_id, former, stage, source, changed_by, changed_at) ORDER BY customer_id
"""

_KNOWN = """
SELECT customer_id, source FROM customer_stage_change WHERE customer_id = ANY($1::uuid[]) AND source = ANY($2::uuid[])
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """A customer reached a stage because of `source` (an order, say)."""

    customer_id: UUID
    stage: Stage
    source: UUID
    occurred_at: datetime
    by: UUID | None = None


@retry_on_conflict
async def change(by: Colleague, customer_id: UUID, version: int, stage: Stage, *, backwards: bool) -> UUID:
    """Put a customer into a stage by hand; returns whose it is. The same stage again changes nothing.

    Raises CustomerNotFound, CustomerInPool, RecordChanged, and StageBackwards unless going back is meant.
    """
    async with transaction() as connection:
        standing = await editing.hold(connection, customer_id, by)
        record = await editing.record(connection, standing, version)
        if record.stage is stage:
            return standing
        if not backwards and not advances(record.stage, stage):
            raise StageBackwards({"stage": record.stage})
        await audit.note("customer.stage_changed", "customer", standing, {"from": record.stage, "to": stage})
        reached = Reached(customer_id=standing, stage=stage, source=new_id(), occurred_at=clock.now(), by=by.id)
        await _write(connection, {standing: record}, [reached])
    return standing


async def reach_many(connection: Connection, reached: Sequence[Reached]) -> int:
    """What happened may bring customers on in their lives, never back; returns how many changes that made.

    In the caller's transaction, which holds the customers' locks. The same source again changes nothing.
    """
    found = await records.read_many(connection, {one.customer_id for one in reached})
    rows = await connection.fetch(_KNOWN, list(found), [one.source for one in reached])
    known = {(row["customer_id"], row["source"]) for row in rows}
    fresh = {(one.customer_id, one.source): one for one in reached if (one.customer_id, one.source) not in known}
    ordered = sorted(fresh.values(), key=lambda one: (one.occurred_at, one.source))
    counting = list[Reached]()
    stages = {one: record.stage for one, record in found.items()}
    for one in ordered:
        if advances(stages[one.customer_id], one.stage):
            stages[one.customer_id] = one.stage
            counting.append(one)
    await _write(connection, found, counting)
    return len(counting)


async def _write(connection: Connection, found: dict[UUID, records.Record], reached: Sequence[Reached]) -> None:
    if not reached:
        return
    formers = list[Stage]()
    for one in reached:
        formers.append(found[one.customer_id].stage)
        found[one.customer_id].stage = one.stage
    await connection.execute(
        _NOTE,
        [one.customer_id for one in reached],
        formers,
        [one.stage for one in reached],
        [one.source for one in reached],
        [one.by for one in reached],
        [one.occurred_at for one in reached],
    )
    changed = {one.customer_id: found[one.customer_id] for one in reached}
    await records.write_many(connection, changed.values())
    await tell(
        connection,
        [
            Entry(one.customer_id, one.occurred_at, "stage_changed", one.source, {"from": former, "to": one.stage})
            for one, former in zip(reached, formers, strict=True)
        ],
    )
    indexing.changed(changed)
