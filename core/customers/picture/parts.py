"""What the core itself tells in the whole picture beside the base data: touches, and tasks that notes are linked to.

A file of its own, as `core.customers.parts` is.
"""

from typing import Any
from uuid import UUID

import orjson

from core.customers.parts import PartKind
from core.organisation.queries import Colleague
from infra import database
from infra.context import CustomerPart

_NEWEST = 20

_TOUCHES = """
SELECT count(*) AS count, (
    SELECT COALESCE(jsonb_agg(to_jsonb(n) - 'id' ORDER BY n.occurred_at DESC, n.id DESC), '[]') FROM (
        SELECT t.id, t.kind, t.occurred_at, t.is_first, s.name AS guide, o.name AS store, h.name AS channel
        FROM touch t LEFT JOIN staff s ON s.id = t.guide_id LEFT JOIN store o ON o.id = t.store_id
        LEFT JOIN channel h ON h.id = t.channel_id
        WHERE t.customer_id = $1 ORDER BY t.occurred_at DESC, t.id DESC LIMIT $2
    ) n
) AS newest FROM touch WHERE customer_id = $1
"""

# A task is told to whoever sees the customer: what it is about, by when, and how far those asked are.
_TASKS = """
SELECT t.id, t.title, t.deadline, t.recalled_at IS NOT NULL AS recalled, a.name AS author,
    count(r.id) FILTER (WHERE r.removed_at IS NULL) AS asked,
    count(r.id) FILTER (WHERE r.removed_at IS NULL AND r.decision = 'done') AS done
FROM task t JOIN staff a ON a.id = t.author_id LEFT JOIN task_recipient r ON r.task_id = t.id
WHERE t.id IN (SELECT task_id FROM follow_up WHERE customer_id = $1 AND task_id IS NOT NULL)
GROUP BY t.id, a.name ORDER BY t.id DESC LIMIT $2
"""


async def _touches(customer_id: UUID, _by: Colleague) -> Any:
    (row,) = await database.fetch(_TOUCHES, customer_id, _NEWEST)
    return {"count": row["count"], "newest": orjson.loads(row["newest"])}


async def _tasks(customer_id: UUID, _by: Colleague) -> Any:
    return [dict(row) for row in await database.fetch(_TASKS, customer_id, _NEWEST)]


TOUCHES = CustomerPart(name="customers.touches", title="触点", kind=PartKind.TOUCHES, summary=_touches)
TASKS = CustomerPart(name="customers.tasks", title="任务", kind=PartKind.TASKS, summary=_tasks)
