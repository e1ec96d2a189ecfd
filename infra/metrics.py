"""Prometheus metrics of every process; with `PROMETHEUS_MULTIPROC_DIR` set, one `/metrics` shows them all."""

import os
from collections.abc import Iterator
from datetime import datetime

import asyncpg
from prometheus_client import REGISTRY as PROCESS_REGISTRY
from prometheus_client import CollectorRegistry, Counter, Histogram, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from infra import clock, database

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

http_seconds = Histogram(
    "guanxi_http_seconds",
    "Time to answer a request",
    ["method", "route", "status"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
handler_seconds = Histogram("guanxi_handler_batch_seconds", "Time a handler takes for a batch", ["handler"])
handled = Counter("guanxi_events_handled_total", "Events settled by a handler", ["handler", "outcome"])
batch_rows = Histogram(
    "guanxi_group_commit_rows", "Rows per group commit", ["door"], buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500)
)
platform_calls = Counter("guanxi_platform_calls_total", "Calls to WeChat", ["endpoint", "errcode"])
outbound = Counter("guanxi_outbound_total", "Messages to single people, by what became of them", ["channel", "state"])
alerts = Counter("guanxi_alerts_total", "Alerts raised for an operator", ["kind"])
pushes = Counter("guanxi_pushes_total", "Pushes received", ["outcome"])

_BACKLOG = """
SELECT (SELECT count(*) FROM outbox WHERE relayed_at IS NULL) AS unrelayed,
       (SELECT min(created_at) FROM outbox WHERE relayed_at IS NULL) AS oldest_unrelayed,
       (SELECT count(*) FROM event_delivery WHERE state = 'pending') AS pending,
       (SELECT min(event_at) FROM event_delivery WHERE state = 'pending') AS oldest_pending,
       (SELECT count(*) FROM event_delivery WHERE state = 'failed') AS failed,
       (SELECT count(*) FROM alert WHERE closed_at IS NULL) AS alerts,
       (SELECT max(seq) FROM audit_chain) AS audited, (SELECT count(*) FROM audit_unsealed) AS unsealed
"""


def of_processes() -> bytes:
    """The counters of all processes, without asking PostgreSQL."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(PROCESS_REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


async def render() -> bytes:
    """All metrics in Prometheus' text format; the queue's depth and age are read from PostgreSQL at this moment.

    Raises Unavailable.
    """
    backlog = await database.fetch_one(_BACKLOG)
    if backlog is None:
        return of_processes()
    registry = CollectorRegistry()
    registry.register(_Backlog(backlog, clock.now()))
    return of_processes() + generate_latest(registry)


class _Backlog(Collector):
    """The queue as one query saw it. No `Gauge`: with several processes that would leave a file per scrape."""

    def __init__(self, row: asyncpg.Record, now: datetime) -> None:
        self._row = row
        self._now = now

    def collect(self) -> Iterator[Metric]:
        row = self._row
        oldest = "Age of the oldest of them"
        yield GaugeMetricFamily("guanxi_outbox_unrelayed", "Events no relay has taken yet", row["unrelayed"])
        yield GaugeMetricFamily("guanxi_outbox_lag_seconds", oldest, self._age("oldest_unrelayed"))
        yield GaugeMetricFamily("guanxi_deliveries_pending", "Deliveries not handled yet", row["pending"])
        yield GaugeMetricFamily("guanxi_deliveries_lag_seconds", oldest, self._age("oldest_pending"))
        yield GaugeMetricFamily("guanxi_deliveries_failed", "Deliveries set aside for an operator", row["failed"])
        yield GaugeMetricFamily("guanxi_alerts_open", "Alerts nobody has seen to yet", row["alerts"])
        yield GaugeMetricFamily("guanxi_audit_rows", "Places in the audit chain; it never falls", row["audited"] or 0)
        yield GaugeMetricFamily("guanxi_audit_unsealed", "Audit rows that wait for their place", row["unsealed"])
        size, used = database.pool_use()
        yield GaugeMetricFamily("guanxi_pool_connections", "Connections of the process that answers", size)
        yield GaugeMetricFamily("guanxi_pool_connections_used", "Those of them in use", used)

    def _age(self, column: str) -> float:
        since: datetime | None = self._row[column]
        return (self._now - since).total_seconds() if since else 0.0
