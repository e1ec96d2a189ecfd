"""Each kind of message and event from its fields; one that lacks its own is `Other`, so that nothing is lost."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from wechat.pushes import messages
from wechat.pushes.fields import Fields, Unfit, decimal, inside, optional, several, text, whole
from wechat.pushes.messages import Body

T = TypeVar("T")
Build = Callable[[Fields], Body]

_SCENE_PREFIX = "qrscene_"
_POLE, _DATE_LINE, _FAR = 90.0, 180.0, 1e9
# The platform's own sample shows the change event under the popup's name; in JSON the list stands by itself.
_LISTS = ("SubscribeMsgPopupEvent", "SubscribeMsgChangeEvent", "SubscribeMsgSentEvent")


def body_of(kind: str, fields: Fields) -> Body:
    """The typed message or event; `kind` is the MsgType in lower case."""
    event = kind == "event"
    if event:
        kind = optional(fields, "Event").lower()
    build = (_EVENTS if event else _MESSAGES).get(kind)
    if build is None:
        return messages.Other(kind, event)
    try:
        return build(fields)
    except Unfit:
        return messages.Other(kind, event)


def _of_texts(made: Callable[..., Body], *names: str) -> Build:
    """Made of nothing but texts that must be there."""
    return lambda fields: made(*[text(fields, name) for name in names])


def _voice(fields: Fields) -> Body:
    return messages.Voice(text(fields, "MediaId"), text(fields, "Format"), optional(fields, "Recognition"))


def _location(fields: Fields) -> Body:
    latitude, longitude, scale, label = _place(fields)
    return messages.Location(latitude, longitude, scale, label)


def _place(fields: Fields) -> tuple[float, float, int, str]:
    return (
        decimal(fields, "Location_X", _POLE),
        decimal(fields, "Location_Y", _DATE_LINE),
        whole(fields, "Scale"),
        optional(fields, "Label"),
    )


def _link(fields: Fields) -> Body:
    return messages.Link(text(fields, "Title"), optional(fields, "Description"), text(fields, "Url"))


def _page(fields: Fields) -> Body:
    return messages.MiniProgramPage(
        text(fields, "Title"),
        text(fields, "AppId"),
        text(fields, "PagePath"),
        optional(fields, "ThumbUrl"),
        optional(fields, "ThumbMediaId"),
    )


def _subscribe(fields: Fields) -> Body:
    key = optional(fields, "EventKey")
    return messages.Subscribe(key.removeprefix(_SCENE_PREFIX) if key.startswith(_SCENE_PREFIX) else None)


def _scan(fields: Fields) -> Body:
    return messages.Scan(optional(fields, "EventKey"))


def _unsubscribe(_fields: Fields) -> Body:
    return messages.Unsubscribe()


def _whereabouts(fields: Fields) -> Body:
    return messages.LocationReport(
        decimal(fields, "Latitude", _POLE), decimal(fields, "Longitude", _DATE_LINE), decimal(fields, "Precision", _FAR)
    )


def _scanned(made: type[messages.ScanCodePush | messages.ScanCodeWait], fields: Fields) -> Body:
    code = inside(fields, "ScanCodeInfo")
    return made(text(fields, "EventKey"), text(code, "ScanType"), text(code, "ScanResult"))


def _pictures(source: messages.PictureSource, fields: Fields) -> Body:
    sent = inside(fields, "SendPicsInfo")
    count = whole(sent, "Count")
    listed = several(inside(sent, "PicList"), "item") if count else []
    digests = tuple(text(picture, "PicMd5Sum") for picture in listed)
    return messages.PicturesSent(text(fields, "EventKey"), source, count, digests)


def _selected(fields: Fields) -> Body:
    place = inside(fields, "SendLocationInfo")
    return messages.LocationSelected(text(fields, "EventKey"), *_place(place), optional(place, "Poiname"))


def _template_sent(fields: Fields) -> Body:
    return messages.TemplateSent(whole(fields, "MsgID"), text(fields, "Status"))


def _mass_sent(fields: Fields) -> Body:
    checked = fields.get("CopyrightCheckResult")
    return messages.MassSent(
        message_id=whole(fields, "MsgID"),
        status=text(fields, "Status"),
        total=whole(fields, "TotalCount"),
        filtered=whole(fields, "FilterCount"),
        sent=whole(fields, "SentCount"),
        failed=whole(fields, "ErrorCount"),
        copyright_state=whole(checked, "CheckState") if isinstance(checked, dict) else None,
    )


def _items(read: Callable[[Fields], T], fields: Fields) -> tuple[T, ...]:
    holder = next((inner for name in _LISTS if isinstance(inner := fields.get(name), dict)), fields)
    return tuple(read(item) for item in several(holder, "List"))


def _grant(item: Fields) -> messages.Grant:
    answer = text(item, "SubscribeStatusString")
    if answer not in {"accept", "reject"}:
        raise Unfit
    scene = whole(item, "PopupScene") if optional(item, "PopupScene") else None
    return messages.Grant(text(item, "TemplateId"), answer == "accept", scene)


def _notice(item: Fields) -> messages.Notice:
    return messages.Notice(
        text(item, "TemplateId"), whole(item, "MsgID"), whole(item, "ErrorCode"), optional(item, "ErrorStatus")
    )


def _granted(made: type[messages.SubscribePopup | messages.SubscribeChange], fields: Fields) -> Body:
    return made(_items(_grant, fields))


def _notified(fields: Fields) -> Body:
    return messages.SubscribeSent(_items(_notice, fields))


def _media_checked(fields: Fields) -> Body:
    result = inside(fields, "result")
    return messages.MediaChecked(text(fields, "trace_id"), text(result, "suggest"), whole(result, "label"))


_MESSAGES: dict[str, Build] = {
    "text": _of_texts(messages.Text, "Content"),
    "image": _of_texts(messages.Image, "PicUrl", "MediaId"),
    "voice": _voice,
    "video": _of_texts(messages.Video, "MediaId", "ThumbMediaId"),
    "shortvideo": _of_texts(messages.ShortVideo, "MediaId", "ThumbMediaId"),
    "location": _location,
    "link": _link,
    "miniprogrampage": _page,
}

_EVENTS: dict[str, Build] = {
    "subscribe": _subscribe,
    "scan": _scan,
    "unsubscribe": _unsubscribe,
    "location": _whereabouts,
    "click": _of_texts(messages.Click, "EventKey"),
    "view": _of_texts(messages.View, "EventKey"),
    "view_miniprogram": _of_texts(messages.ViewMiniProgram, "EventKey"),
    "scancode_push": partial(_scanned, messages.ScanCodePush),
    "scancode_waitmsg": partial(_scanned, messages.ScanCodeWait),
    **{source.value: partial(_pictures, source) for source in messages.PictureSource},
    "location_select": _selected,
    "templatesendjobfinish": _template_sent,
    "masssendjobfinish": _mass_sent,
    "subscribe_msg_popup_event": partial(_granted, messages.SubscribePopup),
    "subscribe_msg_change_event": partial(_granted, messages.SubscribeChange),
    "subscribe_msg_sent_event": _notified,
    "user_enter_tempsession": _of_texts(messages.EnterSession, "SessionFrom"),
    "wxa_media_check": _media_checked,
}
