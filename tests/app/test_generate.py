"""Made-up customers: the same ones for the same seed, right in every table, only in an empty database."""

from datetime import UTC, datetime

import asyncpg
import pytest

from app.generator.errors import NotEmpty, NotInProduction
from app.generator.people import COLUMNS, USES
from app.generator.service import generate
from core.custom_fields import queries as custom_fields
from core.custom_fields.rules import Subject
from core.customers import indexing
from infra import phones
from infra.settings import settings
from tests import factories as make
from tests.app.guanxi import guanxi

CUSTOMERS = 300
UNTIL = datetime(2026, 3, 3, 16, tzinfo=UTC)
ORGANISATION = "channel", "department", "post", "store", "staff", "tag", "custom_field", "customer_search"


async def _contents():
    """All rows of all tables it fills; ledgers number theirs in turn."""
    sql = "SELECT (to_jsonb(t) - ARRAY(SELECT 'id' WHERE jsonb_typeof(to_jsonb(t) -> 'id') = 'number'))::text AS line"
    return {
        table: sorted(row["line"] for row in await make.rows(f"{sql} FROM {table} t"))
        for table in (*ORGANISATION, *COLUMNS)
    }


async def _empty(url):
    connection = await asyncpg.connect(url)
    await connection.execute("SET session_replication_role = replica")
    await connection.execute("; ".join(f"DELETE FROM {table}" for table in (*ORGANISATION, *COLUMNS)))
    await connection.close()


async def test_a_seed_makes_the_same_rows_and_another_one_others(db):
    await generate(CUSTOMERS, 7, UNTIL)
    first = await _contents()
    assert [table for table, rows in first.items() if not rows] == []
    for seed, same in ((7, True), (8, False)):
        await _empty(db.database)
        await generate(CUSTOMERS, seed, UNTIL)
        assert (await _contents() == first) is same


async def test_what_is_made_is_what_the_product_would_write(db):
    await generate(CUSTOMERS, 7, UNTIL)
    assert await make.count("customer") == await make.count("customer_search") == CUSTOMERS
    for number in await make.rows("SELECT number FROM customer_phone"):
        assert phones.parse(number["number"].removeprefix("+86")).text == number["number"]
    fields = {field.kind: field for field in await custom_fields.fields(Subject.CUSTOMER)}
    assert [option.name for option in fields["option"].options] == list(USES)
    indexed = await make.rows("SELECT * FROM customer_search ORDER BY number")
    assert await indexing.rebuild() == CUSTOMERS
    assert await make.rows("SELECT * FROM customer_search ORDER BY number") == indexed


async def test_every_key_leads_somewhere(db):
    # Loading doesn't look at foreign keys, so it is done here.
    await generate(CUSTOMERS, 7, UNTIL)
    keys = await make.rows(
        """SELECT conrelid::regclass::text AS source, confrelid::regclass::text AS target, a.attname AS name
        FROM pg_constraint JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = conkey[1]
        WHERE contype = 'f' AND cardinality(conkey) = 1 AND conrelid::regclass::text = ANY($1::text[])""",
        [*ORGANISATION, *COLUMNS],
    )
    assert len(keys) > 20
    for key in keys:
        missing = "SELECT {name} FROM {source} WHERE {name} IS NOT NULL EXCEPT SELECT id FROM {target}"
        assert await make.rows(missing.format(**key)) == [], key


async def test_a_database_with_customers_and_a_production_are_left_alone(db, fresh_settings):
    assert (await guanxi("generate", "--customers", "3"))[0] == 0
    with pytest.raises(NotEmpty):
        await generate(3, 7)
    fresh_settings.setenv("GUANXI_ENVIRONMENT", "production")
    for name, value in {"SECRET_KEY": "a-secret-of-this-test-only", "PUBLIC_URL": "https://guanxi.invalid"}.items():
        fresh_settings.setenv(f"GUANXI_{name}", value)
    for name in ("CLOCK_FILE", "WECHAT_API_URL"):
        fresh_settings.delenv(f"GUANXI_{name}")
    settings.cache_clear()
    with pytest.raises(NotInProduction):
        await generate(3, 7)


async def test_customers_are_indexed_anew_by_command(db):
    await generate(5, 7)
    code, said = await guanxi("reindex")
    assert (code, said) == (0, "已重建 5 位客户的搜索索引\n")
