"""Periodic work on codes."""

from datetime import timedelta

from infra.context import Job
from wechat.codes import service

JOBS = (Job(name="wechat.codes.issue", every=timedelta(seconds=1), run=service.issue_due),)
