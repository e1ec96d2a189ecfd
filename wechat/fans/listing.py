"""The list of fans: whom the caller reaches, whom the filters leave, newest first, fast with a million of them.

A file of its own: which of three statements finds a page soonest is a matter in itself.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from core.organisation.queries import Colleague
from core.organisation.scopes import Values, alone, staff_in_reach
from infra import database
from wechat.fans.schemas import FanFilters, FanOut, Window
from wechat.outbound.windows import MESSAGE_HOURS, OPEN, usable_from

# So many customers are looked at one by one: all in reach if there are no more, and the newest of all.
_FEW, _SOME = 5_000, 2_000

# A page goes on behind a fan.
_BEFORE = "c.number < (SELECT b.number FROM customer b WHERE b.id = {})"

# Everybody's fans, or one colleague's: an index holds them in order, or leads to those whom a filter leaves.
_PLAIN = """
page AS MATERIALIZED (
    SELECT c.id, c.number, c.following, c.guide_id FROM customer c
    WHERE NOT c.is_staff AND c.merged_into_id IS NULL {conditions} ORDER BY c.number DESC LIMIT {limit}
)
"""

# The fans of many colleagues: mostly a page is found among the newest of all. Where it isn't, only those colleagues can
# have fans on the page whose own newest fan is among the newest: it costs a look into the index per colleague, however
# many fans these have or haven't.
_OF_MANY = """
reach (id) AS MATERIALIZED ({reach}), recent AS MATERIALIZED (
    SELECT c.id, c.number, c.following, c.guide_id FROM (
        SELECT * FROM customer c WHERE {before} ORDER BY c.number DESC LIMIT {some}
    ) c
    WHERE (c.guide_id IN (SELECT id FROM reach)) IS TRUE AND NOT c.is_staff AND c.merged_into_id IS NULL {conditions}
    ORDER BY c.number DESC LIMIT {limit}
), foremost AS (
    SELECT r.id AS guide_id, n.number FROM reach r CROSS JOIN LATERAL (
        SELECT c.number FROM customer c
        WHERE c.guide_id = r.id AND NOT c.is_staff AND c.merged_into_id IS NULL {conditions}
        ORDER BY c.number DESC LIMIT 1
    ) n WHERE (SELECT count(*) FROM recent) < {limit} ORDER BY n.number DESC LIMIT {limit}
), page AS MATERIALIZED (
    SELECT * FROM recent WHERE (SELECT count(*) FROM recent) = {limit}
    UNION ALL
    (SELECT n.* FROM foremost f CROSS JOIN LATERAL (
        SELECT c.id, c.number, c.following, c.guide_id FROM customer c
        WHERE c.guide_id = f.guide_id AND NOT c.is_staff AND c.merged_into_id IS NULL {conditions}
        ORDER BY c.number DESC LIMIT {limit}
    ) n ORDER BY n.number DESC LIMIT {limit})
)
"""

# With a filter that few may pass: each of the few fans in reach is looked at; of many, the filter's index is asked, or
# the newest are. IS TRUE keeps the planner from joining, which would cost it the order.
_FILTERED = """
reach (id) AS MATERIALIZED ({reach}), near AS MATERIALIZED (
    SELECT c.id FROM reach r CROSS JOIN LATERAL (
        SELECT c.id FROM customer c WHERE c.guide_id = r.id LIMIT {few} + 1
    ) c LIMIT {few} + 1
), page AS MATERIALIZED (
    SELECT * FROM (
        SELECT c.id, c.number, c.following, c.guide_id FROM near JOIN customer c ON c.id = near.id
        WHERE (SELECT count(*) FROM near) <= {few} AND NOT c.is_staff AND c.merged_into_id IS NULL {conditions}
        UNION ALL
        (SELECT c.id, c.number, c.following, c.guide_id FROM customer c
        WHERE (SELECT count(*) FROM near) > {few} AND (c.guide_id IN (SELECT id FROM reach)) IS TRUE
            AND NOT c.is_staff AND c.merged_into_id IS NULL {conditions} ORDER BY c.number DESC LIMIT {limit})
    ) p ORDER BY number DESC LIMIT {limit}
)
"""

# Only then is anything read about them.
_LIST = """
WITH {page}
SELECT page.id, page.number, p.name, page.following, page.guide_id, first.guide_id AS brought_by, first.code_id,
       first.store_id, first.channel_id, first.occurred_at AS first_touch_at, last.occurred_at AS last_touch_at,
       seen.last_seen_at, seen.talked_at
FROM page
LEFT JOIN customer_profile p ON p.customer_id = page.id
LEFT JOIN touch first ON first.customer_id = page.id AND first.is_first
LEFT JOIN LATERAL (
    SELECT occurred_at FROM touch t WHERE t.customer_id = page.id ORDER BY occurred_at DESC LIMIT 1
) last ON true
CROSS JOIN LATERAL (
    SELECT max(last_seen_at) AS last_seen_at, max(talked_at) AS talked_at FROM identity i WHERE i.customer_id = page.id
) seen
ORDER BY page.number DESC
"""


class _Conditions:
    """SQL conditions on `c` (a customer), each with its values; what is None asks for nothing.

    `selective`: one of them may leave few.
    """

    def __init__(self, app_id: str | None) -> None:
        self.values = Values()
        self.selective = False
        self._sql: list[str] = []
        self._identity = "SELECT 1 FROM identity i WHERE i.customer_id = c.id"
        if app_id is not None:
            self._identity += f" AND i.app_id = {self.values.put(app_id)}"
            self._add(f"EXISTS ({self._identity})")
        else:
            # Whoever is only known from elsewhere is no fan. No EXISTS: it would be joined.
            self._add(f"({self._identity} LIMIT 1) IS NOT NULL", selective=False)

    def _add(self, sql: str, *, selective: bool = True) -> None:
        self._sql.append(sql)
        self.selective |= selective

    def customer(self, condition: str, value: object) -> None:
        if value is not None:
            self._add(condition.format(self.values.put(value)), selective=False)

    def first_touch(self, condition: str, value: object) -> None:
        if value is not None:
            first = "SELECT 1 FROM touch t WHERE t.customer_id = c.id AND t.is_first"
            self._add(f"EXISTS ({first} AND {condition.format(self.values.put(value))})")

    def identity(self, condition: str, value: object, *, exists: bool = True) -> None:
        if value is not None:
            word = "EXISTS" if exists else "NOT EXISTS"
            self._add(f"{word} ({self._identity} AND {condition.format(self.values.put(value))})")

    def window(self, since: datetime, at: datetime, *, exists: bool) -> None:
        """Whoever wrote since then (an index finds these, and they are few), and may be written to at that moment."""
        is_open = OPEN.format(at=self.values.put(at))
        open_ = f"EXISTS (SELECT FROM customer_window w WHERE w.digest = i.digest AND {is_open})"
        self.identity(f"i.following AND i.talked_at > {{}} AND {open_}", since, exists=exists)

    def identity_in(self, table: str, condition: str, value: object, *, exists: bool = True) -> None:
        """A row about one of the customer's identities."""
        joined = f"EXISTS (SELECT 1 FROM {table} x WHERE x.identity_id = i.id AND x.wanted AND {condition})"
        self.identity(joined, value, exists=exists)

    def __str__(self) -> str:
        return "".join(f" AND {condition}" for condition in self._sql)


def page_sql(
    by: Colleague, filters: FanFilters, guide_id: UUID | None, open_since: datetime, now: datetime
) -> tuple[str, list[Any]]:
    """The statement of a page, one row more than asked for, and its values."""
    where = _conditions(filters, open_since, now)
    reach = None if alone(by) else staff_in_reach(by, where.values.put)
    page = _PLAIN
    if alone(by):
        where.customer("c.guide_id = {}", by.id)
    elif reach is not None and guide_id is not None:
        where.customer(f"(SELECT {{}}::uuid IN ({reach}))", guide_id)
    elif reach is not None:
        page = _FILTERED if where.selective else _OF_MANY
    where.customer("c.guide_id = {}", guide_id)
    before = _BEFORE.format(where.values.put(filters.cursor)) if page is _OF_MANY and filters.cursor else "true"
    # The limit is no parameter: a plan that knows it is another one.
    sql = page.format(reach=reach, before=before, conditions=where, limit=filters.limit + 1, few=_FEW, some=_SOME)
    return _LIST.format(page=sql), where.values


def _conditions(filters: FanFilters, open_since: datetime, now: datetime) -> _Conditions:
    where = _Conditions(filters.app_id)
    where.customer(_BEFORE, filters.cursor)
    if filters.app_id is None:
        where.customer("c.following = {}", filters.following)
    else:
        where.identity("i.following = {}", filters.following)
    where.first_touch("t.code_id = {}", filters.code_id)
    where.first_touch("t.store_id = {}", filters.store_id)
    where.first_touch("t.channel_id = {}", filters.channel_id)
    where.first_touch("t.occurred_at >= {}", filters.followed_after)
    where.first_touch("t.occurred_at < {}", filters.followed_before)
    where.identity("i.talked_at >= {}", filters.talked_after)
    where.identity("i.talked_at < {}", filters.talked_before)
    where.identity("i.talked_at >= {}", filters.talked_before, exists=False)
    if filters.window is not None:
        where.window(open_since, now, exists=filters.window is Window.OPEN)
    where.identity_in("wechat_label_member", "x.label_id = {}", filters.label_id)
    if filters.blocked is not None:
        where.identity_in("wechat_block", "x.wanted = {}", value=True, exists=filters.blocked)
    return where


async def page(by: Colleague, filters: FanFilters, guide_id: UUID | None) -> list[FanOut]:
    """The fans in reach that pass (with a guide: of those the guide looks after), newest first."""
    now = await usable_from()
    sql, values = page_sql(by, filters, guide_id, now - timedelta(hours=await MESSAGE_HOURS.get()), now)
    return [FanOut(**row) for row in await database.fetch(sql, *values)]
