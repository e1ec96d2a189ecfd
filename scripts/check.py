#!/usr/bin/env python3
"""Runs every static check, also after one that fails; prints what a failing one says."""

import subprocess
import sys

from step import step

TOOLS = {
    "ruff check": ["ruff", "check"],
    "ruff format": ["ruff", "format", "--check"],
    "mypy": ["mypy"],
}
# Its command line is only a script, and scripts break in a path with spaces.
IMPORTS = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"


def main() -> int:
    """Exit code 1 when any of them fails."""
    commands = {what: ["-m", *words] for what, words in TOOLS.items()}
    commands |= {"lint-imports": ["-c", IMPORTS], "pages": ["scripts/pages.py", "--check", "--if-possible"]}
    failures = 0
    for what, words in commands.items():
        with step(what):
            argv = [sys.executable, *words]
            done = subprocess.run(argv, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
        if done.returncode != 0:
            failures += 1
            sys.stdout.write(f"{done.stdout}{done.stderr}{what} failed\n")
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main())
