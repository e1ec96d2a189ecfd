"""How a command runs: settings checked, the database open, errors told in one clear line."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import click
import orjson
from pydantic import ValidationError

from infra.errors import DomainError
from infra.problems import place, problem
from infra.settings import settings

P = ParamSpec("P")
R = TypeVar("R")
C = TypeVar("C", bound=Callable[..., Any])
_LEVEL = "guanxi.log_level"


def with_database(function: Callable[P, Awaitable[R]]) -> Callable[P, R]:
    """Run an async command with the database open; a domain error is one clear line and exit code 1."""

    @wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        check_settings()
        from app.contexts import MODELS
        from infra import audit, database, logging, redis

        # What a command prints may be read by a program: the log goes beside it.
        level = click.get_current_context().meta.get(_LEVEL, "WARNING")
        logging.configure(process="command", level=level, json=settings().log_json, stream=sys.stderr)

        async def run() -> R:
            audit.act_as("cli")
            await database.connect(MODELS)
            try:
                return await function(*args, **kwargs)
            finally:
                await _close_platform()
                await redis.disconnect()
                await database.disconnect()

        try:
            return asyncio.run(run())
        except redis.RedisError as error:
            raise click.ClickException("连不上 Redis（GUANXI_REDIS_URL）") from error
        except DomainError as error:
            raise click.ClickException(_told(error)) from error

    return wrapped


def tells_everything(command: C) -> C:
    """For a command that says in words whatever it finds: lines of the log only with `--verbose`."""

    def hear(context: click.Context, _parameter: click.Parameter, verbose: bool) -> None:  # noqa: FBT001 - click's
        context.meta[_LEVEL] = "WARNING" if verbose else "CRITICAL"

    option = click.option("--verbose", is_flag=True, expose_value=False, callback=hear, help="The log's lines too.")
    return option(command)


def at_a_terminal() -> bool:
    """Whether somebody is there to be asked."""
    return sys.stdin.isatty()


def local(at: datetime) -> str:
    """A moment as people here read it: to the minute, in the business time zone."""
    return f"{at.astimezone(settings().timezone):%Y-%m-%d %H:%M}"


def json_line(fields: Mapping[str, object]) -> str:
    """For programs: one object; the moments in it (fields named …_at, ISO 8601) in business time."""

    def here(name: str, value: object) -> object:
        if isinstance(value, str) and name.endswith("_at"):
            return datetime.fromisoformat(value).astimezone(settings().timezone).isoformat()
        return value

    return orjson.dumps({name: here(name, value) for name, value in fields.items()}).decode()


def _told(error: DomainError) -> str:
    facts = error.details | {
        name: local(datetime.fromisoformat(value)) for name, value in error.details.items() if name == "until"
    }
    details = "，".join(f"{name} {value}" for name, value in facts.items())
    return f"{error.code}: {error.message}" + (f"（{details}）" if details else "")


def check_settings() -> None:
    """Raises ClickException that says which settings won't do."""
    try:
        settings()
    except ValidationError as error:
        raise click.ClickException(f"设置（环境变量 GUANXI_…）不可用：{problems(error)}") from error


def problems(error: ValidationError) -> str:
    """What is wrong with an input, without the input itself."""
    return "；".join(
        f"{place(wrong['loc'])} {problem(wrong)}".strip()
        for wrong in error.errors(include_input=False, include_url=False)
    )


async def _close_platform() -> None:
    from wechat.platform import client

    await client.close()
