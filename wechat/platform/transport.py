"""One request to the platform over one aiohttp session per process; what it answers is JSON or bytes."""

from typing import Any

import aiohttp
import orjson

from infra import database, metrics
from infra.settings import settings
from wechat.platform.errors import PlatformAway, PlatformUnreached

_TIMEOUT = aiohttp.ClientTimeout(total=10, connect=3)
_OK = 200
_UNREACHED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)


class StatusNotOk(aiohttp.ClientError):
    """The platform answers everything with 200; anything else comes from something in between."""


_session: aiohttp.ClientSession | None = None


async def close() -> None:
    """Close the process's session."""
    global _session  # noqa: PLW0603 - one per process
    if _session is not None:
        await _session.close()
        _session = None


async def send(
    path: str, body: dict[str, Any] | None = None, params: dict[str, str] | None = None
) -> dict[str, Any] | bytes:
    """POST a body, or GET without one. An object of JSON comes back as such, anything else as bytes.

    A picture and an error both come with HTTP 200: the first byte tells them apart. Raises PlatformAway when there is
    no whole answer (PlatformUnreached when nothing was asked), RuntimeError inside a transaction.
    """
    if database.in_transaction():
        raise RuntimeError("a call to the platform inside a transaction would hold its locks for seconds")
    try:
        content = await _exchange(path, body, params)
        answer = orjson.loads(content) if content.startswith(b"{") else content
    except (aiohttp.ClientError, TimeoutError, orjson.JSONDecodeError) as error:
        metrics.platform_calls.labels(path, "away").inc()
        away = PlatformUnreached if isinstance(error, _UNREACHED) else PlatformAway
        # The class alone: the text of some holds the address, and the address holds the token.
        raise away({"reason": type(error).__name__}) from None
    errcode = answer.get("errcode", 0) if isinstance(answer, dict) else 0
    metrics.platform_calls.labels(path, str(errcode)).inc()
    return answer


async def _exchange(path: str, body: dict[str, Any] | None, params: dict[str, str] | None) -> bytes:
    global _session  # noqa: PLW0603
    if _session is None:
        _session = aiohttp.ClientSession(timeout=_TIMEOUT)
    method, data = ("GET", None) if body is None else ("POST", orjson.dumps(body))
    # The platform never redirects a call: following one would take the token elsewhere.
    async with _session.request(
        method, settings().wechat_api_url + path, params=params, data=data, allow_redirects=False
    ) as response:
        if response.status != _OK:
            raise StatusNotOk
        return await response.read()
