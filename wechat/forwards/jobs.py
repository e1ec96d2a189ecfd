"""Periodic work on forwards."""

from datetime import timedelta

from infra.context import Job
from wechat.forwards import service

JOBS = (
    Job(name="wechat.forwards.send", every=timedelta(seconds=1), run=service.send_due, queue="bulk"),
    Job(name="wechat.forwards.drop_old", every=timedelta(hours=1), run=service.drop_old),
)
