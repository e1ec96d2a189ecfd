"""Periodic work on tags: rules that are due or were changed."""

from datetime import timedelta

from core.customers.tags import evaluating
from infra.context import Job

JOBS = (
    Job(
        name="customers.tags.evaluate",
        every=timedelta(seconds=5),
        run=evaluating.evaluate_due,
        queue="bulk",
        longest=timedelta(minutes=10),
    ),
)
