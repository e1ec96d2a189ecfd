"""Sealing each second, an anchor each hour, the whole check and old months each day."""

from datetime import timedelta

from core.audit import checking, service
from infra.context import Job

JOBS = (
    Job(name="audit.seal", every=timedelta(seconds=1), run=service.seal),
    Job(name="audit.anchor", every=timedelta(hours=1), run=checking.drop_anchor),
    Job(
        name="audit.check", every=timedelta(days=1), run=checking.check_all, queue="bulk", longest=timedelta(minutes=50)
    ),
    Job(name="audit.drop_old", every=timedelta(days=1), run=service.drop_old),
)
