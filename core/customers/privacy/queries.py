"""Reading consents, channels and erasures; what every sender asks before it writes to people."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

import orjson

from core.customers.privacy.rules import Channel, Standing, choose
from core.customers.privacy.schemas import ConsentTextOut, PrivacyOut
from infra import database

_TEXTS = "SELECT id, purpose, version, body, published_at FROM consent_text"

# A sender may hold ids from before a merge.
_ASKED = """
WITH RECURSIVE way AS (
    SELECT id AS asked, id, merged_into_id FROM customer WHERE id = ANY($1::uuid[])
    UNION ALL SELECT w.asked, c.id, c.merged_into_id FROM way w JOIN customer c ON c.id = w.merged_into_id
)
"""

# Of two words of one moment the withdrawal counts.
_STANDING = f"""
{_ASKED} SELECT DISTINCT ON (w.asked) w.asked, c.given, c.version, c.occurred_at
FROM way w JOIN consent c ON c.customer_id = w.id
WHERE w.merged_into_id IS NULL AND c.purpose = $2 ORDER BY w.asked, c.occurred_at DESC, c.given, c.id DESC
"""

_CHOICES = f"""
{_ASKED} SELECT w.asked, c.channel, c.accepted FROM way w JOIN channel_choice c ON c.customer_id = w.id
WHERE w.merged_into_id IS NULL
"""

_ALL = """
SELECT (SELECT jsonb_agg(to_jsonb(c) ORDER BY c.occurred_at DESC, c.id DESC)
        FROM consent c WHERE c.customer_id = $1) AS consents,
    (SELECT jsonb_agg(to_jsonb(c) ORDER BY c.channel) FROM channel_choice c WHERE c.customer_id = $1) AS channels,
    (SELECT jsonb_agg(to_jsonb(e) ORDER BY e.asked_at DESC, e.id) FROM customer_erasure e WHERE e.customer_id = $1)
        AS erasures
"""


async def texts(purpose: str | None, after: UUID | None, limit: int) -> list[ConsentTextOut]:
    """Published texts, of a purpose or of all, in the order of publication."""
    rows = await database.fetch(
        f"""{_TEXTS} WHERE ($1::text IS NULL OR purpose = $1) AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3""",
        purpose,
        after,
        limit,
    )
    return [ConsentTextOut(**row) for row in rows]


async def text(text_id: UUID) -> ConsentTextOut:
    """One published text, which is there."""
    (row,) = await database.fetch(f"{_TEXTS} WHERE id = $1", text_id)
    return ConsentTextOut(**row)


async def standing(customer_ids: Collection[UUID], purpose: str) -> dict[UUID, Standing]:
    """What customers, or whom they were merged into, said last for a purpose; who was never asked is left out."""
    rows = await database.fetch(_STANDING, list(customer_ids), purpose)
    return {UUID(int=row["asked"].int): Standing(row["given"], row["version"], row["occurred_at"]) for row in rows}


async def refused(customer_ids: Collection[UUID], channel: Channel) -> set[UUID]:
    """Those of the customers who must not be reached on a channel (B-11)."""
    rows = await database.fetch(f"{_CHOICES} AND c.channel = $2 AND NOT c.accepted", list(customer_ids), channel)
    return {UUID(int=row["asked"].int) for row in rows}


async def channels_for(customer_ids: Collection[UUID], preferred: Sequence[Channel]) -> dict[UUID, Channel | None]:
    """Which of the preferred channels to reach each customer on; None: on none of them (AT-53)."""
    said: Mapping[UUID, dict[bool, set[Channel]]] = defaultdict(lambda: {True: set(), False: set()})
    for row in await database.fetch(_CHOICES, list(customer_ids)):
        said[UUID(int=row["asked"].int)][row["accepted"]].add(Channel(row["channel"]))
    return {one: choose(preferred, said[one][True], said[one][False]) for one in customer_ids}


async def of_customer(customer_id: UUID) -> PrivacyOut:
    """Consents, channels and erasures of one customer, in one statement."""
    (row,) = await database.fetch(_ALL, customer_id)
    return PrivacyOut.model_validate({name: orjson.loads(found or "[]") for name, found in row.items()})
