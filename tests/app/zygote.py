"""`python -m tests.app.zygote`: a process that has imported the command line once and forks for every command.

Reads one JSON object a line (`words`, `environment`, `output`: a file), and writes the exit code of each. A command
gets a process of its own all the same; only the second and a half of imports is saved.
"""

import json
import os
import sys
import traceback

import app.contexts  # noqa: F401 - what most commands import
from app.cli import main


def _child(words, environment, output):
    os.setsid()  # no question may reach the terminal of whoever runs the tests
    os.environ.clear()
    os.environ.update(environment)
    for number, (path, flags) in enumerate([(os.devnull, os.O_RDONLY), *[(output, os.O_WRONLY | os.O_APPEND)] * 2]):
        os.dup2(os.open(path, flags), number)
    sys.argv = ["guanxi", *words]
    try:
        main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - whatever it is, the command has failed and says so
        traceback.print_exc()
        return 1
    return 0


for line in sys.stdin:
    command = json.loads(line)
    pid = os.fork()
    if pid == 0:
        code = _child(command["words"], command["environment"], command["output"])
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
