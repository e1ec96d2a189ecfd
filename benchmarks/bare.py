"""The push benchmark's baseline: an endpoint that verifies, decrypts and durably inserts one row, and no more.

No parsing of the message, no key against repeated pushes, no event, no reply: what a first version would do.
"""

import hashlib
import hmac
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from xml.etree import ElementTree as ET

import asyncpg
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from wechatpy.crypto import PrpCrypto

from benchmarks.sample_pushes import APP_ID, CIPHER_KEY, PATH, TOKEN

_CRYPTO = PrpCrypto(CIPHER_KEY)


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    async with asyncpg.create_pool(os.environ["GUANXI_DATABASE_URL"]) as pool:
        app.state.pool = pool
        yield


async def _ready(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("ok")


async def _push(request: Request) -> PlainTextResponse:
    query = request.query_params
    encrypted = ET.fromstring(await request.body()).findtext("Encrypt", "")
    parts = sorted((TOKEN, query["timestamp"], query["nonce"], encrypted))
    if not hmac.compare_digest(hashlib.sha1("".join(parts).encode()).hexdigest(), query["msg_signature"]):
        return PlainTextResponse("", 403)
    message = _CRYPTO.decrypt(encrypted, APP_ID)
    await request.app.state.pool.execute("INSERT INTO bench_push (message) VALUES ($1)", message)
    return PlainTextResponse("success")


app = Starlette(routes=[Route("/readyz", _ready), Route(PATH, _push, methods=["POST"])], lifespan=_lifespan)
