"""From pushes to what a thread keeps of them, and to the windows that they open.

A file of its own: which event is a line of a conversation, and in what words, is a matter of pushes; `conversations`
knows no push.
"""

from typing import Any, TypeAlias
from uuid import UUID

from infra.geo import Datum
from wechat.conversations.rules import MEDIA, THUMB, MessageKind
from wechat.conversations.service import Answer, Heard
from wechat.outbound.windows import Action
from wechat.pushes import messages
from wechat.pushes.messages import Body, Push

# (kind, fields of its kind, what can be read of it, the platform's ids of bytes)
_What: TypeAlias = tuple[MessageKind, dict[str, Any], str | None, dict[str, str]]

_LONGEST_MEDIA_ID = 300


def heard(push_id: UUID, person: bytes, push: Push, answer: Answer | None) -> Heard | None:
    """What the thread keeps of a push; None of what is no act of a person, and of where a phone is."""
    what = _message(push.body) or _event(push.body)
    if what is None:
        return None
    kind, content, text, media = what
    return Heard(
        push_id=push_id,
        digest=person,
        openid=push.openid,
        said_at=push.sent_at,
        kind=kind,
        content=content,
        text=text or None,
        media={name: id_ for name, id_ in media.items() if 0 < len(id_) <= _LONGEST_MEDIA_ID},
        left=isinstance(push.body, messages.Unsubscribe),
        answer=answer,
    )


def action(body: Body) -> Action | None:
    """The window for customer messages that it opens."""
    match body:
        case messages.Subscribe():
            return Action.FOLLOW
        case messages.Scan():
            return Action.SCAN
        case messages.Click() | messages.ScanCodePush() | messages.ScanCodeWait():
            return Action.MENU
        case messages.Other(event=False):
            return Action.MESSAGE
    return Action.MESSAGE if isinstance(body, messages.Message) else None


def _message(body: Body) -> _What | None:
    what: _What | None = None
    match body:
        case messages.Text():
            what = MessageKind.TEXT, {}, body.content, {}
        case messages.Image():
            what = MessageKind.IMAGE, {}, None, {MEDIA: body.media_id}
        case messages.Voice():
            what = MessageKind.VOICE, {"format": body.format}, body.recognition, {MEDIA: body.media_id}
        case messages.Video() | messages.ShortVideo():
            media = {MEDIA: body.media_id, THUMB: body.thumb_media_id}
            what = MessageKind.VIDEO, {"short": isinstance(body, messages.ShortVideo)}, None, media
        case messages.Location():
            what = MessageKind.LOCATION, _place(body), body.label, {}
        case messages.Link():
            fields = {"title": body.title, "description": body.description, "url": _web(body.url)}
            what = MessageKind.LINK, fields, body.title, {}
        case messages.MiniProgramPage():
            fields = {"title": body.title, "app_id": body.app_id, "page": body.page_path}
            what = MessageKind.MINI_PROGRAM, fields, body.title, {THUMB: body.thumb_media_id}
        case messages.Other(event=False):
            what = MessageKind.OTHER, {"type": body.kind}, None, {}
    return what


def _event(body: Body) -> _What | None:
    """An act by its name on the platform, with what it was about."""
    fields: dict[str, Any] | None = None
    match body:
        case messages.Subscribe():
            fields = {"event": "subscribe", "by_code": body.scene is not None}
        case messages.Unsubscribe():
            fields = {"event": "unsubscribe"}
        case messages.Scan():
            fields = {"event": "scan"}
        case messages.EnterSession():
            fields = {"event": "enter"}
        case _:
            fields = _tapped(body)
    return None if fields is None else (MessageKind.EVENT, fields, None, {})


def _tapped(body: Body) -> dict[str, Any] | None:
    """An item of the menu was used."""
    fields: dict[str, Any] | None = None
    match body:
        case messages.Click():
            fields = {"event": "click", "key": body.key}
        case messages.View():
            fields = {"event": "view", "url": _web(body.url)}
        case messages.ViewMiniProgram():
            fields = {"event": "view_miniprogram", "page": body.page}
        case messages.ScanCodePush() | messages.ScanCodeWait():
            fields = {"event": "scancode", "key": body.key, "result": body.result}
        case messages.PicturesSent():
            fields = {"event": "pictures", "key": body.key, "count": body.count}
        case messages.LocationSelected():
            fields = {"event": "location_select", "key": body.key} | _place(body)
    return fields


def _place(body: messages.Location | messages.LocationSelected) -> dict[str, Any]:
    return {
        "latitude": body.latitude,
        "longitude": body.longitude,
        "datum": Datum.GCJ02,
        "scale": body.scale,
        "label": body.label,
    }


def _web(address: str) -> str | None:
    """An address that may be opened: anybody may send a link, and pages show it."""
    return address if address.startswith(("http://", "https://")) else None
