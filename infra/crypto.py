"""Secrets at rest (Fernet under a key derived from `GUANXI_SECRET_KEY`), keyed digests, and opaque tokens.

A former key listed in `GUANXI_FORMER_SECRET_KEYS` still decrypts, so a key can be changed without downtime.
"""

import base64
import hashlib
import hmac
import secrets
from functools import lru_cache

from cryptography.fernet import Fernet, MultiFernet
from pydantic import SecretStr

from infra.settings import settings


def _derive(key: SecretStr, purpose: bytes) -> bytes:
    # A 32-byte BLAKE2b keyed by the (hashed) secret: one secret, independent keys per purpose.
    master = hashlib.sha256(key.get_secret_value().encode()).digest()
    return hashlib.blake2b(purpose, key=master, digest_size=32).digest()


@lru_cache(maxsize=1)
def _vault() -> MultiFernet:
    keys = [settings().secret_key, *settings().former_secret_keys]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(_derive(key, b"vault"))) for key in keys])


@lru_cache(maxsize=1)
def _digest_key() -> bytes:
    # Digests are stored for ever, so they hang on the oldest key: changing the newest must not change them.
    oldest = [settings().secret_key, *settings().former_secret_keys][-1]
    return _derive(oldest, b"digest")


def encrypt(text: str) -> bytes:
    """Ciphertext to store."""
    return _vault().encrypt(text.encode())


def decrypt(ciphertext: bytes) -> str:
    """The text again. Raises `cryptography.fernet.InvalidToken` when no known key fits."""
    return _vault().decrypt(ciphertext).decode()


def digest(*parts: str) -> bytes:
    """16 bytes that stand for `parts` and can't be turned back without the key (BLAKE2b, keyed).

    Recognises a person after erasure and keys a push, without keeping the openid.
    """
    # Lengths are part of the text, so ("ab", "c") and ("a", "bc") differ.
    text = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.blake2b(text.encode(), key=_digest_key(), digest_size=16).digest()


def signature(purpose: str, message: bytes) -> bytes:
    """16 bytes that only we can make (BLAKE2b, keyed): for what ends soon, since a new key ends it at once."""
    return hashlib.blake2b(message, key=_derive(settings().secret_key, purpose.encode()), digest_size=16).digest()


def is_signature(given: bytes, purpose: str, message: bytes) -> bool:
    """Whether it is ours, in a time that tells nothing."""
    return hmac.compare_digest(given, signature(purpose, message))


def new_token() -> str:
    """An opaque session token of 256 bits."""
    return secrets.token_urlsafe(32)


def token_digest(token: str) -> bytes:
    """What is stored of a token (SHA-256): a stolen table opens no session."""
    return hashlib.sha256(token.encode()).digest()
