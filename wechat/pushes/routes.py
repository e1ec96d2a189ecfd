"""`GET|POST /wechat/{app_id}/push`: the address given to the platform. Public: the signature is the proof."""

from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response

from infra.context import FastRoute
from wechat.pushes.errors import PushTooLarge
from wechat.pushes.service import MOST_BYTES, Receiver

router = APIRouter(prefix="/wechat", tags=["wechat"])

_SIGNED = [
    {"name": name, "in": "query", "required": False, "schema": {"type": "string"}}
    for name in ("signature", "timestamp", "nonce", "echostr", "encrypt_type", "msg_signature", "openid")
]
_BODY: dict[str, Any] = {
    "parameters": _SIGNED,
    "requestBody": {
        "content": {kind: {"schema": {"type": "string"}} for kind in ("text/xml", "application/json")},
        "required": True,
    },
}


def _receiver(request: Request) -> Receiver:
    receiver: Receiver = request.app.state.receiver
    return receiver


@router.get("/{app_id}/push", response_class=Response, openapi_extra={"parameters": _SIGNED})
async def verify(app_id: str, request: Request) -> Response:
    """The platform's URL verification: the echo, if the signature fits."""
    echo = await _receiver(request).verify(app_id, request.query_params)
    return Response(echo, media_type="text/plain")


@router.post("/{app_id}/push", response_class=Response, openapi_extra=_BODY)
async def push(app_id: str, request: Request) -> Response:
    """A message or an event; answered with the reply or `success` once it is durable."""
    query = _read_query(request.scope["query_string"].decode("latin-1"))
    body = await _read_body(request, await MOST_BYTES.get())
    answer = await _receiver(request).receive(app_id, query, body, request.scope.get("request_id"))
    return Response(answer, media_type="application/xml" if answer.startswith("<") else "text/plain")


async def _read_body(request: Request, most: int) -> bytes:
    """Counted while it comes, since what a header announces may be a lie. Raises PushTooLarge, and reads no more."""
    pieces, size = list[bytes](), 0
    async for piece in request.stream():
        size += len(piece)
        if size > most:
            raise PushTooLarge
        pieces.append(piece)
    return b"".join(pieces)


def _read_query(text: str) -> dict[str, str]:
    # What the platform signs is digits and letters: nothing to unquote, and splitting takes a third of the time.
    if "%" in text or "+" in text:
        return dict(parse_qsl(text, keep_blank_values=True))
    return {name: value for name, _, value in (pair.partition("=") for pair in text.split("&"))}


FAST_ROUTES = (FastRoute("POST", "/wechat/{app_id}/push", push),)
