"""Signatures and encryption against published vectors and an independent implementation."""

import base64
from xml.etree import ElementTree as ET

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from hypothesis import given, settings
from hypothesis import strategies as st
from wechatpy.crypto import WeChatCrypto

from tests.factories import AES_KEY, TOKEN
from wechat.accounts.queries import Keys
from wechat.pushes import crypto
from wechat.pushes.errors import PushUndecryptable

APP = "wx0000000000000001"
KEYS = Keys(TOKEN, AES_KEY)
KEY = WeChatCrypto(TOKEN, AES_KEY, APP).key
INDEPENDENT = WeChatCrypto(TOKEN, AES_KEY, APP)
MESSAGES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\x00"), max_size=300)


def ciphertext(message, other=INDEPENDENT):
    return ET.fromstring(other.encrypt_message(message, "nonce", "1700000000")).findtext("Encrypt")


def test_the_official_vector_of_the_url_verification():
    signed = "899cf89e464efb63f54ddac96b0a0a235f53aa78"
    assert crypto.signature("AAAAA", "1714037059", "486452656") == signed
    assert crypto.fits(signed, "486452656", "AAAAA", "1714037059")
    assert not crypto.fits(signed[:-1] + "9", "AAAAA", "1714037059", "486452656")


@pytest.mark.parametrize("given", ["", "é", "899cf89e464efb63f54ddac96b0a0a235f53aa7", "0" * 4000])
def test_a_signature_of_another_shape_does_not_fit(given):
    assert not crypto.fits(given, "AAAAA", "1714037059", "486452656")


@settings(max_examples=50)
@given(MESSAGES)
def test_what_an_independent_party_encrypts_is_read(message):
    assert crypto.decrypt(ciphertext(message), KEY, APP).decode() == message


@settings(max_examples=50)
@given(MESSAGES)
def test_what_is_encrypted_an_independent_party_verifies_and_reads(message):
    reply = crypto.encrypt_reply(message, KEYS, app_id=APP, timestamp=1_700_000_000)
    envelope = ET.fromstring(reply)
    signature, stamp, nonce = (envelope.findtext(name) for name in ("MsgSignature", "TimeStamp", "Nonce"))
    opened = INDEPENDENT.decrypt_message(reply, signature, stamp, nonce)
    assert (opened, stamp) == (message, "1700000000")


def test_the_key_is_what_the_independent_party_makes_of_the_43_letters():
    assert KEYS.cipher_key == KEY


def test_every_encryption_of_a_reply_differs():
    replies = {crypto.encrypt_reply("同一句话", KEYS, app_id=APP, timestamp=1_700_000_000) for _ in range(20)}
    assert len(replies) == 20


@pytest.mark.parametrize(
    "spoilt",
    [
        "",
        "not base64!",
        "中文",
        "YWJj",
        "A" * 44,
        ciphertext("x", WeChatCrypto(TOKEN, "Z" * 43, APP)),
        ciphertext("x", WeChatCrypto(TOKEN, AES_KEY, "wx0000000000000002")),
        ciphertext("x", WeChatCrypto(TOKEN, AES_KEY, APP + "0")),
        ciphertext("x" * 99)[:-44],
        ciphertext("x" * 99)[44:],
    ],
    ids=range(10),  # some are random, and test processes must agree on names
)
def test_what_was_not_encrypted_for_this_account_is_refused(spoilt):
    with pytest.raises(PushUndecryptable):
        crypto.decrypt(spoilt, KEY, APP)


@given(st.binary(max_size=200).map(lambda raw: raw + bytes(-len(raw) % 32)))
def test_any_other_bytes_are_refused_by_name(noise):
    with pytest.raises(PushUndecryptable):
        crypto.decrypt(base64.b64encode(noise).decode(), KEY, APP)


def _encrypted(clear):
    """Ciphertext of a hand-made clear text, padding included."""
    assert len(clear) % 16 == 0
    encryptor = Cipher(AES(KEY), CBC(KEY[:16])).encryptor()
    return base64.b64encode(encryptor.update(clear) + encryptor.finalize()).decode()


HEAD = bytes(16)


@pytest.mark.parametrize(
    "clear",
    [
        HEAD + (3).to_bytes(4, "big") + b"abc" + APP.encode() + b"\x00" * 23,  # padding of zeros
        HEAD + (3).to_bytes(4, "big") + b"abc" + APP.encode() + b"\x01" * 22 + b"\x17",  # not all bytes alike
        HEAD + (3).to_bytes(4, "big") + b"abc" + APP.encode() + b"\x21" * 23,  # longer than a block
        HEAD + (9).to_bytes(4, "big") + b"abc" + APP.encode() + b"\x17" * 23,  # a length that lies
        HEAD + (2**32 - 1).to_bytes(4, "big") + b"abc" + APP.encode() + b"\x17" * 23,
        HEAD + (3).to_bytes(4, "big") + b"abc" + b"\x09" * 9,  # no app id
    ],
)
def test_a_broken_padding_or_length_is_refused_though_the_key_fits(clear):
    with pytest.raises(PushUndecryptable):
        crypto.decrypt(_encrypted(clear), KEY, APP)


def test_the_same_with_a_right_padding_is_read():
    clear = HEAD + (3).to_bytes(4, "big") + b"abc" + APP.encode() + b"\x17" * 23
    assert crypto.decrypt(_encrypted(clear), KEY, APP) == b"abc"
