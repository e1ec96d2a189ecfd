"""`python -m tests.zygote`: a process that has imported the product once and forks for every program.

Reads one JSON object a line and answers each with a line: a program to start (`main`, `words`, `environment`, `input`,
`output`) with its process id, `{"asked": pid}` with the exit code or `null`. A program gets a process of its own all
the same; only the second and a half of imports is saved.
"""

import json
import os
import sys
import traceback
from importlib import import_module

# What most programs import.
for known in ("app.cli", "app.contexts", "api.app", "app.commands.serving"):
    import_module(known)


def _child(main, words, environment, input, output):  # noqa: A002 - as in subprocess
    os.setsid()  # no question may reach the terminal of whoever runs the tests
    os.environ.clear()
    os.environ.update(environment)
    outward = os.O_WRONLY | os.O_APPEND | os.O_NOCTTY
    for number, (path, flags) in enumerate([(input, os.O_RDONLY | os.O_NOCTTY), (output, outward), (output, outward)]):
        os.dup2(os.open(path, flags), number)
    module, _, function = main.partition(":")
    sys.argv = [module, *words]
    try:
        getattr(import_module(module), function)()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - whatever it is, the program has failed and says so
        traceback.print_exc()
        return 1
    return 0


def _start(program):
    pid = os.fork()
    if pid == 0:
        code = _child(**program)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return pid


def _code(pid):
    ended, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else None


for line in sys.stdin:
    order = json.loads(line)
    print(json.dumps(_code(order["asked"]) if "asked" in order else _start(order)), flush=True)
