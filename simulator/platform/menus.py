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
FIRST_ID = 208_000_000
WITH_MEDIA = {"media_id": "media_id", "view_limited": "media_id", "article_id": "article_id"}


class PersonalMenu(Record):
    """What fans get whom `rule` fits, instead of the menu that all have; a deleted one leaves its number unused."""

    app_id: str
    number: int
    button: list[Button]
    rule: dict[str, str]
    deleted: bool = False

    def key(self) -> str:
        return f"{self.app_id}|{self.number}"

    @property
    def menu_id(self) -> int:
        """What the platform calls it; the menu that all have is number 0."""
        return menu_id(self.number)


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
    """Replace the menu; errcode 47001 shape, 40016-40020 and 40023-40027, 40165 and 40166 of a mini-program.

    Personal menus stay, but for one made by hand: those are the API's. (Nobody says so; an account's switch clears.)
    """
    menu = Menu(app_id=account.app_id, button=checked(state, account, button), by_hand=by_hand)
    with state.atomic():
        if by_hand or account.new_menu_clears_personal:
            _clear_personal(state, account)
        state.save(menu)
    return menu


def checked(state: State, account: Account, button: object) -> list[Button]:
    """Return the buttons of a menu as they will be kept; errcodes as `create` has them."""
    return [_check(state, account, each, 0) for each in _sized(account, button, 0)]


def get(state: State, account: Account) -> dict[str, Any]:
    """Answer `/cgi-bin/menu/get`; errcode 46003 when no call made a menu."""
    menu = find(state, account.app_id)
    if menu is None or menu.by_hand:
        raise PlatformError(MENU_MISSING)
    personal = personal_menus(state, account.app_id)
    if not personal:
        return {"menu": {"button": in_full(menu.button)}}
    listed = [
        {"button": in_full(each.button), "matchrule": each.rule, "menuid": each.menu_id} for each in reversed(personal)
    ]
    return {"menu": {"button": in_full(menu.button), "menuid": menu_id(0)}, "conditionalmenu": listed}


def delete(state: State, account: Account) -> None:
    """Take the menu away, and all personal ones with it; there need not be one."""
    menu = find(state, account.app_id)
    with state.atomic():
        _clear_personal(state, account)
        if menu is not None:
            state.drop(menu)


def personal_menus(state: State, app_id: str) -> list[PersonalMenu]:
    """Return the account's personal menus, oldest first."""
    return [menu for menu in state.every(PersonalMenu).values() if menu.app_id == app_id and not menu.deleted]


def menu_id(number: int) -> int:
    """Return what the platform calls a menu."""
    return FIRST_ID + number


def in_full(buttons: list[Button]) -> list[Button]:
    """Return buttons as the API tells of them: each with its sub-buttons, also where there are none."""
    return [{**button, "sub_button": button.get("sub_button", [])} for button in buttons]


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


def _clear_personal(state: State, account: Account) -> None:
    for menu in personal_menus(state, account.app_id):
        menu.deleted = True
        state.save(menu)


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
