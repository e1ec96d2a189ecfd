"""Typed calls to the platform over one aiohttp session per process."""

import asyncio
from typing import Any

import aiohttp
import orjson

from infra import database, metrics
from infra.logging import logger
from infra.settings import settings
from wechat.accounts.queries import Credentials
from wechat.platform import tokens
from wechat.platform.errors import PlatformAway, PlatformRefused

_TIMEOUT = aiohttp.ClientTimeout(total=10, connect=3)
_BUSY = -1
_SERVER_ERROR = 500
_TOKEN_ERRORS = {40001, 40014, 42001}
_TRIES = 3

_session: aiohttp.ClientSession | None = None


async def close() -> None:
    """Close the process's session."""
    global _session  # noqa: PLW0603 - one per process
    if _session is not None:
        await _session.close()
        _session = None


async def create_permanent_code(account: Credentials, scene: str) -> tuple[str, str]:
    """A permanent QR for a scene of 1-64 characters (`QR_LIMIT_STR_SCENE`): (ticket, the URL inside the picture).

    Asking again for the same scene gives a code for the same scene. Raises PlatformRefused, PlatformAway.
    """
    body = {"action_name": "QR_LIMIT_STR_SCENE", "action_info": {"scene": {"scene_str": scene}}}
    answer = await call(account, "/cgi-bin/qrcode/create", body, expect=("ticket", "url"))
    return answer["ticket"], answer["url"]


async def call(
    account: Credentials, path: str, body: dict[str, Any], *, expect: tuple[str, ...] = ()
) -> dict[str, Any]:
    """POST with a token; a refused token is replaced once. An answer without the fields to `expect` is no answer.

    Raises PlatformRefused, PlatformAway.
    """

    async def fetch() -> dict[str, Any]:
        return await _post(
            "/cgi-bin/stable_token",
            {"grant_type": "client_credential", "appid": account.app_id, "secret": account.secret},
            expect=("access_token", "expires_in"),
        )

    token = await tokens.token(account.app_id, fetch)
    try:
        return await _post(path, body, token, expect=expect)
    except PlatformRefused as refusal:
        if refusal.errcode not in _TOKEN_ERRORS:
            raise
    token = await tokens.token(account.app_id, fetch, failed=token)
    return await _post(path, body, token, expect=expect)


async def _post(
    path: str, body: dict[str, Any], token: str | None = None, *, expect: tuple[str, ...] = ()
) -> dict[str, Any]:
    if database.in_transaction():
        raise RuntimeError("a call to the platform inside a transaction would hold its locks for seconds")
    for attempt in range(1, _TRIES + 1):
        answer = await _once(path, body, token)
        errcode = answer.get("errcode", 0)
        metrics.platform_calls.labels(path, str(errcode)).inc()
        if errcode == 0 and all(name in answer for name in expect):
            return answer
        if errcode == 0:
            raise PlatformAway({"reason": "fields missing"})
        if errcode != _BUSY:
            logger().warning("wechat_refused", path=path, errcode=errcode, errmsg=answer.get("errmsg", ""))
            raise PlatformRefused(errcode, answer.get("errmsg", ""))
        await asyncio.sleep(0.2 * attempt)
    raise PlatformAway


async def _once(path: str, body: dict[str, Any], token: str | None) -> dict[str, Any]:
    global _session  # noqa: PLW0603
    if _session is None:
        _session = aiohttp.ClientSession(timeout=_TIMEOUT)
    params = {"access_token": token} if token else {}
    try:
        async with _session.post(settings().wechat_api_url + path, params=params, data=orjson.dumps(body)) as response:
            if response.status >= _SERVER_ERROR:
                raise PlatformAway({"reason": f"status {response.status}"})
            answer = orjson.loads(await response.read())
    except (aiohttp.ClientError, TimeoutError, orjson.JSONDecodeError) as error:
        metrics.platform_calls.labels(path, "away").inc()
        raise PlatformAway({"reason": type(error).__name__}) from error
    if not isinstance(answer, dict):
        raise PlatformAway({"reason": "no JSON object"})
    return answer
