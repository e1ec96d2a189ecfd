"""Links, ranges and names as they stand in HTTP: pure functions."""

import base64
import re
import struct
from binascii import Error as NoBase64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import TypeAlias
from urllib.parse import quote
from uuid import UUID

Sign: TypeAlias = Callable[[bytes], bytes]

_CONTENT = struct.Struct(">16sB16sQ")
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
# Opened in the page itself; all else is saved to the disk.
_SHOWN = {"image/jpeg", "image/png", "image/gif", "image/webp", "application/pdf"}


class Variant(IntEnum):
    """Which bytes of a file a link leads to."""

    ORIGINAL = 1
    THUMBNAIL = 2


@dataclass(frozen=True, slots=True)
class Link:
    """What a link says: these bytes, for this colleague, until this second (since 1970)."""

    file_id: UUID
    variant: Variant
    viewer_id: UUID
    expires: int


def write_link(link: Link, sign: Sign) -> str:
    """The link as URL-safe text: its content and our signature under it."""
    content = _CONTENT.pack(link.file_id.bytes, link.variant, link.viewer_id.bytes, link.expires)
    return base64.urlsafe_b64encode(content + sign(content)).rstrip(b"=").decode()


def read_link(text: str, is_signed: Callable[[bytes, bytes], bool]) -> Link | None:
    """The link again; None when it isn't one that we signed."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (NoBase64, ValueError):
        return None
    content, signature = raw[: _CONTENT.size], raw[_CONTENT.size :]
    # Written one way only: the same link with other padding bits is not the same address.
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != text or not is_signed(content, signature):
        return None
    file_id, variant, viewer_id, expires = _CONTENT.unpack(content)
    return Link(UUID(bytes=file_id), Variant(variant), UUID(bytes=viewer_id), expires)


def expiry(at: datetime, minutes: int) -> datetime:
    """When a link made now ends: after half its life at least, after all of it at most.

    All links of half a life end at the same moment, so a page that is opened again finds its pictures in the cache.
    """
    half = max(minutes * 30, 1)
    return at + timedelta(seconds=2 * half - at.timestamp() % half)


def read_range(header: str, size: int) -> range | None:
    """The bytes that a Range header asks for (RFC 9110 §14): empty when there are none; None: all of them.

    Several ranges at once and what isn't understood are answered with everything.
    """
    asked = _RANGE.fullmatch(header.strip())
    if asked is None or asked[0] == "bytes=-":
        return None
    first, last = asked.groups()
    if not first:
        return range(max(size - int(last), 0), size)
    if last and int(last) < int(first):
        return None
    return range(int(first), min(int(last) + 1, size) if last else size)


def disposition(name: str, media_type: str) -> str:
    """Content-Disposition with any name (RFC 6266, RFC 8187): also for who knows only ASCII."""
    way = "inline" if media_type in _SHOWN else "attachment"
    plain = re.sub(r'[^ -~]|["\\%/]', "_", name)
    return f"{way}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
