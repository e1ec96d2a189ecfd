"""Periodic work on conversations."""

from datetime import timedelta

from infra.context import Job
from wechat.conversations import media, retention

JOBS = (
    Job(name="wechat.conversations.media", every=timedelta(seconds=1), run=media.fetch_due, queue="media"),
    Job(name="wechat.conversations.drop_old", every=timedelta(hours=6), run=retention.drop_old, queue="bulk"),
)
