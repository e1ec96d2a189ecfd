"""Periodic work on labels: out to the platform at once, in from it every hour, their bearers once a day."""

from datetime import timedelta

from infra.context import Job
from wechat.labels import importing, reading, syncing

JOBS = (
    Job(name="wechat.labels.sync", every=timedelta(seconds=2), run=syncing.sync_due, queue="bulk"),
    Job(name="wechat.labels.again", every=timedelta(minutes=1), run=syncing.try_again),
    Job(name="wechat.labels.read", every=timedelta(seconds=10), run=reading.read_due, queue="bulk"),
    Job(name="wechat.labels.import", every=timedelta(hours=1), run=importing.import_all, queue="bulk"),
)
