"""pg_dump and pg_restore: found in the server's own major version, run without a secret on their command line."""

import asyncio
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from app.backups.errors import ProgramFailed, ProgramMissing
from app.launcher import places
from app.launcher.child import ServerError
from infra.database import tortoise_config
from infra.logging import redact
from infra.settings import settings

_VERSION = re.compile(rb"\(PostgreSQL\) (\d+)")
_LONGEST_COMPLAINT = 300


async def find(name: str, major: int) -> Path:
    """A program in a major version: another one's archive may not go back into this server. Raises ProgramMissing."""
    for folder in _folders(name):
        program = folder / name
        if program.is_file() and await _major(program) == major:
            return program
    raise ProgramMissing({"program": name, "version": major})


def _folders(name: str) -> Iterator[Path]:
    """The one that is set; without one that of the embedded server, then the search path."""
    named = settings().postgres_bin
    if named is not None:
        yield named
        return
    # A production may be without the wheel.
    with suppress(ServerError):
        yield places.programs(None)
    found = shutil.which(name)
    if found:
        yield Path(found).parent


async def _major(program: Path) -> int:
    process = await asyncio.create_subprocess_exec(
        program, "--version", env=_plain(), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    said, _ = await process.communicate()
    match = _VERSION.search(said)
    return int(match[1]) if match else 0


def database_name() -> str:
    """The database of the settings."""
    return str(_credentials()["database"])


async def run(program: Path, *words: str) -> None:
    """Run it against the database of the settings; it is killed when cancelled. Raises ProgramFailed."""
    process = await asyncio.create_subprocess_exec(
        program,
        "--no-password",
        *words,
        env=_plain() | _address(),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, said = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise ProgramFailed({"program": program.name, "said": _last_words(said.decode(errors="replace").splitlines())})


def _last_words(lines: Sequence[str]) -> str:
    complaints = [line for line in lines if "error:" in line] or lines
    # A failed statement would name values; its first line doesn't.
    return redact(complaints[0])[:_LONGEST_COMPLAINT] if complaints else ""


def _plain() -> dict[str, str]:
    """Nothing of ours but where programs lie and how to reach a server securely; messages in English."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "LD_LIBRARY_PATH"}}
    secure = {name: value for name, value in os.environ.items() if name.startswith("PGSSL")}
    return kept | secure | {"LC_ALL": "C", "TZ": "UTC"}


def _credentials() -> dict[str, object]:
    credentials: dict[str, object] = tortoise_config([])["connections"]["default"]["credentials"]
    return credentials


def _address() -> dict[str, str]:
    known = _credentials()
    names = {"PGHOST": "host", "PGPORT": "port", "PGUSER": "user", "PGPASSWORD": "password", "PGDATABASE": "database"}
    return {name: str(known[key]) for name, key in names.items()} | {"PGAPPNAME": "guanxi-backup"}
