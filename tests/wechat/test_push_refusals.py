"""Every push that isn't what it says is refused with a 4xx and a code of its own, and leaves nothing behind."""

import base64
from dataclasses import replace

import pytest
from wechatpy.crypto import WeChatCrypto

from infra import clock
from tests import factories as make
from tests.doors import error_of
from tests.pushes import Pushes, xml
from wechat.accounts.rules import Mode
from wechat.pushes.crypto import signature

BOMB = """<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><xml><ToUserName>&c;</ToUserName><Encrypt>&c;</Encrypt></xml>"""
OUTSIDE = """<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>
<xml><ToUserName>&e;</ToUserName><Encrypt>&e;</Encrypt></xml>"""
DTD = """<!DOCTYPE xml SYSTEM "http://127.0.0.1:1/x.dtd"><xml><Encrypt>x</Encrypt></xml>"""


@pytest.fixture
async def fan(http):
    return Pushes(await make.account(), make.openid())


@pytest.fixture(autouse=True)
async def _nothing_is_written(db):
    yield
    for table in ("push_key", "push", "outbox", "wechat_intent"):
        if table == "outbox":
            left = await make.rows("SELECT name FROM outbox WHERE name NOT LIKE 'wechat.account_added%'")
        else:
            left = await make.rows(f"SELECT 1 FROM {table}")
        assert left == [], table


def _of(account, **changes):
    return Pushes(replace(account, **changes), make.openid())


async def _answer(http, sealed):
    return error_of(await sealed.send(http))


@pytest.mark.parametrize("spoilt", ["0" * 40, "", None, "é"])
async def test_a_wrong_signature(http, fan, spoilt):
    sealed = fan.sealed(fan.follow()).but(msg_signature=spoilt)
    assert await _answer(http, sealed) == (403, "push_signature_wrong")


@pytest.mark.parametrize("changes", [{"timestamp": "1"}, {"nonce": "other"}, {"timestamp": None}, {"nonce": None}])
async def test_parameters_that_were_not_signed(http, fan, changes):
    assert await _answer(http, fan.sealed(fan.follow()).but(**changes)) == (403, "push_signature_wrong")


async def test_the_plain_signature_does_not_stand_for_the_encrypted_one(http, fan):
    sealed = fan.sealed(fan.follow())
    assert await _answer(http, sealed.but(msg_signature=sealed.query["signature"])) == (403, "push_signature_wrong")


async def test_a_token_of_another_account(http, fan):
    sealed = _of(fan.account, token="token0002").sealed(fan.follow())
    assert await _answer(http, sealed) == (403, "push_signature_wrong")


@pytest.mark.parametrize("seconds", [-301, 302, -86_400, 10**9])
async def test_a_signed_time_too_far_from_now(http, fan, seconds):
    sealed = fan.sealed(fan.follow(), at=clock.timestamp() + seconds)
    assert await _answer(http, sealed) == (403, "push_signature_stale")


@pytest.mark.parametrize("stamp", ["", "soon", "1.7e9", "-1", "١٧٠٠٠٠٠٠٠٠", "9" * 30, "9" * 400, "9" * 5000])
async def test_a_signed_time_that_is_none(http, fan, stamp):
    sealed = fan.sealed(fan.follow())
    encrypted = sealed.body.decode().split("<Encrypt>")[1].split("</Encrypt>")[0]
    signed = signature(fan.account.token, stamp, "nonce1", encrypted)
    answer = await _answer(http, sealed.but(timestamp=stamp, msg_signature=signed))
    assert answer == (403, "push_signature_stale")


@pytest.mark.parametrize("mode", [Mode.SAFE, Mode.COMPATIBLE])
async def test_a_plain_push_to_an_account_that_encrypts(http, fan, mode):
    account = await make.account(2, mode=mode)
    sealed = _of(account, mode=Mode.PLAIN).sealed(fan.follow())
    assert await _answer(http, sealed) == (400, "push_unencrypted")


async def test_a_ciphertext_for_another_app_id(http, fan):
    crypto = WeChatCrypto(fan.account.token, fan.account.aes_key, "wx9999999999999999")
    fan.crypto = crypto
    assert await _answer(http, fan.sealed(fan.follow())) == (400, "push_undecryptable")


async def test_a_ciphertext_under_another_key(http, fan):
    fan.crypto = WeChatCrypto(fan.account.token, "Z" * 43, fan.account.app_id)
    assert await _answer(http, fan.sealed(fan.follow())) == (400, "push_undecryptable")


@pytest.mark.parametrize("ciphertext", ["", "?", "AAAA", "A" * 43, base64.b64encode(bytes(64)).decode()])
async def test_a_signed_ciphertext_that_is_none(http, fan, ciphertext):
    assert await _answer(http, fan.sealed_bytes(ciphertext)) == (400, "push_undecryptable")


async def test_a_truncated_ciphertext_breaks_the_signature_and_a_re_signed_one_the_padding(http, fan):
    whole = fan.sealed(fan.text("x" * 200)).body.decode().split("<Encrypt>")[1].split("</Encrypt>")[0]
    cut = fan.sealed(fan.follow())
    assert await _answer(http, cut.but(body=xml({"Encrypt": whole[:-64]}))) == (403, "push_signature_wrong")
    assert await _answer(http, fan.sealed_bytes(whole[:-64])) == (400, "push_undecryptable")
    assert await _answer(http, fan.sealed_bytes(whole[:-3])) == (400, "push_undecryptable")


@pytest.mark.parametrize("body", ["", "not xml", "<xml><Encrypt>", "{}", BOMB, OUTSIDE, DTD, b"\xff\xfe\x00", b"\x00"])
async def test_a_body_that_is_no_xml_of_the_platform(http, fan, body):
    assert await _answer(http, fan.sealed(fan.follow()).but(body=body)) == (400, "push_malformed")


@pytest.mark.parametrize(
    "clear",
    [
        "",
        "not xml",
        BOMB,
        OUTSIDE,
        "<xml></xml>",
        "<xml><FromUserName>o</FromUserName><CreateTime>1</CreateTime><MsgType>text</MsgType></xml>",
        "<xml><ToUserName>gh</ToUserName><FromUserName>o</FromUserName><MsgType>text</MsgType></xml>",
    ],
)
async def test_a_clear_text_that_is_no_xml_of_the_platform(http, fan, clear):
    assert await _answer(http, fan.sealed(clear)) == (400, "push_malformed")


@pytest.mark.parametrize(
    "changes",
    [
        {"FromUserName": ""},
        {"FromUserName": "o" * 65},
        {"CreateTime": ""},
        {"CreateTime": "yesterday"},
        {"CreateTime": "-1"},
        {"CreateTime": "4102444801"},
        {"CreateTime": "9" * 5000},
        {"MsgType": ""},
    ],
)
async def test_a_field_that_is_missing_or_absurd(http, fan, changes):
    assert await _answer(http, fan.sealed(fan.follow() | changes)) == (400, "push_malformed")


async def test_invalid_utf_8_inside(http):
    account = await make.account(mode=Mode.PLAIN)
    fan = Pushes(account, make.openid())
    body = fan.sealed(fan.text("word")).body.replace(b"word", b"\xff\xfe")
    assert await _answer(http, fan.sealed(fan.text("word")).but(body=body)) == (400, "push_malformed")


@pytest.mark.parametrize("mode", list(Mode))
async def test_a_push_addressed_to_another_account(http, mode):
    fan = Pushes(await make.account(mode=mode), make.openid())
    fields = fan.follow() | {"ToUserName": "gh_999999999999"}
    assert await _answer(http, fan.sealed(fields)) == (400, "push_for_another_account")


async def test_an_account_nobody_added(http, fan):
    sealed = replace(fan.sealed(fan.follow()), path="/wechat/wx404/push")
    assert await _answer(http, sealed) == (404, "account_not_found")


async def test_a_body_beyond_the_limit(http, fan):
    sealed = fan.sealed(fan.follow()).but(body=b"x" * 1_048_577)
    assert await _answer(http, sealed) == (413, "too_large")


async def test_a_body_beyond_the_limit_that_does_not_say_its_length(http, fan):
    async def pieces():
        for _ in range(20):
            yield b"x" * 65_536

    sealed = fan.sealed(fan.follow())
    answer = await http.post(sealed.path, params=sealed.query, content=pieces())
    assert error_of(answer) == (413, "too_large")


async def test_the_old_signature_sent_again_later_is_refused(http, fan, db):
    sealed = fan.sealed(fan.text("hello"), at=make.NOON.timestamp())
    make.jump_to(db, make.NOON.replace(minute=10))
    assert await _answer(http, sealed) == (403, "push_signature_stale")


async def test_a_refusal_tells_nothing_of_the_push_or_of_our_secrets(http, fan):
    answer = await fan.sealed(fan.text("a private word")).but(msg_signature="0" * 40).send(http)
    for secret in (fan.openid, "private", fan.account.token, fan.account.aes_key):
        assert secret not in answer.text
