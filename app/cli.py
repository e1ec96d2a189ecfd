"""The command line: `guanxi …`, or `python -m app.cli …` from the repository."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import click
import orjson
from pydantic import ValidationError

from infra.errors import DomainError
from infra.settings import settings

P = ParamSpec("P")
R = TypeVar("R")


@click.group(help="Guanxi (关系): a chat-first social CRM.")
def main() -> None:
    """Commands are grouped by what they serve."""


def _with_database(function: Callable[P, Awaitable[R]]) -> Callable[P, R]:
    """Run an async command with the database open; a domain error is one clear line and exit code 1."""

    @wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        _check_settings()
        from app.contexts import MODELS
        from infra import database

        async def run() -> R:
            await database.connect(MODELS)
            try:
                return await function(*args, **kwargs)
            finally:
                await database.disconnect()

        try:
            return asyncio.run(run())
        except DomainError as error:
            raise click.ClickException(f"{error.code}: {error.message} {error.details or ''}".strip()) from error

    return wrapped


def _check_settings() -> None:
    try:
        settings()
    except ValidationError as error:
        raise click.ClickException(f"the settings (GUANXI_…) won't do: {_problems(error)}") from error


def _problems(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, problem['loc']))} {problem['msg'].removeprefix('Value error, ')}".strip()
        for problem in error.errors(include_input=False, include_url=False)
    )


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
def api(host: str, port: int) -> None:
    """Serve HTTP in one process; run several behind a proxy for more."""
    _check_settings()
    import uvicorn

    uvicorn.run(
        "api.app:create_app",
        factory=True,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        forwarded_allow_ips=settings().trusted_proxies,
        timeout_graceful_shutdown=10,
    )


@main.command()
@click.option("--concurrency", default=2, show_default=True, help="Children; each handles one batch at a time.")
def worker(concurrency: int) -> None:
    """Execute what the queue holds (Celery, prefork)."""
    _become_celery("worker", "--pool=prefork", f"--concurrency={concurrency}", "-Q", "critical,default,bulk,media")


@main.command()
def beat() -> None:
    """Tick: wake what is due, each second (one process is enough; two do no harm)."""
    _become_celery("beat")


def _become_celery(*arguments: str) -> None:
    _check_settings()
    command = [sys.executable, "-m", "celery", "-A", "workers.app", *arguments]
    os.execv(sys.executable, command)  # noqa: S606 - our own interpreter, fixed words


@main.command()
def relay() -> None:
    """Fan events out to their handlers (one works, more stand by)."""
    _check_settings()
    # By name: the doors stand above this layer.
    from importlib import import_module

    asyncio.run(import_module("workers.relay").main())


@main.command()
@_with_database
async def migrate() -> None:
    """Bring the database to the newest schema."""
    from app.migrations import migrate as apply

    await apply()
    click.echo("schema is up to date")


@main.command()
@click.argument("name")
def migration(name: str) -> None:
    """Write a migration for what changed in the models."""
    # No server is asked, so the settings of a production are not wanted.
    os.environ.setdefault("GUANXI_ENVIRONMENT", "test")
    from app.migrations import make, tidy

    paths = asyncio.run(make(name))
    tidy(paths)
    click.echo("\n".join(map(str, paths)) or "nothing changed")


@main.group()
def staff() -> None:
    """Staff."""


@staff.command("add")
@click.argument("username")
@click.option("--name", required=True)
@click.option("--role", type=click.Choice(["manager", "admin"]), default="admin", show_default=True)
@click.password_option(envvar="GUANXI_NEW_PASSWORD")
@_with_database
async def add_staff(username: str, name: str, role: str, password: str) -> None:
    """Add a manager or an administrator, the first one above all."""
    from core.organisation import service
    from core.organisation.schemas import StaffIn

    try:
        checked = StaffIn.model_validate({"name": name, "username": username, "password": password, "role": role})
    except ValidationError as error:
        raise click.ClickException(_problems(error)) from error
    added = await service.add_staff(**checked.model_dump())
    click.echo(f"{added.role} {added.username} {added.id}")


@main.group()
def deliveries() -> None:
    """Events that a handler gave up."""


@deliveries.command("failed")
@click.option("--handler")
@_with_database
async def list_failed(handler: str | None) -> None:
    """List them, one JSON object a line."""
    from infra.deliveries import failed

    for delivery in await failed(handler):
        click.echo(orjson.dumps(delivery).decode())


@deliveries.command("retry")
@click.argument("handler")
@click.argument("event_ids", nargs=-1, type=int)
@_with_database
async def retry_failed(handler: str, event_ids: tuple[int, ...]) -> None:
    """Give a handler's failed events (all, or those named) their tries again."""
    from infra.deliveries import retry

    click.echo(f"{await retry(handler, event_ids or None)} to be tried again")


@main.group()
def codes() -> None:
    """QR codes."""


@codes.command("retry")
@_with_database
async def retry_codes() -> None:
    """Ask the platform again for codes that were given up."""
    from wechat.codes.service import retry_failed

    click.echo(f"{await retry_failed()} to be asked for again")


@main.group()
def parameter() -> None:
    """Parameters an administrator may change."""


@parameter.command("list")
@_with_database
async def list_parameters() -> None:
    """Every parameter with its value, version and help."""
    from infra.parameters import in_force

    for entry in await in_force():
        click.echo(f"{entry.parameter.name} = {entry.value} (v{entry.version})  {entry.parameter.help}")


@parameter.command("set")
@click.argument("name")
@click.argument("value")
@click.option("--version", required=True, type=int, help="The version you saw; 0 for the default.")
@_with_database
async def set_parameter(name: str, value: str, version: int) -> None:
    """Put a new value in force (JSON: 5, true, "text")."""
    from infra.parameters import change

    try:
        parsed = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise click.BadParameter("not JSON") from error
    click.echo(f"version {await change(name, parsed, expected_version=version, by='command line')}")


@main.command()
def demo() -> None:
    """Start everything on this machine and play a fan's way through it."""
    from app.demo.play import main as play

    sys.exit(play())


if __name__ == "__main__":
    main()
