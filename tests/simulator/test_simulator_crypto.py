import pytest
from wechatpy.crypto import PrpCrypto

from simulator.world import crypto
from tests.simulator.harness import AES_KEY, APP_ID, CRYPTO, TOKEN

JS_TICKET = "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg"


def test_url_verification_vector():
    assert crypto.signature("AAAAA", "1714037059", "486452656") == "899cf89e464efb63f54ddac96b0a0a235f53aa78"


def test_page_signature_vector():
    text = (
        f"jsapi_ticket={JS_TICKET}&noncestr=Wm3WZYTPz0wzccnW&timestamp=1414587457"
        "&url=http://mp.weixin.qq.com?params=value"
    )
    assert crypto.sha1_hex(text) == "0f9de62fce790f9a083d5c99e95740ceb90c27ed"


@pytest.mark.parametrize("length", range(70))
def test_round_trip_at_every_padding(length):
    message = "x" * length
    assert crypto.decrypt(AES_KEY, APP_ID, crypto.encrypt(AES_KEY, APP_ID, message)) == message


@pytest.mark.parametrize("message", ["", "你好", "x" * 31, "x" * 32, "会员 🎁" * 500])
def test_agrees_with_an_independent_party(message):
    sealed = crypto.encrypt(AES_KEY, APP_ID, message)
    assert PrpCrypto(CRYPTO.key).decrypt(sealed, APP_ID) == message
    theirs = PrpCrypto(CRYPTO.key).encrypt(message, APP_ID).decode()
    assert crypto.decrypt(AES_KEY, APP_ID, theirs) == message


def test_msg_signature_agrees_with_an_independent_party():
    sealed = crypto.encrypt(AES_KEY, APP_ID, "<xml><a>1</a></xml>")
    body = f"<xml><ToUserName>gh_1</ToUserName><Encrypt>{sealed}</Encrypt></xml>"
    signature = crypto.signature(TOKEN, "1700000000", "77", sealed)
    assert CRYPTO.decrypt_message(body, signature, "1700000000", "77") == "<xml><a>1</a></xml>"


def test_refuses_a_foreign_app_id():
    with pytest.raises(crypto.DecryptionError, match="another app id"):
        crypto.decrypt(AES_KEY, "wx0000000000000002", crypto.encrypt(AES_KEY, APP_ID, "hello"))


@pytest.mark.parametrize("text", ["", "!!!", "aGVsbG8=", "A" * 43 + "=", "会员"])
def test_refuses_what_is_no_cipher_text(text):
    with pytest.raises(crypto.DecryptionError):
        crypto.decrypt(AES_KEY, APP_ID, text)


def test_refuses_another_key():
    sealed = crypto.encrypt(AES_KEY[::-1], APP_ID, "hello")
    with pytest.raises(crypto.DecryptionError):
        crypto.decrypt(AES_KEY, APP_ID, sealed)


@pytest.mark.parametrize("key", ["", AES_KEY[:-1], AES_KEY + "A", "!" * 43])
def test_refuses_what_is_no_key(key):
    with pytest.raises(ValueError):
        crypto.decode_key(key)
