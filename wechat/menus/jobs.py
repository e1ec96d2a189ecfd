"""Periodic work on menus."""

from datetime import timedelta

from infra.context import Job
from wechat.menus import publishing

JOBS = (Job(name="wechat.menus.publish", every=timedelta(seconds=1), run=publishing.publish_due, queue="bulk"),)
