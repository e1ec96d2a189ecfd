"""What an account may be."""

from enum import StrEnum
from urllib.parse import urlsplit


class Kind(StrEnum):
    OFFICIAL = "official"
    MINI = "mini"


class Mode(StrEnum):
    """How pushes are encrypted (the platform's 明文、兼容、安全模式)."""

    PLAIN = "plain"
    COMPATIBLE = "compatible"
    SAFE = "safe"


def check_forward_url(url: str, *, public_url: str | None, plain_allowed: bool) -> None:
    """Where pushes may be handed on to: https (http where `plain_allowed`), never our own push endpoint.

    Raises ValueError. A loop over a third party ends by itself: a push that comes back is a repeated one.
    """
    parts = urlsplit(url)
    if parts.scheme not in ({"https", "http"} if plain_allowed else {"https"}) or not parts.hostname:
        raise ValueError("must be an https address")
    if parts.username is not None or parts.fragment:
        raise ValueError("must hold neither user name nor fragment")
    try:
        parts.hostname.encode("idna")
    except UnicodeError as error:
        raise ValueError("must hold a host name") from error
    own = urlsplit(public_url or "")
    if (parts.hostname, parts.port) == (own.hostname, own.port) and parts.path.startswith("/wechat/"):
        raise ValueError("must not be our own push address")
