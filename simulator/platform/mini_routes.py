"""The platform's endpoints for mini-programs, and what people do in one."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from simulator.platform import login_codes, mini, mini_codes, tokens
from simulator.platform.doors import Body, MiniCaller, answer, remember_caller
from simulator.pushing import acts
from simulator.pushing.pushes import EngineDep
from simulator.world import quotas
from simulator.world.errors import ControlError
from simulator.world.identities import openid_of
from simulator.world.records import Account
from simulator.world.schemas import Input
from simulator.world.state import State, StateDep

router = APIRouter(tags=["platform"])
control = APIRouter(prefix="/sim/fans/{fan_id}", tags=["control"])


class MiniIn(Input):
    app_id: str


class OpenIn(MiniIn):
    """`scene` opens it by the newest code of that scene."""

    scene: str | None = None


class JsCodeOut(BaseModel):
    openid: str
    js_code: str


class OpenedOut(JsCodeOut):
    """The page that was opened, and the scene as the page gets it."""

    page: str
    scene: str | None


class PhoneCodeOut(BaseModel):
    code: str


@router.get("/sns/jscode2session")
async def log_in(
    request: Request, state: StateDep, *, appid: str = "", secret: str = "", js_code: str = "", grant_type: str = ""
) -> Response:
    """Tell who logs in to a mini-program."""
    account = tokens.credentials_of(state, app_id=appid, secret=secret, kind="mini")
    remember_caller(request, account)
    tokens.check_grant_type(grant_type, "authorization_code")
    quotas.spend_call(state, account, request.url.path)
    return answer(mini.log_in(state, account, js_code))


@router.post("/wxa/business/getuserphonenumber")
async def phone_number(state: StateDep, account: MiniCaller, body: Body) -> Response:
    """Tell the phone number behind a code of the phone button."""
    return answer(mini.phone_number(state, account, body))


@router.post("/wxa/msg_sec_check")
async def check_text(state: StateDep, account: MiniCaller, body: Body) -> Response:
    """Judge a text."""
    return answer(mini.check_text(state, account, body))


@router.post("/wxa/media_check_async")
async def check_media(state: StateDep, engine: EngineDep, account: MiniCaller, body: Body) -> Response:
    """Judge a picture or a sound, and tell the result by an event."""
    accepted, result = mini.check_media(state, account, body)
    push = acts.event(acts.Chat(state, account), "wxa_media_check", result)
    engine.launch_later(push, account.limits.media_check_seconds)
    return answer(accepted)


@router.post("/wxa/getwxacodeunlimit")
async def unlimited_code(state: StateDep, account: MiniCaller, body: Body) -> Response:
    """Draw a code with a scene."""
    return Response(mini_codes.unlimited(state, account, body), media_type="image/png")


@router.post("/wxa/getwxacode")
async def code_of_path(state: StateDep, account: MiniCaller, body: Body) -> Response:
    """Draw a round code with a path."""
    return Response(mini_codes.limited(state, account, body), media_type="image/png")


@router.post("/cgi-bin/wxaapp/createwxaqrcode")
async def square_code_of_path(state: StateDep, account: MiniCaller, body: Body) -> Response:
    """Draw a square code with a path."""
    return Response(mini_codes.limited(state, account, body), media_type="image/png")


@control.post("/open_mini")
async def open_mini(state: StateDep, fan_id: str, body: OpenIn) -> OpenedOut:
    """Open a mini-program, by a code if it has a scene; 404 code_unknown."""
    account = _mini(state, body.app_id)
    code = None if body.scene is None else mini_codes.of_scene(state, account.app_id, body.scene)
    if body.scene is not None and code is None:
        raise ControlError(404, "code_unknown", "this mini-program has no code with this scene")
    page = (code.page if code else "") or next(iter(account.pages), "")
    return OpenedOut(**_logged_in(state, account, fan_id), page=page, scene=body.scene)


@control.post("/js_code")
async def js_code(state: StateDep, fan_id: str, body: MiniIn) -> JsCodeOut:
    """Ask for a login code, as the mini-program does on the phone."""
    return JsCodeOut(**_logged_in(state, _mini(state, body.app_id), fan_id))


@control.post("/phone_code")
async def phone_code(state: StateDep, fan_id: str, body: MiniIn) -> PhoneCodeOut:
    """Tap the phone button; 409 phone_balance_gone."""
    return PhoneCodeOut(code=mini.tap_phone_button(state, _mini(state, body.app_id), fan_id).value)


def _logged_in(state: State, account: Account, fan_id: str) -> dict[str, str]:
    code = login_codes.make(state, account, fan_id, "login")
    return {"openid": openid_of(account.app_id, fan_id), "js_code": code.value}


def _mini(state: State, app_id: str) -> Account:
    account = state.account(app_id)
    if account.kind != "mini":
        raise ControlError(409, "not_a_mini_program", "only a mini-program is opened")
    return account
