"""What is indexed of a customer for search: a term for each thing one can filter by, pieces of names and texts.

A file of its own: everyone who changes a customer says so here, and what is written follows at the end of the
transaction, once per customer. Terms only narrow a search down; `core.customers.search` looks at the columns again. So
whatever changes often (the owner, the next contact) is no term, and the last follow-up is one of its month only.

    k:12       the customer's number in steps of 4,096      n:王 n:王小   pieces of names
    p: s: g: y: l: i: v: c:   party, status, stage, nature, level, industry, province, city
    t:<tag>    e:<card or key>    m:5678   the end of a mobile    h:  has a phone   w:  has been in WeChat
    a:<door>   xs: xc: xq:   the first touch's store, channel, code
    d: r: x: u:   created, registered, first touch, last followed up: the year, the month, the day (not of u)
    b:0229     birthday
    f:<field>:<option>   f:<field>:202603   f:<field>#+4.1   f:<field>~王小   custom fields
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

import asyncpg

from infra import database
from infra.database import Connection
from infra.settings import settings

BUCKET_BITS = 12
# So much of a line is one term; the rest of a longer one is looked at.
VALUE_LENGTH = 60
_BATCH = 1_000


def folded(text: str) -> str:
    """SQL of a text as it is compared, the same in every database: only ASCII knows case and spaces."""
    return f"lower(translate(normalize({text}, NFKC), E' \\t\\n\\r\\f\\v', '') COLLATE \"C\")"


def pieces(prefix: str, text: str, *widths: int) -> str:
    """SQL that selects the terms of a folded text: its pieces of these widths."""
    steps = ", ".join(f"({width})" for width in widths)
    return f"""SELECT {prefix} || substr(folded, start, width)
        FROM (SELECT {text} AS folded OFFSET 0) f, (VALUES {steps}) AS w (width),
            generate_series(1, length(folded)) AS start
        WHERE start + width <= length(folded) + 1"""


def _time(prefix: str, moment: str, *shapes: str) -> str:
    return ", ".join(f"('{prefix}:' || to_char({moment} AT TIME ZONE $2, '{shape}'))" for shape in shapes)


_MONTHS, _DAYS = ("YYYY", "YYYYMM"), ("YYYY", "YYYYMM", "YYYYMMDD")

# A number's sign and how many digits stand before the point, then also the first of them: of -1234.5, -4 and -4.1.
_DIGITS = "trunc(abs((value #>> '{}')::numeric))::text"
_MAGNITUDE = f"CASE WHEN value::text LIKE '-%' THEN '-' ELSE '+' END || length({_DIGITS})"


def custom_text(value: str) -> str:
    """SQL of what is searched of a custom text or address (JSON): folded, an address's parts in one."""
    parts = ", ".join(f"{value} ->> '{part}'" for part in ("province", "city", "district", "street"))
    return folded(f"CASE jsonb_typeof({value}) WHEN 'object' THEN concat({parts}) ELSE {value} #>> '{{}}' END")


_CUSTOM = f"""
SELECT terms.* FROM jsonb_each(p.custom) AS held (field, value) JOIN custom_field f ON f.id = held.field::uuid,
LATERAL (
    SELECT 'f:' || field || ':' || left(value #>> '{{}}', {VALUE_LENGTH}) WHERE f.kind IN ('option', 'line')
    UNION ALL SELECT 'f:' || field || ':' || one
        FROM jsonb_array_elements_text(CASE f.kind WHEN 'options' THEN value ELSE '[]' END) AS one
    UNION ALL SELECT 'f:' || field || ':' || replace(left(value #>> '{{}}', width), '-', '')
        FROM (VALUES (4), (7), (10)) AS w (width) WHERE f.kind = 'date'
    UNION ALL SELECT 'f:' || field || '#' || {_MAGNITUDE} || first
        FROM (VALUES (''), ('.' || left({_DIGITS}, 1))) AS m (first) WHERE f.kind = 'number'
    UNION ALL SELECT * FROM ({pieces("'f:' || field || '~'", custom_text("value"), 2)}) AS t
        WHERE f.kind IN ('line', 'text', 'address')
) AS terms
WHERE jsonb_typeof(value) <> 'null'
"""

_TERMS = f"""
SELECT v.term
FROM (SELECT max(occurred_at) AS followed_up_at FROM follow_up u WHERE u.customer_id = c.id) AS last, LATERAL (
    VALUES ('k:' || (c.number >> {BUCKET_BITS})),
        ('p:' || COALESCE(p.party, 'prospect')), ('s:' || COALESCE(p.status, 'active')),
        ('g:' || COALESCE(p.stage, 'new')), ('y:' || COALESCE(p.nature, 'person')),
        ('l:' || p.level), ('i:' || p.industry), ('v:' || p.province), ('c:' || p.city),
        ('b:' || to_char(p.birthday, 'MMDD')),
        {_time("d", "c.created_at", *_DAYS)}, {_time("r", "p.registered_at", *_DAYS)},
        {_time("u", "last.followed_up_at", *_MONTHS)}
) AS v (term)
UNION ALL {pieces("'n:'", "p.name_key", 1, 2)}
UNION ALL {pieces("'n:'", folded("p.mnemonic"), 1, 2)}
UNION ALL SELECT n.* FROM contact_person o, LATERAL ({pieces("'n:'", "o.name_key", 1, 2)}) n
    WHERE o.customer_id = c.id AND o.removed_at IS NULL
UNION ALL SELECT 't:' || tag_id FROM customer_tag t WHERE t.customer_id = c.id
UNION ALL SELECT 'e:' || value FROM customer_key e WHERE e.customer_id = c.id
UNION ALL SELECT unnest(ARRAY[
        CASE WHEN number LIKE '+861__________' THEN 'm:' || right(number, 4) END,
        CASE WHEN contact_id IS NULL THEN 'h:' END
    ]) FROM customer_phone h WHERE h.customer_id = c.id
UNION ALL SELECT 'w:' FROM identity i WHERE i.customer_id = c.id
UNION ALL SELECT 'a:' || door FROM customer_arrival a WHERE a.customer_id = c.id
UNION ALL SELECT v.* FROM (SELECT c.id) AS one LEFT JOIN touch x ON x.customer_id = one.id AND x.is_first,
    LATERAL (VALUES {_time("x", "x.occurred_at", *_DAYS)}, ('xs:' || x.store_id), ('xc:' || x.channel_id),
        ('xq:' || x.code_id), (CASE x.kind WHEN 'follow' THEN 'a:follow' END)) v
UNION ALL ({_CUSTOM})
"""


def rows(which: str) -> str:
    """SQL of the index's rows, as they should be, of the customers (`c`) that are so."""
    return f"""SELECT c.number, c.id AS customer_id, ARRAY(
            SELECT DISTINCT term COLLATE "C" FROM ({_TERMS}) AS t (term) WHERE term IS NOT NULL ORDER BY 1
        ) AS terms
    FROM customer c LEFT JOIN customer_profile p ON p.customer_id = c.id
    WHERE c.merged_into_id IS NULL AND {which} ORDER BY c.number"""


_INDEX = f"""
WITH gone AS (
    DELETE FROM customer_search s USING customer c
    WHERE s.customer_id = ANY($1::uuid[]) AND c.id = s.customer_id AND c.merged_into_id IS NOT NULL
)
INSERT INTO customer_search (number, customer_id, terms) {rows("c.id = ANY($1::uuid[])")}
ON CONFLICT (number) DO UPDATE SET terms = excluded.terms WHERE customer_search.terms <> excluded.terms
"""


# Newest first, so that whoever isn't in the index yet is older than everyone who is.
_EARLIER = """
SELECT id, number FROM customer WHERE merged_into_id IS NULL
    AND number < COALESCE($1::bigint, (SELECT min(number) FROM customer_search), 9223372036854775807)
ORDER BY number DESC LIMIT $2
"""

# Nobody changes them meanwhile.
_HOLD = "SELECT FROM customer WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"


def changed(customer_ids: Iterable[UUID]) -> None:
    """These customers are to be found by what they are now, when the caller's transaction commits."""
    database.gather(_write, list(customer_ids))


async def _write(connection: Connection, customer_ids: list[UUID]) -> None:
    await connection.execute(_INDEX, sorted(set(customer_ids)), settings().business_timezone)


async def index_earlier() -> int:
    """Index the customers from before there was an index; returns how many. Whoever is stopped is gone on from."""
    indexed = 0
    while batch := await database.fetch(_EARLIER, None, _BATCH):
        indexed += await _index(batch)
    return indexed


async def rebuild() -> int:
    """Index everybody anew; returns how many. People may go on changing customers meanwhile."""
    indexed, last = 0, 2**63 - 1
    while batch := await database.fetch(_EARLIER, last, _BATCH):
        indexed, last = indexed + await _index(batch), batch[-1]["number"]
    return indexed


async def _index(batch: Sequence[asyncpg.Record]) -> int:
    ids = [row["id"] for row in batch]
    async with database.transaction() as connection:
        await connection.execute(_HOLD, ids)
        await _write(connection, ids)
    return len(ids)
