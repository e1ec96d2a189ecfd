"""Tidying up."""

from datetime import timedelta

from core.files import service
from infra.context import Job

JOBS = (Job(name="files.clean", every=timedelta(minutes=10), run=service.clean, queue="media"),)
