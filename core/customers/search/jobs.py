"""Periodic work of the search."""

from datetime import timedelta

from core.customers import indexing
from infra.context import Job

JOBS = (
    Job(
        name="customers.index_earlier",
        every=timedelta(minutes=1),
        run=indexing.index_earlier,
        queue="bulk",
        longest=timedelta(minutes=10),
    ),
)
