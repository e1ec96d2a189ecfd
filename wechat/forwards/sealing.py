"""A push as the platform would send it: signed, and encrypted in the account's mode (wechat-platform §2.1-2.3)."""

import secrets
from dataclasses import dataclass

import orjson

from wechat.accounts.queries import Credentials
from wechat.accounts.rules import Mode
from wechat.pushes import crypto

_END = "</xml>"


@dataclass(frozen=True, slots=True)
class Sealed:
    """A request to a push address."""

    query: dict[str, str]
    body: bytes


def signed_query(account: Credentials, now: float, **more: str) -> dict[str, str]:
    """The parameters that prove a request of the platform's; `now` in seconds."""
    timestamp, nonce = str(int(now)), str(secrets.randbelow(10**10))
    signature = crypto.signature(account.keys[0].token, timestamp, nonce)
    return {"signature": signature, "timestamp": timestamp, "nonce": nonce, **more}


def seal(account: Credentials, raw: str, *, openid: str, now: float) -> Sealed:
    """`raw` (XML or JSON, as it came) with the account's newest keys."""
    query = signed_query(account, now, openid=openid)
    if account.mode is Mode.PLAIN:
        return Sealed(query, raw.encode())
    keys = account.keys[0]
    encrypted = crypto.encrypt(raw, keys.cipher_key, account.app_id)
    signed = crypto.signature(keys.token, query["timestamp"], query["nonce"], encrypted)
    return Sealed(query | {"encrypt_type": "aes", "msg_signature": signed}, _envelope(account, raw, encrypted).encode())


def _envelope(account: Credentials, raw: str, encrypted: str) -> str:
    compatible = account.mode is Mode.COMPATIBLE
    if raw.lstrip().startswith("{"):
        clear = orjson.loads(raw) if compatible else {"ToUserName": account.original_id}
        return orjson.dumps(clear | {"Encrypt": encrypted}).decode()
    clear, found, _ = raw.rpartition(_END)
    if not (compatible and found):
        clear = f"<xml><ToUserName><![CDATA[{account.original_id}]]></ToUserName>"
    return f"{clear}<Encrypt><![CDATA[{encrypted}]]></Encrypt>{_END}"
