"""Ringing."""

from datetime import timedelta

from core.todos import reminders
from infra.context import Job

JOBS = (Job(name="todos.ring", every=timedelta(seconds=10), run=reminders.ring),)
