"""The command line as a process of its own."""

import asyncio
import atexit
import contextlib
import json
import os
import pty
import subprocess
import sys
import tempfile
import threading
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
_turn = threading.Lock()


async def guanxi(*words, **environment):
    """Run `guanxi …` without a terminal; gives the exit code and all it printed."""
    with tempfile.NamedTemporaryFile() as output:
        command = {"words": words, "environment": dict(os.environ) | environment, "output": output.name}
        code = await asyncio.to_thread(_told_to_the_zygote, json.dumps(command))
        return code, output.read().decode()


def _told_to_the_zygote(command):
    with _turn:
        zygote = _zygote()
        zygote.stdin.write(f"{command}\n")
        zygote.stdin.flush()
        return int(zygote.stdout.readline())


@cache
def _zygote():
    zygote = subprocess.Popen(
        [sys.executable, "-m", "tests.app.zygote"],
        cwd=ROOT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    atexit.register(zygote.kill)
    return zygote


async def guanxi_at_a_terminal(*words, typed=(), **environment):
    """Run `guanxi …` at a terminal; whenever it asks, the next line is typed."""
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "app.cli",
        *words,
        cwd=ROOT,
        env=os.environ | environment,
        stdin=theirs,
        stdout=theirs,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,  # else a hidden question goes to the terminal of whoever runs the tests
    )
    os.close(theirs)
    lines, output, answered = iter(typed), b"", 0
    with contextlib.suppress(OSError):  # how a terminal that everybody has left ends
        while said := await asyncio.to_thread(os.read, ours, 65_536):
            output += said
            if output.endswith(b": ") and len(output) > answered:
                answered = len(output)
                os.write(ours, f"{next(lines, chr(3))}\n".encode())  # then Ctrl-C: a test never waits for ever
    os.close(ours)
    return await process.wait(), output.decode().replace("\r\n", "\n")
