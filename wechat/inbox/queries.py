"""Reading the inbox: one conversation, and how many wait (the list is in `listing`)."""

from dataclasses import dataclass
from uuid import UUID

from core.organisation.queries import Colleague
from core.organisation.scopes import Values, stores_in_reach
from infra import clock, database
from wechat.conversations import queries as conversations
from wechat.conversations.schemas import ThreadMessageOut
from wechat.inbox import listing
from wechat.inbox.errors import ConversationNotFound
from wechat.inbox.schemas import CaseOut, ConversationDetailOut, CountsOut, WindowOut
from wechat.inbox.scopes import is_agent, whose

_REACHED = """
SELECT k.id, k.account_id, i.customer_id, i.digest, i.openid,
    COALESCE($2 IN (k.staff_id, c.guide_id), false) AS is_theirs
FROM conversation k JOIN identity i ON i.id = k.identity_id JOIN customer c ON c.id = i.customer_id
WHERE k.id = $1 AND {reach}
"""

_DETAIL = """
SELECT i.following, c.guide_id AS owner_id, g.name AS owner,
    ARRAY(SELECT s.name FROM conversation_watch w JOIN staff s ON s.id = w.staff_id
        WHERE w.conversation_id = k.id AND w.until > $2 AND w.staff_id <> $3 ORDER BY s.name) AS others,
    v.id AS case_id, v.wanted, v.opened_at, v.answered_at, v.closed_at, v.ended
FROM conversation k JOIN identity i ON i.id = k.identity_id JOIN customer c ON c.id = i.customer_id
LEFT JOIN staff g ON g.id = c.guide_id
LEFT JOIN LATERAL (SELECT * FROM service_case v WHERE v.conversation_id = k.id ORDER BY v.id DESC LIMIT 1) v ON true
WHERE k.id = $1
"""

_COUNTS = """
SELECT
    (SELECT count(*) FROM conversation WHERE staff_id = $1 AND unread > 0) AS mine_unread,
    count(*) FILTER (WHERE line = 'mine') AS mine_waiting, count(*) FILTER (WHERE line = 'store') AS store_waiting,
    count(*) FILTER (WHERE line = 'agents') AS agents_waiting, min(waiting_since) AS longest_wait_since
FROM (
    SELECT waiting_since, 'mine' AS line FROM conversation WHERE waiting_since IS NOT NULL AND staff_id = $1
    UNION ALL
    SELECT waiting_since, CASE WHEN store_id IS NULL THEN 'agents' ELSE 'store' END
    FROM conversation WHERE case_id IS NOT NULL AND waiting_since IS NOT NULL AND staff_id IS NULL AND ({lines})
) AS waiting
"""


@dataclass(frozen=True, slots=True)
class Reached:
    """A conversation in reach, and whose it is on the platform; `is_theirs`: whoever asks serves or owns it."""

    id: UUID
    account_id: UUID
    customer_id: UUID
    digest: bytes
    openid: str | None
    is_theirs: bool


async def expect_reached(by: Colleague, conversation_id: UUID) -> Reached:
    """A conversation in reach of `by`. Raises ConversationNotFound."""
    values = Values(conversation_id, by.id)
    row = await database.fetch_one(_REACHED.format(reach=whose(by, values.put)), *values)
    if row is None:
        raise ConversationNotFound
    return Reached(**row)


async def message(by: Colleague, conversation_id: UUID, number: int) -> ThreadMessageOut:
    """One message that was just written. Raises ConversationNotFound when it was forgotten since."""
    found = await conversations.message(conversation_id, number, by.id)
    if found is None:
        raise ConversationNotFound
    return found


async def detail(by: Colleague, conversation_id: UUID) -> ConversationDetailOut:
    """One conversation in reach. Raises ConversationNotFound."""
    found = await listing.one(by, conversation_id)
    if found is None:
        raise ConversationNotFound
    shown, allowance = found
    (row,) = await database.fetch(_DETAIL, conversation_id, clock.now(), by.id)
    case = {name: row[name] for name in ("wanted", "opened_at", "answered_at", "closed_at", "ended")}
    return ConversationDetailOut(
        **shown.model_dump(),
        window=WindowOut(until=allowance.until, left=allowance.left, why_not=allowance.why_not),
        case=CaseOut(id=row["case_id"], **case) if row["case_id"] else None,
        others=row["others"],
        following=row["following"],
        owner_id=row["owner_id"],
        owner=row["owner"],
    )


async def counts(by: Colleague) -> CountsOut:
    """What waits for `by`: the own conversations, those in the lines of stores in reach, for agents also theirs."""
    values = Values(by.id)
    stores = stores_in_reach(by, values.put)
    of_stores = "store_id IS NOT NULL" if stores is None else f"store_id IN ({stores})"
    of_agents = "store_id IS NULL" if is_agent(by) else "false"
    (row,) = await database.fetch(_COUNTS.format(lines=f"{of_stores} OR {of_agents}"), *values)
    return CountsOut(**row)
