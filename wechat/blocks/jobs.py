"""Periodic work on the blacklist: out to the platform at once, in from it every hour."""

from datetime import timedelta

from infra.context import Job
from wechat.blocks import service

JOBS = (
    Job(name="wechat.blocks.sync", every=timedelta(seconds=5), run=service.sync_due, queue="bulk"),
    Job(name="wechat.blocks.again", every=timedelta(minutes=1), run=service.try_again),
    Job(name="wechat.blocks.import", every=timedelta(hours=1), run=service.import_all, queue="bulk"),
)
