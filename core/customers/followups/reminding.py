"""The morning's notice: one per owner and business day, with what stands on the lists, and a to-do for what is due.

A file of its own: a job writes it, and whoever writes a note asks whether the owner is done for today.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from core.customers.followups import queries
from core.customers.followups.schemas import RemindersOut
from core.customers.pool import daily
from core.notices import service as notices
from core.notices.rules import NoticeKind
from core.notices.service import NewNotice
from core.todos import service as todos
from core.todos.service import NewTodo
from infra import clock, database
from infra.database import Connection, transaction
from infra.parameters import Parameter

HOUR = Parameter(
    name="followups.notice_hour",
    default=9,
    least=0,
    most=23,
    unit="点",
    help="每天几点发送跟进提醒",
    english="The hour of the day at which follow-up reminders are sent",
)
REMINDED = NoticeKind("customers.reminded", title="今日跟进提醒")
TODO = "customers_to_contact"
_RUN = "reminders"
_LINK = "/reminders"
_AT_ONCE = 200

_OWNERS = """
SELECT s.id FROM staff s WHERE s.left_at IS NULL AND s.disabled_at IS NULL AND ($1::uuid IS NULL OR s.id > $1)
AND (EXISTS (SELECT FROM customer c WHERE c.guide_id = s.id)
     OR EXISTS (SELECT FROM todo t WHERE t.kind = $2 AND t.source_id = s.id AND t.done_at IS NULL))
ORDER BY s.id LIMIT $3
"""

_STILL = """
SELECT EXISTS (SELECT FROM customer WHERE guide_id = $1 AND next_contact_at < $2 AND merged_into_id IS NULL)
    OR EXISTS (SELECT FROM customer WHERE guide_id = $1 AND order_due_on < $3 AND merged_into_id IS NULL)
"""


async def run() -> int:
    """The day's notices, once their hour has come; how many owners were looked at.

    Killed it begins anew: whoever was told is not told again.
    """
    day = await daily.due(_RUN, await HOUR.get())
    if day is None:
        return 0
    looked, last = 0, None
    while owners := [row["id"] for row in await database.fetch(_OWNERS, last, TODO, _AT_ONCE)]:
        counts = [(owner_id, await queries.reminders(owner_id)) for owner_id in owners]
        async with transaction() as connection:
            await _tell(connection, counts)
        looked, last = looked + len(owners), owners[-1]
    await daily.finish(_RUN, day)
    return looked


async def _tell(connection: Connection, counts: Sequence[tuple[UUID, RemindersOut]]) -> None:
    today = clock.business_day()
    told = [
        (owner_id, found)
        for owner_id, found in counts
        if found.due or found.overdue or found.order_overdue or found.quiet
    ]
    await notices.notify_many(
        connection,
        [
            NewNotice(
                staff_id=owner_id,
                key=f"{REMINDED.name}:{today}",
                kind=REMINDED.name,
                title=REMINDED.title,
                body=_words(found),
                link=_LINK,
            )
            for owner_id, found in told
        ],
    )
    await todos.put_many(
        connection,
        [
            NewTodo(
                staff_id=owner_id,
                kind=TODO,
                source_id=owner_id,
                title=_words(found)[:100],
                link=_LINK,
                due_at=clock.start_of_day(today + timedelta(days=1)),
                version=today.toordinal(),
                reopen=True,
            )
            for owner_id, found in told
        ],
    )
    for owner_id, _ in counts:
        await finish_done(connection, owner_id)


def _words(found: RemindersOut) -> str:
    return (
        f"今明两天待联系 {found.due} 位，联系逾期 {found.overdue} 位，订单逾期 {found.order_overdue} 位，"
        f"长时间无业务往来 {found.quiet} 位"
    )


async def finish_done(connection: Connection, owner_id: UUID) -> None:
    """The owner's to-do is done when nobody is left to contact until tonight, and no order is overdue."""
    today = clock.business_day()
    tonight = clock.start_of_day(today + timedelta(days=1))
    if not await connection.fetchval(_STILL, owner_id, tonight, today):
        await todos.finish(connection, TODO, owner_id, None)
