"""What a mini-program's server asks the platform: who logs in, which phone number, and whether a text is decent."""

import base64
import secrets
from typing import Any

from simulator.platform import login_codes
from simulator.platform.login_codes import LoginCode
from simulator.world import quotas
from simulator.world.errors import (
    APP_AND_OPENID,
    CODE_USED,
    CONTENT_TOO_LONG,
    EMPTY_POST,
    INVALID_ARGUMENTS,
    INVALID_CODE,
    INVALID_OPENID,
    INVALID_SCENE,
    RISKY_USER,
    VISIT_TOO_OLD,
    ControlError,
    PlatformError,
    request_id,
)
from simulator.world.identities import openid_of, unionid_of
from simulator.world.records import Account, Fields, Visit
from simulator.world.state import State

SESSION_KEY_BYTES = 16
PHONES_TOLD = "phones_told"
SCENES = (1, 2, 3, 4)
MEDIA_TYPES = (1, 2)
VERSION = 2
NORMAL_LABEL, OTHER_LABEL = 100, 21_000


def log_in(state: State, account: Account, js_code: str) -> dict[str, Any]:
    """Answer `/sns/jscode2session`; errcode 40029 and 40163 code, 45011 too often, 40226 risky user."""
    code = login_codes.redeem(state, account, js_code, "login")
    quotas.spend_minute(state, account, "jscode2session_minute_per_user", whose=code.fan_id)
    if state.person(code.fan_id).risky:
        raise PlatformError(RISKY_USER)
    result = {
        "openid": openid_of(account.app_id, code.fan_id),
        "session_key": base64.b64encode(secrets.token_bytes(SESSION_KEY_BYTES)).decode(),
    }
    if account.open_platform is not None:
        result["unionid"] = unionid_of(account.open_platform, code.fan_id)
    return result


def tap_phone_button(state: State, account: Account, fan_id: str) -> LoginCode:
    """Make the code of the phone button; 409 phone_balance_gone when every bought or given call is used."""
    if quotas.totals(state, account.app_id)[PHONES_TOLD] >= account.limits.phone_calls:
        raise ControlError(409, "phone_balance_gone", "getPhoneNumber:fail errno 1400001, no balance is left")
    return login_codes.make(state, account, fan_id, "phone")


def phone_number(state: State, account: Account, body: dict[str, Any]) -> dict[str, Any]:
    """Answer `/wxa/business/getuserphonenumber`; errcode 40029 for any code that is not fresh from the button."""
    try:
        code = login_codes.redeem(state, account, str(body.get("code", "")), "phone")
    except PlatformError as error:
        raise PlatformError(INVALID_CODE if error.errcode == CODE_USED else error.errcode) from error
    quotas.note(state, account, PHONES_TOLD)
    phone = state.person(code.fan_id).phone
    watermark = {"timestamp": int(state.clock.now()), "appid": account.app_id}
    info = {"phoneNumber": phone, "purePhoneNumber": phone, "countryCode": "86", "watermark": watermark}
    return {"errcode": 0, "errmsg": "ok", "phone_info": info}


def check_text(state: State, account: Account, body: dict[str, Any]) -> dict[str, Any]:
    """Answer `/wxa/msg_sec_check` of version 2; errcode 44002 no text, 45002 too long, and those of the visitor."""
    _check_request(state, account, body)
    content = body.get("content")
    if not isinstance(content, str) or not content:
        raise PlatformError(EMPTY_POST)
    if len(content) > account.limits.checked_text_length:
        raise PlatformError(CONTENT_TOO_LONG)
    texts = (content, *(str(body.get(name, "")) for name in ("nickname", "title", "signature")))
    return {"errcode": 0, "errmsg": "ok", "trace_id": request_id()} | _judged(account, " ".join(texts))


def check_media(state: State, account: Account, body: dict[str, Any]) -> tuple[dict[str, Any], Fields]:
    """Answer `/wxa/media_check_async`, with the event that tells the result: a risky word in the address is found."""
    _check_request(state, account, body)
    url = body.get("media_url")
    if not isinstance(url, str) or not url or body.get("media_type") not in MEDIA_TYPES:
        raise PlatformError(INVALID_ARGUMENTS)
    answer = {"errcode": 0, "errmsg": "ok", "trace_id": request_id()}
    event = {"appid": account.app_id, "trace_id": answer["trace_id"], "version": VERSION}
    return answer, {**event, **_judged(account, url), "errcode": 0, "errmsg": "ok"}


def _check_request(state: State, account: Account, body: dict[str, Any]) -> None:
    if body.get("version") != VERSION:
        raise PlatformError(INVALID_ARGUMENTS)
    if body.get("scene") not in SCENES:
        raise PlatformError(INVALID_SCENE)
    openid = str(body.get("openid", ""))
    visit = state.every(Visit).get(f"{account.app_id}|{openid}")
    if visit is None:
        raise PlatformError(APP_AND_OPENID if _is_known_elsewhere(state, openid) else INVALID_OPENID)
    if state.clock.now() - visit.at > account.limits.visit_seconds:
        raise PlatformError(VISIT_TOO_OLD)


def _is_known_elsewhere(state: State, openid: str) -> bool:
    return any(key.endswith(f"|{openid}") for key in state.every(Visit)) or any(
        known == openid for _, known in state.follows_by_openid
    )


def _judged(account: Account, text: str) -> dict[str, Any]:
    risky = any(word in text for word in account.risky_words)
    suggest = "risky" if risky else "review" if any(word in text for word in account.review_words) else "pass"
    result = {"suggest": suggest, "label": NORMAL_LABEL if suggest == "pass" else OTHER_LABEL}
    return {"result": result, "detail": [{"strategy": "content_model", "errcode": 0, **result}]}
