"""How bytes leave over HTTP: streamed, in ranges, and never as something that a browser would run."""

from fastapi import Request, Response
from starlette.types import Receive, Scope, Send

from core.files.errors import RangeNotThere
from core.files.queries import Bytes
from core.files.rules import disposition, read_range
from infra import alerts
from infra.files.errors import BytesMissing
from infra.files.stores import store

_PARTIAL, _UNCHANGED = 206, 304
# Chromium shows a PDF in this sandbox too.
_PROTECTIONS = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox",
    "cross-origin-resource-policy": "same-site",
    "referrer-policy": "no-referrer",
}


class BytesResponse(Response):
    """The bytes of a file, or the part that the request asks for. Opened before the first header goes out."""

    def __init__(self, content: Bytes, seconds: int, request: Request) -> None:
        etag = f'"{content.digest}"'
        super().__init__(media_type=content.media_type)
        self._content, self._request = content, request
        self._start, self._length = 0, content.size
        self.headers.update(_PROTECTIONS)
        self.headers["content-disposition"] = disposition(content.name, content.media_type)
        self.headers["cache-control"] = f"private, max-age={seconds}, immutable"
        self.headers["etag"] = etag
        self.headers["accept-ranges"] = "bytes"
        if etag in [tag.strip() for tag in request.headers.get("if-none-match", "").split(",")]:
            self.status_code = _UNCHANGED
            del self.headers["content-length"]
            return
        if request.method == "GET" and request.headers.get("if-range", etag) == etag:
            self._narrow(request.headers.get("range", ""))
        self.headers["content-length"] = str(self._length)

    def _narrow(self, asked: str) -> None:
        part = read_range(asked, self._content.size)
        if part is None:
            return
        if not part:
            raise RangeNotThere({"size": self._content.size})
        self.status_code = _PARTIAL
        self._start, self._length = part.start, len(part)
        self.headers["content-range"] = f"bytes {part.start}-{part.stop - 1}/{self._content.size}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.status_code == _UNCHANGED or self._request.method == "HEAD":
            await super().__call__(scope, receive, send)
            return
        try:
            async with store().open(self._content.digest, self._start, self._length) as chunks:
                await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
                async for chunk in chunks:
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
                    # The server says nothing of a caller who hung up.
                    if await self._request.is_disconnected():
                        return
        except BytesMissing:
            await alerts.raise_alert("files.bytes_missing", self._content.digest, "the store has lost a file's bytes")
            raise
        await send({"type": "http.response.body", "body": b""})
