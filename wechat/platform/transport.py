"""One request to the platform over one aiohttp session per process; what it answers is JSON or bytes."""

import io
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import aiohttp
import orjson

from infra import database, metrics
from infra.settings import settings
from wechat.platform.errors import PlatformAway, PlatformUnreached

_CONNECT_SECONDS = 3
_TIMEOUT = aiohttp.ClientTimeout(total=10, connect=_CONNECT_SECONDS)
_FILE_TIMEOUT = aiohttp.ClientTimeout(total=30, connect=_CONNECT_SECONDS)
_CHUNK_BYTES = 65_536
_OK = 200
_UNREACHED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)


class StatusNotOk(aiohttp.ClientError):
    """The platform answers everything with 200; anything else comes from something in between."""


@dataclass(frozen=True, slots=True)
class Form:
    """A file to send, as the one part of a form."""

    content: bytes
    name: str
    media_type: str


# Gets a file's media type, its name and its bytes chunk by chunk, as they come.
Taker: TypeAlias = Callable[[str, str, AsyncIterator[bytes]], Awaitable[None]]

_session: aiohttp.ClientSession | None = None


async def close() -> None:
    """Close the process's session."""
    global _session  # noqa: PLW0603 - one per process
    if _session is not None:
        await _session.close()
        _session = None


async def send(
    path: str,
    body: dict[str, Any] | Form | None = None,
    params: dict[str, str] | None = None,
    take: Taker | None = None,
) -> dict[str, Any] | bytes:
    """POST a body, or GET without one. An object of JSON comes back as such, anything else as bytes.

    A picture and an error both come with HTTP 200: the first byte tells them apart. With `take`, bytes go there and
    none come back. Raises PlatformAway when there is no whole answer (PlatformUnreached when nothing was asked),
    RuntimeError inside a transaction.
    """
    if database.in_transaction():
        raise RuntimeError("a call to the platform inside a transaction would hold its locks for seconds")
    try:
        content = await _exchange(path, body, params, take)
        answer = orjson.loads(content) if content.startswith(b"{") else content
    except (aiohttp.ClientError, TimeoutError, orjson.JSONDecodeError) as error:
        metrics.platform_calls.labels(path, "away").inc()
        away = PlatformUnreached if isinstance(error, _UNREACHED) else PlatformAway
        # The class alone: the text of some holds the address, and the address holds the token.
        raise away({"reason": type(error).__name__}) from None
    errcode = answer.get("errcode", 0) if isinstance(answer, dict) else 0
    metrics.platform_calls.labels(path, str(errcode)).inc()
    return answer


async def _exchange(
    path: str, body: dict[str, Any] | Form | None, params: dict[str, str] | None, take: Taker | None
) -> bytes:
    global _session  # noqa: PLW0603
    if _session is None:
        _session = aiohttp.ClientSession(timeout=_TIMEOUT)
    method, data = ("GET", None) if body is None else ("POST", _written(body))
    timeout = _FILE_TIMEOUT if take is not None or isinstance(body, Form) else _TIMEOUT
    # The platform never redirects a call: following one would take the token elsewhere.
    async with _session.request(
        method, settings().wechat_api_url + path, params=params, data=data, allow_redirects=False, timeout=timeout
    ) as response:
        if response.status != _OK:
            raise StatusNotOk
        return await (response.read() if take is None else _taken(response, take))


def _written(body: dict[str, Any] | Form) -> bytes | aiohttp.FormData:
    if isinstance(body, dict):
        return orjson.dumps(body)
    form = aiohttp.FormData()
    form.add_field("media", io.BytesIO(body.content), filename=body.name, content_type=body.media_type)
    return form


async def _taken(response: aiohttp.ClientResponse, take: Taker) -> bytes:
    first = await response.content.readany()
    # Neither a page of a proxy in between nor nothing at all is a file.
    if not first or first.lstrip().startswith(b"<"):
        raise StatusNotOk
    if first.startswith(b"{"):
        return first + await response.content.read()
    disposition = response.content_disposition

    async def chunks() -> AsyncIterator[bytes]:
        yield first
        async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
            yield chunk

    await take(response.content_type, (disposition and disposition.filename) or "", chunks())
    return b""
