"""Opening a push: signature, freshness, decryption, address. Pure: the caller gives the time."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from wechat.accounts.queries import Credentials, Keys
from wechat.accounts.rules import Mode
from wechat.pushes import crypto
from wechat.pushes.errors import (
    PushForAnother,
    PushMalformed,
    PushRefused,
    PushUndecryptable,
    PushUnencrypted,
    SignatureStale,
    SignatureWrong,
)
from wechat.pushes.fields import optional, read_fields
from wechat.pushes.messages import Push
from wechat.pushes.parsing import parse

_SECONDS = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True, slots=True)
class Opened:
    """A push that is what it says. `keys` opened it and encrypt the answer; None: it came in clear."""

    push: Push
    raw: str
    keys: Keys | None


def verify_url(account: Credentials, query: Mapping[str, str], *, now: float, freshness: int) -> str:
    """The echo of the platform's URL verification (GET). Raises SignatureWrong, SignatureStale."""
    _check_signature(account, query)
    _check_fresh(query, now, freshness)
    return query.get("echostr", "")


def open_push(account: Credentials, query: Mapping[str, str], body: bytes, *, now: float, freshness: int) -> Opened:
    """The push inside a request. `now` and `freshness` in seconds. Raises a PushRefused.

    Freshness judges the signed timestamp of the URL, never CreateTime: a late push may carry old news. In compatible
    mode the clear part is not looked at: nobody signed it.
    """
    keys = None
    if query.get("encrypt_type", "raw") == "aes":
        body, keys = _unseal(account, query, body, now, freshness)
    elif account.mode is not Mode.PLAIN:
        raise PushUnencrypted
    else:
        _check_signature(account, query)
        _check_fresh(query, now, freshness)
    try:
        raw = body.decode()
    except UnicodeDecodeError as error:
        raise PushMalformed({"reason": "utf-8"}) from error
    push = parse(raw)
    if push.to != account.original_id:
        raise PushForAnother
    return Opened(push, raw, keys)


def _unseal(
    account: Credentials, query: Mapping[str, str], body: bytes, now: float, freshness: int
) -> tuple[bytes, Keys]:
    ciphertext = optional(read_fields(body), "Encrypt")
    signed = query.get("timestamp", ""), query.get("nonce", ""), ciphertext
    refusal: PushRefused | None = None
    for keys in account.keys:
        if not crypto.fits(query.get("msg_signature", ""), keys.token, *signed):
            continue
        _check_fresh(query, now, freshness)
        try:
            return crypto.decrypt(ciphertext, keys.cipher_key, account.app_id), keys
        except PushUndecryptable as error:
            # Two pairs may share a token.
            refusal = error
    raise refusal or SignatureWrong


def _check_signature(account: Credentials, query: Mapping[str, str]) -> None:
    given, signed = query.get("signature", ""), (query.get("timestamp", ""), query.get("nonce", ""))
    if not any(crypto.fits(given, keys.token, *signed) for keys in account.keys):
        raise SignatureWrong


def _check_fresh(query: Mapping[str, str], now: float, freshness: int) -> None:
    # A signature fits what was signed, so only the platform can have written nonsense here.
    timestamp = query.get("timestamp", "")
    if not _SECONDS.fullmatch(timestamp) or abs(now - int(timestamp)) > freshness:
        raise SignatureStale
