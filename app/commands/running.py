"""How a command runs: settings checked, the database open, errors told in one clear line."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import click
from pydantic import ValidationError

from infra.errors import DomainError
from infra.settings import settings

P = ParamSpec("P")
R = TypeVar("R")


def with_database(function: Callable[P, Awaitable[R]]) -> Callable[P, R]:
    """Run an async command with the database open; a domain error is one clear line and exit code 1."""

    @wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        check_settings()
        from app.contexts import MODELS
        from infra import database, logging, redis

        # What a command prints may be read by a program: the log goes beside it.
        logging.configure(process="command", level="WARNING", json=settings().log_json, stream=sys.stderr)

        async def run() -> R:
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
            raise click.ClickException("Redis does not answer (GUANXI_REDIS_URL)") from error
        except DomainError as error:
            raise click.ClickException(f"{error.code}: {error.message} {error.details or ''}".strip()) from error

    return wrapped


def check_settings() -> None:
    """Raises ClickException that says which settings won't do."""
    try:
        settings()
    except ValidationError as error:
        raise click.ClickException(f"the settings (GUANXI_…) won't do: {problems(error)}") from error


def problems(error: ValidationError) -> str:
    """What is wrong with an input, without the input itself."""
    return "; ".join(
        f"{'.'.join(map(str, problem['loc']))} {problem['msg'].removeprefix('Value error, ')}".strip()
        for problem in error.errors(include_input=False, include_url=False)
    )


async def _close_platform() -> None:
    from wechat.platform import client

    await client.close()
