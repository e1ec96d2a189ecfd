"""The house of a run: servers of its own, the migrated schema, and the environment all its processes inherit."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import asyncpg
import psutil

from app.launcher.servers import free_port, start_postgres, start_valkey
from infra.settings import settings

R = TypeVar("R")
_READY_SECONDS = 30.0
_COMMITS = 200


@dataclass(frozen=True, slots=True)
class House:
    """`url` is the database's; `profile` asks the measured processes to profile themselves into `folder`."""

    url: str
    folder: Path
    postgres_version: str
    profile: bool

    def profile_file(self, name: str) -> Path | None:
        return self.folder / f"{name}.profile" if self.profile else None


def say(text: str) -> None:
    """What is going on, for whoever waits."""
    print(f"[{time.strftime('%H:%M:%S')}] {text}", flush=True)


@contextmanager
def open_house(*, profile: bool) -> Iterator[House]:
    """Start the servers and migrate; everything is stopped and removed at the end."""
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="guanxi-bench-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o755)  # the server of a root user runs as somebody else
        say("starting a durable PostgreSQL and a Valkey")
        postgres = stack.enter_context(start_postgres(folder / "postgres", durable=True))
        valkey = stack.enter_context(start_valkey(folder / "valkey", durable=True))
        _point_at(postgres.url(), valkey.url())
        say("migrating")
        asyncio.run(_migrate())
        version, commit_ms = asyncio.run(_measure(postgres.url()))
        say(f"PostgreSQL {version}; a durable commit takes {commit_ms:.2f} ms")
        yield House(postgres.url(), folder, version, profile)


def _point_at(database_url: str, redis_url: str) -> None:
    # As in production, also in what is logged.
    os.environ |= {
        "GUANXI_ENVIRONMENT": "production",
        "GUANXI_SECRET_KEY": "secret-of-a-benchmark-that-lives-for-minutes",
        "GUANXI_PUBLIC_URL": "https://guanxi.invalid",
        "GUANXI_DATABASE_URL": database_url,
        "GUANXI_REDIS_URL": redis_url,
    }
    settings.cache_clear()


async def _migrate() -> None:
    from app.migrations import migrate
    from infra import database

    await migrate()
    await database.disconnect()


async def _measure(url: str) -> tuple[str, float]:
    """The server's version, and the milliseconds of one durable commit: baselines that commit each row live by it."""
    connection = await asyncpg.connect(url)
    try:
        version = str(await connection.fetchval("SHOW server_version"))
        await connection.execute("CREATE TABLE bench_commit (n int)")
        begun = time.perf_counter()
        for number in range(_COMMITS):
            await connection.execute("INSERT INTO bench_commit VALUES ($1)", number)
        seconds = time.perf_counter() - begun
        await connection.execute("DROP TABLE bench_commit")
    finally:
        await connection.close()
    return version, seconds / _COMMITS * 1000


async def with_product(work: Callable[[], Awaitable[R]]) -> R:
    """Run something with the product's pool and models open in this process."""
    from app.contexts import MODELS
    from infra import database

    await database.connect(MODELS)
    try:
        return await work()
    finally:
        await database.disconnect()


async def level_ground(url: str, *statements: str) -> None:
    """Empty tables and no checkpoint due: every run begins alike."""
    connection = await asyncpg.connect(url)
    try:
        for statement in (*statements, "CHECKPOINT"):
            await connection.execute(statement)
    finally:
        await connection.close()


@dataclass(frozen=True, slots=True)
class Server:
    """A server under measurement."""

    port: int
    process: psutil.Process

    def cpu_seconds(self) -> float:
        """What it has used so far: unlike the rate, this hardly depends on who else is busy."""
        times = self.process.cpu_times()
        return float(times.user + times.system)


@contextmanager
def serving(house: House, name: str, *arguments: str, ready: str, profile: Path | None = None) -> Iterator[Server]:
    """A Python server in a process of its own on a free port, which replaces `{port}`."""
    port = free_port()
    words = [argument.replace("{port}", str(port)) for argument in arguments]
    profiler = ["-m", "cProfile", "-o", str(profile)] if profile else []
    with running(house, name, *profiler, *words) as process:
        _wait_until_ready(process, f"http://127.0.0.1:{port}{ready}", house.folder / f"{name}.log")
        yield Server(port, psutil.Process(process.pid))


@contextmanager
def running(house: House, name: str, *arguments: str, grace: float = 15) -> Iterator[subprocess.Popen[bytes]]:
    """A Python process with a log in the house; at the end it gets `grace` seconds, then it and its own are killed."""
    with (house.folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, *arguments], stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(grace)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(OSError), urllib.request.urlopen(address, timeout=2):
            return
        time.sleep(0.1)
    raise RuntimeError(f"{address} did not become ready:\n{log.read_text()[-2000:]}")
