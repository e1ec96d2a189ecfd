"""The whole system on one machine: servers, our processes and the simulator, described for the supervisor.

Servers named by `GUANXI_DATABASE_URL` and `GUANXI_REDIS_URL` are used instead of the embedded ones.
"""

import asyncio
import os
import secrets
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

from app.launcher.servers import Child, ServerError, free_port, prepare_postgres, prepare_valkey
from app.launcher.supervisor import Supervisor

ROOT = Path(__file__).parents[2]
_API_PORT, _SIMULATOR_PORT = 8000, 8001


@dataclass
class System:
    """Addresses and environment of a running system; everything it writes lies in `home`."""

    home: Path
    durable: bool = True
    api_port: int = field(default_factory=lambda: free_port(_API_PORT))
    simulator_port: int = field(default_factory=lambda: free_port(_SIMULATOR_PORT))
    database_url: str = ""
    redis_url: str = ""
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.api_port}"

    @property
    def simulator(self) -> str:
        return f"http://127.0.0.1:{self.simulator_port}"

    @property
    def clock_file(self) -> Path:
        return self.home / "clock"

    async def start(self, supervisor: Supervisor) -> None:
        """Servers, schema, processes; returns when all are ready. Raises `Ended` if they can't be kept running."""
        # First of all the folder: what another supervisor in it relies on must not be touched.
        await supervisor.start([])
        await supervisor.start([self._servers()])
        self.environment = self._environment()
        code, said = await self.run("migrate")
        if code:
            raise ServerError(f"the migrations failed:\n{said}")
        await supervisor.start([[self._simulator(), self._api(), *self._workers()]])

    async def run(self, *arguments: str, **extra: str) -> tuple[int, str]:
        """One `guanxi` command in this system; gives its exit code and what it printed."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "app.cli", *arguments),
            cwd=ROOT,
            env=self.environment | extra,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        return process.returncode or 0, output.decode()

    def _servers(self) -> list[Child]:
        servers: list[Child] = []
        self.database_url = os.environ.get("GUANXI_DATABASE_URL", "")
        self.redis_url = os.environ.get("GUANXI_REDIS_URL", "")
        if not self.database_url:
            postgres = prepare_postgres(self.home / "postgres", durable=self.durable)
            self.database_url = postgres.url()
            servers.append(postgres)
        if not self.redis_url:
            valkey = prepare_valkey(self.home / "valkey", durable=self.durable)
            self.redis_url = valkey.url()
            servers.append(valkey)
        return servers

    def _environment(self) -> dict[str, str]:
        metrics = self.home / "metrics"
        shutil.rmtree(metrics, ignore_errors=True)
        metrics.mkdir()
        return os.environ | {
            "GUANXI_ENVIRONMENT": "demo",
            "GUANXI_DATABASE_URL": self.database_url,
            "GUANXI_REDIS_URL": self.redis_url,
            "GUANXI_SECRET_KEY": self._secret_key(),
            "GUANXI_CLOCK_FILE": str(self.clock_file),
            "GUANXI_WECHAT_API_URL": self.simulator,
            "GUANXI_WECHAT_OPEN_URL": self.simulator,
            "GUANXI_PUBLIC_URL": self.api,
            "GUANXI_FILES_FOLDER": str(self.home / "files"),
            "GUANXI_BACKUP_FOLDER": str(self.home / "backups"),
            "PROMETHEUS_MULTIPROC_DIR": str(metrics),
            "PYTHONUNBUFFERED": "1",
        }

    def _secret_key(self) -> str:
        # Kept: what an earlier start encrypted must stay readable.
        file = self.home / "secret_key"
        if not file.exists():
            file.touch(mode=0o600)
            file.write_text(secrets.token_urlsafe(32))
        return file.read_text()

    def _child(self, name: str, *arguments: str, port: int | None = None, path: str = "/healthz") -> Child:
        ready = None if port is None else f"http://127.0.0.1:{port}{path}"
        argv = (sys.executable, "-m", *arguments)
        return Child(name=name, argv=argv, env=self.environment, cwd=ROOT, port=port, ready=ready, ready_timeout=60)

    def _api(self) -> Child:
        port = self.api_port
        return self._child("api", "app.cli", "api", "--port", str(port), port=port, path="/readyz")

    def _workers(self) -> list[Child]:
        # Events never wait behind long calls to the platform: those have a child of their own.
        queues = {"worker": ("--queues", "critical,default"), "bulk": ("--queues", "bulk,media", "--concurrency", "1")}
        workers = [self._child(name, "app.cli", "worker", *options) for name, options in queues.items()]
        return [*workers, *(self._child(name, "app.cli", name) for name in ("beat", "relay"))]

    def _simulator(self) -> Child:
        port = self.simulator_port
        state, clock = str(self.home / "simulator.db"), str(self.clock_file)
        options = ("--port", str(port), "--state", state, "--clock-file", clock)
        return self._child("simulator", "simulator", *options, port=port)
