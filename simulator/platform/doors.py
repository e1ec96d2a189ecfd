"""Who is calling, and the form of the platform's bodies."""

from typing import Annotated, Any

import orjson
from fastapi import Depends, Request, Response

from simulator.platform import tokens
from simulator.world import quotas
from simulator.world.errors import API_UNAUTHORIZED, DATA_FORMAT, PlatformError
from simulator.world.records import Account
from simulator.world.state import StateDep


def answer(content: dict[str, Any]) -> Response:
    """Return JSON with the platform's peculiar content type."""
    return Response(orjson.dumps(content), media_type="application/json; encoding=utf-8")


def done() -> Response:
    """Return what endpoints answer that have nothing to tell but success."""
    return answer({"errcode": 0, "errmsg": "ok"})


async def _json_body(request: Request) -> dict[str, Any]:
    # Read whatever the content type says, as the platform does.
    try:
        body = orjson.loads(await request.body())
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        raise PlatformError(DATA_FORMAT)
    return body


Body = Annotated[dict[str, Any], Depends(_json_body)]


def remember_caller(request: Request, account: Account) -> None:
    """Let an error answer to this request be counted for the account."""
    request.state.caller = account


async def _caller(request: Request, state: StateDep, access_token: str = "") -> Account:
    account = tokens.check(state, access_token)
    remember_caller(request, account)
    quotas.spend_call(state, account, request.url.path)
    return account


Caller = Annotated[Account, Depends(_caller)]


async def _official(account: Caller) -> Account:
    return _of_kind(account, "official")


async def _mini(account: Caller) -> Account:
    return _of_kind(account, "mini")


def _of_kind(account: Account, kind: str) -> Account:
    if account.kind != kind:
        raise PlatformError(API_UNAUTHORIZED)
    return account


# Whose token it is, with the call counted; the latter two refuse the other kind of account with 48001.
OfficialCaller = Annotated[Account, Depends(_official)]
MiniCaller = Annotated[Account, Depends(_mini)]
