"""`python -m simulator`: one process, loopback by default."""

import signal
import sys
from pathlib import Path
from types import FrameType

import click
import uvicorn

from simulator.app import create_app
from simulator.settings import Settings

SHUTDOWN_SECONDS = 1


def _seconds(_context: click.Context, _parameter: click.Parameter, value: str) -> tuple[float, ...]:
    try:
        seconds = tuple(float(part) for part in value.split(","))
    except ValueError as error:
        raise click.BadParameter("comma-separated numbers are wanted") from error
    if list(seconds) != sorted(seconds) or seconds[0] < 0:
        raise click.BadParameter("the seconds must not be negative and must not fall")
    return seconds


def _end(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(0)


@click.command(context_settings={"auto_envvar_prefix": "SIMULATOR", "show_default": True})
@click.option("--host", default="127.0.0.1")
@click.option("--port", type=click.IntRange(1, 65535), required=True)
@click.option("--state", "state_file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--clock-file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--retry-seconds", callback=_seconds, default="0,5,10", help="When a push is delivered.")
@click.option("--timeout-seconds", type=click.FloatRange(0, min_open=True), default=5.0)
@click.option("--in-flight", type=click.IntRange(1), default=64, help="Push requests at one time.")
@click.option(
    "--later-seconds", type=click.FloatRange(0), default=0.5, help="When an event tells what became of a message."
)
@click.option(
    "--lead-seconds",
    type=click.FloatRange(0),
    default=0.25,
    help="How long a person's next push waits for the answer to the former.",
)
def main(
    *,
    host: str,
    port: int,
    state_file: Path | None,
    clock_file: Path | None,
    retry_seconds: tuple[float, ...],
    timeout_seconds: float,
    in_flight: int,
    later_seconds: float,
    lead_seconds: float,
) -> None:
    """Stand in for the WeChat platform; every option can be given as SIMULATOR_<OPTION> instead."""
    settings = Settings(
        state_file=state_file,
        clock_file=clock_file,
        retry_seconds=retry_seconds,
        timeout_seconds=timeout_seconds,
        in_flight=in_flight,
        later_seconds=later_seconds,
        lead_seconds=lead_seconds,
    )
    # uvicorn raises the signal again after its shutdown; being told to end is not a failure.
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, _end)
    uvicorn.run(
        create_app(settings),
        host=host,
        port=port,
        log_level="warning",
        access_log=False,  # the query strings carry tokens
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )


if __name__ == "__main__":
    main()
