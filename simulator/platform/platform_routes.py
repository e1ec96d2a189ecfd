"""The platform's own endpoints: HTTP 200 whatever happens, errors are in the body."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from simulator.platform import qrcodes, tickets, tokens
from simulator.platform.doors import Body, Caller, OfficialCaller, answer, done, remember_caller
from simulator.world import quotas
from simulator.world.errors import CLEARS_USED_UP, INVALID_APP_ID, INVALID_ARGUMENTS, PlatformError
from simulator.world.records import Account, Token
from simulator.world.schemas import Input
from simulator.world.state import State, StateDep

router = APIRouter(tags=["platform"])
control = APIRouter(prefix="/sim", tags=["control"])


class PageSignatureIn(Input):
    """What a page signed, and the address it was opened at."""

    app_id: str
    url: str
    timestamp: str
    nonce: str
    signature: str


class PageSignatureOut(BaseModel):
    ok: bool
    reason: tickets.Reason | None


@router.get("/cgi-bin/token")
async def get_token(
    request: Request, state: StateDep, grant_type: str = "", appid: str = "", secret: str = ""
) -> Response:
    """Make a token of the plain line."""
    quotas.note_fetch(state, appid)
    account = tokens.account_of(state, grant_type=grant_type, app_id=appid, secret=secret)
    _let_in(request, state, account)
    return _token_answer(state, tokens.issue_plain(state, account))


@router.post("/cgi-bin/stable_token")
async def get_stable_token(request: Request, state: StateDep, body: Body) -> Response:
    """Return the token of the stable line, made anew where its rules say so."""
    quotas.note_fetch(state, str(body.get("appid", "")))
    names = {"grant_type": "grant_type", "app_id": "appid", "secret": "secret"}
    account = tokens.account_of(state, **{name: str(body.get(key, "")) for name, key in names.items()})
    _let_in(request, state, account)
    return _token_answer(state, tokens.issue_stable(state, account, force=body.get("force_refresh") is True))


@router.get("/cgi-bin/ticket/getticket")
async def get_ticket(
    state: StateDep, account: OfficialCaller, kind: Annotated[str, Query(alias="type")] = ""
) -> Response:
    """Make a ticket for the signatures of pages."""
    if kind != "jsapi":
        raise PlatformError(INVALID_ARGUMENTS)
    ticket = tickets.issue(state, account)
    expires_in = round(account.limits.ticket_seconds)
    return answer({"errcode": 0, "errmsg": "ok", "ticket": ticket.value, "expires_in": expires_in})


@control.post("/check_page_signature")
async def check_page_signature(state: StateDep, body: PageSignatureIn) -> PageSignatureOut:
    """Check what a page hands to `wx.config`, as the phone does."""
    account = state.account(body.app_id)
    reason = tickets.fault_of(state, account, **body.model_dump(exclude={"app_id"}))
    return PageSignatureOut(ok=reason is None, reason=reason)


@router.post("/cgi-bin/clear_quota")
async def clear_quota(state: StateDep, account: Caller, body: Body) -> Response:
    """Forgive the day's calls, ten times a month."""
    if body.get("appid") != account.app_id:
        raise PlatformError(INVALID_APP_ID)
    quotas.spend_month(state, account, "clear_quota_month", errcode=CLEARS_USED_UP)
    quotas.clear_day(state, account)
    return done()


@router.post("/cgi-bin/qrcode/create")
async def create_code(state: StateDep, account: OfficialCaller, body: Body) -> Response:
    """Make a parametric QR code."""
    return answer(qrcodes.create(state, account, body))


@router.get("/cgi-bin/showqrcode")
async def show_code(state: StateDep, ticket: str = "") -> Response:
    """Return the picture of a code; no token needed, HTTP 404 for an unknown or expired ticket."""
    code = state.codes.get(ticket)
    if code is None or not qrcodes.is_alive(state, code):
        return Response(status_code=404)
    return Response(qrcodes.picture(code), media_type="image/png")


def _let_in(request: Request, state: State, account: Account) -> None:
    remember_caller(request, account)
    tokens.check_address(account, request.client.host if request.client else "")
    quotas.spend_call(state, account, request.url.path)


def _token_answer(state: State, token: Token) -> Response:
    return answer({"access_token": token.value, "expires_in": round(token.expires_at - state.clock.now())})
