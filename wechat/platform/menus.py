"""The menu of an official account, and its personal menus (wechat-platform §5). Here buttons are the platform's own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wechat.accounts.queries import Credentials
from wechat.platform.client import call
from wechat.platform.errors import PlatformRefused

_NO_MENU = 46003
_NO_PERSONAL_MENU = 65301
_RENAMED = {"group_id": "tag_id"}

Button = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Personal:
    """A menu for the fans whom `rule` fits (tag_id, client_platform_type); of those that fit the newest is shown."""

    rule: Mapping[str, str]
    buttons: Sequence[Button]
    menu_id: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Menus:
    """The menu that all have, and the personal ones, oldest first.

    `by_api`: a call made it, so it can be made again, and personal ones can be put beside it.
    """

    buttons: Sequence[Button]
    personal: Sequence[Personal]
    by_api: bool = field(default=True, compare=False)


async def read(account: Credentials) -> dict[str, Any] | None:
    """The menu as it stands, made by whatever means, in the platform's words; None if there never was one.

    `is_menu_open` and `selfmenu_info`, and `conditionalmenu` where there are personal menus. Menus made on the web page
    are only seen by `get_current_selfmenu_info`, so that is what is asked.
    """
    info, made = await _ask(account, "/cgi-bin/get_current_selfmenu_info"), await _ask(account, "/cgi-bin/menu/get")
    personal = (made or {}).get("conditionalmenu")
    return {**(info or {}), "conditionalmenu": personal} if personal else info


async def live(account: Credentials) -> Menus:
    """What phones show now. Raises as `call` does."""
    info, made = await _ask(account, "/cgi-bin/get_current_selfmenu_info"), await _ask(account, "/cgi-bin/menu/get")
    return parsed({**(info or {}), "conditionalmenu": (made or {}).get("conditionalmenu")}, by_api=made is not None)


def parsed(content: Mapping[str, Any], *, by_api: bool = False) -> Menus:
    """What `read` answered, in one form whichever call told it; what has another shape is passed over."""
    info = content.get("selfmenu_info") if content.get("is_menu_open") else None
    buttons = normal(info.get("button")) if isinstance(info, dict) else []
    # Their numbers grow: the order of the list is nowhere promised.
    return Menus(buttons, sorted(map(_personal, _objects(content.get("conditionalmenu"))), key=_number), by_api)


def normal(buttons: object) -> list[Button]:
    """Buttons in one form: sub-buttons as a list, which one answer wraps and the other gives to all."""
    found = []
    for button in _objects(buttons):
        children = button.get("sub_button")
        children = normal(children.get("list") if isinstance(children, dict) else children)
        rest = {name: value for name, value in button.items() if name != "sub_button"}
        found.append({"name": button.get("name", ""), "sub_button": children} if children else rest)
    return found


def _personal(menu: Mapping[str, Any]) -> Personal:
    given = menu.get("matchrule")
    said: Mapping[str, Any] = given if isinstance(given, dict) else {}
    # A rule about a tag may be told by its former name.
    rule = {_RENAMED.get(name, name): str(value) for name, value in said.items() if value not in (None, "")}
    return Personal(rule, normal(menu.get("button")), str(menu.get("menuid", "")))


def _number(menu: Personal) -> int:
    return int(menu.menu_id) if menu.menu_id.isdecimal() else 0


def _objects(items: object) -> list[dict[str, Any]]:
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


async def create(account: Credentials, buttons: Sequence[Button]) -> None:
    """Make or replace the menu that all have. Raises as `call` does."""
    await call(account, "/cgi-bin/menu/create", {"button": list(buttons)}, writes=True, repeatable=True)


async def add_personal(account: Credentials, menu: Personal) -> None:
    """Put a personal menu above the others; asked twice there are two. Raises as `call` does."""
    body = {"button": list(menu.buttons), "matchrule": dict(menu.rule)}
    await call(account, "/cgi-bin/menu/addconditional", body, fields=("menuid",), writes=True)


async def delete_personal(account: Credentials, menu: Personal) -> None:
    """Take one away, or see that it is gone. Raises as `call` does."""
    body = {"menuid": menu.menu_id}
    try:
        await call(account, "/cgi-bin/menu/delconditional", body, writes=True, repeatable=True)
    except PlatformRefused as refusal:
        if refusal.errcode != _NO_PERSONAL_MENU:
            raise


async def delete(account: Credentials) -> None:
    """Take the menu away, and all personal ones with it. Raises as `call` does."""
    await call(account, "/cgi-bin/menu/delete", writes=True, repeatable=True)


async def _ask(account: Credentials, path: str) -> dict[str, Any] | None:
    try:
        return await call(account, path)
    except PlatformRefused as refusal:
        if refusal.errcode == _NO_MENU:
            return None
        raise
