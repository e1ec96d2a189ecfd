"""Periodic work on ownership."""

from datetime import timedelta

from core.customers.pool import recycling
from infra.context import Job

JOBS = (
    Job(
        name="customers.recycle",
        every=timedelta(minutes=10),
        run=recycling.run,
        queue="bulk",
        longest=timedelta(minutes=10),
    ),
)
