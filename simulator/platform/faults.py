"""Trouble that is switched on for endpoints: what it is, whose calls it meets, and the middleware that makes it."""

import asyncio
import socket
import struct
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qs

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from simulator.platform import oauth
from simulator.world import quotas
from simulator.world.errors import CLIENT_ID_EXISTS, INVALID_CREDENTIAL, INVALID_TOKEN, TOKEN_EXPIRED, PlatformError
from simulator.world.records import Record
from simulator.world.state import State

# Those that end in `_after`, and a cut answer, meet a call whose effect is done.
Kind = Literal[
    "latency",
    "http_500",
    "http_500_after",
    "reset_after",
    "errcode",
    "errcode_after",
    "not_json",
    "truncated",
]
BEFORE: tuple[Kind, ...] = ("http_500", "errcode", "not_json")
WITH_ERRCODE: tuple[Kind, ...] = ("errcode", "errcode_after")
TOKEN_PATHS = ("/cgi-bin/token", "/cgi-bin/stable_token")
EVERYWHERE = "*"
TOKEN_ERRORS = {INVALID_CREDENTIAL, INVALID_TOKEN, TOKEN_EXPIRED}
NOT_JSON = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
# A closed socket with this option sends a reset instead of a farewell.
NO_LINGER = struct.pack("ii", 1, 0)


class Fault(Record):
    """One switch; `times` is how many calls it still meets, none means all until it is switched off."""

    app_id: str
    endpoint: str
    kind: Kind
    errcode: int | None
    latency_ms: int | None
    times: int | None

    def key(self) -> str:
        return f"{self.app_id}|{self.endpoint}|{self.kind}"


@dataclass(slots=True)
class _Call:
    """A request whose body was read, so that it can be looked at and still be handled."""

    path: str
    query: dict[str, str]
    body: bytes

    @property
    def named_app(self) -> str:
        if "appid" in self.query or not self.body.startswith(b"{"):
            return self.query.get("appid", "")
        try:
            return str(orjson.loads(self.body).get("appid", ""))
        except orjson.JSONDecodeError:
            return ""

    def app_id(self, state: State) -> str | None:
        """Tell whose call it is, by its token, its app id or the ticket of a code."""
        value = self.query.get("access_token", "")
        grant = state.every(oauth.Grant).get(value)
        token = state.tokens.get(value) or grant or state.codes.get(self.query.get("ticket", ""))
        return token.app_id if token is not None else self.named_app


@dataclass(slots=True)
class _Answer:
    """What the application answered, kept back."""

    start: Message = field(default_factory=dict)
    body: bytes = b""

    async def take(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start = message
        else:
            self.body += message.get("body", b"")


class Faults:
    """ASGI middleware over all of the platform's paths; without a switch it only looks."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request as the switches of its account want it."""
        watched = scope["type"] == "http" and scope["path"].startswith(quotas.PLATFORM_PATHS)
        state: State | None = scope["app"].state.state if watched else None
        if state is None or not state.every(Fault):
            await self._app(scope, receive, send)
            return
        call = await _read(scope, receive)
        slow, fault = _take(state, call)
        if slow is not None:
            await asyncio.sleep((slow.latency_ms or 0) / 1000)
        await self._handle(fault, call, scope, receive, send)

    async def _handle(self, fault: Fault | None, call: _Call, scope: Scope, receive: Receive, send: Send) -> None:
        if fault is None:
            await self._app(scope, _replay(call, receive), send)
            return
        answer = _Answer()
        if fault.kind not in BEFORE:
            await self._app(scope, _replay(call, receive), answer.take)
        elif call.path in TOKEN_PATHS:
            quotas.note_fetch(scope["app"].state.state, fault.app_id)
        match fault.kind:
            case "http_500" | "http_500_after":
                await _respond(send, 500, b"Internal Server Error", b"text/plain")
            case "not_json":
                await _respond(send, 200, NOT_JSON, b"text/html")
            case "errcode" | "errcode_after":
                await _refuse(scope["app"].state.state, fault, answer, send)
            case "truncated":
                await _respond(send, answer.start["status"], answer.body[: len(answer.body) // 2], _type(answer))
            case "reset_after":
                await _cut(receive)


def _take(state: State, call: _Call) -> tuple[Fault | None, Fault | None]:
    """Return the delay and the trouble that meet a call, used up by one; its own path goes before `*`."""
    app_id = call.app_id(state)
    meeting = [fault for fault in state.every(Fault).values() if fault.app_id == app_id and _meets(fault, call)]
    meeting.sort(key=lambda fault: fault.endpoint == EVERYWHERE)
    slow = next((fault for fault in meeting if fault.kind == "latency"), None)
    trouble = next((fault for fault in meeting if fault.kind != "latency"), None)
    for fault in (slow, trouble):
        if fault is not None:
            _use(state, fault, call)
    return slow, trouble


def _meets(fault: Fault, call: _Call) -> bool:
    if fault.endpoint != EVERYWHERE:
        return fault.endpoint == call.path
    # Everywhere a token is refused means everywhere one is shown: the fetch of a new one goes on.
    return fault.errcode not in TOKEN_ERRORS or "access_token" in call.query


def _use(state: State, fault: Fault, call: _Call) -> None:
    quotas.note(state, state.accounts[fault.app_id], quotas.FAULTED + quotas.endpoint_name(call.path))
    if fault.times is None:
        return
    fault.times -= 1
    if fault.times:
        state.save(fault)
    else:
        state.drop(fault)


async def _read(scope: Scope, receive: Receive) -> _Call:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    query = {name: values[0] for name, values in parse_qs(scope["query_string"].decode("latin-1")).items()}
    return _Call(scope["path"], query, body)


def _replay(call: _Call, receive: Receive) -> Receive:
    whole: list[Message] = [{"type": "http.request", "body": call.body, "more_body": False}]

    async def replayed() -> Message:
        return whole.pop() if whole else await receive()

    return replayed


async def _refuse(state: State, fault: Fault, answer: _Answer, send: Send) -> None:
    error = PlatformError(fault.errcode or -1, None, **_first_message(fault, answer))
    quotas.note_error(state, state.accounts[fault.app_id], error.errcode)
    await _respond(send, 200, orjson.dumps(error.body()), b"application/json; encoding=utf-8")


def _first_message(fault: Fault, answer: _Answer) -> dict[str, str | int]:
    # What says that a message exists already names the message, which has just been sent.
    if fault.errcode != CLIENT_ID_EXISTS or not answer.body:
        return {}
    return {name: value for name, value in orjson.loads(answer.body).items() if name == "msg_id"}


async def _respond(send: Send, status: int, body: bytes, media_type: bytes) -> None:
    headers = [(b"content-type", media_type), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _type(answer: _Answer) -> bytes:
    media_type: bytes = dict(answer.start["headers"])[b"content-type"]
    return media_type


async def _cut(receive: Receive) -> None:
    # ASGI has no word for this, so it is said to uvicorn's connection, whose method `receive` is.
    transport: asyncio.Transport = receive.__self__.transport  # type: ignore[attr-defined]
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
    transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass
