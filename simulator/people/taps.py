"""Taps on the buttons of an account's menu: one event, and after some of them what the person picked."""

import hashlib
from collections.abc import Iterator
from typing import cast

from simulator.people import fans, sendings
from simulator.people.act_schemas import TapIn
from simulator.platform import menus_personal
from simulator.platform.menus import Button
from simulator.pushing import acts
from simulator.pushing.acts import Chat
from simulator.world.errors import ControlError
from simulator.world.records import Fields, Push

SCANS = ("scancode_push", "scancode_waitmsg")
PICTURES = ("pic_sysphoto", "pic_photo_or_album", "pic_weixin")


def tap(chat: Chat, body: TapIn) -> Iterator[Push]:
    """Yield the pushes of a tap in their order; 404 button_unknown, 409 not_following, button_pushes_nothing."""
    fans.check_in_chat(chat)
    button = _button(chat, body.path)
    kind = str(button.get("type"))
    match kind:
        case "click":
            yield _event(chat, button, "CLICK", {"EventKey": button.get("key", "")})
        case "view":
            yield _event(chat, button, "VIEW", {"EventKey": button.get("url", "")})
        case "miniprogram":
            yield _event(chat, button, "view_miniprogram", {"EventKey": button.get("pagepath", "")})
        case _ if kind in SCANS:
            scanned: Fields = {"ScanType": "qrcode", "ScanResult": body.scan_result}
            yield _event(chat, button, kind, {"EventKey": button.get("key", ""), "ScanCodeInfo": scanned})
        case _ if kind in PICTURES:
            yield from _pictures(chat, button, kind, body.pictures)
        case "location_select":
            yield from _place(chat, button, body)
        case _:
            raise ControlError(409, "button_pushes_nothing", "a tap on this button is no push")


def _button(chat: Chat, path: list[int]) -> Button:
    buttons = menus_personal.shown(chat.state, chat.account.app_id, chat.fan_id)
    try:
        for place in path[:-1]:
            buttons = cast("list[Button]", buttons[place]["sub_button"])
        return buttons[path[-1]]
    except (IndexError, KeyError) as error:
        raise ControlError(404, "button_unknown", "the account's menu has no such button") from error


def _pictures(chat: Chat, button: Button, kind: str, count: int) -> Iterator[Push]:
    digests = [hashlib.md5(f"{number}".encode(), usedforsecurity=False).hexdigest() for number in range(count)]
    info: Fields = {"Count": count, "PicList": {"item": [{"PicMd5Sum": digest} for digest in digests]}}
    yield _event(chat, button, kind, {"EventKey": button.get("key", ""), "SendPicsInfo": info})
    for _ in range(count):
        yield sendings.picture(chat, None)


def _place(chat: Chat, button: Button, body: TapIn) -> Iterator[Push]:
    place = body.place
    # Texts here and numbers in the message that follows, as the platform sends them.
    info: Fields = {
        "Location_X": str(place.latitude),
        "Location_Y": str(place.longitude),
        "Scale": str(place.scale),
        "Label": place.label,
        "Poiname": place.name,
    }
    yield _event(chat, button, "location_select", {"EventKey": button.get("key", ""), "SendLocationInfo": info})
    yield sendings.location(chat, place)


def _event(chat: Chat, button: Button, event: str, fields: Fields) -> Push:
    return acts.event(chat, event, fields, text=f"菜单：{button.get('name', '')}")
