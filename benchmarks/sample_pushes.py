"""The account of the push benchmark, and the platform's requests to it, made without the product's code."""

import base64
import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass

from wechatpy.crypto import PrpCrypto

APP_ID = "wx00000000000bench"
ORIGINAL_ID = "gh_00000bench"
TOKEN = "token0bench"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
CIPHER_KEY = base64.b64decode(AES_KEY + "=")
PATH = f"/wechat/{APP_ID}/push"


@dataclass(frozen=True, slots=True)
class Target:
    """The account a push is for; all of ours sign and encrypt with the same keys."""

    app_id: str = APP_ID
    original_id: str = ORIGINAL_ID

    @property
    def path(self) -> str:
        return f"/wechat/{self.app_id}/push"


def requests(count: int, run: str, scenes: Sequence[str]) -> list[bytes]:
    """HTTP/1.1 requests of as many newcomers, each following through one of our codes; signatures last 300 seconds."""
    crypto = PrpCrypto(CIPHER_KEY)
    return [
        _request(crypto, f"o{run}{number:0{27 - len(run)}d}", scenes[number % len(scenes)], number)
        for number in range(count)
    ]


def written(target: Target, openid: str, text: str, number: int) -> bytes:
    """The request of a message that a fan wrote just now; `number` makes it another one than the others."""
    rest = (
        f"<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{text}]]></Content>"
        f"<MsgId>{7_000_000_000_000_000 + number}</MsgId>"
    )
    return _sealed(PrpCrypto(CIPHER_KEY), target, openid, rest, number)


def _request(crypto: PrpCrypto, openid: str, scene: str, number: int) -> bytes:
    rest = (
        "<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[subscribe]]></Event>"
        f"<EventKey><![CDATA[qrscene_{scene}]]></EventKey><Ticket><![CDATA[gQ{number:070d}]]></Ticket>"
    )
    return _sealed(crypto, Target(), openid, rest, number)


def _sealed(crypto: PrpCrypto, target: Target, openid: str, rest: str, number: int) -> bytes:
    now = int(time.time())
    message = (
        f"<xml><ToUserName><![CDATA[{target.original_id}]]></ToUserName>"
        f"<FromUserName><![CDATA[{openid}]]></FromUserName><CreateTime>{now}</CreateTime>{rest}</xml>"
    )
    encrypted = crypto.encrypt(message, target.app_id).decode()
    timestamp, nonce = str(now), str(100_000_000 + number)
    query = (
        f"signature={_sha1(TOKEN, timestamp, nonce)}&timestamp={timestamp}&nonce={nonce}&openid={openid}"
        f"&encrypt_type=aes&msg_signature={_sha1(TOKEN, timestamp, nonce, encrypted)}"
    )
    body = (
        f"<xml><ToUserName><![CDATA[{target.original_id}]]></ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    ).encode()
    head = (
        f"POST {target.path}?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Mozilla/4.0\r\nAccept: */*\r\n"
        f"Content-Type: text/xml\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _sha1(*parts: str) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()
