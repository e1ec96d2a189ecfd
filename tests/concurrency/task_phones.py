"""Phones of many colleagues in processes of their own: `python -m tests.concurrency.task_phones <file of words> …`.

A process for each file, forked when everything is imported. Each line of a file is a batch, `[staff id, [word, …]]`;
forty phones of a process talk at once. Prints how many words had which outcome, a line for each process.
"""

import asyncio
import os
import sys
from collections import Counter
from pathlib import Path
from uuid import UUID

import orjson

from core.tasks import saying
from core.tasks.schemas import WordIn
from infra import database, redis

_AT_ONCE = 40


async def _main(path):
    batches = [orjson.loads(line) for line in path.read_bytes().splitlines()]
    outcomes = Counter()
    await database.connect(["infra.models"])  # words are written by SQL alone

    async def phone():
        while batches:
            staff_id, words = batches.pop()
            results = await saying.say(UUID(staff_id), [WordIn.model_validate(word) for word in words])
            outcomes.update(str(result.outcome) for result in results)

    await asyncio.gather(*(phone() for _ in range(_AT_ONCE)))
    await database.disconnect()
    await redis.disconnect()
    os.write(sys.stdout.fileno(), orjson.dumps(outcomes) + b"\n")  # in one piece: others write there too


def _fork(path):
    child = os.fork()
    if child == 0:
        asyncio.run(_main(path))
        os._exit(0)
    return child


if __name__ == "__main__":
    children = [_fork(Path(name)) for name in sys.argv[1:]]
    ends = [os.waitpid(child, 0)[1] for child in children]
    sys.exit(any(ends))
