"""How a search is done where there are many customers: by indexes, whatever is asked and whoever asks."""

import pytest

from app.generator.service import generate
from benchmarks import crowd, pages, scopes
from benchmarks.shapes import shapes
from core.customers.search.listing import Listing
from infra import database
from tests import factories as make

CUSTOMERS = 100_000
MOST_STATEMENTS = 8


async def _options():
    (version,) = await make.rows("SELECT current_setting('server_version_num')::int AS number")
    # A kept plan, made for any values, can be looked at since PostgreSQL 16.
    return ("FORMAT JSON", "FORMAT JSON, GENERIC_PLAN") if version["number"] >= 160_000 else ("FORMAT JSON",)


@pytest.mark.prove
async def test_no_search_reads_a_big_table_from_end_to_end(db):
    await generate(CUSTOMERS, crowd.SEED, crowd.UNTIL)
    options, asked = await _options(), await shapes()
    for caller in await crowd.callers(db.database):
        by = await scopes.colleague(caller)
        for name, filters in asked.items():
            for before in (None, CUSTOMERS // 2):
                ways = list(Listing(filters, by, before, 51).ways())
                assert len(ways) <= MOST_STATEMENTS, (caller.name, name)
                for way in ways:
                    for option in options:
                        (row,) = await database.fetch(f"EXPLAIN ({option}) {way.sql}", *way.values)
                        assert not pages.read_whole(row[0], scopes.BIG), (caller.name, name, option)
