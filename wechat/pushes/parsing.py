"""From raw text to a push; only what every push has is demanded."""

from datetime import UTC, datetime

from wechat.pushes.bodies import body_of
from wechat.pushes.errors import PushMalformed
from wechat.pushes.fields import Fields, Unfit, optional, read_fields, text, whole
from wechat.pushes.messages import Body, Push, SubscribeChange, SubscribePopup, SubscribeSent

_LONGEST_OPENID = 64
_LATEST_TIME = 4_102_444_800  # the year 2100
_TELLING = ("FromUserName", "CreateTime", "Event", "EventKey", "MsgID", "trace_id")
_LISTED = (SubscribePopup, SubscribeChange, SubscribeSent)


def parse(raw: bytes | str) -> Push:
    """The push in XML or JSON. Raises PushMalformed when a field that every push has is missing or absurd."""
    fields = read_fields(raw)
    try:
        to, openid, kind = text(fields, "ToUserName"), text(fields, "FromUserName"), text(fields, "MsgType")
        created = whole(fields, "CreateTime")
    except Unfit as error:
        raise PushMalformed({"reason": "fields"}) from error
    known = 0 < len(openid) <= _LONGEST_OPENID and openid.isascii() and openid.isprintable()
    if not (known and 0 <= created <= _LATEST_TIME and kind):
        raise PushMalformed({"reason": "fields"})
    body = body_of(kind.lower(), fields)
    return Push(to, openid, datetime.fromtimestamp(created, UTC), _identifier(fields, body), body)


def _identifier(fields: Fields, body: Body) -> tuple[str, ...]:
    message_id = optional(fields, "MsgId")
    if message_id:
        return ("message", message_id)
    told = [value if isinstance(value := fields.get(name), str) else "" for name in _TELLING]
    if isinstance(body, _LISTED):
        told += _items(body)
    return ("event", *told)


def _items(body: SubscribePopup | SubscribeChange | SubscribeSent) -> list[str]:
    # Several of these may reach one person within a second; only their lists tell them apart.
    if isinstance(body, SubscribeSent):
        return [str(item.message_id) for item in body.items]
    return [f"{item.template_id} {item.accepted}" for item in body.items]
