"""Tidying up."""

from datetime import timedelta

from core.sessions import service
from infra.context import Job

JOBS = (Job(name="sessions.drop_expired", every=timedelta(hours=1), run=service.drop_expired),)
