"""Periodic work on codes."""

from datetime import timedelta

from infra.context import Job
from wechat.codes import issuing

JOBS = (
    Job(name="wechat.codes.issue", every=timedelta(seconds=1), run=issuing.issue_due),
    Job(name="wechat.codes.renew", every=timedelta(minutes=1), run=issuing.renew_due, queue="bulk"),
)
