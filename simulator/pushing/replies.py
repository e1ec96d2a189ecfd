"""Judging what the push URL answered with HTTP 200."""

import secrets
from dataclasses import dataclass, field
from typing import Literal

from pydantic import JsonValue

from simulator.pushing import messages
from simulator.world import crypto
from simulator.world.records import Account, Fields, Keys

# The element that a reply of each kind has, the part it cannot be without, and what the phone needs of it.
MEDIA = {
    "image": ("Image", "MediaId", {"media_id": "MediaId"}),
    "voice": ("Voice", "MediaId", {"media_id": "MediaId"}),
    "video": ("Video", "MediaId", {"media_id": "MediaId", "title": "Title", "description": "Description"}),
    "music": (
        "Music",
        "ThumbMediaId",
        {
            "title": "Title",
            "description": "Description",
            "url": "MusicUrl",
            "hq_url": "HQMusicUrl",
            "thumb_media_id": "ThumbMediaId",
        },
    ),
}
ARTICLE = {"title": "Title", "description": "Description", "picurl": "PicUrl", "url": "Url"}


class MalformedError(ValueError):
    """The answer is nothing the platform could show."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`replied` with kind, text, content and clear fields; `accepted` with nothing; `malformed` with the reason."""

    outcome: Literal["replied", "accepted", "malformed"]
    kind: str = ""
    text: str | None = None
    content: Fields = field(default_factory=dict)
    fields: dict[str, str] | None = None
    error: str | None = None


def judge(account: Account, keys: Keys, openid: str, body: bytes, *, at: float) -> Verdict:
    """Say what an answer means for the person who waits for it; it must be sealed with the push's own keys, and now."""
    if body.strip() in (b"", b"success"):
        return Verdict("accepted")
    fields = None
    try:
        fields = clear_fields(account, keys, body, at=at)
        _check_envelope(account, openid, fields)
        text, content = _shown(account, fields)
        return Verdict("replied", kind=fields["MsgType"], text=text, content=content, fields=fields)
    except ValueError as error:
        return Verdict("malformed", fields=fields, error=f"malformed: {error}")


def clear_fields(account: Account, keys: Keys, body: bytes, *, at: float) -> dict[str, str]:
    """Read an answer, decrypted where the mode asks for it; compatible mode takes both kinds."""
    fields = messages.parse(body)
    sealed = "Encrypt" in fields
    if account.mode == "safe" and not sealed:
        raise MalformedError("a clear reply in safe mode")
    if account.mode == "plain" and sealed:
        raise MalformedError("an encrypted reply in plain mode")
    return _open(account, keys, fields, at) if sealed else fields


def _open(account: Account, keys: Keys, fields: dict[str, str], at: float) -> dict[str, str]:
    signed = (keys.token, _need(fields, "TimeStamp"), _need(fields, "Nonce"), fields["Encrypt"])
    given = _need(fields, "MsgSignature")
    if not secrets.compare_digest(crypto.signature(*signed).encode(), given.encode()):
        raise MalformedError("MsgSignature does not fit")
    moment = fields["TimeStamp"]
    if not (moment.isascii() and moment.isdecimal()):
        raise MalformedError("TimeStamp is not a number")
    if abs(int(moment) - at) > account.limits.reply_fresh_seconds:
        raise MalformedError("TimeStamp is not of now")
    return messages.parse(crypto.decrypt(keys.aes_key, account.app_id, fields["Encrypt"]))


def _check_envelope(account: Account, openid: str, fields: dict[str, str]) -> None:
    if _need(fields, "ToUserName") != openid:
        raise MalformedError("ToUserName is not who is waiting")
    if _need(fields, "FromUserName") != account.original_id:
        raise MalformedError("FromUserName is not the account")
    if not _need(fields, "CreateTime").isdecimal():
        raise MalformedError("CreateTime is not a number")


def _shown(account: Account, fields: dict[str, str]) -> tuple[str, Fields]:
    kind = _need(fields, "MsgType")
    if kind == "text":
        text = _need(fields, "Content")
        if len(text.encode()) > account.limits.reply_text_bytes:
            raise MalformedError("Content is too long")
        return text, {"text": text}
    if kind in MEDIA:
        element, needed, names = MEDIA[kind]
        return _need(fields, f"{element}.{needed}"), _parts(fields, element, names)
    if kind == "news":
        articles = _articles(account, fields)
        return "\n".join(str(article["title"]) for article in articles), {"articles": list[JsonValue](articles)}
    raise MalformedError("MsgType is not one that can be replied")


def _articles(account: Account, fields: dict[str, str]) -> list[Fields]:
    articles: list[Fields] = []
    while f"Articles.item.{len(articles)}.Title" in fields:
        articles.append(_parts(fields, f"Articles.item.{len(articles)}", ARTICLE))
    fits = 1 <= len(articles) <= account.limits.reply_articles
    if not fits or _need(fields, "ArticleCount") != str(len(articles)):
        raise MalformedError("ArticleCount does not fit Articles")
    return articles


def _parts(fields: dict[str, str], element: str, names: dict[str, str]) -> Fields:
    return {ours: fields.get(f"{element}.{theirs}", "") for ours, theirs in names.items()}


def _need(fields: dict[str, str], name: str) -> str:
    value = fields.get(name)
    if not value:
        raise MalformedError(f"{name} is missing")
    return value
