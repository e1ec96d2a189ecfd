"""An embedded PostgreSQL: its cluster, its options and how to reach it."""

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import subprocess
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from app.launcher.child import Child, ServerError
from app.launcher.leftovers import stop_leftovers
from app.launcher.places import account_for, data_home, locked, programs
from app.launcher.ports import HOST, free_port

USER = "guanxi"
DATABASE = "guanxi"
_PASSWORD = "guanxi.password"  # noqa: S105 - a file name

_COMMON = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "random_page_cost": "1.1",
    "jit": "off",  # the wheel's build has none; Debian's should plan alike
    # Row values (phones, openids) must not reach the log: no DETAIL lines, no failed statements.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}
_DURABLE = {
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "8MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
}
# A test's cluster need not survive the machine.
_FLEETING = {
    "shared_buffers": "128MB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "1GB",
}


@dataclass(frozen=True, kw_only=True)
class PostgresCommand(Child):
    """A prepared server: a child for the supervisor that knows its address. Its database `guanxi` exists."""

    bin: Path
    cluster: Path
    password: str

    def url(self, database: str = DATABASE) -> str:
        """`postgres://user:password@127.0.0.1:port/database`."""
        return f"postgres://{USER}:{self.password}@{HOST}:{self.port}/{database}"

    def create_database(self, name: str, template: str | None = None) -> None:
        """Creates an empty database, or a copy of `template`, to which nobody may be connected.

        Raises ServerError, also when the database is there already. The server must be running.
        """
        source = "" if template is None else f" TEMPLATE {_quoted(template)}"
        self._psql(f"CREATE DATABASE {_quoted(name)}{source}")

    def _psql(self, statement: str) -> None:
        address = ["-h", HOST, "-p", str(self.port), "-U", USER, "-d", "postgres"]
        argv = [str(self.bin / "psql"), "-X", "-q", "-w", *address, "-c", statement]
        environment = _environment() | {"PGPASSWORD": self.password}
        done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise ServerError(f"{statement}: {done.stderr.strip()}")


def prepare_postgres(data_dir: Path, *, durable: bool, port: int | None = None) -> PostgresCommand:
    """Makes the cluster in `data_dir` when there is none, and says how to run it in the foreground.

    `durable=False` is for tests: nothing survives a crash of the machine. Without `port` a free one is taken.
    Raises ServerError when the programs are missing, or the data is of another version or another user.
    """
    data_dir = data_dir.absolute()
    try:
        account = account_for(data_dir / "cluster")
        bin_folder = programs(account)
        home = data_home(data_dir, account)
        with locked(home):
            cluster = _cluster(home, bin_folder, account)
        password = (cluster / _PASSWORD).read_text()
        _check_version(cluster, bin_folder)
    except PermissionError as error:
        raise ServerError(f"{data_dir} belongs to another user, who should `make clean` it ({error})") from error
    port = free_port() if port is None else port
    options = _COMMON | (_DURABLE if durable else _FLEETING) | {"port": str(port)}
    settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    pid_file = cluster / "postmaster.pid"
    return PostgresCommand(
        name="postgres",
        argv=(str(bin_folder / "postgres"), "-D", str(cluster), *settings),
        env=_environment(),
        cwd=cluster,
        user=account,
        port=port,
        ready=partial(_is_ready, pid_file),
        ready_timeout=120,  # recovery after a crash replays up to max_wal_size
        stop_signal=signal.SIGINT,  # "fast": closes the connections instead of waiting for them
        before=partial(stop_leftovers, cluster, "postgres", signal.SIGINT, pid_file),
        care=partial(_finish_stopping, pid_file),
        bin=bin_folder,
        cluster=cluster,
        password=password,
    )


def _cluster(home: Path, bin_folder: Path, account: str | None) -> Path:
    cluster = home / "cluster"
    if cluster.exists():
        return cluster
    # Built aside and renamed, so that an interrupted initdb is never taken for a cluster.
    unfinished = home / "cluster.new"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    password_file = home / "password.new"
    password_file.unlink(missing_ok=True)
    password_file.touch(mode=0o600)
    password_file.write_text(secrets.token_hex(16))
    if account is not None:
        entry = pwd.getpwnam(account)
        for path in (unfinished, password_file):
            os.chown(path, entry.pw_uid, entry.pw_gid)
    where = ["-D", str(unfinished)]
    _run([str(bin_folder / "initdb"), *where, *_initdb_options(password_file)], account, home)
    single = [str(bin_folder / "postgres"), "--single", *where, "-c", "fsync=off", "postgres"]
    _run(single, account, home, f"CREATE DATABASE {DATABASE};\n")
    password_file.rename(unfinished / _PASSWORD)
    unfinished.rename(cluster)
    return cluster


def _initdb_options(password_file: Path) -> list[str]:
    # The C locale is on every system and sorts alike everywhere; characters are UTF-8 all the same.
    locale = ["--encoding=UTF8", "--locale=C"]
    login = [f"--username={USER}", f"--pwfile={password_file}", "--auth=scram-sha-256"]
    return [*locale, *login, "--no-sync", "--no-instructions"]


def _run(argv: list[str], account: str | None, folder: Path, text: str = "") -> None:
    drop = Child(name=argv[0], argv=tuple(argv), env=_environment(), cwd=folder, user=account).spawn_options()
    done = subprocess.run(argv, input=text, capture_output=True, text=True, check=False, **drop)
    if done.returncode != 0:
        raise ServerError(f"{Path(argv[0]).name} failed:\n{done.stderr.strip()}")


def _check_version(cluster: Path, bin_folder: Path) -> None:
    version = subprocess.run(
        [str(bin_folder / "postgres"), "--version"],
        env=_environment(),
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()[2]
    wanted = (cluster / "PG_VERSION").read_text().strip()
    if version.split(".")[0] != wanted:
        raise ServerError(f"{cluster} was made by PostgreSQL {wanted}, this is {version}: `make clean` starts anew")


def _environment() -> dict[str, str]:
    """Nothing of ours: no PGDATA or PGPORT that would lead astray, no secrets; messages in English."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    return kept | {"LC_ALL": "C", "TZ": "UTC"}


def _is_ready(pid_file: Path) -> bool:
    return _state(pid_file)[1] == "ready"


def _finish_stopping(pid_file: Path) -> None:
    """A plain `kill` asks for the "smart" shutdown, which waits for the last client, and ours never leave.

    A server that is stopping is told to be quick about it, so that its successor comes.
    """
    pid, state = _state(pid_file)
    if pid and state == "stopping":
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)


def _state(pid_file: Path) -> tuple[int, str]:
    """(process id, state): first and eighth line of the server's pid file; pg_ctl reads them too."""
    try:
        lines = pid_file.read_text().splitlines()
    except FileNotFoundError:
        return 0, ""
    return (int(lines[0]), lines[7].strip()) if len(lines) > 7 else (0, "")  # noqa: PLR2004 - see the docstring


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
