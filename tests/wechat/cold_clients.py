"""`main` with the words APP_ID COUNT START: a process whose clients all call at once, and cold.

It waits for the file START, so that several processes begin together; prints one word per client: `ok` or the code of
the error it met.
"""

import asyncio
import sys
import time
from pathlib import Path

from app.contexts import MODELS
from infra import database, redis
from infra.errors import DomainError
from wechat.accounts import queries as accounts
from wechat.platform import client, users


async def _one(account):
    try:
        await users.followers(account, "")
    except DomainError as error:
        return error.code
    return "ok"


async def _main(app_id, count, start):
    await database.connect(MODELS)
    account = await accounts.credentials(app_id)
    print("ready", flush=True)
    while not start.exists():
        time.sleep(0.005)  # noqa: ASYNC251 - nothing else runs in this process yet
    print(*await asyncio.gather(*(_one(account) for _ in range(count))), flush=True)
    await client.close()
    await database.disconnect()
    await redis.disconnect()


def main():
    asyncio.run(_main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])))
