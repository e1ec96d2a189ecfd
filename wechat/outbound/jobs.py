"""Periodic work on the outbound ledger."""

from datetime import timedelta

from infra.context import Job
from wechat.outbound import sending, service, speaking, uploads

JOBS = (
    Job(name="wechat.outbound.send", every=timedelta(seconds=1), run=sending.send_due),
    # Apart: nobody who chats waits for thousands of notices.
    Job(name="wechat.outbound.speak", every=timedelta(seconds=1), run=speaking.speak_due),
    Job(name="wechat.outbound.drop_uploads", every=timedelta(hours=1), run=uploads.drop_old, queue="bulk"),
    Job(name="wechat.outbound.drop_old", every=timedelta(hours=1), run=service.drop_old, queue="bulk"),
)
