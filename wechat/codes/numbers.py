"""What codes brought: scans, follows and losses, read from the touches.

A file of its own: it reads people, where `queries` reads codes.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import asyncpg

from core.organisation.scopes import Values
from infra import clock, database
from infra.errors import InvalidInput
from infra.ids import new_id
from infra.schemas import Page
from wechat.codes.queries import CODES, CodeFilter
from wechat.codes.rules import TargetKind
from wechat.codes.schemas import CodeNumbersOut, CodeRankOut

_COUNTS = """
count(*) FILTER (WHERE t.kind = 'scan') AS scans,
count(*) FILTER (WHERE t.kind = 'follow' AND t.is_first) AS follows,
count(*) FILTER (WHERE t.kind = 'follow' AND NOT t.is_first) AS re_follows,
count(*) FILTER (WHERE t.kind = 'follow' AND t.is_first AND NOT p.following) AS losses
"""

_OF_ONE = f"""
SELECT {_COUNTS} FROM touch t JOIN customer p ON p.id = t.customer_id
WHERE t.code_id = $1 AND NOT p.is_staff
  AND ($2::timestamptz IS NULL OR t.occurred_at >= $2) AND ($3::timestamptz IS NULL OR t.occurred_at < $3)
"""

_RANKING = """
WITH picked AS (
    SELECT c.id, a.app_id, c.guide_id, c.store_id, c.channel_id, c.name, COALESCE(w.name, s.name, n.name) AS target
    FROM {codes} WHERE {condition}
), counted AS (
    SELECT t.code_id, {counts}
    FROM touch t JOIN picked ON picked.id = t.code_id JOIN customer p ON p.id = t.customer_id
    WHERE NOT p.is_staff AND t.id < $2{period}
    GROUP BY t.code_id
), ranked AS (
    SELECT picked.*, COALESCE(scans, 0) AS scans, COALESCE(follows, 0) AS follows,
           COALESCE(re_follows, 0) AS re_follows, COALESCE(losses, 0) AS losses
    FROM picked LEFT JOIN counted ON counted.code_id = picked.id
)
SELECT * FROM ranked WHERE {after} ORDER BY follows DESC, id LIMIT $1
"""

Rank = tuple[int, UUID]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: behind `after`, the (follows, id) of a line. Touches made since `before` are not counted."""

    before: UUID
    after: Rank | None = None


async def numbers(code_id: UUID, first: date | None, last: date | None) -> CodeNumbersOut:
    """What one code brought from the first to the last business day, both included; None: without that end."""
    row = await database.fetch_one(_OF_ONE, code_id, *_moments(first, last))
    return CodeNumbersOut.model_validate({**(dict(row) if row else {}), "first": first, "last": last})


async def ranking(
    wanted: CodeFilter, first: date | None, last: date | None, cursor: str | None, limit: int
) -> Page[CodeRankOut]:
    """Codes by the follows they brought, most first. Touches made after the first page was read don't move the others.

    What was counted may still change: a person who turns out to have come by another code before, or a colleague.
    Raises InvalidInput.
    """
    place = _read(cursor) if cursor else Place(new_id())
    lines = await _lines(wanted, first, last, place, limit + 1)
    following = None
    if len(lines) > limit:
        following = f"{lines[limit - 1].follows}_{lines[limit - 1].id}_{place.before}"
    return Page(items=lines[:limit], next=following)


async def _lines(
    wanted: CodeFilter, first: date | None, last: date | None, place: Place, limit: int
) -> list[CodeRankOut]:
    values = Values(limit, place.before)
    condition, period, beyond = wanted.sql(values), "", "true"
    for operator, moment in zip((">=", "<"), _moments(first, last), strict=True):
        if moment is not None:
            period += f" AND t.occurred_at {operator} {values.put(moment)}"
    if place.after is not None:
        follows, id_ = f"{values.put(place.after[0])}::bigint", f"{values.put(place.after[1])}::uuid"
        beyond = f"(follows < {follows} OR (follows = {follows} AND id > {id_}))"
    sql = _RANKING.format(codes=CODES, condition=condition, counts=_COUNTS, period=period, after=beyond)
    return [_rank(row) for row in await database.fetch(sql, *values)]


def _read(cursor: str) -> Place:
    try:
        follows, id_, before = cursor.split("_")
        place = Place(UUID(before), (int(follows), UUID(id_)))
    except ValueError as error:
        raise InvalidInput({"field": "cursor"}) from error
    if not 0 <= int(follows) < 2**63:
        raise InvalidInput({"field": "cursor"})
    return place


def _moments(first: date | None, last: date | None) -> tuple[datetime | None, datetime | None]:
    return (
        clock.start_of_day(first) if first else None,
        clock.start_of_day(last + timedelta(days=1)) if last else None,
    )


def _rank(row: asyncpg.Record) -> CodeRankOut:
    kind = next(kind for kind in TargetKind if row[f"{kind}_id"])
    return CodeRankOut.model_validate({**row, "kind": kind, "target_id": row[f"{kind}_id"]})
