#!/usr/bin/env python3
"""Makes `.venv` what `requirements.lock` says; says and does nothing when it is so already.

Needs only a Python with `venv`. Packages come from wherever the machine's pip gets them: uv does not read pip's
settings, so they are handed over to it; uv's own settings, where there are any, win.
"""

import ast
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from step import step

VENV = Path(".venv")
LOCK = Path("requirements.lock")
STAMP = VENV / "installed"
PYTHON = str(VENV / "bin" / "python")
COMMAND = VENV / "bin" / "guanxi"
# Not installed: it runs what lies here, from any folder, also after the repository was moved.
SCRIPT = """#!/bin/sh
root=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd) || exit 1
export PYTHONPATH="$root${PYTHONPATH:+:$PYTHONPATH}"
exec "$root/.venv/bin/python" -P -m app.cli "$@"
"""

# pip's option → uv's variable and what stands between several values
HANDED_OVER = {
    "index-url": ("UV_DEFAULT_INDEX", " "),
    "extra-index-url": ("UV_INDEX", " "),
    "find-links": ("UV_FIND_LINKS", ","),
    "trusted-host": ("UV_INSECURE_HOST", " "),
    "timeout": ("UV_HTTP_TIMEOUT", " "),
    "default-timeout": ("UV_HTTP_TIMEOUT", " "),
    "cert": ("SSL_CERT_FILE", " "),
    "client-cert": ("SSL_CLIENT_CERT", " "),
    "proxy": ("ALL_PROXY", " "),
}
# uv still reads these, and the newer names would win over them.
OLD_NAMES = {"index-url": "UV_INDEX_URL", "extra-index-url": "UV_EXTRA_INDEX_URL"}


def main() -> int:
    """`check` only looks, `lock [uv's options]` renews `requirements.lock`; returns the exit code."""
    os.chdir(Path(__file__).resolve().parents[1])
    command, *options = sys.argv[1:] or ["make"]
    wanted = _fingerprint()
    try:
        complete = STAMP.exists() and STAMP.read_text() == wanted
        if command == "check":
            return 0 if complete and COMMAND.exists() and COMMAND.read_text() == SCRIPT else 1
        if not complete:
            _build(wanted)
        COMMAND.write_text(SCRIPT)
        COMMAND.chmod(0o755)
        if command == "lock":
            _lock(options)
    except subprocess.CalledProcessError as error:
        sys.stderr.write(f"this failed: {' '.join(map(str, error.cmd))}\n")
        return 1
    return 0


def _build(wanted: str) -> None:
    # Moved or copied environments name their old place in every script.
    if VENV.exists() and (not STAMP.exists() or _place(STAMP.read_text()) != _place(wanted)):
        shutil.rmtree(VENV)
    if not VENV.exists():
        with step(f"a virtual environment in {VENV} with {sys.executable}"):
            _run([sys.executable, "-m", "venv", str(VENV)])
    environment = _environment()
    uv = _uv(environment)
    with step("the locked packages"):
        sync = [uv, "pip", "sync", "--quiet", "--python", PYTHON, "--require-hashes", str(LOCK)]
        _run(sync, environment)
    STAMP.write_text(wanted)


def _lock(options: list[str]) -> None:
    environment = _environment()
    uv = _uv(environment)
    with step(f"a new {LOCK}"):
        extras = ["--extra", "demo", "--extra", "dev"]
        options += ["--quiet", "--universal", "--generate-hashes", "--no-header", "-o", str(LOCK)]
        _run([uv, "pip", "compile", "pyproject.toml", *extras, *options], environment)


def _fingerprint() -> str:
    return f"{hashlib.sha256(LOCK.read_bytes()).hexdigest()}\n{VENV.absolute()}\n"


def _place(stamp: str) -> str:
    return stamp.partition("\n")[2]


def _uv(environment: dict[str, str]) -> str:
    own = VENV / "bin" / "uv"
    found = str(own) if own.exists() else shutil.which("uv")
    if found is None:
        with step("uv, which installs the packages"):
            _run([PYTHON, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "uv"], environment)
        found = str(own)
    return found


def _environment() -> dict[str, str]:
    environment = dict(os.environ)
    for option, value in _pip_settings().items():
        if option in HANDED_OVER and OLD_NAMES.get(option, "") not in environment:
            variable, separator = HANDED_OVER[option]
            environment.setdefault(variable, separator.join(value.split()))
    # As pip does: the best version of all indexes. The lock's hashes say which file is meant.
    environment.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
    if not _can_cache(environment):
        environment |= {"PIP_NO_CACHE_DIR": "1", "UV_NO_CACHE": "1"}
    return environment


def _pip_settings() -> dict[str, str]:
    """What pip is set to, by option; the environment's win over those for `install`, these over the general ones."""
    argv = [PYTHON, "-m", "pip", "config", "list"]
    listed = subprocess.run(argv, capture_output=True, text=True, check=True)  # noqa: S603 - our own words
    found = {}
    for section in ("global.", "install.", ":env:."):
        for line in listed.stdout.splitlines():
            name, _, value = line.partition("=")
            if name.startswith(section):
                found[name.removeprefix(section)] = str(ast.literal_eval(value))
    return found


def _can_cache(environment: dict[str, str]) -> bool:
    """Whether the folder where uv and pip keep what they fetched can be written: HOME may be missing or foreign."""
    folder = Path(environment.get("UV_CACHE_DIR") or environment.get("XDG_CACHE_HOME") or "~/.cache")
    if str(folder).startswith("~") and environment.get("HOME") == "":  # would mean the root folder
        return False
    try:
        folder = folder.expanduser()
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except (OSError, RuntimeError):
        return False


def _run(argv: list[str], environment: dict[str, str] | None = None) -> None:
    subprocess.run(argv, env=environment, check=True, stdin=subprocess.DEVNULL)  # noqa: S603 - our own words


if __name__ == "__main__":
    sys.exit(main())
