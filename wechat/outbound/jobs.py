"""Periodic work on the outbound ledger."""

from datetime import timedelta

from infra.context import Job
from wechat.outbound import sending, service

JOBS = (
    Job(name="wechat.outbound.send", every=timedelta(seconds=1), run=sending.send_due),
    Job(name="wechat.outbound.drop_old", every=timedelta(hours=1), run=service.drop_old, queue="bulk"),
)
