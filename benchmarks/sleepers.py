"""The product's processes with one more context: a responder and an event handler that sleep for ten seconds.

`python -m benchmarks.sleepers …` is `guanxi …`, `celery -A benchmarks.sleepers …` the worker or beat; only the list of
contexts is longer.
"""

import asyncio
import os

import asyncpg

from app import contexts
from infra.context import Context
from infra.events import Delivered, Handler
from wechat.pushes.events import PushReceived
from wechat.pushes.messages import Subscribe
from wechat.pushes.responders import Responder, Response, View

SECONDS = 10.0


async def _respond(_view: View) -> Response:
    await asyncio.sleep(SECONDS)
    return Response(text="never said")


async def _handle(_delivered: Delivered[PushReceived]) -> None:
    await asyncio.sleep(SECONDS)
    # On a connection of its own: the handler's transaction may be cut off before it commits.
    connection = await asyncpg.connect(os.environ["GUANXI_DATABASE_URL"])
    await connection.execute("INSERT INTO bench_sleep VALUES (now())")
    await connection.close()


_SLEEPERS = Context(
    name="sleepers",
    handlers=(Handler(name="bench.sleep", events=(PushReceived,), handle=_handle),),
    responders=(Responder("sleeper", (Subscribe,), _respond),),
)
# First: it is asked before the welcome.
contexts.CONTEXTS = (_SLEEPERS, *contexts.CONTEXTS)  # type: ignore[assignment] # one longer

from workers.app import app  # noqa: E402, F401 - Celery looks for it here, after the list is longer

if __name__ == "__main__":
    import sys

    if sys.argv[1:] == ["relay"]:
        from workers.relay import main

        asyncio.run(main())
    else:
        from app.cli import main as command_line

        command_line()
