"""Signatures and AES of the push endpoint (wechat-platform §2.1-2.3), stricter than the library they rest on.

`wechatpy` gives the cipher, the padding of replies and the random prefix. What comes in is unpacked here: its own
decryption takes broken padding and lengths for good and raises whatever happens to break.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from functools import lru_cache

from wechatpy.crypto import PrpCrypto

from wechat.pushes.errors import PushUndecryptable

_BLOCK = 32
_HEAD = 20  # 16 random bytes and the length


def signature(*parts: str) -> str:
    """SHA-1 of the sorted parts joined, in hex."""
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def fits(given: str, *parts: str) -> bool:
    """Whether a signature fits, compared in constant time."""
    return hmac.compare_digest(given.encode(), signature(*parts).encode())


@lru_cache(maxsize=256)
def _crypto(key: bytes) -> PrpCrypto:
    return PrpCrypto(key)


def decrypt(encrypted: str, key: bytes, app_id: str) -> bytes:
    """The clear message. Raises PushUndecryptable for a wrong key, padding, length or app id."""
    try:
        ciphertext = base64.b64decode(encrypted, validate=True)
    except (binascii.Error, ValueError) as error:
        raise PushUndecryptable from error
    if not ciphertext or len(ciphertext) % _BLOCK:
        raise PushUndecryptable
    clear: bytes = _crypto(key).cipher.decrypt(ciphertext)
    padding = clear[-1]
    if not 1 <= padding <= _BLOCK or clear[-padding:] != bytes([padding]) * padding:
        raise PushUndecryptable
    end = _HEAD + int.from_bytes(clear[16:_HEAD], "big")
    if clear[end:-padding] != app_id.encode():
        raise PushUndecryptable
    return clear[_HEAD:end]


def encrypt_reply(message: str, *, key: bytes, app_id: str, token: str, timestamp: int) -> str:
    """The envelope of a reply: encrypted anew each time it is sent."""
    encrypted = _crypto(key).encrypt(message, app_id).decode()
    nonce = secrets.token_hex(8)
    signed = signature(token, str(timestamp), nonce, encrypted)
    return (
        f"<xml><Encrypt><![CDATA[{encrypted}]]></Encrypt><MsgSignature><![CDATA[{signed}]]></MsgSignature>"
        f"<TimeStamp>{timestamp}</TimeStamp><Nonce><![CDATA[{nonce}]]></Nonce></xml>"
    )
