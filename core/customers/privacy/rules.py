"""Consent, channels and erasure. No I/O."""

from enum import StrEnum


class Channel(StrEnum):
    """A way to reach a person (B-11)."""

    WECHAT = "wechat"
    MINI_PROGRAM = "mini_program"
    PHONE = "phone"
    SMS = "sms"
    EMAIL = "email"
    POST = "post"


class ErasureKind(StrEnum):
    """Why a person is forgotten: left without being a member, or asked for it."""

    UNFOLLOW = "unfollow"
    REQUEST = "request"
