"""Signatures and message encryption, written from the published rules and not from the product's code."""

import base64
import hashlib
import secrets
import struct

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

KEY_CHARACTERS = 43
BLOCK = 32
SALT = 16
IV = 16
LENGTH = struct.Struct(">I")


class DecryptionError(ValueError):
    """The text is not something the holder of this key wrote for this app id."""


def sha1_hex(text: str) -> str:
    """Return the SHA-1 of a text's UTF-8 bytes in lower-case hex, as every platform signature uses it."""
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def signature(*parts: str) -> str:
    """Sign strings the platform's way: sort, join, SHA-1. With the `Encrypt` text it is `msg_signature`."""
    return sha1_hex("".join(sorted(parts)))


def decode_key(encoding_aes_key: str) -> bytes:
    """Return the 32 key bytes of a 43-character EncodingAESKey; ValueError when it is none."""
    if len(encoding_aes_key) != KEY_CHARACTERS:
        raise ValueError("an EncodingAESKey has 43 characters")
    return base64.b64decode(encoding_aes_key + "=", validate=True)


def encrypt(encoding_aes_key: str, app_id: str, message: str | bytes) -> str:
    """Return base64(AES-256-CBC(16 random bytes + length + message + app id)), padded to 32-byte blocks."""
    clear = envelope(app_id, message.encode() if isinstance(message, str) else message)
    padding = BLOCK - len(clear) % BLOCK
    return seal(encoding_aes_key, clear + bytes([padding]) * padding)


def envelope(app_id: str, message: bytes) -> bytes:
    """Return what is encrypted, before its padding."""
    return secrets.token_bytes(SALT) + LENGTH.pack(len(message)) + message + app_id.encode()


def seal(encoding_aes_key: str, blocks: bytes) -> str:
    """Return base64(AES-256-CBC(whole blocks))."""
    key = decode_key(encoding_aes_key)
    encryptor = Cipher(AES(key), CBC(key[:IV])).encryptor()
    return base64.b64encode(encryptor.update(blocks) + encryptor.finalize()).decode()


def decrypt(encoding_aes_key: str, app_id: str, encrypted: str) -> str:
    """Return the message; DecryptionError for a bad alphabet, length, padding or foreign app id."""
    key = decode_key(encoding_aes_key)
    try:
        sealed = base64.b64decode(encrypted, validate=True)
    except ValueError as error:
        raise DecryptionError("not base64") from error
    if not sealed or len(sealed) % BLOCK:
        raise DecryptionError("not a whole number of blocks")
    decryptor = Cipher(AES(key), CBC(key[:IV])).decryptor()
    return _unwrap(_unpad(decryptor.update(sealed) + decryptor.finalize()), app_id)


def _unpad(padded: bytes) -> bytes:
    padding = padded[-1]
    if not 1 <= padding <= BLOCK or padded[-padding:] != bytes([padding]) * padding:
        raise DecryptionError("bad padding")
    return padded[:-padding]


def _unwrap(clear: bytes, app_id: str) -> str:
    start = SALT + LENGTH.size
    if len(clear) < start:
        raise DecryptionError("too short")
    end = start + LENGTH.unpack_from(clear, SALT)[0]
    if clear[end:] != app_id.encode():
        raise DecryptionError("written for another app id")
    try:
        return clear[start:end].decode()
    except UnicodeDecodeError as error:
        raise DecryptionError("not UTF-8") from error
