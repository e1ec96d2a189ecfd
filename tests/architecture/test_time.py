"""The present time comes from `infra/clock.py` only, so that a jump of the clock moves everything."""

import ast
import re

from tests.architecture.sources import Source, sources

CLOCK = "infra/clock.py"
# Of real time on purpose: how long something takes, never what time it is.
MEASURES = {"monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "sleep", "strftime", "gmtime"}
_SQL_NOW = re.compile(
    r"\b(now\s*\(\s*\)|current_(timestamp|date|time)\b|localtime(stamp)?\b|(clock|statement|transaction)_timestamp\b)",
    re.IGNORECASE,
)


def _asks_the_time(source: Source):
    for node in source.nodes():
        if isinstance(node, ast.Attribute):
            owner = ast.unparse(node.value).rsplit(".", 1)[-1]
            if owner in {"datetime", "date"} and node.attr in {"now", "utcnow", "today"}:
                yield node.lineno, ast.unparse(node)
            if owner == "time" and node.attr not in MEASURES and ast.unparse(node.value) == "time":
                yield node.lineno, ast.unparse(node)
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            yield from ((node.lineno, alias.name) for alias in node.names if alias.name not in MEASURES)
        if isinstance(node, ast.keyword) and node.arg in {"auto_now", "auto_now_add"}:
            yield node.value.lineno, node.arg


def test_nobody_else_asks_what_time_it_is():
    found = [(source.path, *what) for source in sources() if source.path != CLOCK for what in _asks_the_time(source)]
    assert found == []


def test_no_sql_of_ours_asks_postgresql_what_time_it_is():
    found = [
        (source.path, match.group())
        for source in [*sources(), *sources("migrations")]
        for text in source.strings()
        if (match := _SQL_NOW.search(text))
    ]
    assert found == []


def test_the_check_itself_sees_what_it_looks_for():
    class Written(Source):
        text = "from time import time\nx = datetime.now(UTC)\ny = time.time()\nz = dt.date.today()\nF(auto_now=True)"

    assert len(list(_asks_the_time(Written("x.py")))) == 5
    for sql in ("SELECT now()", "DEFAULT CURRENT_TIMESTAMP", "clock_timestamp()"):
        assert _SQL_NOW.search(sql)
    assert not _SQL_NOW.search("known ($1), current_setting('x')")
