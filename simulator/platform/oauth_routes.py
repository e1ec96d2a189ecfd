"""Web authorisation: the page where a person agrees, and the endpoints that take what comes of it."""

from html import escape
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel

from simulator.platform import oauth, tokens
from simulator.platform.doors import answer, done, remember_caller
from simulator.world import quotas
from simulator.world.errors import CODE_MISSING, INVALID_ARGUMENTS, REFRESH_TOKEN_MISSING, TOKEN_MISSING, PlatformError
from simulator.world.records import Account
from simulator.world.schemas import Input
from simulator.world.state import State, StateDep

router = APIRouter(tags=["platform"])
control = APIRouter(prefix="/sim/fans/{fan_id}", tags=["control"])

PAGE = """<!doctype html>
<html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>网页授权</title>
<h1>{name} 申请获取你的信息</h1>
<p>由谁授权？</p>
<ul>{people}</ul>
</html>"""


class AuthoriseIn(Input):
    """`snapshot` looks on without agreeing: the account gets to know a person who is nobody."""

    app_id: str
    scope: str
    redirect_uri: str
    state: str = ""
    snapshot: bool = False


class AuthoriseOut(BaseModel):
    """The address with the code, where the phone goes next."""

    redirect: str


@control.post("/authorise")
async def authorise(state: StateDep, fan_id: str, body: AuthoriseIn) -> AuthoriseOut:
    """Agree, and get the address the phone goes to; errcodes as `check_wanted` has them."""
    wanted = oauth.Wanted(body.scope, body.redirect_uri, body.state)
    account = state.account(body.app_id)
    return AuthoriseOut(redirect=oauth.authorise(state, account, fan_id, wanted, snapshot=body.snapshot))


@control.post("/change_password", status_code=204)
async def change_password(state: StateDep, fan_id: str) -> None:
    """Let everything that the person agreed to die."""
    oauth.change_password(state, state.person(fan_id).fan_id)


@router.get("/connect/oauth2/authorize", response_class=HTMLResponse)
async def authorise_page(
    request: Request,
    state: StateDep,
    *,
    appid: str = "",
    redirect_uri: str = "",
    response_type: str = "",
    scope: str = "",
    given: Annotated[str, Query(alias="state")] = "",
    fan_id: str | None = None,
) -> Response:
    """Ask who holds the phone, then send that person back with a code."""
    account = tokens.account_named(state, appid)
    if response_type != "code":
        raise PlatformError(INVALID_ARGUMENTS)
    wanted = oauth.Wanted(scope, redirect_uri, given)
    oauth.check_wanted(account, wanted)
    if fan_id is None:
        return HTMLResponse(_page(request, state, account))
    return RedirectResponse(oauth.authorise(state, account, fan_id, wanted, snapshot=False), 302)


@router.get("/sns/oauth2/access_token")
async def exchange(
    request: Request, state: StateDep, *, appid: str = "", secret: str = "", code: str = "", grant_type: str = ""
) -> Response:
    """Tell who agreed, for a code."""
    account = tokens.credentials_of(state, app_id=appid, secret=secret, kind="official")
    _count(request, state, account)
    tokens.check_grant_type(grant_type, "authorization_code")
    if not code:
        raise PlatformError(CODE_MISSING)
    return answer(oauth.exchange(state, account, code))


@router.get("/sns/oauth2/refresh_token")
async def refresh(
    request: Request, state: StateDep, appid: str = "", grant_type: str = "", refresh_token: str = ""
) -> Response:
    """Let an access token live on."""
    account = tokens.account_named(state, appid)
    _count(request, state, account)
    tokens.check_grant_type(grant_type, "refresh_token")
    if not refresh_token:
        raise PlatformError(REFRESH_TOKEN_MISSING)
    return answer(oauth.refresh(state, account, refresh_token))


@router.get("/sns/userinfo")
async def user_info(request: Request, state: StateDep, access_token: str = "", openid: str = "") -> Response:
    """Tell what the person agreed to tell."""
    return answer(oauth.user_info(state, _granted(request, state, access_token, openid)))


@router.get("/sns/auth")
async def auth(request: Request, state: StateDep, access_token: str = "", openid: str = "") -> Response:
    """Tell whether an access token is still good."""
    _granted(request, state, access_token, openid)
    return done()


def _granted(request: Request, state: State, access_token: str, openid: str) -> oauth.Grant:
    if not access_token:
        raise PlatformError(TOKEN_MISSING)
    grant = state.every(oauth.Grant).get(access_token)
    if grant is not None:
        _count(request, state, state.account(grant.app_id))
    return oauth.check(state, grant, openid)


def _count(request: Request, state: State, account: Account) -> None:
    remember_caller(request, account)
    quotas.spend_call(state, account, request.url.path)


def _page(request: Request, state: State, account: Account) -> str:
    given = dict(request.query_params)
    people = (
        f'<li><a href="?{escape(urlencode({**given, "fan_id": person.fan_id}))}">{escape(person.name)}</a></li>'
        for person in state.people.values()
    )
    return PAGE.format(name=escape(account.name), people="".join(people))
