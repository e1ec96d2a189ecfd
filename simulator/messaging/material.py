"""Uploading and fetching an account's files."""

import io
import json
from typing import Any, get_args

from PIL import Image, UnidentifiedImageError

from simulator.messaging import drafts, media
from simulator.messaging.drafts import Draft
from simulator.messaging.media import SAMPLE_VIDEO, SAMPLE_VOICE, FileKind, Media
from simulator.messaging.uploads import Part
from simulator.world.errors import (
    DATA_FORMAT,
    INVALID_FILE_TYPE,
    INVALID_MEDIA_ID,
    INVALID_MEDIA_TYPE,
    MEDIA_TOO_LARGE,
    PlatformError,
)
from simulator.world.records import Account
from simulator.world.state import State

PICTURES = {
    "image": {"JPEG": "image/jpeg", "PNG": "image/png", "GIF": "image/gif", "BMP": "image/bmp"},
    "thumb": {"JPEG": "image/jpeg"},
    "article": {"JPEG": "image/jpeg", "PNG": "image/png"},
}
KINDS: tuple[FileKind, ...] = get_args(FileKind)
MP3_MARKS = (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2")


def upload(state: State, account: Account, kind: str, part: Part) -> Media:
    """Keep an uploaded file for three days; errcode 40004 type, 40005 format, 45001 size."""
    return _keep(state, account, kind, part, permanent=False)


def add(state: State, account: Account, kind: str, part: Part, description: Part | None) -> Media:
    """Keep a file for ever; errcodes as for a temporary one, 47001 a film without title and introduction."""
    words = _description(description) if kind == "video" else {}
    title, introduction = (str(words.get(name, "")) for name in ("title", "introduction"))
    return _keep(state, account, kind, part, permanent=True, title=title, introduction=introduction)


def article_picture(state: State, account: Account, part: Part) -> Media:
    """Keep a picture for the text of an article; errcode 40005 format, 45001 size."""
    content_type = _checked(account, "article", part.content)
    return media.keep(
        state, account, "image", part.content, content_type, filename=part.filename or "file", permanent=True
    )


def fetch(state: State, account: Account, media_id: object) -> Media:
    """Return a temporary file; errcode 40007."""
    file = media.find(state, account, media_id)
    if file.expires_at is None:
        raise PlatformError(INVALID_MEDIA_ID)
    return file


def fetch_permanent(state: State, account: Account, media_id: object) -> Media | Draft:
    """Return a permanent file or articles; errcode 40007."""
    if isinstance(media_id, str) and media_id in state.every(Draft):
        return drafts.find(state, account, media_id)
    file = media.find(state, account, media_id)
    if file.expires_at is not None:
        raise PlatformError(INVALID_MEDIA_ID)
    return file


def _keep(
    state: State, account: Account, kind: str, part: Part, *, permanent: bool, title: str = "", introduction: str = ""
) -> Media:
    known = next((each for each in KINDS if each == kind), None)
    if known is None:
        raise PlatformError(INVALID_MEDIA_TYPE)
    return media.keep(
        state,
        account,
        known,
        part.content,
        _checked(account, kind, part.content),
        filename=part.filename or "file",
        permanent=permanent,
        title=title,
        introduction=introduction,
    )


def _checked(account: Account, kind: str, content: bytes) -> str:
    limits = account.limits
    most = limits.article_picture_bytes if kind == "article" else getattr(limits, f"media_{kind}_bytes")
    if len(content) > most:
        raise PlatformError(MEDIA_TOO_LARGE)
    if kind == "voice":
        return _content_type_of_voice(content)
    if kind == "video":
        return _content_type_of_video(content)
    try:
        found = Image.open(io.BytesIO(content)).format
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise PlatformError(INVALID_FILE_TYPE) from error
    if found not in PICTURES[kind]:
        raise PlatformError(INVALID_FILE_TYPE)
    return PICTURES[kind][found]


def _content_type_of_voice(content: bytes) -> str:
    if content.startswith(SAMPLE_VOICE[:6]):
        return "audio/amr"
    if content.startswith(MP3_MARKS):
        return "audio/mpeg"
    raise PlatformError(INVALID_FILE_TYPE)


def _content_type_of_video(content: bytes) -> str:
    mark = slice(4, 8)
    if content[mark] == SAMPLE_VIDEO[mark]:
        return "video/mp4"
    raise PlatformError(INVALID_FILE_TYPE)


def _description(part: Part | None) -> dict[str, Any]:
    try:
        words = json.loads(part.content) if part is not None else None
    except ValueError:
        words = None
    if not isinstance(words, dict) or not words.get("title"):
        raise PlatformError(DATA_FORMAT)
    return words
