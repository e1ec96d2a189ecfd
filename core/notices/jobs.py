"""Tidying up."""

from datetime import timedelta

from core.notices import service
from infra.context import Job

JOBS = (Job(name="notices.forget_old", every=timedelta(hours=1), run=service.forget_old, queue="bulk"),)
