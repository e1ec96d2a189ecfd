"""Service levels: how many fans wanted a person, how soon they had an answer, who waits now.

A file of its own: it reads cases by the hundred thousand, the rest of the inbox one at a time. A case counts on the
business day it was opened on; what a colleague began, no fan waited for.
"""

from datetime import timedelta
from uuid import UUID

import asyncpg

from core.organisation.queries import Colleague
from core.organisation.scopes import Values, of_staff, of_stores
from infra import clock, database
from infra.parameters import Parameter
from wechat.inbox.schemas import ServiceLevelFilters, ServiceLevelOut, ServiceLevelsOut

TARGET_SECONDS = Parameter(
    name="inbox.first_answer_seconds",
    default=180,
    least=10,
    most=86_400,
    unit="秒",
    help="首次回复的目标时间，服务水平按此计算达标率",
    english="The aim for the first answer, by which service levels are measured",
)
_EVERYBODY = "全部"

# Whoever gave the first answer counts, else whoever has or had it. The row without a line is the total.
_LEVELS = """
WITH counted AS (
    SELECT {line} AS line, 1 AS opened, v.answered_at, v.closed_at, 0 AS waits,
        extract(epoch FROM v.answered_at - v.opened_at) AS took
    FROM service_case v WHERE v.opened_at >= $1 AND v.opened_at < $2 AND v.wanted <> 'begun' AND {reach}
    UNION ALL
    SELECT {held} AS line, 0, NULL, NULL, 1, NULL FROM conversation k
    WHERE k.waiting_since IS NOT NULL AND {held_reach}
)
SELECT GROUPING(line) = 1 AS whole, line, (SELECT name FROM {names} n WHERE n.id = line) AS name,
    COALESCE(sum(opened), 0) AS cases, count(answered_at) AS answered, count(closed_at) AS closed,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY took) AS median,
    percentile_cont(0.9) WITHIN GROUP (ORDER BY took) AS p90,
    count(*) FILTER (WHERE took <= $3) AS within, COALESCE(sum(waits), 0) AS waiting
FROM counted GROUP BY GROUPING SETS ((), (line)) ORDER BY cases DESC, name, line
"""


async def levels(by: Colleague, filters: ServiceLevelFilters) -> ServiceLevelsOut:
    """The colleagues or stores in reach of `by`, and all of them together."""
    target = await TARGET_SECONDS.get()
    after = clock.start_of_day(filters.last + timedelta(days=1))
    values = Values(clock.start_of_day(filters.first), after, target)
    line, held = "COALESCE(v.answered_by_id, v.staff_id)", "k.staff_id"
    if filters.by == "store":
        line, held = "v.store_id", "k.store_id"
    sql = _LEVELS.format(
        line=line,
        held=held,
        reach=_reach(by, values, line, "v.store_id"),
        held_reach=_reach(by, values, held, "k.store_id"),
        names=filters.by,
    )
    rows = await database.fetch(sql, *values)
    [total] = [_out(row, _EVERYBODY) for row in rows if row["whole"]]
    lines = [_out(row, row["name"] or "") for row in rows if not row["whole"]]
    return ServiceLevelsOut(target_seconds=target, total=total, lines=lines)


def _reach(by: Colleague, values: Values, line: str, store: str) -> str:
    """Condition: a colleague or store in reach, or what waits for anybody in the line of a store that is."""
    of_store = of_stores(by, values.put, store)
    return of_store if line == store else f"({of_staff(by, values.put, line)} OR {line} IS NULL AND {of_store})"


def _out(row: asyncpg.Record, name: str) -> ServiceLevelOut:
    line: UUID | None = row["line"]
    return ServiceLevelOut(
        id=line,
        name=name,
        cases=row["cases"],
        answered=row["answered"],
        closed=row["closed"],
        median_seconds=None if row["median"] is None else round(row["median"]),
        p90_seconds=None if row["p90"] is None else round(row["p90"]),
        within=row["within"] / row["cases"] if row["cases"] else None,
        waiting=row["waiting"],
    )
