"""The live stream of a colleague: who listens, until when, and what it says about notices.

The first data is sent when the place in the topic is known; then whatever happens, a heartbeat in between.
"""

import asyncio
from collections.abc import Collection, Hashable, Sequence

import orjson
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from core.notices import delivered
from core.organisation import queries as organisation
from core.sessions import queries as sessions
from infra.live_hub import Hub
from infra.live_stream import Message
from infra.logging import logger
from infra.parameters import Parameter

PATIENCE_SECONDS = Parameter(
    name="live.patience_seconds",
    default=5,
    least=1,
    most=60,
    help="对方多久不接收实时消息就断开连接（秒）",
    english="Who takes no live messages for so many seconds is cut off",
)


async def _still_there(holders: Collection[Hashable]) -> set[Hashable]:
    """Those of the sessions (digests of tokens) that are in force, of people who work here."""
    bearers = await sessions.bearers("staff", [holder for holder in holders if isinstance(holder, bytes)])
    working = await organisation.working_among(set(bearers.values()))
    return {digest for digest, staff_id in bearers.items() if staff_id in working}


hub = Hub(_still_there)


class LiveStream(Response):
    """Server-sent events of a topic; ends with the session, the process, or a reader who doesn't read."""

    media_type = "text/event-stream"

    def __init__(self, topic: str, holder: bytes, after: int | None) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._topic = topic
        self._holder = holder
        self._after = after

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Send until it is over."""
        patience = await PATIENCE_SECONDS.get()
        async with hub.listen(self._topic, self._holder, self._after) as stream:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            gone = asyncio.get_running_loop().create_task(_gone(receive))
            gone.add_done_callback(lambda _: stream.cut())
            try:
                while messages := await stream.take():
                    async with asyncio.timeout(patience):
                        await _send(send, messages)
                    delivered.soon(_notices(messages))
            except TimeoutError:
                # Nothing more can be said to who doesn't listen; the server breaks the connection off.
                logger().info("live_reader_slow")
                return
            finally:
                gone.cancel()
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _send(send: Send, messages: Sequence[Message]) -> None:
    body = b"".join(message.encoded for message in messages)
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _notices(messages: Sequence[Message]) -> list[str]:
    return [orjson.loads(message.payload)["id"] for message in messages if message.kind == "notice"]
