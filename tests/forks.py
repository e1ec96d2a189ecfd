"""Programs of the product as processes of their own, forked from one that has imported everything."""

import atexit
import json
import os
import signal
import subprocess
import sys
import threading
import time
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
_turn = threading.Lock()


class Fork:
    """A process that runs a function (`module:function`), with what tests use of `subprocess.Popen`."""

    def __init__(self, main, *words, output, input=os.devnull, environment=None):  # noqa: A002 - as in subprocess
        program = {"main": main, "words": words, "input": str(input), "output": str(output)}
        self.pid = _ask(program | {"environment": dict(environment or os.environ)})
        self.returncode = None

    def poll(self):
        if self.returncode is None:
            self.returncode = _ask({"asked": self.pid})
        return self.returncode

    def wait(self, timeout=60):
        deadline = time.monotonic() + timeout
        while self.poll() is None:
            assert time.monotonic() < deadline, "it does not end"
            time.sleep(0.005)
        return self.returncode

    def send_signal(self, number):
        # Until it has been asked for its code, its id belongs to nobody else.
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self):
        self.send_signal(signal.SIGTERM)

    def kill(self):
        self.send_signal(signal.SIGKILL)


def _ask(order):
    with _turn:
        zygote = _zygote()
        zygote.stdin.write(f"{json.dumps(order)}\n")
        zygote.stdin.flush()
        return json.loads(zygote.stdout.readline())


@cache
def _zygote():
    zygote = subprocess.Popen(
        [sys.executable, "-m", "tests.zygote"], cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    atexit.register(zygote.kill)
    return zygote
