"""The list of conversations: one statement for a page in its view and scope, one for the windows on it.

A file of its own: each view has an index that gives its order, and the page is chosen before anything is joined.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg

from core.organisation.queries import Colleague
from core.organisation.scopes import Values, staff_in_reach
from infra import database
from infra.paging import moment_cursor, read_moment_cursor
from infra.schemas import Page
from wechat.inbox.schemas import ConversationFilters, ConversationOut, View
from wechat.inbox.scopes import IN_LINE, is_agent, of_lines, whose
from wechat.outbound import windows
from wechat.outbound.rules import Allowance

_SHOWN = """
SELECT k.id, a.app_id, a.name AS account, i.customer_id, COALESCE(p.name, '') AS name, k.staff_id, s.name AS staff,
    k.store_id, o.name AS store, k.case_id IS NOT NULL AS open, k.waiting_since, k.unread, k.last_author, k.last_text,
    k.last_at, k.last_number, k.version, i.digest
FROM ({page}) k JOIN wechat_account a ON a.id = k.account_id JOIN identity i ON i.id = k.identity_id
LEFT JOIN customer_profile p ON p.customer_id = i.customer_id LEFT JOIN staff s ON s.id = k.staff_id
LEFT JOIN store o ON o.id = k.store_id
ORDER BY {order}
"""

_PAGE = "SELECT k.* FROM conversation k WHERE {conditions} ORDER BY {order} LIMIT {limit}"

# Few customers in reach: their conversations are looked up, with those that colleagues in reach serve and those in
# lines (OFFSET 0: one by one, or all of the tables would be joined). Many: the newest (or whoever waits longest) are
# looked at until the page is full, which it soon is; so they are where only few wait at all.
_FEW = 1_500
_REACHED = """
WITH reach (id) AS MATERIALIZED ({people}), near AS MATERIALIZED (
    SELECT c.id FROM reach r CROSS JOIN LATERAL (
        SELECT c.id FROM customer c WHERE c.guide_id = r.id LIMIT {few} + 1
    ) c LIMIT {few} + 1
), crowd AS MATERIALIZED (
    SELECT 1 FROM conversation WHERE waiting_since IS NOT NULL ORDER BY waiting_since LIMIT {few} + 1
), found (id, {moment}) AS MATERIALIZED (
    SELECT o.id, o.{moment} FROM near CROSS JOIN LATERAL (
        SELECT k.id, k.{moment} FROM identity i JOIN conversation k ON k.identity_id = i.id
        WHERE i.customer_id = near.id AND {filters} OFFSET 0
    ) o WHERE {by_reach}
    UNION
    SELECT n.id, n.{moment} FROM reach r CROSS JOIN LATERAL (
        SELECT k.id, k.{moment} FROM conversation k WHERE k.staff_id = r.id AND {filters} ORDER BY {order} LIMIT {limit}
    ) n WHERE {by_reach}
    UNION
    SELECT k.id, k.{moment} FROM conversation k WHERE {by_reach} AND {in_line} AND {lines} AND {filters}
    UNION
    (SELECT k.id, k.{moment} FROM conversation k WHERE NOT ({by_reach}) AND {reached} AND {filters}
    ORDER BY {order} LIMIT {limit})
)
SELECT k.* FROM (SELECT k.id FROM found k ORDER BY {order} LIMIT {limit}) f JOIN conversation k ON k.id = f.id
"""

_FEW_NEAR = f"(SELECT count(*) FROM near) <= {_FEW}"
_MANY_WAIT = f"(SELECT count(*) FROM crowd) > {_FEW}"

_NEWEST, _LONGEST = "k.last_at DESC, k.id DESC", "k.waiting_since, k.id"


def page_sql(by: Colleague, filters: ConversationFilters) -> tuple[str, list[Any]]:
    """The statement of a page, one row more than asked for, and its values."""
    values = Values()
    conditions = [*_of_view(by, filters.view, values), *_of_filters(filters, values)]
    waits = filters.view is View.WAITING
    if filters.cursor is not None:
        at, id_ = read_moment_cursor(filters.cursor)
        place = f"({values.put(at)}::timestamptz, {values.put(id_)}::uuid)"
        conditions.append(f"(k.waiting_since, k.id) > {place}" if waits else f"(k.last_at, k.id) < {place}")
    order = _LONGEST if waits else _NEWEST
    # The limit is no parameter: a plan that knows it is another one.
    limit = filters.limit + 1
    if filters.view in {View.ALL, View.WAITING} and (people := staff_in_reach(by, values.put)) is not None:
        page = _REACHED.format(
            people=people,
            few=_FEW,
            moment="waiting_since" if waits else "last_at",
            by_reach=f"{_MANY_WAIT} AND {_FEW_NEAR}" if waits else _FEW_NEAR,
            filters=" AND ".join(conditions) or "true",
            order=order,
            limit=limit,
            in_line=IN_LINE,
            lines=of_lines(by, values.put),
            reached=whose(by, values.put),
        )
    else:
        # Everybody's, or what a view has is in reach by itself.
        page = _PAGE.format(conditions=" AND ".join(conditions) or "true", order=order, limit=limit)
    return _SHOWN.format(page=page, order=order), values


def _of_view(by: Colleague, view: View, values: Values) -> list[str]:
    match view:
        case View.MINE:
            return [f"k.staff_id = {values.put(by.id)}::uuid"]
        case View.STORE:
            return [IN_LINE, of_lines(by, values.put)]
        case View.AGENTS:
            return [IN_LINE, "k.store_id IS NULL", "true" if is_agent(by) else "false"]
        case View.WAITING:
            return ["k.waiting_since IS NOT NULL"]
    # Whose they are is asked around it.
    return []


def _of_filters(filters: ConversationFilters, values: Values) -> list[str]:
    conditions = []
    if filters.open is not None:
        conditions.append(f"k.case_id IS {'NOT ' if filters.open else ''}NULL")
    if filters.unread is not None:
        conditions.append("k.unread > 0" if filters.unread else "k.unread = 0")
    if filters.app_id is not None:
        conditions.append(f"k.account_id = (SELECT id FROM wechat_account WHERE app_id = {values.put(filters.app_id)})")
    if filters.staff_id is not None:
        conditions.append(f"k.staff_id = {values.put(filters.staff_id)}")
    if filters.store_id is not None:
        conditions.append(f"k.store_id = {values.put(filters.store_id)}")
    if filters.customer_id is not None:
        of_customer = f"SELECT id FROM identity WHERE customer_id = {values.put(filters.customer_id)}"
        conditions.append(f"k.identity_id IN ({of_customer})")
    return conditions


async def page(by: Colleague, filters: ConversationFilters) -> Page[ConversationOut]:
    """Conversations in reach that pass, the newest (of those that wait the oldest) first. Raises InvalidInput."""
    sql, values = page_sql(by, filters)
    rows = await database.fetch(sql, *values)
    shown = [one for one, _ in await _out(rows[: filters.limit])]
    if len(rows) <= filters.limit:
        return Page(items=shown, next=None)
    last = rows[filters.limit - 1]
    at = last["waiting_since"] if filters.view is View.WAITING else last["last_at"]
    return Page(items=shown, next=moment_cursor(at, last["id"]))


async def one(by: Colleague, conversation_id: UUID) -> tuple[ConversationOut, Allowance] | None:
    """One conversation as the list shows it, with its window; None when it isn't in reach."""
    values = Values(conversation_id)
    page = _PAGE.format(conditions=f"k.id = $1 AND {whose(by, values.put)}", order="k.id", limit=1)
    found = await _out(await database.fetch(_SHOWN.format(page=page, order="k.id"), *values))
    return found[0] if found else None


async def _out(rows: Sequence[asyncpg.Record]) -> list[tuple[ConversationOut, Allowance]]:
    async with database.connection() as connection:
        allowed = await windows.read_many(connection, [row["digest"] for row in rows])
    return [(ConversationOut(**row, window_until=allowed[row["digest"]].until), allowed[row["digest"]]) for row in rows]
