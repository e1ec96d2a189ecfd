"""The command line as a process of its own."""

import asyncio
import os
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


async def guanxi(*words, said=None, **environment):
    """Run `guanxi …`, with these lines typed; gives the exit code and all it printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "app.cli",
        *words,
        cwd=ROOT,
        env=os.environ | environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,  # else a hidden question goes to the terminal of whoever runs the tests
    )
    output, _ = await process.communicate("".join(f"{line}\n" for line in said or ()).encode())
    return process.returncode, output.decode()
