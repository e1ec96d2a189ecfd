"""The command `guanxi` in `.venv/bin`: made without the network, and good from any folder."""

import hashlib
import shlex
import shutil
import subprocess
import sys

import pytest

from tests.architecture.sources import ROOT


@pytest.fixture
def repository(tmp_path):
    """A copy whose environment holds what the lock says already: a word for the Python of the tests."""
    place = tmp_path / "a folder" / "with 'quotes' $HOME"
    python = place / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
    python.chmod(0o755)
    shutil.copytree(ROOT / "scripts", place / "scripts")
    shutil.copy(ROOT / "requirements.lock", place)
    for package in ("app", "infra", "migrations"):
        shutil.copytree(ROOT / package, place / package)
    lock = hashlib.sha256((place / "requirements.lock").read_bytes()).hexdigest()
    (place / ".venv" / "installed").write_text(f"{lock}\n{place / '.venv'}\n")
    return place


def _run(*argv, cwd, **environment):
    env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/nonexistent", "PYTHON": sys.executable} | environment
    done = subprocess.run(argv, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_the_command_is_made_once_and_works_from_anywhere(repository, tmp_path):
    command = repository / ".venv" / "bin" / "guanxi"
    for _ in range(2):
        assert _run("sh", "scripts/environment.sh", cwd=repository) == (0, "")
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "app").mkdir(parents=True)  # no module of ours
    (elsewhere / "app" / "__init__.py").write_text("raise SystemExit('the wrong one')")
    link = tmp_path / "link"
    link.symlink_to(command)
    for called in (command, link):
        code, said = _run(called, "account", "--help", cwd=elsewhere)
        assert (code, said.startswith("Usage: guanxi account ")) == (0, True), said


def test_a_command_that_is_missing_or_old_is_made_anew(repository):
    command = repository / ".venv" / "bin" / "guanxi"
    assert _run("sh", "scripts/environment.sh", cwd=repository)[0] == 0
    made = command.read_text()
    command.write_text("#!/bin/sh\nexit 3\n")
    assert _run("sh", "scripts/environment.sh", cwd=repository) == (0, "")
    assert command.read_text() == made
    command.unlink()
    assert _run("sh", "scripts/environment.sh", cwd=repository) == (0, "")
    assert command.read_text() == made
