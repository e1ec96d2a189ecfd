"""Periodic work on tasks."""

from datetime import timedelta

from core.tasks import counting, reminding
from infra.context import Job

JOBS = (
    Job(name="tasks.remind", every=timedelta(seconds=5), run=reminding.remind_due),
    Job(name="tasks.escalate", every=timedelta(seconds=5), run=reminding.escalate_due),
    Job(name="tasks.counts", every=timedelta(seconds=1), run=counting.tell_counts),
)
