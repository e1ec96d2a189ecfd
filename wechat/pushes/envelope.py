"""Opening a push: signature, freshness, decryption, address. Pure: the caller gives the time."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from wechat.accounts.queries import Credentials
from wechat.accounts.rules import Mode
from wechat.pushes import crypto
from wechat.pushes.errors import (
    PushForAnother,
    PushMalformed,
    PushUnencrypted,
    SignatureStale,
    SignatureWrong,
)
from wechat.pushes.messages import Push, parse, read_fields

_SECONDS = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True, slots=True)
class Opened:
    """A push that is what it says; `encrypted` tells how to answer."""

    push: Push
    raw: str
    encrypted: bool


def verify_url(account: Credentials, query: Mapping[str, str], *, now: float, freshness: int) -> str:
    """The echo of the platform's URL verification (GET). Raises SignatureWrong, SignatureStale."""
    timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
    if not crypto.fits(query.get("signature", ""), account.token, timestamp, nonce):
        raise SignatureWrong
    _check_fresh(timestamp, now, freshness)
    return query.get("echostr", "")


def open_push(account: Credentials, query: Mapping[str, str], body: bytes, *, now: float, freshness: int) -> Opened:
    """The push inside a request. `now` and `freshness` in seconds. Raises a PushRefused.

    Freshness judges the signed timestamp of the URL, never CreateTime: a late push may carry old news.
    """
    timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
    encrypted = query.get("encrypt_type", "raw") == "aes"
    if encrypted:
        envelope = read_fields(body)
        ciphertext = envelope.get("Encrypt", "")
        if not crypto.fits(query.get("msg_signature", ""), account.token, timestamp, nonce, ciphertext):
            raise SignatureWrong
    elif account.mode is not Mode.PLAIN:
        raise PushUnencrypted
    elif not crypto.fits(query.get("signature", ""), account.token, timestamp, nonce):
        raise SignatureWrong
    _check_fresh(timestamp, now, freshness)
    if encrypted:
        body = crypto.decrypt(ciphertext, account.cipher_key, account.app_id)
    try:
        raw = body.decode()
    except UnicodeDecodeError as error:
        raise PushMalformed({"reason": "utf-8"}) from error
    push = parse(raw)
    if push.to != account.original_id:
        raise PushForAnother
    return Opened(push, raw, encrypted)


def _check_fresh(timestamp: str, now: float, freshness: int) -> None:
    # A signature fits what was signed, so only the platform can have written nonsense here.
    if not _SECONDS.fullmatch(timestamp) or abs(now - int(timestamp)) > freshness:
        raise SignatureStale
