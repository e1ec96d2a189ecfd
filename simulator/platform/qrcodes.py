"""Parametric QR codes of an official account."""

import base64
import io
import secrets
from dataclasses import dataclass
from typing import Any

import segno

from simulator.world.errors import (
    CODES_USED_UP,
    INVALID_ACTION_INFO,
    INVALID_ACTION_NAME,
    INVALID_SCENE,
    ControlError,
    PlatformError,
)
from simulator.world.limits import Limits
from simulator.world.records import Account, Code
from simulator.world.state import State

SCENE_ID_MOST = 2**32 - 1  # the width of the field, no limit of an account
# 70 bytes give 96 characters of base64 that end in "==": a client that forgets to encode it is found out.
TICKET_BYTES = 70
TICKET_MARK = b"\x81\x00"


@dataclass(frozen=True, slots=True)
class Action:
    permanent: bool
    numeric: bool


ACTIONS = {
    "QR_SCENE": Action(permanent=False, numeric=True),
    "QR_STR_SCENE": Action(permanent=False, numeric=False),
    "QR_LIMIT_SCENE": Action(permanent=True, numeric=True),
    "QR_LIMIT_STR_SCENE": Action(permanent=True, numeric=False),
}


def create(state: State, account: Account, body: dict[str, Any]) -> dict[str, str | int]:
    """Answer `/cgi-bin/qrcode/create`; errcode 40052 action, 40053 shape, 40129 scene_id, 45029 budget.

    A permanent scene asked for again gets the code it has, and costs nothing. Over-long texts of temporary
    codes are refused although people saw them accepted: the stand-in is the stricter of the two.
    """
    action = ACTIONS.get(str(body.get("action_name")))
    if action is None:
        raise PlatformError(INVALID_ACTION_NAME)
    scene = _scene(account.limits, action, body)
    if action.permanent:
        code = _permanent(state, account, action, scene)
        return {"ticket": code.ticket, "url": code.url}
    seconds = _life(account.limits, body)
    code = _make(state, account, action, scene, expires_at=state.clock.now() + seconds)
    return {"ticket": code.ticket, "expire_seconds": seconds, "url": code.url}


def picture(code: Code) -> bytes:
    """Draw a code's url as PNG."""
    buffer = io.BytesIO()
    segno.make_qr(code.url, error="m").save(buffer, kind="png", scale=10, border=2)
    return buffer.getvalue()


def is_alive(state: State, code: Code) -> bool:
    """Tell whether a phone could still scan it."""
    return code.expires_at is None or state.clock.now() < code.expires_at


def find(state: State, app_id: str, *, ticket: str | None, scene: str | None, url: str | None) -> Code:
    """Return the account's code by one of its names; 404 code_unknown, 410 code_expired."""
    if ticket is not None:
        code = state.codes.get(ticket)
    elif url is not None:
        code = state.codes_by_url.get(url)
    else:
        code = _newest(state, state.codes_by_scene.get((app_id, scene or ""), []))
    if code is None or code.app_id != app_id:
        raise ControlError(404, "code_unknown", "this account has no such QR code")
    if not is_alive(state, code):
        raise ControlError(410, "code_expired", "this QR code has expired")
    return code


def _newest(state: State, codes: list[Code]) -> Code | None:
    # Several codes may carry one scene: the newest that still works is the one on the wall.
    living = [code for code in codes if is_alive(state, code)]
    return next(reversed(living or codes), None)


def _scene(limits: Limits, action: Action, body: dict[str, Any]) -> str:
    info = body.get("action_info")
    scene = info.get("scene") if isinstance(info, dict) else None
    if not isinstance(scene, dict):
        raise PlatformError(INVALID_ACTION_INFO)
    return _scene_id(limits, action, scene) if action.numeric else _scene_str(limits, scene)


def _scene_id(limits: Limits, action: Action, scene: dict[str, Any]) -> str:
    value = scene.get("scene_id")
    if not isinstance(value, int) or isinstance(value, bool):
        raise PlatformError(INVALID_ACTION_INFO)
    if not 1 <= value <= (limits.permanent_scene_id if action.permanent else SCENE_ID_MOST):
        raise PlatformError(INVALID_SCENE)
    return str(value)


def _scene_str(limits: Limits, scene: dict[str, Any]) -> str:
    value = scene.get("scene_str")
    if not isinstance(value, str) or not value.isprintable() or not 1 <= len(value) <= limits.scene_str_length:
        raise PlatformError(INVALID_ACTION_INFO)
    return value


def _life(limits: Limits, body: dict[str, Any]) -> int:
    seconds = body.get("expire_seconds", limits.code_seconds_unasked)
    if not isinstance(seconds, int) or isinstance(seconds, bool):
        raise PlatformError(INVALID_ACTION_INFO)
    if not 1 <= seconds <= limits.code_seconds_most:
        raise PlatformError(INVALID_ACTION_INFO)
    return seconds


def _permanent(state: State, account: Account, action: Action, scene: str) -> Code:
    codes = state.permanent_codes[account.app_id]
    known = codes.get((action.numeric, scene))
    if known is not None:
        return known
    if len(codes) >= account.limits.permanent_codes:
        raise PlatformError(CODES_USED_UP)
    return _make(state, account, action, scene, expires_at=None)


def _make(state: State, account: Account, action: Action, scene: str, *, expires_at: float | None) -> Code:
    random = TICKET_MARK + secrets.token_bytes(TICKET_BYTES - len(TICKET_MARK))
    code = Code(
        ticket=base64.b64encode(random).decode(),
        url=f"http://weixin.qq.com/q/02{secrets.token_urlsafe(15)}",
        app_id=account.app_id,
        scene=scene,
        numeric=action.numeric,
        expires_at=expires_at,
    )
    state.save(code)
    return code
