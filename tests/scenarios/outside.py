"""A script from outside: it knows `demo.json` and nothing else of the system."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import asyncpg
import orjson
import psutil

ROOT = Path(__file__).parents[2]


class Outside:
    """Drives a running demo over HTTP, looks into its database, kills its processes."""

    def __init__(self, home: Path, session: aiohttp.ClientSession) -> None:
        self.facts = orjson.loads((home / "demo.json").read_bytes())
        self.app_id = self.facts["accounts"][0]["app_id"]
        self._session = session

    async def call(self, name, *, headers=None, body=None, **values):
        """A call of `demo.json`, its `{…}` filled in; gives (status, JSON)."""
        call = self.facts["calls"][name]
        path = call["path"]
        for key, value in values.items():
            path = path.replace(f"{{{key}}}", str(value))
        json = None if call["body"] is None else {**call["body"], **(body or {})}
        url = self.facts[call["server"]]["base_url"] + path
        async with self._session.request(call["method"], url, json=json, headers=headers) as response:
            return response.status, await response.json(content_type=None)

    async def get(self, server, path):
        async with self._session.get(self.facts[server]["base_url"] + path) as response:
            return response.status, await response.text(errors="replace")

    async def log_in(self, username):
        login = next(one for one in self.facts["staff"] if one["username"] == username)
        _, answer = await self.call("log_in", body=login)
        return {"Authorization": f"Bearer {answer['token']}"}

    async def new_fans(self, count):
        _, made = await self.call("make_fans", body={"count": count})
        return [fan["fan_id"] for fan in made["fans"]]

    async def sql(self, statement):
        """One row; a PostgreSQL that is just coming back is waited for."""
        for attempt in range(300):
            try:
                connection = await asyncpg.connect(self.facts["database_url"])
                break
            except (OSError, asyncpg.CannotConnectNowError):
                assert attempt < 299
                await asyncio.sleep(0.1)
        try:
            return await connection.fetchrow(statement)
        finally:
            await connection.close()

    async def five_numbers(self):
        """Followers, customers, first touches, stored replies, welcomes seen."""
        names = ("customers", "first_touches", "stored_replies")
        columns = ", ".join(f"({self.facts['sql'][name]}) AS {name}" for name in names)
        stored = await self.sql(f"SELECT {columns}")
        _, followers = await self.call("followers")
        _, welcomes = await self.call("welcomes_seen")
        return (followers["count"], *stored.values(), welcomes["fans_with_reply"])

    def pid(self, name):
        with suppress(FileNotFoundError, ValueError):
            return int(Path(self.facts["pid_files"][name]).read_text())
        return None

    async def kill(self, name):
        """`kill -9` of a process with all its children; gives the seconds until its successor runs."""
        victim = psutil.Process(self.pid(name))
        for process in [*victim.children(recursive=True), victim]:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        return await self._successor(name, victim.pid)

    async def restart(self, name):
        """A plain `kill`, as by an operator; gives the seconds until its successor runs."""
        former = self.pid(name)
        os.kill(former, signal.SIGTERM)
        return await self._successor(name, former)

    async def _successor(self, name, former):
        began = time.monotonic()
        while self.pid(name) in (None, former):
            assert time.monotonic() - began < 30, f"{name} was not started again"
            await asyncio.sleep(0.02)
        return time.monotonic() - began

    async def open_again(self):
        """Wait until the simulator's door opens: a process that runs doesn't listen yet."""
        for attempt in range(300):
            with suppress(aiohttp.ClientConnectionError):
                await self.call("followers")
                return
            assert attempt < 299, "the simulator's door stays shut"
            await asyncio.sleep(0.1)


def start_demo(home: Path, output_file: Path | None = None) -> subprocess.Popen[bytes]:
    """The demo as `make demo` starts it, with its data and what it says in `home`."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GUANXI_")} | {"GUANXI_HOME": str(home)}
    if "GUANXI_TEST_POSTGRES_BIN" in os.environ:
        environment["GUANXI_TEST_POSTGRES_BIN"] = os.environ["GUANXI_TEST_POSTGRES_BIN"]
    with (output_file or home / "output").open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "app.cli", "demo"], cwd=ROOT, env=environment, stdout=output, stderr=output
        )


async def story_told(demo: subprocess.Popen[bytes], home: Path) -> None:
    """Wait until the demo has played its story and stays up."""
    deadline = time.monotonic() + 120
    while "Ctrl-C stops everything" not in (home / "output").read_text():
        assert demo.poll() is None, (home / "output").read_text()
        assert time.monotonic() < deadline, (home / "output").read_text()
        await asyncio.sleep(0.1)


@asynccontextmanager
async def running_demo(home: Path):
    """A demo that has told its story, seen from outside; afterwards it is stopped."""
    demo = start_demo(home)
    try:
        await story_told(demo, home)
        async with aiohttp.ClientSession() as session:
            yield Outside(home, session), demo
    finally:
        if demo.poll() is None:
            demo.send_signal(signal.SIGTERM)
        try:
            await asyncio.to_thread(demo.wait, 30)
        except subprocess.TimeoutExpired:
            demo.kill()
            raise
