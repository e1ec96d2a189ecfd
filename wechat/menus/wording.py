"""Menus from our words into the platform's and back. Pure.

A file of its own: publishing says it this way, and reading what is live understands it the other way round.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from infra.schemas import UNWRITABLE
from wechat.menus.schemas import ButtonIn, ButtonKind, ForWhom, PersonalIn, Title, Value
from wechat.platform.menus import Button, Menus, Personal

TYPES: Mapping[ButtonKind, str] = {
    "click": "click",
    "view": "view",
    "mini_program": "miniprogram",
    "scan_push": "scancode_push",
    "scan_wait": "scancode_waitmsg",
    "camera": "pic_sysphoto",
    "camera_or_album": "pic_photo_or_album",
    "album": "pic_weixin",
    "location": "location_select",
}
_KINDS = {theirs: ours for ours, theirs in TYPES.items()}
_FIELDS = {"key": "key", "url": "url", "app_id": "appid", "page": "pagepath"}
_CLIENTS = {"ios": "1", "android": "2", "others": "3"}
_MOST_BUTTONS, _MOST_PERSONAL, _LONGEST_TITLE = 10, 20, 60

_title: TypeAdapter[str] = TypeAdapter(Title)
_value: TypeAdapter[str] = TypeAdapter(Value)


def fields_of(kind: ButtonKind | None) -> tuple[str, ...]:
    """What a button of a kind needs besides its title."""
    match kind:
        case None:
            return ()
        case "view":
            return ("url",)
        case "mini_program":
            return ("url", "app_id", "page")
    return ("key",)


def said(buttons: Sequence[ButtonIn], personal: Sequence[PersonalIn], numbers: Mapping[UUID, int]) -> Menus:
    """A menu in the platform's words; `numbers` are its own of our labels. Raises KeyError for a label without one.

    Of ours the first that fits is shown, of the platform's the newest: they are put there from the last to the first.
    """
    return Menus(
        [_said(button) for button in buttons],
        [
            Personal(_rule(one.for_whom, numbers), [_said(button) for button in one.buttons])
            for one in reversed(personal)
        ],
    )


def understood(menus: Menus, labels: Mapping[int, UUID]) -> tuple[list[ButtonIn], list[PersonalIn]]:
    """What the platform has, in our words; `labels` by its numbers. What we have no words for is left out.

    A button of a kind we can't make keeps its title alone.
    """
    personal = [
        PersonalIn(for_whom=_for_whom(one.rule, labels), buttons=_buttons(one.buttons))
        for one in reversed(menus.personal)
    ]
    return _buttons(menus.buttons), personal[:_MOST_PERSONAL]


def _said(button: ButtonIn) -> Button:
    if button.children:
        return {"name": button.title, "sub_button": [_said(child) for child in button.children]}
    needed = {_FIELDS[name]: getattr(button, name) for name in fields_of(button.kind)}
    return {"type": TYPES[button.kind] if button.kind else "", "name": button.title} | needed


def _rule(whom: ForWhom, numbers: Mapping[UUID, int]) -> dict[str, str]:
    rule = {} if whom.label_id is None else {"tag_id": str(numbers[whom.label_id])}
    return rule if whom.client is None else rule | {"client_platform_type": _CLIENTS[whom.client]}


def _buttons(buttons: Sequence[Button]) -> list[ButtonIn]:
    return [_understood(button) for button in buttons][:_MOST_BUTTONS]


def _understood(button: Button) -> ButtonIn:
    kind = _KINDS.get(str(button.get("type")))
    values = {name: _fit(button.get(_FIELDS[name])) for name in fields_of(kind)}
    children = _buttons(button.get("sub_button") or ())
    return ButtonIn.model_validate({"title": _shown(button.get("name")), "kind": kind, "children": children} | values)


def _shown(name: object) -> str:
    text = UNWRITABLE.sub("", str(name or "")).strip()[:_LONGEST_TITLE].strip()
    return _title.validate_python(text or "（无名称）")


def _fit(value: Any) -> str | None:
    try:
        return _value.validate_python(value)
    except ValidationError:
        return None


def _for_whom(rule: Mapping[str, str], labels: Mapping[int, UUID]) -> ForWhom:
    number = rule.get("tag_id", "")
    clients = {theirs: ours for ours, theirs in _CLIENTS.items()}
    found = {
        "label_id": labels.get(int(number)) if number.isdecimal() else None,
        "client": clients.get(rule.get("client_platform_type", "")),
    }
    return ForWhom.model_validate(found)
