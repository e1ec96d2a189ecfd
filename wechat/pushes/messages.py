"""A push as a typed value, and the XML of a reply (wechat-platform §2.4-2.5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias
from xml.parsers.expat import ExpatError, ParserCreate

from wechat.pushes.errors import PushMalformed

_LONGEST_OPENID = 64
_LATEST_TIME = 4_102_444_800  # the year 2100
_SCENE_PREFIX = "qrscene_"
_FIELD_DEPTH = 2  # the root is 1


@dataclass(frozen=True, slots=True)
class Subscribe:
    """A follow; `scene` if it came through a parametric QR."""

    scene: str | None


@dataclass(frozen=True, slots=True)
class Scan:
    """A follower scanned a parametric QR."""

    scene: str


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """The follower left."""


@dataclass(frozen=True, slots=True)
class Text:
    """A written message."""

    content: str


@dataclass(frozen=True, slots=True)
class Other:
    """A message or event we don't act on (yet): stored and acknowledged."""

    kind: str


Body: TypeAlias = Subscribe | Scan | Unsubscribe | Text | Other


@dataclass(frozen=True, slots=True)
class Push:
    """`to` is the account's original id; `identifier` is what tells this push from others of the same person."""

    to: str
    openid: str
    sent_at: datetime
    identifier: tuple[str, ...]
    body: Body


class _Fields:
    """What the parser calls: keeps the text right inside each element below the root."""

    def __init__(self) -> None:
        self.found = dict[str, str]()
        self._depth = 0
        self._text = list[str]()

    def start(self, _name: str, _attributes: object) -> None:
        self._depth += 1

    def data(self, text: str) -> None:
        if self._depth == _FIELD_DEPTH:
            self._text.append(text)

    def end(self, name: str) -> None:
        if self._depth == _FIELD_DEPTH:
            self.found[name] = "".join(self._text)
            self._text.clear()
        self._depth -= 1


def _refuse(*_declaration: object) -> None:
    raise PushMalformed({"reason": "xml"})


def read_fields(raw: bytes | str) -> dict[str, str]:
    """The elements right below the root as text. Raises PushMalformed; entities and DTDs are refused."""
    fields = _Fields()
    parser = ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = fields.start
    parser.CharacterDataHandler = fields.data
    parser.EndElementHandler = fields.end
    # Entities can only be declared in a DTD. The body is read before its signature: it may be anybody's.
    parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(raw, True)  # noqa: FBT003 - positional only: this is all of it
    except (ExpatError, ValueError, LookupError) as error:
        raise PushMalformed({"reason": "xml"}) from error
    return fields.found


def parse(raw: bytes | str) -> Push:
    """Raises PushMalformed when a field that every push has is missing or absurd."""
    fields = read_fields(raw)
    try:
        openid, created = fields["FromUserName"], int(fields["CreateTime"])
        to, kind = fields["ToUserName"], fields["MsgType"].lower()
    except (KeyError, ValueError) as error:
        raise PushMalformed({"reason": "fields"}) from error
    if not (0 < len(openid) <= _LONGEST_OPENID and 0 <= created <= _LATEST_TIME and kind):
        raise PushMalformed({"reason": "fields"})
    return Push(to, openid, datetime.fromtimestamp(created, UTC), _identifier(fields), _body(kind, fields))


def _identifier(fields: Mapping[str, str]) -> tuple[str, ...]:
    if fields.get("MsgId"):
        return ("message", fields["MsgId"])
    names = ("FromUserName", "CreateTime", "Event", "EventKey", "MsgID", "trace_id")
    return ("event", *(fields.get(name, "") for name in names))


def _body(kind: str, fields: Mapping[str, str]) -> Body:
    if kind == "text":
        return Text(fields.get("Content", ""))
    if kind != "event":
        return Other(kind)
    event, key = fields.get("Event", "").lower(), fields.get("EventKey", "")
    match event:
        case "subscribe":
            return Subscribe(key.removeprefix(_SCENE_PREFIX) if key.startswith(_SCENE_PREFIX) else None)
        case "scan":
            return Scan(key)
        case "unsubscribe":
            return Unsubscribe()
    return Other(event)


def text_reply(push: Push, content: str, at: datetime) -> str:
    """The XML of a passive text reply."""
    return (
        f"<xml><ToUserName>{_cdata(push.openid)}</ToUserName><FromUserName>{_cdata(push.to)}</FromUserName>"
        f"<CreateTime>{int(at.timestamp())}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        f"<Content>{_cdata(content)}</Content></xml>"
    )


def _cdata(text: str) -> str:
    # A `]]>` inside can't end the section: it is split over two.
    return f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>"
