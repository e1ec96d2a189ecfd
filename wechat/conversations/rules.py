"""Who speaks in a thread, what is said, and what may be shown of it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from core.customers.search.terms import folded, pairs
from wechat.outbound.contents import Content, ImageContent, MiniProgramContent, NewsContent, TextContent

LAST_TEXT_LENGTH = 100
# What stands further back in a text isn't found by search.
_SEARCHED_LENGTH = 2_000


class Author(StrEnum):
    """Who a message is of. A note is for colleagues only; an event is something the fan did (followed, tapped)."""

    FAN = "fan"
    AUTO = "auto"
    STAFF = "staff"
    NOTE = "note"
    EVENT = "event"


class MessageKind(StrEnum):
    """The kinds of a thread's messages, both ways."""

    TEXT = "text"
    IMAGE = "image"
    VOICE = "voice"
    VIDEO = "video"
    LOCATION = "location"
    LINK = "link"
    MINI_PROGRAM = "mini_program"
    NEWS = "news"
    EVENT = "event"
    OTHER = "other"


class MediaState(StrEnum):
    """Bytes that the platform keeps for three days only, on their way into our files."""

    WAITING = "waiting"
    KEPT = "kept"
    FAILED = "failed"


class Check(StrEnum):
    """What is known of content before colleagues see it. `unchecked`: our list has nothing against it, that is all."""

    UNCHECKED = "unchecked"
    PASSED = "passed"
    RISKY = "risky"


# The parts of a message whose bytes are fetched.
MEDIA, THUMB = "media", "thumb"
# Between the people of a conversation; all else is about them, and moves nothing in the list.
SPOKEN = frozenset({Author.FAN, Author.AUTO, Author.STAFF})

_STAND_INS = {
    MessageKind.IMAGE: "[图片]",
    MessageKind.VOICE: "[语音]",
    MessageKind.VIDEO: "[视频]",
    MessageKind.LOCATION: "[位置]",
    MessageKind.LINK: "[链接]",
    MessageKind.MINI_PROGRAM: "[小程序]",
    MessageKind.NEWS: "[图文]",
    MessageKind.OTHER: "[其他消息]",
}
_HIDDEN = "[内容待查看]"


@dataclass(frozen=True, slots=True)
class Stored:
    """A message as a thread keeps it: `text` is what can be read and searched of it, `file_id` its picture of ours."""

    kind: MessageKind
    content: Mapping[str, Any]
    text: str | None
    file_id: UUID | None = None


def stored(content: Content) -> Stored:
    """What we say, as a thread keeps it."""
    match content:
        case TextContent():
            return Stored(MessageKind.TEXT, {}, content.text)
        case ImageContent():
            return Stored(MessageKind.IMAGE, {}, None, content.file_id)
        case NewsContent():
            fields = {"title": content.title, "description": content.description, "url": content.url}
            return Stored(MessageKind.NEWS, fields, content.title, content.picture_id)
        case MiniProgramContent():
            fields = {"title": content.title, "app_id": content.app_id, "page": content.page}
            return Stored(MessageKind.MINI_PROGRAM, fields, content.title, content.picture_id)


def terms(text: str, at: datetime) -> list[str]:
    """What the index finds a message by: each two characters that stand together, and the day it was written down."""
    found = set(pairs(folded(text[:_SEARCHED_LENGTH])))
    return [*sorted(found), day_term(at)] if found else []


def day_term(at: datetime) -> str:
    """The day (UTC) of a message."""
    return f"d:{at.astimezone(UTC):%Y%m%d}"


def in_short(kind: MessageKind, text: str | None, check: Check | None) -> str:
    """A message in the list of conversations; nothing of it if it is risky."""
    if check is Check.RISKY:
        return _HIDDEN
    stand_in = _STAND_INS.get(kind, "")
    words = "" if text is None else text if kind is MessageKind.TEXT else f" {text}"
    return f"{stand_in}{words}"[:LAST_TEXT_LENGTH].strip()
