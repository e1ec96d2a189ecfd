"""What privacy hangs on customers, for merges, the whole picture and the person's own document.

A file of its own, as `core.customers.parts` is.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson

from core.customers.parts import PartKind
from core.customers.privacy import queries
from core.organisation.queries import Colleague
from infra.context import CustomerPart
from infra.database import Connection

# The rows of the source stay with it: the newest word of the two customers stands.
_JOIN_CHOICES = """
UPDATE channel_choice t SET accepted = s.accepted, door = s.door, chosen_at = s.chosen_at
FROM unnest($1::uuid[], $2::uuid[]) AS m (source, target)
JOIN channel_choice s ON s.customer_id = m.source
JOIN channel_choice former ON former.customer_id = m.target AND former.channel = s.channel
WHERE t.id = former.id AND (s.chosen_at > t.chosen_at OR (s.chosen_at = t.chosen_at AND t.accepted AND NOT s.accepted))
RETURNING m.source, t.channel, former.accepted, former.door, former.chosen_at, t.chosen_at AS joined_at
"""

# What was said since stands.
_PART_CHOICES = """
UPDATE channel_choice t SET accepted = s.accepted, door = s.door, chosen_at = s.chosen_at
FROM jsonb_to_recordset($2::jsonb)
    AS s (channel text, accepted bool, door text, chosen_at timestamptz, joined_at timestamptz)
WHERE t.customer_id = $1 AND t.channel = s.channel AND t.chosen_at = s.joined_at
"""


async def _merge(connection: Connection, targets: Mapping[UUID, UUID]) -> Mapping[UUID, Any]:
    found: dict[UUID, list[dict[str, Any]]] = {}
    for row in await connection.fetch(_JOIN_CHOICES, list(targets), list(targets.values())):
        former = {name: row[name] for name in ("channel", "accepted", "door", "chosen_at", "joined_at")}
        found.setdefault(UUID(int=row["source"].int), []).append(former)
    return found


async def _unmerge(connection: Connection, _source: UUID, target: UUID, answer: Any) -> None:
    await connection.execute(_PART_CHOICES, target, orjson.dumps(answer).decode())


async def _summary(customer_id: UUID, _by: Colleague) -> Any:
    return (await queries.of_customer(customer_id)).model_dump(mode="json")


async def _data(customer_id: UUID) -> Any:
    return (await queries.of_customer(customer_id)).model_dump(mode="json")


PART = CustomerPart(
    name="customers.privacy",
    title="同意与联系方式偏好",
    kind=PartKind.PRIVACY,
    tables=("consent", "channel_choice", "customer_erasure"),
    merge=_merge,
    unmerge=_unmerge,
    summary=_summary,
    data=_data,
)
