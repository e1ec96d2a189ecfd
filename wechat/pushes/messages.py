"""What a push may be, as typed values (wechat-platform §2.4-2.5); `parsing.py` makes them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Text:
    """A written message."""

    content: str


@dataclass(frozen=True, slots=True)
class Image:
    picture_url: str
    media_id: str


@dataclass(frozen=True, slots=True)
class Voice:
    """`recognition` is what the platform understood; empty when it was not asked to."""

    media_id: str
    format: str
    recognition: str


@dataclass(frozen=True, slots=True)
class Video:
    media_id: str
    thumb_media_id: str


@dataclass(frozen=True, slots=True)
class ShortVideo:
    media_id: str
    thumb_media_id: str


@dataclass(frozen=True, slots=True)
class Location:
    """A place sent as a message; degrees."""

    latitude: float
    longitude: float
    scale: int
    label: str


@dataclass(frozen=True, slots=True)
class Link:
    title: str
    description: str
    url: str


@dataclass(frozen=True, slots=True)
class MiniProgramPage:
    title: str
    app_id: str
    page_path: str
    thumb_url: str
    thumb_media_id: str


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
class LocationReport:
    """Where the phone is, told on entering the chat; degrees, `precision` in metres."""

    latitude: float
    longitude: float
    precision: float


@dataclass(frozen=True, slots=True)
class Click:
    """A tap on a menu item with a key."""

    key: str


@dataclass(frozen=True, slots=True)
class View:
    """A tap on a menu item with an address."""

    url: str


@dataclass(frozen=True, slots=True)
class ViewMiniProgram:
    """A tap on a menu item that opens a mini-program."""

    page: str


@dataclass(frozen=True, slots=True)
class ScanCodePush:
    """Something was scanned through the menu; `scan_type` is `qrcode` or `barcode`."""

    key: str
    scan_type: str
    result: str


@dataclass(frozen=True, slots=True)
class ScanCodeWait:
    """The same, and the person sees that we are being waited for."""

    key: str
    scan_type: str
    result: str


class PictureSource(StrEnum):
    """The menu item the pictures were sent through."""

    CAMERA = "pic_sysphoto"
    CAMERA_OR_ALBUM = "pic_photo_or_album"
    ALBUM = "pic_weixin"


@dataclass(frozen=True, slots=True)
class PicturesSent:
    """Pictures follow as messages of their own; `digests` are their MD5 sums."""

    key: str
    source: PictureSource
    count: int
    digests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LocationSelected:
    """A place chosen through the menu; it follows as a message of its own. Degrees."""

    key: str
    latitude: float
    longitude: float
    scale: int
    label: str
    place: str


@dataclass(frozen=True, slots=True)
class TemplateSent:
    """How a template message ended: `success`, `failed:user block`, `failed: system failed` …"""

    message_id: int
    status: str


@dataclass(frozen=True, slots=True)
class MassSent:
    """How a mass message ended; `total` people were meant, `filtered` remained, of whom it failed for `failed`."""

    message_id: int
    status: str
    total: int
    filtered: int
    sent: int
    failed: int
    copyright_state: int | None


@dataclass(frozen=True, slots=True)
class Grant:
    """One template allowed or refused; `scene` is where it was asked (1 web, 2 article, 0 mini-program)."""

    template_id: str
    accepted: bool
    scene: int | None = None


@dataclass(frozen=True, slots=True)
class SubscribePopup:
    """The answer to a request for subscription notices."""

    items: tuple[Grant, ...]


@dataclass(frozen=True, slots=True)
class SubscribeChange:
    """A change of mind on the page of subscriptions; the platform tells refusals only."""

    items: tuple[Grant, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """How a subscription notice ended; `error_code` 0 is success."""

    template_id: str
    message_id: int
    error_code: int
    error_status: str


@dataclass(frozen=True, slots=True)
class SubscribeSent:
    items: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class EnterSession:
    """Somebody opened the customer service of a mini-program; `source` is what the page's button carries."""

    source: str


@dataclass(frozen=True, slots=True)
class MediaChecked:
    """The verdict on a picture or sound: `suggest` is `pass`, `review` or `risky`."""

    trace_id: str
    suggest: str
    label: int


@dataclass(frozen=True, slots=True)
class Other:
    """A message or event we don't know, or one without its fields: stored and acknowledged.

    `kind` is its MsgType or, if `event`, its Event, in lower case.
    """

    kind: str
    event: bool


Message: TypeAlias = Text | Image | Voice | Video | ShortVideo | Location | Link | MiniProgramPage
MenuEvent: TypeAlias = Click | View | ViewMiniProgram | ScanCodePush | ScanCodeWait | PicturesSent | LocationSelected
ResultEvent: TypeAlias = (
    TemplateSent | MassSent | SubscribePopup | SubscribeChange | SubscribeSent | EnterSession | MediaChecked
)
Body: TypeAlias = Message | Subscribe | Scan | Unsubscribe | LocationReport | MenuEvent | ResultEvent | Other


@dataclass(frozen=True, slots=True)
class Push:
    """`to` is the account's original id; `identifier` is what tells this push from others of the same person."""

    to: str
    openid: str
    sent_at: datetime
    identifier: tuple[str, ...]
    body: Body
