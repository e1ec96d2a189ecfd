"""Signatures and AES of the push endpoint (wechat-platform §2.1-2.3), stricter than the library they rest on.

`wechatpy` gives the cipher. What comes in is unpacked here, since its own decryption takes broken padding and lengths
for good and raises whatever happens to break; what goes out is packed here, in a third of its time.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from functools import lru_cache

from wechatpy.crypto.cryptography import WeChatCipher

from wechat.accounts.queries import Keys
from wechat.pushes.errors import PushUndecryptable

_BLOCK = 32
_RANDOM = 16
_HEAD = _RANDOM + 4  # and the length


def signature(*parts: str) -> str:
    """SHA-1 of the sorted parts joined, in hex."""
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def fits(given: str, *parts: str) -> bool:
    """Whether a signature fits, compared in constant time."""
    return hmac.compare_digest(given.encode(), signature(*parts).encode())


@lru_cache(maxsize=256)
def _cipher(key: bytes) -> WeChatCipher:
    return WeChatCipher(key)


def decrypt(encrypted: str, key: bytes, app_id: str) -> bytes:
    """The clear message. Raises PushUndecryptable for a wrong key, padding, length or app id."""
    try:
        ciphertext = base64.b64decode(encrypted, validate=True)
    except (binascii.Error, ValueError) as error:
        raise PushUndecryptable from error
    # `validate` lets superfluous `=` pass.
    if not ciphertext or len(ciphertext) % _BLOCK or len(encrypted) != (len(ciphertext) + 2) // 3 * 4:
        raise PushUndecryptable
    clear: bytes = _cipher(key).decrypt(ciphertext)
    padding = clear[-1]
    if not 1 <= padding <= _BLOCK or clear[-padding:] != bytes([padding]) * padding:
        raise PushUndecryptable
    end = _HEAD + int.from_bytes(clear[_RANDOM:_HEAD], "big")
    if clear[end:-padding] != app_id.encode():
        raise PushUndecryptable
    return clear[_HEAD:end]


def encrypt(message: str, key: bytes, app_id: str) -> str:
    """What `decrypt` opens; never the same twice."""
    text = message.encode()
    clear = secrets.token_bytes(_RANDOM) + len(text).to_bytes(_HEAD - _RANDOM, "big") + text + app_id.encode()
    padding = _BLOCK - len(clear) % _BLOCK
    return base64.b64encode(_cipher(key).encrypt(clear + bytes([padding]) * padding)).decode()


def encrypt_reply(message: str, keys: Keys, *, app_id: str, timestamp: int) -> str:
    """The envelope of a reply: encrypted anew each time it is sent."""
    encrypted = encrypt(message, keys.cipher_key, app_id)
    nonce = secrets.token_hex(8)
    signed = signature(keys.token, str(timestamp), nonce, encrypted)
    return (
        f"<xml><Encrypt><![CDATA[{encrypted}]]></Encrypt><MsgSignature><![CDATA[{signed}]]></MsgSignature>"
        f"<TimeStamp>{timestamp}</TimeStamp><Nonce><![CDATA[{nonce}]]></Nonce></xml>"
    )
