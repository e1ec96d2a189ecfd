"""The command line: `guanxi …`, or `python -m app.cli …` from the repository."""

import asyncio
import os
import sys

import click

from app.commands.accounts import account
from app.commands.audit import audit
from app.commands.backup import backup, backups, restore
from app.commands.customers import generate, reindex
from app.commands.doctor import doctor
from app.commands.document import openapi
from app.commands.followers import followers
from app.commands.operations import alerts, deliveries, parameter, quota
from app.commands.running import check_settings, with_database
from app.commands.staff import staff


@click.group(help="Guanxi (关系): a chat-first social CRM.")
def main() -> None:
    """Commands are grouped by what they serve."""


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
def api(host: str, port: int) -> None:
    """Serve HTTP in one process; run several behind a proxy for more."""
    check_settings()
    from app.commands.serving import serve

    serve(host, port)


@main.command()
@click.option("--concurrency", default=2, show_default=True, help="Children; each handles one batch at a time.")
@click.option("--queues", default="critical,default,bulk,media", show_default=True, help="What it executes.")
def worker(concurrency: int, queues: str) -> None:
    """Execute what the queues hold (Celery, prefork); long work lies in `bulk` and wants children of its own."""
    name = f"--hostname={queues.partition(',')[0]}@%h"
    _become_celery("worker", "--pool=prefork", f"--concurrency={concurrency}", name, "-Q", queues)


@main.command()
def beat() -> None:
    """Tick: wake what is due, each second (one process is enough; two do no harm)."""
    _become_celery("beat")


def _become_celery(*arguments: str) -> None:
    check_settings()
    command = [sys.executable, "-m", "celery", "-A", "workers.app", *arguments]
    os.execv(sys.executable, command)  # noqa: S606 - our own interpreter, fixed words


@main.command()
def relay() -> None:
    """Fan events out to their handlers (one works, more stand by)."""
    check_settings()
    # By name: the doors stand above this layer.
    from importlib import import_module

    asyncio.run(import_module("workers.relay").main())


@main.command()
@with_database
async def migrate() -> None:
    """Bring the database to the newest schema."""
    from app.migrations import migrate as apply

    await apply()
    click.echo("数据库结构已是最新")


@main.command()
@click.argument("name")
def migration(name: str) -> None:
    """Write a migration for what changed in the models."""
    # No server is asked, so the settings of a production are not wanted.
    os.environ.setdefault("GUANXI_ENVIRONMENT", "test")
    from app.migrations import make, tidy

    paths = asyncio.run(make(name))
    tidy(paths)
    click.echo("\n".join(map(str, paths)) or "没有变化")


@main.group()
def codes() -> None:
    """QR codes."""


@codes.command("retry")
@with_database
async def retry_codes() -> None:
    """Ask the platform again for codes that were given up."""
    from wechat.codes.service import retry_failed

    count = await retry_failed()
    click.echo(f"{count} 个二维码将重新申请" if count else "没有需要重试的二维码")


@codes.command("budget")
@with_database
async def show_budget() -> None:
    """Permanent codes used by each official account, of those it may have."""
    from wechat.codes.budget import BUDGET
    from wechat.codes.queries import budgets

    most = await BUDGET.get()
    for app_id, used in await budgets():
        click.echo(f"{app_id}  永久二维码已用 {used} 个，共 {most} 个")


@main.command()
def demo() -> None:
    """Start everything on this machine and play a fan's way through it."""
    from app.demo.play import main as play

    sys.exit(play())


main.add_command(generate)
main.add_command(openapi)
main.add_command(reindex)
for group in (account, alerts, audit, backup, backups, deliveries, doctor, followers, parameter, quota, restore, staff):
    main.add_command(group)


if __name__ == "__main__":
    main(prog_name="guanxi")
