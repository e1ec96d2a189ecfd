"""Finding a page of customers, newest first, among millions: by any filters, in anybody's reach.

A file of its own: which way finds a page soonest is a matter in itself (docs/search.md). Each way is one statement; the
next one is asked only when one can't answer.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from core.customers.indexing import BUCKET_BITS
from core.customers.ownership import Place
from core.customers.search.conditions import Conditions, meant
from core.customers.search.rules import Asked, Span
from core.customers.search.schemas import CustomerFilters, Days
from core.customers.search.whose import Whose
from core.organisation.queries import Colleague
from core.organisation.scopes import Values
from infra import clock, database

# So many customers are looked at one by one: all there are if there are no more, and the newest of all.
_FEW, _SOME = 10_000, 2_000
# The first of the steps, each twice as long, in which the customers of many colleagues are gone through.
_STEP, _STEPS = 4_096, 40

# Numbers of those who may be meant, each then looked at, newest first. A row without an id: there are more than that.
_LOOK = """
WITH {owners} near (number) AS MATERIALIZED ({source} LIMIT {cap} + 1), page AS MATERIALIZED (
    SELECT found.* FROM (SELECT number FROM near {unless} ORDER BY number DESC) n CROSS JOIN LATERAL (
        SELECT c.id, c.number FROM {tables} WHERE c.number = n.number AND {conditions} LIMIT 1
    ) found LIMIT {limit}
)
SELECT id, number FROM page UNION ALL SELECT NULL, NULL FROM near HAVING count(*) > {cap}
"""
_UNLESS = "WHERE (SELECT count(*) FROM near) <= {cap}"

# One after the other, until the page is full.
_WALK = """
SELECT found.* FROM ({source} OFFSET 0) n CROSS JOIN LATERAL (
    SELECT c.id, c.number FROM {tables} WHERE c.number = n.number AND {conditions} LIMIT 1
) found LIMIT {limit}
"""

_TOP = "top (number) AS MATERIALIZED (SELECT COALESCE({before}::bigint - 1, max(number)) FROM customer)"

# The index, one bucket of numbers after the other.
_DESCEND = """
WITH {top}
SELECT found.* FROM top, generate_series(top.number >> {bits}, 0, -1) AS bucket CROSS JOIN LATERAL (
    SELECT c.id, c.number FROM customer_search s JOIN customer c ON c.number = s.number
    WHERE {indexed} AND s.terms @> ARRAY['k:' || bucket] AND s.number <= top.number AND {conditions}
    ORDER BY c.number DESC LIMIT {limit}
) found LIMIT {limit}
"""

# The customers of many colleagues, from the newest on, in steps that grow.
_STRIDE = """
WITH {owners} {top}, steps (low, high) AS MATERIALIZED (
    SELECT top.number - {step} * ((1::bigint << n + 1) - 1) + 1, top.number - {step} * ((1::bigint << n) - 1)
    FROM top, generate_series(0, {steps}) AS n WHERE top.number > {step} * ((1::bigint << n) - 1) ORDER BY n
)
SELECT found.* FROM steps CROSS JOIN LATERAL (
    SELECT looked.* FROM (
        SELECT own.number FROM owners o CROSS JOIN LATERAL (
            SELECT c.number FROM customer c WHERE c.guide_id = o.id AND c.number BETWEEN low AND high OFFSET 0
        ) own ORDER BY own.number DESC
    ) n CROSS JOIN LATERAL (
        SELECT c.id, c.number FROM {tables} WHERE c.number = n.number AND {conditions} LIMIT 1
    ) looked LIMIT {limit}
) found LIMIT {limit}
"""


@dataclass(frozen=True, slots=True)
class Way:
    """A statement. `newest`: it finds the newest, so that a full page is the page, whatever else there is."""

    sql: str
    values: list[Any]
    newest: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of a list: `limit` customers before the number `before`; without `by`, of the whole company."""

    filters: CustomerFilters
    by: Colleague | None
    before: int | None
    limit: int

    async def page(self) -> list[tuple[UUID, int]]:
        """Ids and numbers of the customers, newest first."""
        for way in self.ways():
            rows = await database.fetch(way.sql, *way.values)
            more = bool(rows) and rows[-1]["id"] is None
            found = [(row["id"], row["number"]) for row in (rows[:-1] if more else rows)]
            if not more or (way.newest and len(found) == self.limit):
                return found
        return []

    def ways(self) -> Iterator[Way]:
        """The ways to the page in the order in which they are tried; the last one always answers."""
        whose = Whose.of(self.filters, self.by)
        if whose.nobody:
            return
        asked = Asked.of(self.filters.q) if self.filters.q else None
        if asked and not asked.is_name:
            yield _Draft(self, whose).words(asked)
        if whose.one or whose.many or self.filters.place is Place.OWNED:
            for column, days in self._dates():
                yield _Draft(self, whose).dated(column, days)
        if whose.many:
            yield _Draft(self, whose).all_of_many()
        yield _Draft(self, whose).newest()
        if by_index := _Draft(self, whose).by_index():
            yield by_index
        yield _Draft(self, whose).rest()

    def _dates(self) -> Iterator[tuple[str, Days]]:
        for column, days in (("next_contact_at", self.filters.next_contact), ("active_at", self.filters.last_record)):
            if days and not days.or_never:
                yield column, days


class _Draft:
    """One statement in the making, and the values it uses."""

    def __init__(self, listing: Listing, whose: Whose) -> None:
        self._listing, self._whose = listing, whose
        self._values = Values()
        self._conditions = Conditions(listing.filters, self._values.put)

    def words(self, asked: Asked) -> Way:
        """Whom words may mean that aren't just a name."""
        return self._look(meant(asked, self._values.put, _FEW + 1), mine=False)

    def dated(self, column: str, days: Days) -> Way:
        """Owners' customers with a date in a span: an index has these together."""
        within = self._conditions.between(f"c.{column}", Span.of(days, clock.business_day()))
        if self._whose.one:
            return self._look(f"SELECT c.number FROM customer c WHERE {self._of_one()} AND {within}")
        return self._look(self._of_many(within))

    def all_of_many(self) -> Way:
        """All customers of many colleagues, if they are few."""
        return self._look(self._of_many("true"))

    def newest(self) -> Way:
        """The newest of one colleague or place, or of all."""
        own = self._whose.one or self._whose.unowned
        return self._look(self._in_order(), cap=_FEW if own else _SOME, mine=not self._whose.many, newest=True)

    def by_index(self) -> Way | None:
        """All that the index finds, if they are few; None when it knows nothing of what is asked."""
        if not self._conditions.known:
            return None
        source = f"SELECT s.number FROM customer_search s WHERE {self._conditions.indexed()}"
        return self._look(source, mine=False, conditions=self._conditions.rest())

    def rest(self) -> Way:
        """All of them, newest first, until the page is full."""
        if self._whose.many:
            return self._fill(_STRIDE)
        if self._conditions.known and not (self._whose.one or self._whose.unowned):
            return self._fill(_DESCEND, indexed=self._conditions.indexed(), conditions=self._conditions.rest())
        return self._fill(_WALK, source=self._in_order())

    def _look(
        self, source: str, *, cap: int = _FEW, mine: bool = True, newest: bool = False, conditions: str | None = None
    ) -> Way:
        conditions = conditions or self._conditions.matching()
        if not mine:
            conditions += f" AND {self._mine()}"
        unless = "" if newest else _UNLESS.format(cap=cap)
        way = self._fill(_LOOK, source=source, cap=cap, unless=unless, conditions=conditions)
        return Way(way.sql, way.values, newest)

    def _fill(self, template: str, conditions: str | None = None, **words: object) -> Way:
        conditions = conditions or self._conditions.matching()
        tables = "customer c JOIN customer_search s ON s.number = c.number" if "s.terms" in conditions else "customer c"
        owners = f"owners (id) AS MATERIALIZED ({self._whose.owners(self._values.put)})," if self._whose.many else ""
        top = _TOP.format(before=self._values.put(self._listing.before)) if "{top}" in template else ""
        common = {"owners": owners, "top": top, "tables": tables, "conditions": conditions, "bits": BUCKET_BITS}
        common |= {"limit": self._listing.limit, "step": _STEP, "steps": _STEPS}
        return Way(template.format(**common | words), self._values)

    def _before(self) -> str:
        before = self._listing.before
        return "true" if before is None else f"c.number < {self._values.put(before)}"

    def _of_one(self) -> str:
        return f"c.guide_id = {self._values.put(self._whose.one)}::uuid"

    def _mine(self) -> str:
        # IS TRUE keeps the planner from joining, which would cost it the order.
        of_many = "(c.guide_id IN (SELECT id FROM owners)) IS TRUE"
        whose = of_many if self._whose.many else self._of_one() if self._whose.one else "true"
        return f"{whose} AND {self._before()}"

    def _in_order(self) -> str:
        own = self._of_one() if self._whose.one else self._whose.unowned or "true"
        return f"SELECT c.number FROM customer c WHERE {own} AND {self._before()} ORDER BY c.number DESC"

    def _of_many(self, within: str) -> str:
        return f"""SELECT own.number FROM owners o CROSS JOIN LATERAL (
            SELECT c.number FROM customer c WHERE c.guide_id = o.id AND {within} AND {self._before()}
            LIMIT {_FEW} + 1
        ) own"""
