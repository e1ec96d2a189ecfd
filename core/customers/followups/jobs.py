"""Periodic work on follow-ups."""

from datetime import timedelta

from core.customers.followups import reminding
from infra.context import Job

JOBS = (
    Job(
        name="customers.remind",
        every=timedelta(minutes=5),
        run=reminding.run,
        queue="bulk",
        longest=timedelta(minutes=10),
    ),
)
