"""What a few are shown is found by index, however many fans wait for others."""

import re

import pytest

from infra import clock, database
from tests import factories as make
from wechat.inbox import listing, queries
from wechat.inbox.schemas import ConversationFilters, View
from wechat.outbound import queries as outbound

pytestmark = pytest.mark.prove

_FANS = 20_000
_GUIDES = 100

_FILL = (
    """INSERT INTO customer (id, guide_id, following, is_staff, created_at)
    SELECT md5('c' || n)::uuid, ($1::uuid[])[1 + n % $4::int], true, false, $2 FROM generate_series(1, $3::int) n""",
    """INSERT INTO identity (id, customer_id, app_id, openid, digest, following, state_at, last_seen_at, created_at)
    SELECT md5('i' || n)::uuid, md5('c' || n)::uuid, 'wx', 'o' || n, decode(md5('d' || n), 'hex'), true, $2, $2, $2
    FROM generate_series(1, $3::int) n WHERE $1::uuid[] IS NOT NULL AND $4::int > 0""",
    """INSERT INTO conversation (id, account_id, identity_id, staff_id, case_id, waiting_since, last_number, last_at,
        version, created_at)
    SELECT md5('k' || n)::uuid, (SELECT id FROM wechat_account), md5('i' || n)::uuid, ($1::uuid[])[1 + n % $4::int],
        md5('v' || n)::uuid, $2::timestamptz - make_interval(secs => n), 1, $2, 1, $2
    FROM generate_series(1, $3::int) n""",
    """INSERT INTO outbound_message (id, account_id, channel, key, digest, conversation_id, payload, state, attempts,
        due_at, created_at)
    SELECT md5('m' || n)::uuid, (SELECT id FROM wechat_account), 'customer', 'm' || n, '\\x01', md5('k' || n)::uuid,
        '{}', 'sent', 1, $2, $2 FROM generate_series(1, $3::int) n WHERE $1::uuid[] IS NOT NULL AND $4::int > 0""",
)


async def _plan(sql, *values):
    rows = await make.rows(f"EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF) {sql}", *values)
    return "\n".join(row["QUERY PLAN"] for row in rows)


def _read(plan, table):
    """How many rows of a table were read in all."""
    found = re.findall(rf"on {table} \w+.*actual rows=([\d.]+) loops=(\d+)", plan)
    return sum(float(rows) * int(loops) for rows, loops in found)


async def test_who_has_few_customers_reads_no_list_of_all_who_wait(db):
    await make.account()
    guides = [await make.guide() for _ in range(2)]
    everybody = [guides[0].id] + [guides[1].id] * (_GUIDES - 1)
    for statement in _FILL:
        await database.execute(statement, everybody, clock.now(), _FANS, _GUIDES)
    await database.execute("ANALYZE customer, identity, conversation, outbound_message")
    for view in View:
        sql, values = listing.page_sql(guides[0], ConversationFilters(view=view))
        plan = await _plan(sql, *values)
        assert "Seq Scan on conversation" not in plan, plan
        # Their customers' once, a page of what they serve, what is shown: not what waits for everybody else.
        assert _read(plan, "conversation") < 600, plan
    for sql, values in (
        (queries._COUNTS.format(lines="false"), [guides[0].id]),
        (outbound._PAGE, [51, *[None] * 6, (await make.rows("SELECT md5('k7')::uuid AS id"))[0]["id"]]),
    ):
        plan = await _plan(sql, *values)
        assert "Seq Scan on conversation" not in plan, plan
        assert "Seq Scan on outbound_message" not in plan, plan
        assert _read(plan, "conversation") + _read(plan, "outbound_message") < 600, plan
