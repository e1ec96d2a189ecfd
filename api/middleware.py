"""Around every request: its id, its size, its time in the metrics, one line in the log, and what goes wrong inside."""

import re
import time
from collections.abc import Iterable
from email.utils import formatdate
from functools import lru_cache

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import GONE, TooLarge, render, unexpected
from infra import clock, metrics
from infra.ids import new_id
from infra.logging import logger, request_context

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_LONGEST_NUMBER = 20
_FAILED = 500
# Answered too often for a line each; metrics count them.
_QUIET = frozenset({"/wechat/{app_id}/push", "/healthz", "/readyz", "/metrics"})


class RequestMiddleware:
    """Plain ASGI, since it stands in the way of every push. A caller's `X-Request-Id` is kept if it looks like one."""

    def __init__(self, app: ASGIApp, most_bytes: int, streamed: frozenset[tuple[str, str]] = frozenset()) -> None:
        """`streamed` names the routes (method, path) that measure their bodies themselves."""
        self._app = app
        self._most_bytes = most_bytes
        self._streamed = streamed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 0
        given, announced = _read(scope["headers"])
        request_id = given.decode() if _REQUEST_ID.fullmatch(given) else str(new_id())
        scope["request_id"] = request_id

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                own = (b"x-request-id", request_id.encode()), (b"date", _date(int(clock.timestamp())))
                message["headers"] = [*message["headers"], *own]
            await send(message)

        with request_context(request_id):
            try:
                await self._pass_on(scope, receive, send_with_id, announced)
            except ClientDisconnect:
                status = GONE
            except Exception as error:
                if not status:
                    await unexpected(Request(scope), error)(scope, receive, send_with_id)
                elif status < _FAILED:
                    # Broken off in the middle of an answer: the server must not end it as if it were whole.
                    raise
                # Else the framework has answered by our own handler and only hands the error on.
            finally:
                _note(scope, status, time.perf_counter() - started)

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send, announced: int | None) -> None:
        if (scope["method"], scope["path"]) in self._streamed:
            await self._app(scope, receive, send)
        elif announced is None:
            await self._app(scope, self._limited(receive), send)
        elif announced > self._most_bytes:
            await render(Request(scope), TooLarge())(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _limited(self, receive: Receive) -> Receive:
        """A body that announces no length is cut off where it grows too large."""
        received = 0

        async def limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._most_bytes:
                raise HTTPException(TooLarge.status)
            return message

        return limited


@lru_cache(maxsize=1)
def _date(second: int) -> bytes:
    """Pages count time by this clock, not by their phone's."""
    return formatdate(second, usegmt=True).encode()


def _read(headers: Iterable[tuple[bytes, bytes]]) -> tuple[bytes, int | None]:
    """The caller's request id and the announced length, which the server holds the caller to."""
    request_id, length = b"", None
    for name, value in headers:
        if name == b"x-request-id":
            request_id = value
        elif name == b"content-length" and value.isdigit() and len(value) < _LONGEST_NUMBER:
            length = int(value)
    return request_id, length


def _note(scope: Scope, status: int, seconds: float) -> None:
    route = getattr(scope.get("route"), "path", "unmatched")
    metrics.http_seconds.labels(scope["method"], route, status).observe(seconds)
    if route not in _QUIET:
        logger().info("request", method=scope["method"], route=route, status=status, ms=round(seconds * 1000, 1))
