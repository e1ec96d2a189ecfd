"""`guanxi followers`: reading the follower lists of official accounts."""

import click

from app.commands.running import with_database


@click.group()
def followers() -> None:
    """Reconciliation with the platform's follower lists."""


@followers.command("reconcile")
@click.argument("app_id")
@with_database
async def reconcile(app_id: str) -> None:
    """Read an account's follower list now; the workers do it, and `runs` shows how far they are."""
    from wechat.accounts.queries import credentials
    from wechat.followers.service import start

    click.echo(await start((await credentials(app_id)).id))


@followers.command("runs")
@with_database
async def list_runs() -> None:
    """The last run of each account."""
    from wechat.followers.queries import last_runs

    for run in await last_runs():
        numbers = f"{run.seen} seen, {run.healed} follows healed, {run.lost} departures found"
        click.echo(f"{run.app_id} {run.state} {run.started_at:%Y-%m-%d %H:%M} {numbers} {run.error or ''}".rstrip())
