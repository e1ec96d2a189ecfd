"""Codes that open a mini-program: of any number with a short scene, or of a limited number with a path."""

import hashlib
import io
import re
from typing import Any

import segno
from PIL import Image

from simulator.world import quotas
from simulator.world.errors import (
    CODES_USED_UP,
    INVALID_ARGUMENTS,
    INVALID_PAGE,
    INVALID_PATH_LENGTH,
    INVALID_SCENE_TEXT,
    PlatformError,
)
from simulator.world.records import Account, Record
from simulator.world.state import State

SCENE = re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]+")
# The platform adds a parameter of this name by itself.
RESERVED_WORD = "scancode_time"
VERSIONS = ("release", "trial", "develop")


class MiniCode(Record):
    """What a code opens; asked for again it is the same code. `scene` is none of the kind with a path."""

    app_id: str
    page: str
    scene: str | None

    def key(self) -> str:
        return f"{self.app_id}|{self.page}|{self.scene}"

    @property
    def url(self) -> str:
        """What the picture says."""
        return f"https://mp.weixin.qq.com/a/~{hashlib.sha256(self.key().encode()).hexdigest()[:22]}"


def unlimited(state: State, account: Account, body: dict[str, Any]) -> bytes:
    """Answer `/wxa/getwxacodeunlimit`; errcode 40169 scene, 41030 page, 45029 unchecked pages, 40097 the rest."""
    scene = body.get("scene")
    if not isinstance(scene, str) or len(scene) > account.limits.mini_scene_length or not SCENE.fullmatch(scene):
        raise PlatformError(INVALID_SCENE_TEXT)
    if RESERVED_WORD in scene:
        raise PlatformError(INVALID_SCENE_TEXT)
    if body.get("env_version", "release") not in VERSIONS:
        raise PlatformError(INVALID_ARGUMENTS)
    code = MiniCode(app_id=account.app_id, page=_page(account, body), scene=scene)
    _width(account, body)
    if code.page and code.page not in account.pages and not _is_drawn(state, code):
        quotas.spend_for_ever(state, account, "mini_unchecked_pages", errcode=CODES_USED_UP)
    return _saved_picture(state, account, code, body)


def limited(state: State, account: Account, body: dict[str, Any]) -> bytes:
    """Answer `/wxa/getwxacode` and `createwxaqrcode`; errcode 40159 path, 45029 all codes for ever are made."""
    path = body.get("path")
    if not isinstance(path, str) or not 1 <= len(path) <= account.limits.mini_path_length:
        raise PlatformError(INVALID_PATH_LENGTH)
    code = MiniCode(app_id=account.app_id, page=path, scene=None)
    _width(account, body)
    if code.key() not in state.every(MiniCode):
        quotas.spend_for_ever(state, account, "mini_codes", errcode=CODES_USED_UP)
    return _saved_picture(state, account, code, body)


def of_scene(state: State, app_id: str, scene: str) -> MiniCode | None:
    """Return the newest code of a scene."""
    codes = state.every(MiniCode).values()
    return next((code for code in reversed(codes) if (code.app_id, code.scene) == (app_id, scene)), None)


def _page(account: Account, body: dict[str, Any]) -> str:
    page = body.get("page", "")
    if not isinstance(page, str) or page.startswith("/") or "?" in page:
        raise PlatformError(INVALID_PAGE)
    if page and body.get("check_path", True) is not False and page not in account.pages:
        raise PlatformError(INVALID_PAGE)
    return page


def _is_drawn(state: State, code: MiniCode) -> bool:
    return any((known.app_id, known.page) == (code.app_id, code.page) for known in state.every(MiniCode).values())


def _width(account: Account, body: dict[str, Any]) -> int:
    limits = account.limits
    width = body.get("width", limits.mini_width)
    if not isinstance(width, int) or not limits.mini_width_least <= width <= limits.mini_width_most:
        raise PlatformError(INVALID_ARGUMENTS)
    return width


def _saved_picture(state: State, account: Account, code: MiniCode, body: dict[str, Any]) -> bytes:
    width = _width(account, body)
    state.save(code)
    drawn, picture = io.BytesIO(), io.BytesIO()
    light = None if body.get("is_hyaline") is True else "white"
    segno.make_qr(code.url, error="m").save(drawn, kind="png", scale=4, border=2, light=light)
    Image.open(drawn).convert("RGBA").resize((width, width)).save(picture, "PNG")
    return picture.getvalue()
