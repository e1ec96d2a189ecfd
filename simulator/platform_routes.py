"""The platform's own endpoints: HTTP 200 whatever happens, errors are in the body."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Request, Response

from simulator import qrcodes, quotas, tokens, users
from simulator.doors import Caller, StateDep, remember_caller
from simulator.errors import DATA_FORMAT, PlatformError
from simulator.records import Token
from simulator.state import State

router = APIRouter(tags=["platform"])


def answer(content: dict[str, Any]) -> Response:
    """Return JSON with the platform's peculiar content type."""
    return Response(orjson.dumps(content), media_type="application/json; encoding=utf-8")


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


@router.get("/cgi-bin/token")
async def get_token(
    request: Request, state: StateDep, grant_type: str = "", appid: str = "", secret: str = ""
) -> Response:
    """Make a token of the plain line."""
    account = tokens.account_of(state, grant_type=grant_type, app_id=appid, secret=secret)
    remember_caller(request, account)
    quotas.spend(state, account, "token")
    return _token_answer(state, tokens.issue_plain(state, account))


@router.post("/cgi-bin/stable_token")
async def get_stable_token(request: Request, state: StateDep, body: Body) -> Response:
    """Return the token of the stable line, made anew where its rules say so."""
    names = {"grant_type": "grant_type", "app_id": "appid", "secret": "secret"}
    account = tokens.account_of(state, **{name: str(body.get(key, "")) for name, key in names.items()})
    remember_caller(request, account)
    quotas.spend_minute(state, account, "stable_token_minute")
    quotas.spend(state, account, "stable_token")
    return _token_answer(state, tokens.issue_stable(state, account, force=body.get("force_refresh") is True))


@router.post("/cgi-bin/qrcode/create")
async def create_code(state: StateDep, account: Caller, body: Body) -> Response:
    """Make a parametric QR code."""
    quotas.spend(state, account, "qrcode_create")
    return answer(qrcodes.create(state, account, body))


@router.get("/cgi-bin/showqrcode")
async def show_code(state: StateDep, ticket: str = "") -> Response:
    """Return the picture of a code; no token needed, HTTP 404 for an unknown or expired ticket."""
    code = state.codes.get(ticket)
    if code is None or not qrcodes.is_alive(state, code):
        return Response(status_code=404)
    return Response(qrcodes.picture(code), media_type="image/png")


@router.get("/cgi-bin/user/info")
async def user_info(state: StateDep, account: Caller, openid: str = "", lang: str = "") -> Response:
    """Tell what is known of one user."""
    quotas.spend(state, account, "user_info")
    return answer(users.info(state, account, openid, lang))


@router.post("/cgi-bin/user/info/batchget")
async def user_info_batch(state: StateDep, account: Caller, body: Body) -> Response:
    """Tell what is known of up to a hundred users."""
    quotas.spend(state, account, "user_info_batchget")
    return answer(users.batch(state, account, body))


@router.get("/cgi-bin/user/get")
async def user_list(state: StateDep, account: Caller, next_openid: str = "") -> Response:
    """List followers, a page of ten thousand at a time."""
    quotas.spend(state, account, "user_get")
    return answer(users.page(state, account, next_openid))


def _token_answer(state: State, token: Token) -> Response:
    return answer({"access_token": token.value, "expires_in": round(token.expires_at - state.clock.now())})
