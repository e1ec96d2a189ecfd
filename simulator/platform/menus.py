"""The menu of an official account: what may be in it, and how the platform shows it."""

from typing import Any
from urllib.parse import urlsplit

from pydantic import JsonValue

from simulator.world.errors import DATA_FORMAT, INVALID_MINI_APP_ID, INVALID_MINI_PATH, MENU_MISSING, PlatformError
from simulator.world.records import Account, Record
from simulator.world.state import State

Button = dict[str, JsonValue]

# Errcodes of a main button and of a sub-button: how many, type, name, key, address.
SIZE, TYPE, NAME, KEY, ADDRESS = (40016, 40023), (40017, 40024), (40018, 40025), (40019, 40026), (40020, 40027)
WITH_KEY = {
    "click",
    "scancode_push",
    "scancode_waitmsg",
    "pic_sysphoto",
    "pic_photo_or_album",
    "pic_weixin",
    "location_select",
}
WITH_MEDIA = {"media_id": "media_id", "view_limited": "media_id", "article_id": "article_id"}


class Menu(Record):
    """`button` as it was given; made by hand on the platform's own page, it is not the API's to read."""

    app_id: str
    button: list[Button]
    by_hand: bool

    def key(self) -> str:
        return self.app_id


def find(state: State, app_id: str) -> Menu | None:
    """Return the account's menu if there is one."""
    return state.every(Menu).get(app_id)


def create(state: State, account: Account, button: object, *, by_hand: bool = False) -> Menu:
    """Replace the menu; errcode 47001 shape, 40016-40020 and 40023-40027, 40165 and 40166 of a mini-program."""
    checked = [_check(state, account, each, 0) for each in _sized(account, button, 0)]
    menu = Menu(app_id=account.app_id, button=checked, by_hand=by_hand)
    state.save(menu)
    return menu


def get(state: State, account: Account) -> dict[str, Any]:
    """Answer `/cgi-bin/menu/get`; errcode 46003 when no call made a menu."""
    menu = find(state, account.app_id)
    if menu is None or menu.by_hand:
        raise PlatformError(MENU_MISSING)
    return {"menu": {"button": [{**button, "sub_button": button.get("sub_button", [])} for button in menu.button]}}


def delete(state: State, account: Account) -> None:
    """Take the menu away; there need not be one."""
    menu = find(state, account.app_id)
    if menu is not None:
        state.drop(menu)


def current(state: State, account: Account) -> dict[str, Any]:
    """Answer `/cgi-bin/get_current_selfmenu_info`: whoever made the menu; sub-buttons lie in a `list` here."""
    menu = find(state, account.app_id)
    if menu is None:
        return {"is_menu_open": 0, "selfmenu_info": {"button": []}}
    buttons = [
        {"name": button["name"], "sub_button": {"list": button["sub_button"]}} if "sub_button" in button else button
        for button in menu.button
    ]
    return {"is_menu_open": 1, "selfmenu_info": {"button": buttons}}


def _sized(account: Account, buttons: object, level: int) -> list[Any]:
    if not isinstance(buttons, list):
        raise PlatformError(DATA_FORMAT)
    most = (account.limits.menu_buttons, account.limits.menu_sub_buttons)[level]
    if not 1 <= len(buttons) <= most:
        raise PlatformError(SIZE[level])
    return buttons


def _check(state: State, account: Account, button: object, level: int) -> Button:
    if not isinstance(button, dict):
        raise PlatformError(DATA_FORMAT)
    limits = account.limits
    _text(button, "name", (limits.menu_name_bytes, limits.menu_sub_name_bytes)[level], NAME[level])
    children = button.get("sub_button") or []
    if children:
        if level:
            raise PlatformError(SIZE[level])
        children = [_check(state, account, child, 1) for child in _sized(account, children, 1)]
        return {"name": button["name"], "sub_button": children}
    _check_kind(state, account, button, level)
    return {name: value for name, value in button.items() if name != "sub_button"}


def _check_kind(state: State, account: Account, button: Button, level: int) -> None:
    kind = str(button.get("type"))
    if kind in WITH_KEY:
        _text(button, "key", account.limits.menu_key_bytes, KEY[level])
    elif kind in WITH_MEDIA:
        _text(button, WITH_MEDIA[kind], account.limits.menu_key_bytes, KEY[level])
    elif kind == "view":
        _address(account, button, level)
    elif kind == "miniprogram":
        _address(account, button, level)
        _text(button, "pagepath", account.limits.menu_url_bytes, INVALID_MINI_PATH)
        linked = state.accounts.get(str(button.get("appid")))
        if linked is None or linked.kind != "mini":
            raise PlatformError(INVALID_MINI_APP_ID)
    else:
        raise PlatformError(TYPE[level])


def _address(account: Account, button: Button, level: int) -> None:
    _text(button, "url", account.limits.menu_url_bytes, ADDRESS[level])
    address = urlsplit(str(button["url"]))
    if address.scheme not in ("http", "https") or not address.hostname:
        raise PlatformError(ADDRESS[level])


def _text(button: Button, name: str, most: int, errcode: int) -> None:
    value = button.get(name)
    if not isinstance(value, str) or not 1 <= len(value.encode()) <= most:
        raise PlatformError(errcode)
