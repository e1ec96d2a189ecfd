"""Finding a page of customers, newest first, among millions: by any filters, in anybody's reach.

A file of its own: which way finds a page soonest is a matter in itself (docs/search.md). Each way is one statement; the
next one is asked only when one can't answer.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from core.customers.indexing import BUCKET_BITS
from core.customers.search.conditions import Conditions, meant
from core.customers.search.schemas import CustomerFilters, Days
from core.customers.search.terms import Asked, Span
from core.customers.search.whose import Whose
from core.organisation.queries import Colleague
from core.organisation.scopes import Values
from infra import clock, database

# So many customers are looked at one by one: all there are if there are no more, and the newest.
_FEW, _SOME = 5_000, 1_000
# The index is asked for so many: a find costs a third of a look.
_FOUND = 15_000
# As many may be all that the caller reaches, to be looked at from the newest to the oldest: two microseconds each.
_MANY = 20_000
# When so few of a page (a fifth) are among the newest, the index is asked before all others are looked at.
_RARE = 5
_FEW_OWNERS = 2_000
# So many buckets of the index are gone through before it is asked for all; 16 are a block.
_BUCKETS, _BLOCK_BITS = 24, 4
# The first of the steps, each twice as long, in which the customers of many colleagues are gone through.
_STEP, _STEPS = 4_096, 40

# Numbers of those who may be meant, each then looked at, newest first. A row without an id: there are more than that.
_LOOK = """
WITH {owners} near (number) AS MATERIALIZED ({source} LIMIT {cap} + 1), page AS MATERIALIZED (
    SELECT found.* FROM (SELECT number FROM near {unless} ORDER BY number DESC) n CROSS JOIN LATERAL ({check}) found
    LIMIT {limit}
)
SELECT id, number FROM page UNION ALL SELECT NULL, NULL FROM near HAVING count(*) > {cap}
"""
_UNLESS = "WHERE (SELECT count(*) FROM near) <= {cap}"

# All whom one or many colleagues look after, if they aren't too many: first the newest. Are these no full page, then of
# the older ones all; when hardly any of the newest passed, first those of them who are easily told apart.
_MINE = """
WITH {owners} mine (number) AS MATERIALIZED ({source} LIMIT {most} + 1),
size (mine) AS MATERIALIZED (SELECT count(*) FROM mine), newest AS MATERIALIZED (
    SELECT number FROM mine WHERE (SELECT mine FROM size) <= {most} ORDER BY number DESC LIMIT {some}
), first AS MATERIALIZED (
    SELECT found.* FROM (SELECT number FROM newest ORDER BY number DESC) n CROSS JOIN LATERAL ({check}) found
    LIMIT {limit}
), state (pending, scarce, below) AS MATERIALIZED (
    SELECT (SELECT mine FROM size) BETWEEN {some} + 1 AND {most} AND count(*) < {limit}, count(*) * {rare} < {limit},
        (SELECT min(number) FROM newest) FROM first
), {hits} older (number) AS MATERIALIZED (
    SELECT number FROM mine WHERE (SELECT pending AND NOT scarce FROM state)
    UNION ALL SELECT number FROM ({likely}) likely WHERE (SELECT pending AND scarce FROM state)
), page AS MATERIALIZED (
    SELECT found.* FROM (
        SELECT number FROM older WHERE number < (SELECT below FROM state) ORDER BY number DESC
    ) n CROSS JOIN LATERAL ({check}) found LIMIT {limit}
)
(
    SELECT id, number FROM (SELECT * FROM first UNION ALL SELECT * FROM page) AS passing
    ORDER BY number DESC LIMIT {limit}
) UNION ALL SELECT NULL, NULL FROM size WHERE mine > {most}
"""
# Those whom the index finds, unless it finds too many.
_HITS = """hits (number) AS MATERIALIZED (
    SELECT s.number FROM customer_search s WHERE (SELECT pending AND scarce FROM state) AND {indexed} LIMIT {cap} + 1
),"""
_LIKELY = "SELECT number FROM mine WHERE (SELECT count(*) FROM hits) > {cap} OR number IN (SELECT number FROM hits)"

# One after the other, until the page is full.
_WALK = "SELECT found.* FROM ({source} OFFSET 0) n CROSS JOIN LATERAL ({check}) found LIMIT {limit}"

# A look at one of them: first at the row of the index, only then at what it costs more to look at.
_CHECK = "SELECT c.id, c.number FROM customer c WHERE c.number = {one}.number AND {rest} LIMIT 1"
_CHECK_INDEXED = """
SELECT found.* FROM customer_search s CROSS JOIN LATERAL (
    SELECT c.id, c.number FROM customer c WHERE c.number = s.number AND {rest} LIMIT 1
) found WHERE s.number = {one}.number AND {terms} LIMIT 1
"""

# Before that at the signature of its terms, which is in an index itself.
_CHECK_SIGNED = """
SELECT checked.* FROM (SELECT s.number FROM customer_search s WHERE s.number = n.number AND {signed} LIMIT 1) signed
CROSS JOIN LATERAL ({check}) checked
"""

# Where to begin: at the newest customer of the colleagues, unless these are so many that it is among the newest of all.
_TOP = """top (number) AS MATERIALIZED (
    SELECT max(number) FROM customer c WHERE {before}
)"""
_TOP_OF_MANY = """top (number) AS MATERIALIZED (
    SELECT CASE WHEN (SELECT count(*) FROM owners) > {few} THEN (SELECT max(number) FROM customer c WHERE {before})
        ELSE (SELECT max(newest.number) FROM owners o CROSS JOIN LATERAL (
            SELECT c.number FROM customer c WHERE c.guide_id = o.id AND {before}
            ORDER BY c.guide_id DESC, c.number DESC LIMIT 1
        ) newest) END
)"""

# The index, one bucket of numbers after the other, the finds of each in order (+ 0: no other index will do); a row
# without an id: there are more.
_DESCEND = """
WITH {owners} {top}, page AS MATERIALIZED (
    SELECT looked.* FROM (
        SELECT found.number FROM top, generate_series(top.number >> {bits}, {last} >> {inner}, -1) AS block,
            generate_series(least((block << {inner}) + (1 << {inner}) - 1, top.number >> {bucket_bits}),
                greatest(block << {inner}, {last}), -1) AS bucket
        CROSS JOIN LATERAL (
            SELECT s.number FROM customer_search s WHERE {indexed} AND s.number <= top.number ORDER BY s.number + 0 DESC
        ) found WHERE {worthwhile} LIMIT {cap}
    ) n CROSS JOIN LATERAL ({check}) looked LIMIT {limit}
)
SELECT id, number FROM page UNION ALL SELECT NULL, NULL FROM top WHERE {last} > 0
"""
# A block without a customer of these colleagues, or without one in the span of time, needn't be opened.
_WORTHWHILE = """EXISTS (
    SELECT FROM owners o CROSS JOIN LATERAL (
        SELECT FROM customer c
        WHERE c.guide_id = o.id AND c.number BETWEEN block << {bits} AND ((block + 1) << {bits}) - 1 LIMIT 1
    ) own
)"""

_DATED = "EXISTS (SELECT FROM (SELECT s.number FROM customer_search s WHERE {dated} LIMIT 1) dated)"

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
    ) n CROSS JOIN LATERAL ({check}) looked LIMIT {limit}
) found LIMIT {limit}
"""


@dataclass(frozen=True, slots=True)
class Way:
    """A statement. `newest`: it finds the newest, so that a full page is the page, whatever else there is."""

    sql: str
    values: list[Any]
    newest: bool = False

    def answer(self, rows: Sequence[asyncpg.Record], limit: int) -> list[tuple[UUID, int]] | None:
        """The page, if these rows of its tell; None: the next way is to be asked."""
        more = bool(rows) and rows[-1]["id"] is None
        found = [(row["id"], row["number"]) for row in (rows[:-1] if more else rows)]
        return None if more and not (self.newest and len(found) == limit) else found


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
            found = way.answer(await database.fetch(way.sql, *way.values), self.limit)
            if found is not None:
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
        for column, days in self._dates():
            yield _Draft(self, whose).dated(column, days)
        conditions = Conditions(self.filters, Values().put)
        if whose.owned:
            yield _Draft(self, whose).mine()
        if not (whose.many and conditions.known):
            yield _Draft(self, whose).newest()
        if conditions.known and not whose.single:
            yield _Draft(self, whose).first_blocks()
        if conditions.narrow:
            yield _Draft(self, whose).by_index()
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
        self._put = self._values.put
        self._conditions = Conditions(listing.filters, self._put)

    def words(self, asked: Asked) -> Way:
        """Whom words may mean that aren't just a name."""
        return self._look(meant(asked, self._put, _FEW + 1), self._check_whose(found=False))

    def dated(self, column: str, days: Days) -> Way:
        """Those with a date in a span: an index has these together for each owner, and for no owner."""
        within = self._conditions.between(f"c.{column}", Span.of(days, clock.business_day()))
        plain = "SELECT c.number FROM customer c WHERE"
        if self._whose.owned:
            return self._look(self._all(within, _FEW), self._check())
        owned = self._of_many(within, _FEW).replace("owners o", "staff o")
        unowned = f"({plain} c.guide_id IS NULL AND {within} LIMIT {_FEW} + 1)"
        return self._look(f"{owned} UNION ALL {unowned}", self._check_whose(found=False))

    def mine(self) -> Way:
        """All customers of one or many colleagues, if they aren't too many."""
        hits, likely, conditions = "", "SELECT number FROM mine", self._conditions
        if conditions.columns and not conditions.terms:
            likely = self._all(" AND ".join(conditions.columns), _MANY)
        elif conditions.narrow and not conditions.signable:
            hits, likely = _HITS.format(indexed=conditions.indexed(), cap=_FOUND), _LIKELY.format(cap=_FOUND)
        words = {"source": self._all("true", _MANY), "check": self._check(), "hits": hits, "likely": likely}
        return Way(self._fill(_MINE, most=_MANY, some=_SOME, rare=_RARE, **words), self._values)

    def newest(self) -> Way:
        """The newest of one colleague or place, or of all."""
        check = self._check_whose(found=False) if self._whose.many else self._check()
        return Way(
            self._fill(_LOOK, source=self._in_order(), cap=_SOME, unless="", check=check), self._values, newest=True
        )

    def first_blocks(self) -> Way:
        """What the index finds in the newest blocks."""
        last = f"greatest((top.number >> {BUCKET_BITS}) - {_BUCKETS - 1}, 0)"
        # Where nothing is left over, what is found is all.
        cap = f"(SELECT CASE WHEN {last} > 0 THEN {_FEW} END FROM top)"
        return Way(self._descend(last, cap), self._values, newest=True)

    def by_index(self) -> Way:
        """All that the index finds, if they are few."""
        source = f"SELECT s.number FROM customer_search s WHERE {self._conditions.indexed()}"
        return self._look(source, self._check_whose(found=True), _FOUND)

    def rest(self) -> Way:
        """All of them, newest first, until the page is full."""
        if self._conditions.known and not self._whose.single:
            sql = self._descend("0", "ALL")
        elif self._whose.many:
            sql = self._fill(_STRIDE, check=self._check())
        else:
            columns = " AND ".join([*self._conditions.columns, "true"])
            sql = self._fill(_WALK, source=self._in_order(columns), check=self._check())
        return Way(sql, self._values)

    def _look(self, source: str, check: str, cap: int | None = None) -> Way:
        cap = cap or _FEW
        return Way(self._fill(_LOOK, source=source, cap=cap, unless=_UNLESS.format(cap=cap), check=check), self._values)

    def _descend(self, last: str, cap: str) -> str:
        bits = BUCKET_BITS + _BLOCK_BITS
        worthwhile = [_WORTHWHILE.format(bits=bits)] if self._whose.many else []
        if dated := self._conditions.dated_in("block", _BLOCK_BITS):
            worthwhile.append(_DATED.format(dated=dated))
        return self._fill(
            _DESCEND,
            indexed=self._conditions.indexed_in("bucket"),
            check=self._check_whose(found=True),
            cap=cap,
            worthwhile=" AND ".join([*worthwhile, "true"]),
            last=last,
            bits=bits,
            bucket_bits=BUCKET_BITS,
            inner=_BLOCK_BITS,
        )

    def _fill(self, template: str, **words: object) -> str:
        many = self._whose.many
        owners = f"owners (id) AS MATERIALIZED ({self._whose.owners(self._put)})," if many else ""
        top = ""
        if "{top}" in template:
            top = (_TOP_OF_MANY if many else _TOP).format(before=self._before(), few=_FEW_OWNERS)
        return template.format(owners=owners, top=top, limit=self._listing.limit, step=_STEP, steps=_STEPS, **words)

    def _check(self) -> str:
        """A look at somebody known to be in reach."""
        rest, found = self._conditions.rest(), self._conditions.found()
        if not self._conditions.signable:
            return self._look_at("n", rest, found)
        return _CHECK_SIGNED.format(signed=self._conditions.signed(), check=self._look_at("signed", rest, found))

    def _check_whose(self, *, found: bool) -> str:
        """A look at whose somebody is, besides; `found`: by the index, so its terms needn't be looked at."""
        # IS TRUE keeps the planner from joining, which would cost it the order.
        of_many = "(c.guide_id IN (SELECT id FROM owners)) IS TRUE"
        whose = of_many if self._whose.many else self._of_one() if self._whose.one else "true"
        rest = f"{whose} AND {self._before()} AND {self._conditions.rest()}"
        return self._look_at("n", rest, "" if found else self._conditions.found())

    def _look_at(self, one: str, rest: str, terms: str) -> str:
        check = _CHECK_INDEXED if terms or "s.terms" in rest else _CHECK
        return check.format(one=one, rest=rest, terms=terms or "true")

    def _before(self) -> str:
        before = self._listing.before
        return "true" if before is None else f"c.number < {self._put(before)}"

    def _of_one(self) -> str:
        return f"c.guide_id = {self._put(self._whose.one)}::uuid"

    def _all(self, within: str, most: int) -> str:
        """Whom one or many colleagues look after, of many no more than so many of each."""
        if self._whose.many:
            return self._of_many(within, most)
        return f"SELECT c.number FROM customer c WHERE {self._of_one()} AND {self._before()} AND {within}"

    def _in_order(self, columns: str = "true") -> str:
        own = self._of_one() if self._whose.one else self._whose.unowned or "true"
        return f"SELECT c.number FROM customer c WHERE {own} AND {self._before()} AND {columns} ORDER BY c.number DESC"

    def _of_many(self, within: str, most: int) -> str:
        return f"""SELECT own.number FROM owners o CROSS JOIN LATERAL (
            SELECT c.number FROM customer c WHERE c.guide_id = o.id AND {within} AND {self._before()}
            LIMIT {most} + 1
        ) own"""
