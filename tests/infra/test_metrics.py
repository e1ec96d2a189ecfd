"""Metrics: the queue's depth and age as PostgreSQL has them now, beside the process's own counters."""

import re
from dataclasses import dataclass
from typing import ClassVar

from infra import database, metrics, outbox
from infra.events import Event, Handler, Registry
from tests import factories as make


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted(Event):
    name: ClassVar[str] = "test.counted.v1"

    @property
    def key(self) -> str:
        return "k"


async def _gauges():
    text = (await metrics.render()).decode()
    return {name: float(value) for name, value in re.findall(r"^(guanxi_[a-z_]+) ([0-9.e+-]+)$", text, re.MULTILINE)}


async def _ignore(_delivered):
    return None


async def test_the_queues_depth_and_age_follow_the_events(db):
    assert {value for name, value in (await _gauges()).items() if "outbox" in name or "deliver" in name} == {0.0}
    async with database.transaction():
        await outbox.publish(Counted(), Counted())
    make.jump(db, seconds=90)
    gauges = await _gauges()
    assert gauges["guanxi_outbox_unrelayed"] == 2
    assert 89 < gauges["guanxi_outbox_lag_seconds"] < 120
    await outbox.fan_out(Registry([Handler(name="x", events=(Counted,), handle=_ignore)]))
    await database.execute(
        "UPDATE event_delivery SET state = 'failed' WHERE ctid = (SELECT min(ctid) FROM event_delivery)"
    )
    gauges = await _gauges()
    assert (gauges["guanxi_outbox_unrelayed"], gauges["guanxi_outbox_lag_seconds"]) == (0, 0)
    assert gauges["guanxi_deliveries_failed"] + gauges["guanxi_deliveries_pending"] == 2
    assert 89 < gauges["guanxi_deliveries_lag_seconds"] < 120


async def test_the_process_counts_beside_it(db):
    metrics.pushes.labels("test").inc(3)
    text = (await metrics.render()).decode()
    assert 'guanxi_pushes_total{outcome="test"} 3.0' in text
