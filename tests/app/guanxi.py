"""The command line as a process of its own."""

import asyncio
import contextlib
import os
import pty
import tempfile

from tests.forks import Fork

MAIN = "app.cli:main"


async def guanxi(*words, **environment):
    """Run `guanxi …` without a terminal; gives the exit code and all it printed."""
    with tempfile.NamedTemporaryFile() as output:
        process = Fork(MAIN, *words, output=output.name, environment=os.environ | environment)
        return await asyncio.to_thread(process.wait), output.read().decode()


async def guanxi_at_a_terminal(*words, typed=(), **environment):
    """Run `guanxi …` at a terminal; whenever it asks, the next line is typed."""
    ours, theirs = pty.openpty()
    terminal = os.ttyname(theirs)
    process = Fork(MAIN, *words, input=terminal, output=terminal, environment=os.environ | environment)
    lines, output, answered = iter(typed), b"", 0
    reading = asyncio.create_task(asyncio.to_thread(process.wait))
    reading.add_done_callback(lambda _: os.close(theirs))
    with contextlib.suppress(OSError):  # how a terminal that everybody has left ends
        while said := await asyncio.to_thread(os.read, ours, 65_536):
            output += said
            if output.endswith(b": ") and len(output) > answered:
                answered = len(output)
                os.write(ours, f"{next(lines, chr(3))}\n".encode())  # then Ctrl-C: a test never waits for ever
    os.close(ours)
    return await reading, output.decode().replace("\r\n", "\n")
