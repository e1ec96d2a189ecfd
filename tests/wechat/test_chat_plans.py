"""A thread is read by its index, however much was said elsewhere and in however many months."""

from datetime import timedelta
from uuid import UUID

import pytest

from infra import clock, database, partitions
from tests import factories as make
from tests.pushes import Pushes
from tests.wechat.chat_world import conversation, hear
from wechat.conversations import parts, queries

pytestmark = pytest.mark.prove

_MESSAGES = 200_000

_FILL = """
INSERT INTO chat_message (conversation_id, number, created_at, said_at, author, kind, content, text, terms)
SELECT md5((n % 2000)::text)::uuid, n / 2000 + 1, at, at, 'fan', 'text', '{}', '你好' || n, ARRAY['你好', 'x' || n]
FROM generate_series(1, $1::int) AS n, LATERAL (SELECT $2::timestamptz - n * interval '30 seconds' AS at) AS t
"""


async def _plan(sql, *values):
    rows = await make.rows(f"EXPLAIN {sql}", *values)
    return "\n".join(row["QUERY PLAN"] for row in rows)


async def test_no_page_of_a_thread_reads_a_whole_table(db):
    fan = Pushes(await make.account(), make.openid())
    await hear(fan, fan.text("你好"))
    row = await conversation()
    for back in range(3):
        day = clock.now().date() - timedelta(days=31 * back)
        await partitions._create(partitions.CHAT_MESSAGE, partitions.CHAT_MESSAGE.start_of(day))
    await database.execute(_FILL, _MESSAGES, clock.now())
    await database.execute("ANALYZE chat_message")
    customer = UUID(int=(await make.customer_of(fan.openid))["id"].int)
    for sql, values in (
        (queries._OLDER, (row["id"], 50, 1_000)),
        (queries._NEWER, (row["id"], 50, 0)),
        (queries._SAID_BY_RULE, (row["id"], [row["id"]], clock.now())),
        (parts._SUMMARY, (customer, 20)),
        (parts._BLANK, ([row["id"]],)),
        (parts._OWN_PICTURES, ([row["id"]],)),
    ):
        plan = await _plan(sql, *values)
        # The default partition is empty.
        assert "Seq Scan on chat_message_2" not in plan, plan
