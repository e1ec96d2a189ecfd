"""The command line as a process of its own."""

import asyncio
import contextlib
import os
import pty
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


async def guanxi(*words, **environment):
    """Run `guanxi …` without a terminal; gives the exit code and all it printed."""
    process = await _started(words, environment, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    return process.returncode, output.decode()


async def guanxi_at_a_terminal(*words, typed=(), **environment):
    """Run `guanxi …` at a terminal; whenever it asks, the next line is typed."""
    ours, theirs = pty.openpty()
    process = await _started(words, environment, stdin=theirs, stdout=theirs)
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


async def _started(words, environment, **streams):
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "app.cli",
        *words,
        cwd=ROOT,
        env=os.environ | environment,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,  # else a hidden question goes to the terminal of whoever runs the tests
        **streams,
    )
