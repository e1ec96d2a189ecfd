"""Periodic work at the inbox."""

from datetime import timedelta

from infra.context import Job
from wechat.inbox import moving, presence

JOBS = (
    Job(name="wechat.inbox.give_out", every=timedelta(seconds=5), run=presence.give_out),
    Job(name="wechat.inbox.escalate", every=timedelta(seconds=10), run=moving.escalate_due),
    Job(name="wechat.inbox.rehome", every=timedelta(minutes=1), run=moving.rehome),
    Job(name="wechat.inbox.close_quiet", every=timedelta(minutes=5), run=moving.close_quiet),
    Job(name="wechat.inbox.drop_watches", every=timedelta(hours=1), run=moving.drop_watches, queue="bulk"),
)
