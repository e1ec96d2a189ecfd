"""What an operator has to see to: an error in the log, a metric, a row that `guanxi alerts` lists.

One thing is one open alert, however often it happens: kind and subject name it, and it counts on until it is closed.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from infra import clock, database, metrics
from infra.ids import new_id
from infra.logging import logger

_LONGEST_MESSAGE = 500

_RAISE = """
INSERT INTO alert (id, kind, subject, message, count, first_at, last_at) VALUES ($1, $2, $3, $4, 1, $5, $5)
ON CONFLICT (kind, subject) WHERE closed_at IS NULL
DO UPDATE SET count = alert.count + 1, last_at = excluded.last_at, message = excluded.message
"""

_OPEN = """
SELECT kind, subject, message, count, first_at, last_at, closed_at FROM alert
WHERE closed_at IS NULL OR $1 ORDER BY last_at DESC, id
"""


async def raise_alert(kind: str, subject: str, message: str) -> None:
    """Raise it, or count it once more. `kind` is a stable code, `subject` names what it is about, never a person."""
    logger().error("alert", kind=kind, subject=subject, message=message)
    metrics.alerts.labels(kind).inc()
    await database.execute(_RAISE, new_id(), kind, subject, message[:_LONGEST_MESSAGE], clock.now())


async def settle(kinds: Collection[str], subject: str) -> int:
    """Close those of these kinds about a subject, because it works again; returns how many."""
    return await database.execute(
        "UPDATE alert SET closed_at = $3 WHERE closed_at IS NULL AND kind = ANY($1::text[]) AND subject = $2",
        list(kinds),
        subject,
        clock.now(),
    )


async def close(kind: str, subject: str) -> int:
    """An operator has seen to it; returns 0 when there is no such open alert."""
    return await settle((kind,), subject)


async def listed(*, closed: bool = False) -> list[dict[str, Any]]:
    """Open alerts (with `closed`: all of them), the latest first: kind, subject, message, count, times."""
    return [
        {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
        for row in await database.fetch(_OPEN, closed)
    ]
