"""What an automatic reply may be asked by, and how words are compared. Pure."""

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

# What recognised speech and polite people put at the end. A word made of nothing else keeps it.
_CLOSING = "。.!?~,、;… "

NOBODY = "您"
_TITLES = {"male": "先生", "female": "女士"}


class Trigger(StrEnum):
    """What a rule answers. `default` is asked when nothing else has an answer."""

    KEYWORD = "keyword"
    MENU = "menu"
    EVENT = "event"
    FOLLOW = "follow"
    DEFAULT = "default"


class Match(StrEnum):
    """How a key word is compared with what the fan wrote; rules of one priority are asked in this order."""

    EXACT = "exact"
    CONTAINS = "contains"
    PATTERN = "pattern"


class Why(StrEnum):
    """What became of somebody who was asked for an answer; `later`: it has one, but another was asked first."""

    ANSWERED = "answered"
    LATER = "later"
    NO_MATCH = "no_match"
    OTHER_ACCOUNT = "other_account"
    DISABLED = "disabled"
    CLOSED_HOURS = "closed_hours"
    NOTHING_TO_SAY = "nothing_to_say"
    PERSON_SERVES = "person_serves"
    SAID_RECENTLY = "said_recently"
    BANNED_WORD = "banned_word"


def fold(text: str) -> str:
    """The text as compared: compatibility forms are one (NFKC), no case, nothing invisible, single spaces, trimmed."""
    visible = "".join(one for one in unicodedata.normalize("NFD", text) if unicodedata.category(one) != "Cf")
    # Twice: what folding the case of compatibility forms leaves may have compatibility forms again (UAX 15, R5).
    for _ in range(2):
        visible = unicodedata.normalize("NFKC", visible).casefold()
    return " ".join(unicodedata.normalize("NFKC", visible).split())


def plain(text: str) -> str:
    """The same without closing punctuation, unless it is nothing else: for words that must be all of a message."""
    folded = fold(text)
    return folded.rstrip(_CLOSING) or folded


@dataclass(frozen=True, slots=True)
class Written:
    """What a fan wrote: as it came, folded, and without closing punctuation."""

    text: str
    folded: str
    plain: str


def written(text: str) -> Written:
    return Written(text.strip(), fold(text), plain(text))


def calling(name: str | None, gender: str | None, nature: str | None) -> str:
    """How a person is called: by name and title, or 您 beside the name; who has no name of a person is 您."""
    if not name or nature == "business":
        return NOBODY
    return name + _TITLES.get(gender or "", NOBODY)
