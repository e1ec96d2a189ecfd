"""Judging what the push URL answered with HTTP 200."""

import secrets
from dataclasses import dataclass
from typing import Literal

from simulator import crypto, messages
from simulator.records import Account

ARTICLES_MOST = 8
MEDIA = {
    "image": "Image.MediaId",
    "voice": "Voice.MediaId",
    "video": "Video.MediaId",
    "music": "Music.ThumbMediaId",
}


class MalformedError(ValueError):
    """The answer is nothing the platform could show."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`replied` with kind, text and clear fields; `accepted` with nothing; `malformed` with the reason."""

    outcome: Literal["replied", "accepted", "malformed"]
    kind: str = ""
    text: str | None = None
    fields: dict[str, str] | None = None
    error: str | None = None


def judge(account: Account, openid: str, body: bytes) -> Verdict:
    """Say what an answer means for the person who waits for it."""
    if body.strip() in (b"", b"success"):
        return Verdict("accepted")
    fields = None
    try:
        fields = clear_fields(account, body)
        _check_envelope(account, openid, fields)
        return Verdict("replied", kind=fields["MsgType"], text=_shown(account, fields), fields=fields)
    except ValueError as error:
        return Verdict("malformed", fields=fields, error=f"malformed: {error}")


def clear_fields(account: Account, body: bytes) -> dict[str, str]:
    """Read an answer, decrypted where the mode asks for it; compatible mode takes both kinds."""
    fields = messages.parse(body)
    sealed = "Encrypt" in fields
    if account.mode == "safe" and not sealed:
        raise MalformedError("a clear reply in safe mode")
    if account.mode == "plain" and sealed:
        raise MalformedError("an encrypted reply in plain mode")
    return _open(account, fields) if sealed else fields


def _open(account: Account, fields: dict[str, str]) -> dict[str, str]:
    signed = (account.token, _need(fields, "TimeStamp"), _need(fields, "Nonce"), fields["Encrypt"])
    given = _need(fields, "MsgSignature")
    if not secrets.compare_digest(crypto.signature(*signed).encode(), given.encode()):
        raise MalformedError("MsgSignature does not fit")
    return messages.parse(crypto.decrypt(account.aes_key, account.app_id, fields["Encrypt"]))


def _check_envelope(account: Account, openid: str, fields: dict[str, str]) -> None:
    if _need(fields, "ToUserName") != openid:
        raise MalformedError("ToUserName is not who is waiting")
    if _need(fields, "FromUserName") != account.original_id:
        raise MalformedError("FromUserName is not the account")
    if not _need(fields, "CreateTime").isdecimal():
        raise MalformedError("CreateTime is not a number")


def _shown(account: Account, fields: dict[str, str]) -> str:
    kind = _need(fields, "MsgType")
    if kind == "text":
        text = _need(fields, "Content")
        if len(text.encode()) > account.limits.reply_text_bytes:
            raise MalformedError("Content is too long")
        return text
    if kind in MEDIA:
        return _need(fields, MEDIA[kind])
    if kind == "news":
        return _titles(fields)
    raise MalformedError("MsgType is not one that can be replied")


def _titles(fields: dict[str, str]) -> str:
    titles: list[str] = []
    while f"Articles.item.{len(titles)}.Title" in fields:
        titles.append(fields[f"Articles.item.{len(titles)}.Title"])
    if not 1 <= len(titles) <= ARTICLES_MOST or _need(fields, "ArticleCount") != str(len(titles)):
        raise MalformedError("ArticleCount does not fit Articles")
    return "\n".join(titles)


def _need(fields: dict[str, str], name: str) -> str:
    value = fields.get(name)
    if not value:
        raise MalformedError(f"{name} is missing")
    return value
