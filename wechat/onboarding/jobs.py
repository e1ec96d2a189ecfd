"""Periodic work of the first day."""

from datetime import timedelta

from infra.context import Job
from wechat.onboarding import service

JOBS = (Job(name="wechat.onboarding.import", every=timedelta(seconds=2), run=service.import_due, queue="bulk"),)
