"""Files in multipart bodies, as the platform's media endpoints take them."""

from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message

from fastapi import Request

from simulator.world.errors import MEDIA_MISSING, PlatformError

HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a form; only a file has a name of its own."""

    name: str
    filename: str | None
    content: bytes


async def form(request: Request) -> dict[str, Part]:
    """Read a multipart body into its parts by name; errcode 41005 when it is none."""
    head = Message()
    head["Content-Type"] = request.headers.get("content-type", "")
    boundary = head.get_boundary()
    if boundary is None:
        raise PlatformError(MEDIA_MISSING)
    body = b"\r\n" + await request.body()
    # What comes before the first boundary and after the last says nothing.
    chunks = body.split(b"\r\n--" + boundary.encode())[1:-1]
    parts = [_part(chunk) for chunk in chunks]
    return {part.name: part for part in parts}


def file(parts: dict[str, Part]) -> Part:
    """Return the file that is to be named `media`; errcode 41005."""
    part = parts.get("media")
    if part is None or part.filename is None or not part.content:
        raise PlatformError(MEDIA_MISSING)
    return part


def _part(chunk: bytes) -> Part:
    lines, _, content = chunk.removeprefix(b"\r\n").partition(HEAD_END)
    head = message_from_bytes(lines + HEAD_END)
    name = head.get_param("name", header="content-disposition")
    return Part(str(name), head.get_filename(), content)
