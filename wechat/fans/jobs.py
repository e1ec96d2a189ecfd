"""Periodic work on fans: what the platform knows of them, and who follows. Tags found on the way go to the labels."""

from datetime import timedelta

from infra.context import Job
from wechat.followers import profiles, service
from wechat.labels.importing import take_tags


async def ask_profiles() -> int:
    """Ask the platform about everybody who is due."""
    return await profiles.ask_due(take_tags)


async def reconcile() -> None:
    """Go on with the reading of follower lists."""
    await service.reconcile_due(take_tags)


JOBS = (
    Job(name="wechat.followers.profiles", every=timedelta(seconds=3), run=ask_profiles, queue="bulk"),
    Job(name="wechat.followers.reconcile", every=timedelta(seconds=5), run=reconcile, queue="bulk"),
)
