"""Periodic work on imports."""

from datetime import timedelta

from core.customers.imports import running, service
from infra.context import Job

JOBS = (
    Job(
        name="customers.import",
        every=timedelta(seconds=1),
        run=running.run_due,
        queue="bulk",
        longest=timedelta(minutes=10),
    ),
    Job(name="customers.forget_imports", every=timedelta(hours=1), run=service.forget_old, queue="bulk"),
)
