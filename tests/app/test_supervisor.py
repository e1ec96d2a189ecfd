"""The supervisor as a process of its own, with real children: what a person at a terminal would see."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from app.launcher.servers import free_port, prepare_postgres, release_port, remove_data
from app.launcher.supervisor import GRACE_SECONDS

ROOT = Path(__file__).parents[2]

# argv: home, then a Python expression for the children. Exits with the supervisor's code.
PROGRAM = """
import asyncio, sys
from pathlib import Path
from app.launcher.servers import prepare_postgres
from app.launcher.supervisor import Child, Supervisor

def child(name, code, **more):
    return Child(name=name, argv=(sys.executable, "-I", "-S", "-c", code), **more)

def say(line):
    print(line, flush=True)

async def main():
    supervisor = Supervisor(Path(sys.argv[1]), say)
    async def story():
        await supervisor.start(eval(sys.argv[2]))
        say("pid files: " + str(sorted(supervisor.pid_files())))
        say("up")
    return await supervisor.run_forever(story)

sys.exit(asyncio.run(main()))
"""
SLEEP = "import time; time.sleep(60)"
# A parent of one, like a Celery main: it names its child in a file.
PARENT = (
    "import subprocess, sys, pathlib, time;"
    "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
    "pathlib.Path({file!r}).write_text(str(p.pid)); time.sleep(60)"
)


class Running:
    """A supervisor in its own process, its output and its folder."""

    def __init__(self, home: Path, children: str) -> None:
        self.home = home
        self.output = Path(tempfile.mkstemp(dir=home.parent)[1])
        with self.output.open("wb") as out:
            argv = [sys.executable, "-c", PROGRAM, str(home), children]
            self.process = subprocess.Popen(argv, cwd=ROOT, stdout=out, stderr=out, start_new_session=True)

    def text(self) -> str:
        return self.output.read_text()

    def until_said(self, line: str, seconds: float = 30) -> None:
        until(lambda: line in self.text() or self.process.poll() is not None, seconds)
        assert line in self.text(), self.text()

    def pid_of(self, name: str) -> int:
        return int((self.home / "run" / f"{name}.pid").read_text())

    def pid_or_none(self, name: str) -> int | None:
        """None while there is no such process."""
        with contextlib.suppress(FileNotFoundError, ValueError):
            return self.pid_of(name)
        return None

    def code(self, seconds: float = 30) -> int:
        return self.process.wait(seconds)


def until(true: Callable[[], bool], seconds: float = 30) -> float:
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds, "it did not happen in time"
        time.sleep(0.01)
    return time.monotonic() - began


def gone(*pids: int) -> bool:
    # Where no init reaps, an orphan that ended stays a zombie.
    return not any(psutil.pid_exists(p) and psutil.Process(p).status() != psutil.STATUS_ZOMBIE for p in pids)


def number_in(file: Path) -> int:
    until(lambda: file.exists() and file.read_text().isdigit())
    return int(file.read_text())


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Callable[[str], Running]]:
    started: list[Running] = []

    def run(children: str) -> Running:
        started.append(Running(tmp_path / "home", children))
        return started[-1]

    yield run
    for each in started:
        if each.process.poll() is None:
            each.process.terminate()
        each.process.wait(20)


def parent(file: Path) -> str:
    return f"child('main', {PARENT.format(file=str(file))!r})"


def test_starts_in_order_and_says_so(supervise: Callable[[str], Running], tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    first = f"import time, pathlib; time.sleep(0.3); pathlib.Path({str(flag)!r}).touch(); time.sleep(60)"
    second = f"import pathlib, sys, time; pathlib.Path({str(flag)!r}).exists() or sys.exit(3); time.sleep(60)"
    ready = f"Path({str(flag)!r}).exists"
    running = supervise(
        f"[child('first', {first!r}, ready={ready}, port=4711), [child('a', {second!r}), child('b', {second!r})]]"
    )
    running.until_said("up")
    said = running.text()
    assert said.index("first is ready on port 4711 after 0.") < said.index("a is ready")
    assert "pid files: ['a', 'b', 'first']" in said
    assert psutil.pid_exists(running.pid_of("first"))


def test_waits_for_a_page(supervise: Callable[[str], Running]) -> None:
    server = (
        "import http.server as h\n"
        "class P(h.BaseHTTPRequestHandler):\n"
        "    n = 0\n"
        "    def do_GET(self):\n"
        "        P.n += 1; self.send_response(200 if P.n > 2 else 503); self.end_headers()\n"
        "import sys; h.HTTPServer(('127.0.0.1', int(sys.argv[1])), P).serve_forever()\n"
    )
    port = free_port()
    child = f"Child(name='web', argv=(sys.executable, '-c', {server!r}, '{port}'), port={port}"
    running = supervise(f"[{child}, ready='http://127.0.0.1:{port}/health')]")
    running.until_said("up")
    log = (running.home / "logs" / "web.log").read_text()
    assert log.count(" 503 ") == 2
    assert log.count(" 200 ") == 1
    release_port(port)


def test_a_killed_child_returns_and_its_group_goes(supervise: Callable[[str], Running], tmp_path: Path) -> None:
    file = tmp_path / "grandchild"
    running = supervise(f"[{parent(file)}]")
    running.until_said("up")
    grandchild, main = number_in(file), running.pid_of("main")
    file.unlink()
    os.kill(main, signal.SIGKILL)
    assert until(lambda: gone(grandchild)) < 2
    assert until(file.exists) < 2
    assert running.pid_of("main") != main
    assert "main was killed by SIGKILL; it is started again" in running.text()
    running.until_said("main is ready again")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Pytest's own temporary folders are closed to the account that root's server runs as."""
    path = Path(tempfile.mkdtemp())
    path.chmod(0o755)
    yield path
    remove_data(path)


async def test_a_killed_postgres_returns_with_its_data(supervise: Callable[[str], Running], open_folder: Path) -> None:
    data = open_folder / "data"
    command = prepare_postgres(data, durable=True)
    release_port(command.port or 0)
    running = supervise(f"[prepare_postgres(Path({str(data)!r}), durable=True, port={command.port})]")
    running.until_said(f"postgres is ready on port {command.port}")
    connection = await asyncpg.connect(command.url())
    await connection.execute("CREATE TABLE t AS SELECT 42 AS n")
    # A backend at work does not notice at once that its server is gone, and would keep the next one out.
    working = asyncio.create_task(connection.execute("SELECT count(*) FROM generate_series(1, 200000000)"))
    await asyncio.sleep(0.2)
    former = running.pid_of("postgres")
    os.kill(former, signal.SIGKILL)
    with pytest.raises((asyncpg.PostgresError, OSError)):
        await working
    # Another one was started; how long it then recovers is the disk's affair.
    await asyncio.to_thread(until, lambda: running.pid_or_none("postgres") not in {None, former})
    await asyncio.to_thread(running.until_said, "postgres is ready again")
    connection = await asyncpg.connect(command.url())
    assert await connection.fetchval("SELECT n FROM t") == 42
    await connection.close()
    running.process.terminate()
    assert await asyncio.to_thread(running.code) == 0


@pytest.mark.prove
async def test_a_postgres_that_is_asked_to_stop_does_not_wait_for_its_clients(
    supervise: Callable[[str], Running], open_folder: Path
) -> None:
    data = open_folder / "data"
    command = prepare_postgres(data, durable=False)
    release_port(command.port or 0)
    running = supervise(f"[prepare_postgres(Path({str(data)!r}), durable=False, port={command.port})]")
    running.until_said(f"postgres is ready on port {command.port}")
    client = await asyncpg.connect(command.url())
    os.kill(running.pid_of("postgres"), signal.SIGTERM)
    await asyncio.to_thread(running.until_said, "postgres is ready again")
    assert client.is_closed()
    await (await asyncpg.connect(command.url())).close()


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_everything(supervise: Callable[[str], Running], tmp_path: Path, sig: signal.Signals) -> None:
    if sig == signal.SIGHUP and signal.getsignal(sig) == signal.SIG_IGN:
        pytest.skip("these tests were started by nohup: so the supervisor rightly goes on")
    file = tmp_path / "grandchild"
    running = supervise(f"[child('plain', {SLEEP!r}), {parent(file)}]")
    running.until_said("up")
    pids = [number_in(file), running.pid_of("main"), running.pid_of("plain")]
    running.process.send_signal(sig)
    assert running.code() == 0
    assert gone(*pids)
    assert list((running.home / "run").glob("*.pid")) == []


def test_a_signal_while_starting(supervise: Callable[[str], Running]) -> None:
    running = supervise(f"[child('done', {SLEEP!r}), child('never', {SLEEP!r}, ready=lambda: False)]")
    never = running.home / "run" / "never.pid"
    pids = [number_in_lines(never), running.pid_of("done")]
    running.process.send_signal(signal.SIGTERM)
    assert running.code() == 0
    assert gone(*pids)
    assert "up" not in running.text().split()


def number_in_lines(file: Path) -> int:
    until(lambda: file.exists() and file.read_text().endswith("\n"))
    return int(file.read_text())


def test_children_end_politely_and_last_first(supervise: Callable[[str], Running], tmp_path: Path) -> None:
    book = tmp_path / "book"
    code = (
        "import signal, sys, time\n"
        "def bye(*_):\n"
        f"    open({str(book)!r}, 'a').write(sys.argv[1]); sys.exit()\n"
        "signal.signal(signal.SIGTERM, bye)\n"
        "print('set', flush=True); time.sleep(60)"
    )
    children = ", ".join(
        f"Child(name='{n}', argv=(sys.executable, '-c', {code!r}, '{n}'), "
        f"ready=lambda: 'set' in Path({str(tmp_path / 'home' / 'logs' / n)!r} + '.log').read_text())"
        for n in "abc"
    )
    running = supervise(f"[{children}]")
    running.until_said("up")
    running.process.terminate()
    assert running.code() == 0
    assert book.read_text() == "cba"


def test_a_second_press_kills_at_once(supervise: Callable[[str], Running]) -> None:
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    running = supervise(f"[child('deaf', {deaf!r})]")
    running.until_said("up")
    until(lambda: "deaf" in (running.home / "logs" / "deaf.log").read_text())
    pid = running.pid_of("deaf")
    began = time.monotonic()
    running.process.send_signal(signal.SIGINT)
    time.sleep(0.4)
    assert not gone(pid)
    running.process.send_signal(signal.SIGINT)
    assert running.code() == 0
    assert time.monotonic() - began < GRACE_SECONDS
    assert gone(pid)


def test_one_that_dies_at_its_start_ends_everything(supervise: Callable[[str], Running]) -> None:
    broken = "print('first line'); print('no such port'); raise SystemExit(7)"
    running = supervise(f"[child('good', {SLEEP!r}), child('broken', {broken!r}, ready=lambda: False)]")
    running.until_said("good is ready")
    assert running.code() == 1
    assert "broken ended with code 7 before it was ready" in running.text()
    assert "no such port" in running.text()
    assert "up" not in running.text().split()
    assert list((running.home / "run").glob("*.pid")) == []


def test_one_that_is_not_ready_in_time_ends_everything(supervise: Callable[[str], Running]) -> None:
    running = supervise(f"[child('late', {SLEEP!r}, ready=lambda: False, ready_timeout=0.3)]")
    pid = number_in_lines(running.home / "run" / "late.pid")
    assert running.code() == 1
    assert "late was not ready after 0.3 s" in running.text()
    assert gone(pid)


def test_one_that_cannot_be_run_ends_everything(supervise: Callable[[str], Running]) -> None:
    running = supervise("[Child(name='missing', argv=('/no/such/program',))]")
    assert running.code() == 1
    assert "missing cannot be run" in running.text()


@pytest.mark.prove
def test_five_deaths_end_everything(supervise: Callable[[str], Running]) -> None:
    dying = "import time; print('my last words', flush=True); time.sleep(0.1); raise SystemExit(2)"
    running = supervise(f"[child('good', {SLEEP!r}), child('dying', {dying!r})]")
    assert running.code() == 1
    assert running.text().count("dying ended with code 2; it is started again") == 4
    assert "dying ended with code 2, for the 5th time within a minute" in running.text()
    assert "my last words" in running.text()


def test_children_end_when_the_parent_is_killed(supervise: Callable[[str], Running], tmp_path: Path) -> None:
    file = tmp_path / "grandchild"
    running = supervise(f"[child('plain', {SLEEP!r}), {parent(file)}]")
    running.until_said("up")
    pids = [number_in(file), running.pid_of("main"), running.pid_of("plain")]
    running.process.kill()
    running.code()
    until(lambda: gone(*pids))


def test_a_second_supervisor_is_refused(supervise: Callable[[str], Running]) -> None:
    running = supervise(f"[child('plain', {SLEEP!r})]")
    running.until_said("up")
    pid = running.pid_of("plain")
    second = supervise(f"[child('plain', {SLEEP!r})]")
    assert second.code() == 1
    assert f"it runs already in {running.home} (process {running.process.pid})" in second.text()
    assert running.pid_of("plain") == pid
    assert not gone(pid)


def test_leftovers_of_a_killed_supervisor_and_keeper_go(supervise: Callable[[str], Running]) -> None:
    running = supervise(f"[child('plain', {SLEEP!r})]")
    running.until_said("up")
    leftover = running.pid_of("plain")
    family = psutil.Process(running.process.pid).children()
    (keeper,) = [process for process in family if "launcher/keeper" in " ".join(process.cmdline())]
    keeper.kill()
    running.process.kill()
    running.code()
    assert not gone(leftover)
    (running.home / "run" / "foreign.pid").write_text(str(os.getpid()))
    supervise(f"[child('plain', {SLEEP!r})]").until_said("up")
    assert gone(leftover)


def test_a_keeper_that_is_killed_is_replaced(supervise: Callable[[str], Running]) -> None:
    running = supervise(f"[child('plain', {SLEEP!r}), child('mortal', {SLEEP!r})]")
    running.until_said("up")
    family = psutil.Process(running.process.pid).children()
    (keeper,) = [process for process in family if "launcher/keeper" in " ".join(process.cmdline())]
    keeper.kill()
    # What is written to a pipe whose reader is only about to die is lost without a sign.
    until(lambda: gone(keeper.pid))
    os.kill(running.pid_of("mortal"), signal.SIGKILL)
    running.until_said("mortal is ready again")
    pids = [running.pid_of("plain"), running.pid_of("mortal")]
    running.process.kill()
    running.code()
    until(lambda: gone(*pids))
