"""Who speaks in a thread, what is said, and what may be shown of it. Pure."""

from enum import StrEnum


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
