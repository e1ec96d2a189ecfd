"""`guanxi followers`: reading the follower lists of official accounts."""

import click

from app.commands.running import local, with_database

_STATES = {
    "reading": "读取名单",
    "comparing": "比对",
    "settling": "逐个核实",
    "clearing": "收尾",
    "done": "已完成",
}


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

    await start((await credentials(app_id)).id)
    click.echo("已开始，用 guanxi followers runs 查看")


@followers.command("runs")
@with_database
async def list_runs() -> None:
    """The last run of each account."""
    from wechat.followers.queries import last_runs

    for run in await last_runs():
        numbers = f"读到 {run.seen} 位，补记关注 {run.healed}，名单里没有的 {run.missing} 位"
        error = f"，中断：{run.error}" if run.error else ""
        click.echo(f"{run.app_id}  {local(run.started_at)}  {_STATES[run.state]}：{numbers}{error}")
