"""One PostgreSQL per run; a template database built by the migrations; a database and a Valkey per xdist worker.

A Valkey each, because a wake-up (PUBLISH) reaches all of a server's databases.
Commits are real, so races, the outbox and SKIP LOCKED can be tested; every test begins with empty tables.
"""

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import hypothesis
import pytest
from argon2 import PasswordHasher

from app.launcher.servers import PostgresServer, start_postgres, start_valkey
from infra import clock, crypto, database, parameters, redis
from infra.settings import settings

TEMPLATE = "guanxi_template"
# The same examples each run, however slow the machine is; `--hypothesis-profile=default` draws new ones.
hypothesis.settings.register_profile("guanxi", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("guanxi")


@dataclass
class Servers:
    """The servers of this run, on the controller."""

    postgres: PostgresServer
    folder: Path
    open: ExitStack


_servers = pytest.StashKey[Servers]()
_addresses = pytest.StashKey[dict[str, str]]()


def pytest_configure(config: pytest.Config) -> None:
    workerinput = getattr(config, "workerinput", None)
    if workerinput is not None:
        config.stash[_addresses] = workerinput["guanxi"]
        return
    if config.option.collectonly or config.option.help:
        os.environ["GUANXI_ENVIRONMENT"] = "test"
        return
    folder = Path(tempfile.mkdtemp(prefix="guanxi-test-"))
    # PostgreSQL drops root's rights and must still reach its data.
    folder.chmod(0o755)
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        postgres = stack.enter_context(start_postgres(folder / "postgres", durable=False))
        valkey = stack.enter_context(start_valkey(folder / "valkey", durable=False))
        postgres.create_database(TEMPLATE)
        config.stash[_addresses] = {
            "template": postgres.url(TEMPLATE),
            "admin": postgres.url("postgres"),
            "redis": valkey.url(0),
        }
        _point_at(postgres.url(TEMPLATE), valkey.url(0), folder)
        asyncio.run(_migrate())
        config.stash[_servers] = Servers(postgres, folder, stack.pop_all())


async def _migrate() -> None:
    from app.migrations import migrate

    await migrate()
    await database.disconnect()


# They share one demo: those who count what the story has done, those who add to it, and its end.
OF_THE_DEMO = ["test_demo.py", "test_phone_product.py", "test_chat_side_by_side.py", "test_demo_end.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs the demo comes first, so that one process has it all; it is also what takes longest to begin."""
    places = {name: place for place, name in enumerate(OF_THE_DEMO)}
    items.sort(key=lambda item: places.get(item.path.name, len(places)))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: object) -> None:
    servers, name = node.config.stash[_servers], f"valkey-{node.gateway.id}"
    valkey = servers.open.enter_context(start_valkey(servers.folder / name, durable=False))
    node.workerinput["guanxi"] = node.config.stash[_addresses] | {"redis": valkey.url(0)}


def pytest_unconfigure(config: pytest.Config) -> None:
    if _servers in config.stash:
        config.stash[_servers].open.close()


def _point_at(database_url: str, redis_url: str, folder: Path) -> None:
    os.environ |= {
        "GUANXI_ENVIRONMENT": "test",
        "GUANXI_DATABASE_URL": database_url,
        "GUANXI_REDIS_URL": redis_url,
        "GUANXI_CLOCK_FILE": str(folder / f"clock-{os.getpid()}"),
        "GUANXI_FILES_FOLDER": str(folder / "files"),
        "GUANXI_LOG_LEVEL": "WARNING",
        # Nobody listens there: who wants a platform says so.
        "GUANXI_WECHAT_API_URL": "http://127.0.0.1:1",
    }
    settings.cache_clear()
    clock.reset()


@dataclass(frozen=True)
class Addresses:
    """Where this test process finds its servers, for tests that start processes of their own."""

    database: str
    redis: str
    clock_file: Path


@pytest.fixture(scope="session")
async def addresses(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Addresses:
    """A database and a Redis of this test process's own."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    known, name = pytestconfig.stash[_addresses], f"guanxi_{worker}"
    admin = await asyncpg.connect(known["admin"])
    await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    await admin.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    await admin.close()
    here = Addresses(
        database=known["template"].replace(TEMPLATE, name),
        redis=known["redis"],
        clock_file=tmp_path_factory.mktemp("clock") / "offset",
    )
    _point_at(here.database, here.redis, here.clock_file.parent)
    os.environ["GUANXI_CLOCK_FILE"] = str(here.clock_file)
    settings.cache_clear()
    clock.reset()
    return here


@pytest.fixture(scope="session")
async def _connected(addresses: Addresses) -> AsyncIterator[None]:
    from app.contexts import MODELS
    from core.organisation import passwords
    from wechat.platform import client

    # A password costs tens of milliseconds on purpose; tests ask hundreds of times.
    passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    await database.connect(MODELS)
    yield
    await client.close()
    await database.disconnect()
    await redis.disconnect()


@pytest.fixture(scope="session")
async def _sweeper(addresses: Addresses, _connected: None) -> AsyncIterator[asyncpg.Connection]:
    """A session of its own that empties all tables: a function keeps its plans, which cost more than what they do."""
    rows = await database.fetch(
        """SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        AND c.relname <> 'tortoise_migrations' ORDER BY 1"""
    )
    deletes = ";".join(f'DELETE FROM "{row["relname"]}"' for row in rows if row["relname"] != "role")
    # Ready-made roles are the migrations' own.
    deletes += ";DELETE FROM role WHERE key IS NULL"
    sweeper = await asyncpg.connect(addresses.database)
    # TRUNCATE takes two hundred times longer, and triggers would check foreign keys in the wrong order.
    await sweeper.execute("SET session_replication_role = replica")
    body = f"CREATE FUNCTION pg_temp.sweep() RETURNS void LANGUAGE plpgsql AS $$BEGIN {deletes}; END$$"
    await sweeper.execute(body)
    yield sweeper
    await sweeper.close()


@pytest.fixture
async def db(addresses: Addresses, _sweeper: asyncpg.Connection) -> Addresses:
    """The database, empty, with every cache of this process forgotten and the clock at real time."""
    from core.custom_fields import queries as custom_fields
    from wechat.accounts import queries as accounts
    from wechat.autoreplies import book
    from wechat.conversations import words
    from wechat.onboarding import queries as onboarding
    from wechat.welcomes import responders as welcomes

    await _sweeper.execute("SELECT pg_temp.sweep()")
    await redis.client().flushdb()
    addresses.clock_file.unlink(missing_ok=True)
    caches = (parameters, accounts, book, custom_fields, onboarding, welcomes, words)
    for forget in (clock.reset, *(cache.forget for cache in caches)):
        forget()
    return addresses


@pytest.fixture(scope="session")
async def _door(addresses: Addresses) -> AsyncIterator[httpx.AsyncClient]:
    from tests.doors import open_door

    async with open_door() as client:
        yield client


@pytest.fixture
def http(db: Addresses, _door: httpx.AsyncClient) -> httpx.AsyncClient:
    """The HTTP door, made once per test process; every test finds the database empty and nobody logged in."""
    _door.headers = httpx.Headers({"host": "door"})
    return _door


@pytest.fixture(scope="session")
async def demo() -> AsyncIterator[tuple[Any, Path, subprocess.Popen[bytes]]]:
    """A demo that has told its story: seen from outside, its home and its process."""
    from tests.scenarios.outside import running_demo

    with tempfile.TemporaryDirectory(prefix="guanxi-demo-") as folder:
        home = Path(folder)
        home.chmod(0o755)
        async with running_demo(home) as (outside, process):
            yield outside, home, process


@pytest.fixture
def fresh_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Change the environment, then `settings.cache_clear()`; all is as before after the test."""
    yield monkeypatch
    monkeypatch.undo()
    settings.cache_clear()
    clock.reset()
    crypto._vault.cache_clear()
    crypto._digest_key.cache_clear()
