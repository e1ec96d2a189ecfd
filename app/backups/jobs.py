"""The clockwork: is a backup due, and do they still come? Making one occupies a child of `bulk` until it is done."""

from datetime import timedelta

from app.backups import service
from infra.context import Job

JOBS = (
    Job(
        name="backups.make_due",
        every=timedelta(minutes=1),
        run=service.make_due,
        queue="bulk",
        longest=timedelta(hours=24),
    ),
    Job(name="backups.watch", every=timedelta(hours=1), run=service.watch),
)
