"""The account of the push benchmark, and the platform's requests to it, made without the product's code."""

import base64
import hashlib
import time
from collections.abc import Sequence

from wechatpy.crypto import PrpCrypto

APP_ID = "wx00000000000bench"
ORIGINAL_ID = "gh_00000bench"
TOKEN = "token0bench"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
CIPHER_KEY = base64.b64decode(AES_KEY + "=")
PATH = f"/wechat/{APP_ID}/push"


def requests(count: int, run: str, scenes: Sequence[str]) -> list[bytes]:
    """HTTP/1.1 requests of as many newcomers, each following through one of our codes; signatures last 300 seconds."""
    crypto, now = PrpCrypto(CIPHER_KEY), int(time.time())
    return [
        _request(crypto, f"o{run}{number:0{27 - len(run)}d}", scenes[number % len(scenes)], now, number)
        for number in range(count)
    ]


def _request(crypto: PrpCrypto, openid: str, scene: str, now: int, number: int) -> bytes:
    message = (
        f"<xml><ToUserName><![CDATA[{ORIGINAL_ID}]]></ToUserName><FromUserName><![CDATA[{openid}]]></FromUserName>"
        f"<CreateTime>{now}</CreateTime><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[subscribe]]></Event>"
        f"<EventKey><![CDATA[qrscene_{scene}]]></EventKey><Ticket><![CDATA[gQ{number:070d}]]></Ticket></xml>"
    )
    encrypted = crypto.encrypt(message, APP_ID).decode()
    timestamp, nonce = str(now), str(100_000_000 + number)
    query = (
        f"signature={_sha1(TOKEN, timestamp, nonce)}&timestamp={timestamp}&nonce={nonce}&openid={openid}"
        f"&encrypt_type=aes&msg_signature={_sha1(TOKEN, timestamp, nonce, encrypted)}"
    )
    body = (
        f"<xml><ToUserName><![CDATA[{ORIGINAL_ID}]]></ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    ).encode()
    head = (
        f"POST {PATH}?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Mozilla/4.0\r\nAccept: */*\r\n"
        f"Content-Type: text/xml\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _sha1(*parts: str) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()
