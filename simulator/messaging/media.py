"""Pictures, sounds and films that the platform keeps: temporary ones for three days, permanent ones for ever."""

import base64
import io
import secrets
from typing import Literal

from PIL import Image

from simulator.world.errors import INVALID_MEDIA_ID, ControlError, PlatformError
from simulator.world.records import Account, Record
from simulator.world.state import State

FileKind = Literal["image", "voice", "video", "thumb"]
SAMPLE_SIZE = (320, 240)
SAMPLE_COLOUR = (112, 160, 128)
# The marks at the beginning of an AMR sound and an MP4 film; nothing here plays them.
SAMPLE_VOICE = b"#!AMR\n" + bytes(32)
SAMPLE_VIDEO = b"\x00\x00\x00\x18ftypmp42" + bytes(32)


class Media(Record):
    """One file of an account; no `expires_at` means permanent, and only then it may have a title."""

    media_id: str
    app_id: str
    kind: FileKind
    content_type: str
    filename: str
    data: str
    created_at: float
    expires_at: float | None
    title: str = ""
    introduction: str = ""

    def key(self) -> str:
        return self.media_id

    @property
    def content(self) -> bytes:
        """The file's bytes."""
        return base64.b64decode(self.data)


def new_id() -> str:
    """Return a media id of the platform's length and alphabet."""
    return secrets.token_urlsafe(48)


def keep(
    state: State,
    account: Account,
    kind: FileKind,
    content: bytes,
    content_type: str,
    *,
    filename: str = "file",
    permanent: bool = False,
    title: str = "",
    introduction: str = "",
) -> Media:
    """Store a file under a new media id."""
    now = state.clock.now()
    media = Media(
        media_id=new_id(),
        app_id=account.app_id,
        kind=kind,
        content_type=content_type,
        filename=filename,
        data=base64.b64encode(content).decode(),
        created_at=now,
        expires_at=None if permanent else now + account.limits.media_seconds,
        title=title,
        introduction=introduction,
    )
    state.save(media)
    return media


def address(base: str, media_id: str) -> str:
    """Return where a file can be fetched without a token."""
    return f"{base}sim/media/{media_id}"


def find(state: State, account: Account, media_id: object, *kinds: FileKind) -> Media:
    """Return the account's file while it lives, of one of the kinds if any are named; errcode 40007."""
    media = state.every(Media).get(media_id) if isinstance(media_id, str) else None
    if media is None or media.app_id != account.app_id or (kinds and media.kind not in kinds):
        raise PlatformError(INVALID_MEDIA_ID)
    if media.expires_at is not None and state.clock.now() >= media.expires_at:
        raise PlatformError(INVALID_MEDIA_ID)
    return media


def of_phone(state: State, account: Account, media_id: str, kind: FileKind) -> Media:
    """Return a living file for a person to send; 404 media_unknown."""
    try:
        return find(state, account, media_id, kind)
    except PlatformError as error:
        raise ControlError(404, "media_unknown", f"this account has no such {kind}") from error


def sample(state: State, account: Account, kind: FileKind) -> Media:
    """Keep a file as a phone would have made it."""
    match kind:
        case "voice":
            return keep(state, account, kind, SAMPLE_VOICE, "audio/amr", filename="voice.amr")
        case "video":
            return keep(state, account, kind, SAMPLE_VIDEO, "video/mp4", filename="video.mp4")
        case _:
            buffer = io.BytesIO()
            Image.new("RGB", SAMPLE_SIZE, SAMPLE_COLOUR).save(buffer, "JPEG")
            return keep(state, account, kind, buffer.getvalue(), "image/jpeg", filename="photo.jpg")
