"""A listener inside the test's process: the application is called as a server would call it."""

import asyncio
from contextlib import asynccontextmanager

import orjson

from api.app import create_app
from core.notices import delivered, streams


class Listener:
    """What has come on one stream: (event, data) in order, ids and beats apart."""

    def __init__(self):
        self.status = None
        self.headers = {}
        self.events = []
        self.number = None
        self.beats = 0
        self.ended = False
        self._text = ""
        self._something = asyncio.Event()
        self._hung_up = asyncio.Event()
        self.reads = asyncio.Event()
        self.reads.set()

    async def receive(self):
        await self._hung_up.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        await self.reads.wait()
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            self._text += message["body"].decode()
            *whole, self._text = self._text.split("\n\n")
            for block in whole:
                self._take(block)
            self.ended = not message.get("more_body", False)
        self._something.set()

    def _take(self, block):
        if block == ":":
            self.beats += 1
            return
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        if "id" in fields:
            self.number = int(fields["id"])
        if "event" in fields:
            self.events.append((fields["event"], orjson.loads(fields["data"])))

    def hang_up(self):
        self._hung_up.set()

    def kinds(self):
        return [kind for kind, _ in self.events]

    async def until(self, so):
        """Wait until it is so."""
        async with asyncio.timeout(20):
            while not so(self):
                self._something.clear()
                await self._something.wait()

    async def heard(self, count):
        await self.until(lambda listener: len(listener.events) >= count)
        return self.events


@asynccontextmanager
async def listening(headers, query=""):
    """A stream that has begun, or was refused."""
    listener = Listener()
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/staff/v1/live",
        "raw_path": b"/staff/v1/live",
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), str(value).encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("door", 80),
    }
    call = asyncio.create_task(_app()(scope, listener.receive, listener.send))
    try:
        await listener.until(lambda listener: listener.status is not None)
        yield listener
    finally:
        listener.reads.set()
        listener.hang_up()
        await call


_apps = []


def _app():
    if not _apps:
        _apps.append(create_app())
    return _apps[0]


@asynccontextmanager
async def open_hub():
    """The process's hub at work, as between start and end of a server."""
    await streams.hub.open()
    try:
        yield streams.hub
    finally:
        await streams.hub.close()
        await delivered.close()
