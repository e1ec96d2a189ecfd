"""Automatic return to the pool (AT-01 … AT-04): owner by owner, in chunks, each in a transaction of its own.

A file of its own: it is the one writer nobody asks for. Killed it goes on where it was; two at once share the work:
a customer that somebody has under lock is passed over and looked at again at the next tick.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core.customers import ownership
from core.customers.ownership import Place, Reason
from core.customers.pool import daily, warning
from core.customers.pool.terms import IDLE, WITHOUT_CONTRACT, Terms
from core.notices import service as notices
from core.notices.rules import NoticeKind
from core.notices.service import NewNotice
from infra import clock, database
from infra.database import Connection, transaction
from infra.ids import new_id
from infra.parameters import Parameter

RUN_HOUR = Parameter(
    name="pool.run_hour",
    default=8,
    least=0,
    most=23,
    unit="点",
    help="每天从几点开始自动收回客户与提醒归属人",
    english="From this hour of the day customers are returned and owners warned",
)
RETURNED = NoticeKind("customers.returned", title="客户已收回公海")
_RUN = "pool"
_AT_ONCE = 1_000

_OWNERS = """
SELECT s.id FROM staff s WHERE ($1 OR NOT s.is_guide) AND (
    $3 AND EXISTS (SELECT FROM customer c WHERE c.guide_id = s.id)
    OR EXISTS (SELECT FROM customer c WHERE c.guide_id = s.id AND c.active_at < $2)
    OR EXISTS (SELECT FROM customer c WHERE c.guide_id = s.id AND c.active_at IS NULL)
) ORDER BY s.id
"""

# Of whom nobody ever said since when the owner has them: the whole term begins now.
_BEGIN = """
UPDATE customer SET active_at = $2 WHERE id IN (
    SELECT id FROM customer WHERE guide_id = $1 AND active_at IS NULL FOR NO KEY UPDATE SKIP LOCKED
)
"""

_TAKE = "SELECT c.id FROM customer c WHERE {due} LIMIT $4 FOR NO KEY UPDATE OF c SKIP LOCKED"

# What others wrote about a customer just before we had the lock is seen by a second look only.
_STILL = "SELECT c.id FROM customer c WHERE {due} AND c.id = ANY($4::uuid[])"


@dataclass(frozen=True, slots=True)
class _Condition:
    """Why customers go back, and who is due: before a moment."""

    reason: Reason
    sql: str
    before: datetime
    words: str


async def run() -> int:
    """The day's return and warning, once its hour has come; how many customers went back."""
    day = await daily.due(_RUN, await RUN_HOUR.get())
    if day is None:
        return 0
    returned, passed_over = await sweep()
    if not passed_over:
        await daily.finish(_RUN, day)
    return returned


async def sweep() -> tuple[int, bool]:
    """Return what is due and warn of what is due next; how many went back, and whether some are left to look at."""
    terms = await Terms.in_force()
    conditions = _conditions(terms)
    warn_before = terms.warn_before or terms.idle_before
    owners = await database.fetch(_OWNERS, terms.guides_too, warn_before, terms.contract_before is not None)
    returned, passed_over = 0, False
    for owner_id in (row["id"] for row in owners):
        await database.execute(_BEGIN, owner_id, clock.now())
        for condition in conditions:
            while number := await _return_some(owner_id, condition, terms):
                returned += number
            passed_over |= bool(await _count(owner_id, condition, terms))
        await warning.warn(owner_id, terms)
    await warning.drop_done(terms)
    return returned, passed_over


def _conditions(terms: Terms) -> list[_Condition]:
    found = []
    if terms.idle_before is not None:
        words = f"超过 {terms.days} 天没有新的销售记录"
        found.append(_Condition(Reason.RETURNED, IDLE, terms.idle_before, words))
    if terms.contract_before is not None:
        words = f"{terms.contract_days} 天内未签合同"
        found.append(_Condition(Reason.WITHOUT_CONTRACT, WITHOUT_CONTRACT, terms.contract_before, words))
    return found


async def _return_some(owner_id: UUID, condition: _Condition, terms: Terms) -> int:
    async with transaction() as connection:
        values = owner_id, condition.before, terms.exempt
        held = await connection.fetch(_TAKE.format(due=condition.sql), *values, _AT_ONCE)
        rows = await connection.fetch(_STILL.format(due=condition.sql), *values, [row["id"] for row in held])
        ids = [row["id"] for row in rows]
        if ids:
            await _tell(connection, owner_id, condition, terms, ids)
            await ownership.move(connection, ids, Place.POOL, None, reason=condition.reason, source=new_id(), by=None)
    return len(ids)


async def _tell(
    connection: Connection, owner_id: UUID, condition: _Condition, terms: Terms, ids: Sequence[UUID]
) -> None:
    """One notice a day, with the first chunk, of all that go: the key is the day's."""
    number = await _count(owner_id, condition, terms)
    await notices.notify_many(
        connection,
        [
            NewNotice(
                staff_id=owner_id,
                key=f"{RETURNED.name}:{condition.reason}:{clock.business_day()}",
                kind=RETURNED.name,
                title=f"{number} 位客户已收回公海",
                body=f"{await warning.names(connection, ids, number)}因{condition.words}，已自动收回公海",
                link="/pool",
            )
        ],
    )


async def _count(owner_id: UUID, condition: _Condition, terms: Terms) -> int:
    values = owner_id, condition.before, terms.exempt
    row = await database.fetch_one(f"SELECT count(*) AS n FROM customer c WHERE {condition.sql}", *values)
    return row["n"] if row else 0
