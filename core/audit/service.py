"""Sealing: rows of the log get their places in the chain. And what is done to old ones."""

import time
from datetime import date

from core.audit.rules import GENESIS, next_hash
from infra import audit, clock, database, partitions
from infra.parameters import Parameter

KEPT_MONTHS = Parameter(
    name="audit.kept_months",
    default=60,
    least=6,
    most=600,
    unit="个月",
    help="审计记录保留的月数（从当月起往前数）",
    english="How many months of audit records are kept, counted back from this month",
)

_BATCH = 1_000
_SLICE_SECONDS = 20.0

# One at a time: a second one waits, and then finds other rows.
_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended('audit_chain', 0))"

_HEAD = "SELECT seq, hash FROM audit_chain ORDER BY seq DESC LIMIT 1"

# A row that is gone from the log before it was sealed stays in the list, where the check finds it. OFFSET 0: each row
# by its key, since the planner doesn't foresee that only one month is looked into, and would read them all.
_NEXT = """
SELECT a.* FROM audit_unsealed u CROSS JOIN LATERAL (
    SELECT id, created_at, actor, action, subject_kind, subject_id, details::text AS details, request_id, address
    FROM audit WHERE id = u.audit_id AND created_at = u.audit_at OFFSET 0
) a ORDER BY u.audit_id LIMIT $1
"""

_SEAL = """
WITH sealed AS (
    INSERT INTO audit_chain (seq, audit_id, audit_at, hash)
    SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::timestamptz[], $4::bytea[]) RETURNING audit_id
) DELETE FROM audit_unsealed u USING sealed s WHERE u.audit_id = s.audit_id
"""


async def seal() -> int:
    """Chain what waits, batch by batch; returns how many rows. Whoever dies in between has sealed whole batches."""
    sealed, started = 0, time.monotonic()
    while time.monotonic() - started < _SLICE_SECONDS:
        count = await _seal_batch()
        sealed += count
        if count < _BATCH:
            break
    return sealed


async def _seal_batch() -> int:
    async with database.transaction() as connection:
        await connection.execute(_ALONE)
        head = await connection.fetchrow(_HEAD)
        seq, hash_ = (head["seq"], head["hash"]) if head else (0, GENESIS)
        rows = await connection.fetch(_NEXT, _BATCH)
        hashes = []
        for row in rows:
            hash_ = next_hash(hash_, row)
            hashes.append(hash_)
        seqs = list(range(seq + 1, seq + 1 + len(rows)))
        if rows:
            await connection.execute(
                _SEAL, seqs, [row["id"] for row in rows], [row["created_at"] for row in rows], hashes
            )
    return len(rows)


async def drop_old() -> int:
    """Drop the months that are older than kept; returns how many.

    The chain keeps their hashes, and a row in the log says from when on the log is whole (`audit.dropped`).
    """
    before = _months_back(clock.business_day(), await KEPT_MONTHS.get())
    async with database.transaction():
        dropped = await partitions.drop_before(partitions.AUDIT, before)
        if dropped:
            await audit.note("audit.dropped", "audit", "log", {"before": before.isoformat()})
    return dropped


def _months_back(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, 1)
