"""An answer that didn't leave is none: whoever wrote it hears of it, and the fan waits again."""

from uuid import UUID

from infra import clock
from infra.database import Connection, connection
from infra.events import Delivered, Handler
from wechat.inbox import cases, ringing
from wechat.inbox.rules import Reason
from wechat.outbound.events import ReplyUnsent

_WRITTEN_BY = """
SELECT source_id, state FROM outbound_message WHERE id = $1 AND state IN ('failed', 'skipped', 'unknown')
"""

# The first question that no answer followed which left, or may have. Nobody waits who can't hear us, and what a
# colleague began, nobody asked for.
_WAITS_SINCE = """
SELECT s.id AS case_id, a.number AS answered, COALESCE(
    (SELECT min(m.said_at) FROM chat_message m WHERE m.conversation_id = k.id AND m.author = 'fan'
        AND m.number > COALESCE(a.number, 0) AND m.created_at >= s.opened_at),
    CASE WHEN a.number IS NULL AND s.wanted <> 'begun' THEN s.opened_at END) AS since
FROM conversation k JOIN service_case s ON s.id = k.case_id JOIN wechat_account w ON w.id = k.account_id
JOIN identity i ON i.id = k.identity_id CROSS JOIN LATERAL (
    SELECT max(m.number) AS number FROM chat_message m
    WHERE m.conversation_id = k.id AND m.author = 'staff' AND m.created_at >= s.opened_at AND NOT EXISTS (
        SELECT FROM outbound_message o WHERE o.id = m.outbound_id AND o.state IN ('failed', 'skipped'))
) a
WHERE k.id = $1 AND k.waiting_since IS NULL AND NOT w.shadow AND w.disabled_at IS NULL
    AND (i.following OR w.kind <> 'official')
"""

_UNANSWERED = "UPDATE service_case SET answers = 0, answered_at = NULL, answered_by_id = NULL WHERE id = $1"


async def _unsent(delivered: Delivered[ReplyUnsent]) -> None:
    message_id, conversation_id = delivered.event.message_id, delivered.event.conversation_id
    async with connection() as current:
        row = await current.fetchrow(_WRITTEN_BY, message_id)
        if row is None:
            return
        certain = row["state"] != "unknown"
        if certain:
            await _wait_again(current, conversation_id, row["source_id"])
        await ringing.tell_unsent(current, row["source_id"], conversation_id, message_id, certain=certain)


async def _wait_again(current: Connection, conversation_id: UUID, by: UUID) -> None:
    """As if the answer had not been written; whoever wrote it needn't be rung."""
    [held] = await cases.hold(current, [conversation_id])
    row = await current.fetchrow(_WAITS_SINCE, conversation_id)
    if row is None or row["since"] is None:
        return
    if row["answered"] is None:
        await current.execute(_UNANSWERED, row["case_id"])
    rings = await cases.wait_many(current, [(held, min(row["since"], clock.now()))])
    await ringing.ring(current, [one for one in rings if one.holder.staff_id != by])
    await ringing.tell(current, {conversation_id: Reason.CASE})


HANDLERS = (Handler(name="wechat.inbox.unsent", events=(ReplyUnsent,), handle=_unsent),)
