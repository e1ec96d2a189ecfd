"""Personal menus (个性化菜单): which fans see other buttons than the rest."""

from typing import Any
from urllib.parse import urlsplit

from simulator.platform import menus, tags
from simulator.platform.menus import Button, PersonalMenu
from simulator.world.errors import (
    DATA_FORMAT,
    DEFAULT_MENU_MISSING,
    INVALID_ARGUMENT,
    MATCH_RULE_EMPTY,
    MATCH_RULE_PRIVATE,
    MENU_MISSING,
    MENU_USER_MISSING,
    PERSONAL_MENU_EMPTY,
    PERSONAL_MENU_MISSING,
    PERSONAL_MENU_UNSUPPORTED,
    TOO_MANY_DOMAINS,
    PlatformError,
)
from simulator.world.records import Account, Follow
from simulator.world.state import State

CLIENTS = {"1": "ios", "2": "android", "3": "others"}
# Refused since fans' data of this kind is private.
PRIVATE = ("sex", "country", "province", "city", "language")


def add(state: State, account: Account, body: dict[str, Any]) -> dict[str, Any]:
    """Answer `/cgi-bin/menu/addconditional`; errcode 65303 without a menu for all, 65304 65320 45159 rule, 65316."""
    if not account.verified:
        raise PlatformError(PERSONAL_MENU_UNSUPPORTED)
    general = menus.find(state, account.app_id)
    if general is None or general.by_hand:
        raise PlatformError(DEFAULT_MENU_MISSING)
    if not body.get("button"):
        raise PlatformError(PERSONAL_MENU_EMPTY)
    rule = _rule(state, account, body.get("matchrule"))
    buttons = menus.checked(state, account, body["button"])
    there = [button for menu in menus.personal_menus(state, account.app_id) for button in menu.button]
    if len(_domains([*there, *buttons])) > account.limits.menu_personal_domains:
        raise PlatformError(TOO_MANY_DOMAINS)
    ever = sum(menu.app_id == account.app_id for menu in state.every(PersonalMenu).values())
    menu = PersonalMenu(app_id=account.app_id, number=ever + 1, button=buttons, rule=rule)
    state.save(menu)
    return {"menuid": str(menu.menu_id)}


def delete(state: State, account: Account, body: dict[str, Any]) -> None:
    """Carry out `/cgi-bin/menu/delconditional`; errcode 65301 for one there isn't."""
    for menu in menus.personal_menus(state, account.app_id):
        if str(menu.menu_id) == str(body.get("menuid")):
            menu.deleted = True
            state.save(menu)
            return
    raise PlatformError(PERSONAL_MENU_MISSING)


def try_match(state: State, account: Account, body: dict[str, Any]) -> dict[str, Any]:
    """Answer `/cgi-bin/menu/trymatch`: what a follower sees; errcode 65302 who is none, 46003 without a menu."""
    follow = state.follows_by_openid.get((account.app_id, str(body.get("user_id"))))
    if follow is None or not follow.following:
        raise PlatformError(MENU_USER_MISSING)
    general = menus.find(state, account.app_id)
    if general is None or general.by_hand:
        raise PlatformError(MENU_MISSING)
    return {"button": menus.in_full(shown(state, account.app_id, follow.fan_id))}


def shown(state: State, app_id: str, fan_id: str) -> list[Button]:
    """Return what is on a person's phone: the newest personal menu that fits, else the menu that all have."""
    follow = state.follows[app_id].get(fan_id)
    if follow is not None:
        for menu in reversed(menus.personal_menus(state, app_id)):
            if _fits(state, menu.rule, follow):
                return menu.button
    general = menus.find(state, app_id)
    return general.button if general is not None else []


def _fits(state: State, rule: dict[str, str], follow: Follow) -> bool:
    # Of several tags the one put on last is looked at (official text).
    last = str(follow.tags[-1]) if follow.tags else ""
    client = state.people[follow.fan_id].client
    return rule.get("tag_id", last) == last and CLIENTS.get(rule.get("client_platform_type", ""), client) == client


def _rule(state: State, account: Account, given: object) -> dict[str, str]:
    if given is not None and not isinstance(given, dict):
        raise PlatformError(DATA_FORMAT)
    said = {name: str(value) for name, value in (given or {}).items() if value not in (None, "")}
    if any(name in said for name in PRIVATE):
        raise PlatformError(MATCH_RULE_PRIVATE)
    rule = {name: said[name] for name in ("tag_id", "client_platform_type") if name in said}
    if not rule:
        raise PlatformError(MATCH_RULE_EMPTY)
    if rule.get("client_platform_type", "1") not in CLIENTS:
        raise PlatformError(INVALID_ARGUMENT)
    if "tag_id" in rule:
        tags.living(state, account, rule["tag_id"])
    return rule


def _domains(buttons: list[Button]) -> set[str]:
    found = set()
    for button in buttons:
        children = button.get("sub_button")
        if isinstance(children, list):
            found |= _domains([child for child in children if isinstance(child, dict)])
        if "url" in button:
            found.add(urlsplit(str(button["url"])).hostname or "")
    return found
