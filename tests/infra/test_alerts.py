"""Alerts: one open row for one thing however often it happens, counted, closed by a person or because it works."""

import asyncio

from infra import alerts, metrics
from tests import factories as make


async def _open():
    return [(a["kind"], a["subject"], a["count"], a["message"]) for a in await alerts.listed()]


async def test_the_same_thing_is_one_alert_that_counts(db):
    for words in ("first", "second", "third"):
        await alerts.raise_alert("test.broken", "wx1", words)
    await alerts.raise_alert("test.broken", "wx2", "elsewhere")
    assert sorted(await _open()) == [("test.broken", "wx1", 3, "third"), ("test.broken", "wx2", 1, "elsewhere")]


async def test_many_at_once_are_one(db):
    await asyncio.gather(*(alerts.raise_alert("test.broken", "wx1", "words") for _ in range(20)))
    assert await _open() == [("test.broken", "wx1", 20, "words")]


async def test_the_latest_comes_first_with_its_times(db):
    await alerts.raise_alert("test.old", "wx1", "old")
    make.jump(db, hours=1)
    await alerts.raise_alert("test.new", "wx1", "new")
    make.jump(db, hours=2)
    await alerts.raise_alert("test.old", "wx1", "old again")
    assert [a["kind"] for a in await alerts.listed()] == ["test.old", "test.new"]
    first = (await alerts.listed())[0]
    assert first["first_at"] < first["last_at"]
    assert first["closed_at"] is None


async def test_a_closed_one_opens_anew(db):
    await alerts.raise_alert("test.broken", "wx1", "words")
    assert await alerts.close("test.broken", "wx2") == 0
    assert await alerts.close("test.broken", "wx1") == 1
    assert await alerts.close("test.broken", "wx1") == 0
    assert await _open() == []
    await alerts.raise_alert("test.broken", "wx1", "again")
    assert await _open() == [("test.broken", "wx1", 1, "again")]
    assert len(await alerts.listed(closed=True)) == 2


async def test_what_works_again_settles_its_own_kinds_and_subject_only(db):
    for kind, subject in (("test.a", "wx1"), ("test.b", "wx1"), ("test.c", "wx1"), ("test.a", "wx2")):
        await alerts.raise_alert(kind, subject, "words")
    assert await alerts.settle(["test.a", "test.b"], "wx1") == 2
    assert sorted(row[:2] for row in await _open()) == [("test.a", "wx2"), ("test.c", "wx1")]


async def test_long_words_are_cut(db):
    await alerts.raise_alert("test.broken", "wx1", "长" * 600)
    assert (await _open())[0][3] == "长" * 500


async def test_alerts_are_counted_in_the_metrics_and_open_ones_shown(db):
    await alerts.raise_alert("test.measured", "wx1", "words")
    await alerts.raise_alert("test.measured", "wx1", "words")
    text = (await metrics.render()).decode()
    assert 'guanxi_alerts_total{kind="test.measured"} 2.0' in text
    assert "guanxi_alerts_open 1.0" in text
    await alerts.close("test.measured", "wx1")
    assert "guanxi_alerts_open 0.0" in (await metrics.render()).decode()


async def test_administrators_see_what_is_open(http):
    await alerts.raise_alert("test.broken", "wx1", "请处理")
    answer = await http.get("/staff/v1/alerts", headers=await make.headers(await make.admin()))
    assert answer.status_code == 200
    (item,) = answer.json()["items"]
    assert (item["kind"], item["subject"], item["message"], item["count"]) == ("test.broken", "wx1", "请处理", 1)
