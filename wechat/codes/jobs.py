"""Periodic work on codes."""

from datetime import timedelta

from infra.context import Job
from wechat.codes import issuing, service

JOBS = (
    Job(name="wechat.codes.issue", every=timedelta(seconds=1), run=issuing.issue_due),
    # For what nobody was told of: events of a former version, and those an operator set aside.
    Job(name="wechat.codes.add_missing", every=timedelta(hours=1), run=service.add_missing, queue="bulk"),
    Job(name="wechat.codes.renew", every=timedelta(minutes=1), run=issuing.renew_due, queue="bulk"),
)
