"""The rejection corpus: good requests damaged in one way each, and the refusal that damage must meet.

A damage is a function from a person's pushes to a request. Registered for several modes or formats it is as many cases.
"""

import base64
import itertools
import json
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from infra import clock
from tests.pushes import Pushes, Sealed, _signature, in_json, xml
from wechat.accounts.queries import Keys
from wechat.accounts.rules import Mode

WRONG = (403, "push_signature_wrong")
STALE = (403, "push_signature_stale")
UNDECRYPTABLE = (400, "push_undecryptable")
MALFORMED = (400, "push_malformed")
ELSEWHERE = (400, "push_for_another_account")
UNENCRYPTED = (400, "push_unencrypted")
UNKNOWN = (404, "account_not_found")
TOO_LARGE = (413, "too_large")

XML, JSON = (xml,), (in_json,)
BOTH = XML + JSON
ENCRYPTED = (Mode.SAFE, Mode.COMPATIBLE)
SAFE, PLAIN, ALL = (Mode.SAFE,), (Mode.PLAIN,), tuple(Mode)

Damage = Callable[[Pushes], Sealed]


@dataclass(frozen=True)
class Case:
    name: str
    expected: tuple[int, str]
    mode: Mode
    write: Callable[[dict[str, Any]], str]
    damage: Damage

    def __str__(self) -> str:
        return f"{self.name}, {self.mode}, {'xml' if self.write is xml else 'json'}"


CASES = list[Case]()


def _add(
    name: str, expected: tuple[int, str], modes: tuple[Mode, ...], writes: tuple[Any, ...], damage: Damage
) -> None:
    CASES.extend(Case(name, expected, mode, write, damage) for mode, write in itertools.product(modes, writes))


def clear_text(fan: Pushes, message: bytes, *, app_id: str | None = None, length: int | None = None) -> bytes:
    """What is encrypted, without its padding."""
    size = len(message) if length is None else length
    return secrets.token_bytes(16) + size.to_bytes(4, "big") + message + (app_id or fan.account.app_id).encode()


def locked(fan: Pushes, clear: bytes) -> str:
    """Ciphertext of these bytes, which fill whole blocks."""
    key = fan.keys.cipher_key
    encryptor = Cipher(AES(key), CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(clear) + encryptor.finalize()).decode()


def padded(clear: bytes) -> bytes:
    size = 32 - len(clear) % 32
    return clear + bytes([size]) * size


def around(fan: Pushes, message: bytes, **lies: Any) -> Sealed:
    """A correctly signed request with this message inside, encrypted unless the account is plain."""
    if fan.account.mode is Mode.PLAIN:
        return fan.sealed(fan.text("x")).but(body=message)
    return fan.sealed_bytes(locked(fan, padded(clear_text(fan, message, **lies))))


def ciphertext_of(sealed: Sealed) -> str:
    found = re.search(r'(?:<Encrypt>|"Encrypt": ")([^<"]*)', sealed.body.decode())
    assert found is not None
    return found[1]


# Signatures.


def _good(fan: Pushes) -> Sealed:
    return fan.sealed(fan.text("x" * 200))


def _with(**query: str | None) -> Damage:
    return lambda fan: _good(fan).but(**query)


def _own(change: Callable[[str], str], name: str) -> Damage:
    """A parameter of the good request, changed."""
    return lambda fan: (sealed := _good(fan)).but(**{name: change(sealed.query[name])})


for _mode, _name in ((ENCRYPTED, "msg_signature"), (PLAIN, "signature")):
    for _what, _value in (("zeros", "0" * 40), ("empty", ""), ("missing", None), ("accented", "é" * 40)):
        _add(f"signature {_what}", WRONG, _mode, XML, _with(**{_name: _value}))
    for _what, _change in (
        ("cut", lambda signed: signed[:-1]),
        ("longer", lambda signed: signed + "0"),
        ("with a space", lambda signed: signed + " "),
        ("turned round", lambda signed: signed[::-1]),
        ("of half a kilobyte", lambda signed: signed * 13),
    ):
        _add(f"signature {_what}", WRONG, _mode, XML, _own(_change, _name))
    for _parameter in ("timestamp", "nonce"):
        _add(f"{_parameter} changed", WRONG, _mode, BOTH, _own(lambda old: old[:-1] + "z", _parameter))
        _add(f"{_parameter} missing", WRONG, _mode, XML, _with(**{_parameter: None}))


def _other_token(fan: Pushes) -> Sealed:
    keys = Keys("token0002", fan.keys.aes_key)
    return Pushes(fan.account, fan.openid, keys=keys, write=fan.write).sealed(fan.text("x"))


def _plain_signature(fan: Pushes) -> Sealed:
    return (sealed := _good(fan)).but(msg_signature=sealed.query["signature"])


def _another_body(fan: Pushes) -> Sealed:
    return _good(fan).but(body=fan.sealed(fan.text("other")).body)


def _replaced(change: Callable[[str], str]) -> Damage:
    """The ciphertext changed and not signed again."""

    def damage(fan: Pushes) -> Sealed:
        whole = ciphertext_of(sealed := _good(fan))
        return sealed.but(body=sealed.body.decode().replace(whole, change(whole)))

    return damage


def _twice(fan: Pushes) -> Sealed:
    whole = ciphertext_of(sealed := _good(fan))
    return sealed.but(body=f"<xml><Encrypt>{whole}</Encrypt><Encrypt>{whole}</Encrypt></xml>")


def _nested(fan: Pushes) -> Sealed:
    whole = ciphertext_of(sealed := _good(fan))
    return sealed.but(body=fan.write({"Encrypt": {"Encrypt": whole}}))


_add("another account's token", WRONG, ALL, BOTH, _other_token)
_add("the signature of plain mode", WRONG, ENCRYPTED, BOTH, _plain_signature)
_add("another push's body", WRONG, ENCRYPTED, BOTH, _another_body)
_add("ciphertext truncated", WRONG, ENCRYPTED, BOTH, _replaced(lambda whole: whole[:-64]))
_add("ciphertext longer by a block", WRONG, ENCRYPTED, BOTH, _replaced(lambda whole: whole + "A" * 64))
_add("ciphertext with one other letter", WRONG, ENCRYPTED, BOTH, _replaced(lambda whole: "~" + whole[1:]))
_add("ciphertext after a space", WRONG, SAFE, BOTH, _replaced(lambda whole: " " + whole))
_add("ciphertext emptied", WRONG, SAFE, BOTH, _replaced(lambda _: ""))
_add("ciphertext twice", WRONG, SAFE, XML, _twice)
_add("ciphertext one level too deep", WRONG, SAFE, BOTH, _nested)
_add("no ciphertext", WRONG, ENCRYPTED, BOTH, lambda fan: _good(fan).but(body=fan.write(fan.text("x"))))
_add("nothing inside", WRONG, SAFE, BOTH, lambda fan: _good(fan).but(body=fan.write({})))


# Freshness.


def _signed_at(stamp: str | Callable[[], str]) -> Damage:
    def damage(fan: Pushes) -> Sealed:
        sealed, at = _good(fan), stamp if isinstance(stamp, str) else stamp()
        if fan.account.mode is Mode.PLAIN:
            return sealed.but(timestamp=at, signature=_signature(fan.keys.token, at, "nonce1"))
        signed = _signature(fan.keys.token, at, "nonce1", ciphertext_of(sealed))
        return sealed.but(timestamp=at, msg_signature=signed)

    return damage


for _seconds in (-302, 302, -86_400, 10**9):
    _add(
        f"signed {_seconds} s from now", STALE, ALL, XML, _signed_at(lambda s=_seconds: str(int(clock.timestamp()) + s))
    )
for _what, _stamp in (
    ("an empty time", ""),
    ("a word for a time", "soon"),
    ("a float for a time", "1.7e9"),
    ("a negative time", "-1"),
    ("other digits for a time", "١٧٠٠٠٠٠٠٠٠"),
    ("a time of 400 digits", "9" * 400),
    ("a time of 5000 digits", "9" * 5000),
    ("a time and a line", "1700000000\n"),
):
    _add(_what, STALE, (Mode.SAFE, Mode.PLAIN), XML, _signed_at(_stamp))


# Encryption.


def _cipher(text: str) -> Damage:
    return lambda fan: fan.sealed_bytes(text)


def _resigned(change: Callable[[str], str]) -> Damage:
    return lambda fan: fan.sealed_bytes(change(ciphertext_of(_good(fan))))


def _inside(**lies: Any) -> Damage:
    return lambda fan: around(fan, fan.write(fan.text("x")).encode(), **lies)


def _clear(make: Callable[[bytes], bytes]) -> Damage:
    """Hand-made clear text of two whole blocks: head, "abc", the app id and what `make` leaves as padding."""

    def damage(fan: Pushes) -> Sealed:
        clear = clear_text(fan, b"abc")
        return fan.sealed_bytes(locked(fan, clear + make(bytes([64 - len(clear)]) * (64 - len(clear)))))

    return damage


def _another_key(fan: Pushes) -> Sealed:
    return Pushes(fan.account, fan.openid, keys=Keys(fan.keys.token, "Z" * 43), write=fan.write).sealed(fan.text("x"))


for _what, _text in (
    ("no base64", "?"),
    ("less than a block", "AAAA"),
    ("base64 of no whole number of bytes", "A" * 43),
    ("Chinese", "密文"),
    ("two blocks of zeros", base64.b64encode(bytes(64)).decode()),
    ("noise", base64.b64encode(bytes(range(64))).decode()),
    ("half a mebibyte of zeros", "A" * 524_288),
):
    _add(f"ciphertext is {_what}", UNDECRYPTABLE, SAFE, BOTH, _cipher(_text))
_add("signed emptiness for ciphertext", UNDECRYPTABLE, ENCRYPTED, BOTH, _cipher(""))
for _what, _change in (
    ("the last block", lambda whole: whole[:-64]),
    ("the first block", lambda whole: whole[64:]),
    ("three letters", lambda whole: whole[:-3]),
    ("half a block", lambda whole: base64.b64encode(base64.b64decode(whole)[:-16]).decode()),
    ("everything but a block", lambda whole: base64.b64encode(base64.b64decode(whole)[:32]).decode()),
):
    _add(f"ciphertext signed without {_what}", UNDECRYPTABLE, ENCRYPTED, XML, _resigned(_change))
for _what, _change in (
    ("a block more", lambda whole: base64.b64encode(base64.b64decode(whole) + bytes(32)).decode()),
    ("its end repeated", lambda whole: whole + whole[-128:]),
    ("a line break", lambda whole: whole[:76] + "\n" + whole[76:]),
    ("a tail", lambda whole: whole + "===="),
    ("the alphabet of addresses", lambda whole: "-_" + whole[2:]),
):
    _add(f"ciphertext signed with {_what}", UNDECRYPTABLE, SAFE, XML, _resigned(_change))
for _what, _app_id in (
    ("another app id", "wx9999999999999999"),
    ("a longer app id", "wx00000000000000010"),
    ("a shorter app id", "wx000000000000000"),
    ("an app id in capitals", "WX0000000000000001"),
):
    _add(f"encrypted for {_what}", UNDECRYPTABLE, ENCRYPTED, BOTH, _inside(app_id=_app_id))
for _what, _length in (("nothing", 0), ("one byte less", 1), ("too much", 2**16), ("everything", 2**32 - 1)):
    _add(f"a length that says {_what}", UNDECRYPTABLE, SAFE, BOTH, _inside(length=_length))
for _what, _make in (
    ("of zeros", lambda padding: bytes(len(padding))),
    ("not all alike", lambda padding: b"\x01" + padding[1:]),
    ("longer than a block", lambda padding: b"\x21" * len(padding)),
    ("that eats the app id", lambda padding: bytes([32]) * len(padding)),
    ("that is missing", lambda padding: b"x" * len(padding)),
):
    _add(f"a padding {_what}", UNDECRYPTABLE, SAFE, XML, _clear(_make))
_add("another AES key", UNDECRYPTABLE, ENCRYPTED, BOTH, _another_key)


# Form: the body as it comes, and the message inside.

_NESTED = "".join(f'<!ENTITY {a} "{f"&{b};" * 10}">' for a, b in itertools.pairwise("zyxwvutsrq"))
FORMLESS_XML = {
    "emptiness": b"",
    "words": b"not xml",
    "an open element": b"<xml><Encrypt>x</Encrypt>",
    "crossed elements": b"<xml><a><b></a></b></xml>",
    "two roots": b"<xml/><xml/>",
    "an attribute twice": b'<xml a="1" a="2"/>',
    "an entity bomb": b'<!DOCTYPE x [<!ENTITY q "ha">%s]><xml><Encrypt>&z;</Encrypt></xml>' % _NESTED.encode(),
    "an external entity": b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><xml><Encrypt>&e;</Encrypt></xml>',
    "a parameter entity": b'<!DOCTYPE x [<!ENTITY % e SYSTEM "http://127.0.0.1:1/x">%e;]><xml/>',
    "an external DTD": b'<!DOCTYPE xml SYSTEM "http://127.0.0.1:1/x.dtd"><xml><Encrypt>x</Encrypt></xml>',
    "an empty DTD": b"<!DOCTYPE xml><xml><Encrypt>x</Encrypt></xml>",
    "an unknown entity": b"<xml><Encrypt>&nbsp;</Encrypt></xml>",
    "NUL": b"<xml><Encrypt>\x00</Encrypt></xml>",
    "a control character": b"<xml><Encrypt>\x08</Encrypt></xml>",
    "a control character by number": b"<xml><Encrypt>&#8;</Encrypt></xml>",
    "invalid UTF-8": b"<xml><Encrypt>\xff\xfe</Encrypt></xml>",
    "overlong UTF-8": b"<xml><Encrypt>\xc0\x80</Encrypt></xml>",
    "half a surrogate pair": b"<xml><Encrypt>\xed\xa0\x80</Encrypt></xml>",
    "UTF-16": "<xml><Encrypt>x</Encrypt></xml>".encode("utf-16"),
    "a body of tags": b"<xml>" + b"<a/>" * 20_000 + b"</xml>",
    "an endless descent": b"<a>" * 200_000,
}
FORMLESS_JSON = {
    "an open object": b'{"Encrypt": "x"',
    "a list": b'[{"Encrypt": "x"}]',
    "a string": b'"Encrypt"',
    "a number": b"1",
    "null": b"null",
    "two objects": b"{}{}",
    "a byte order mark": b'\xef\xbb\xbf{"Encrypt": "x"}',
    "single quotes": b"{'Encrypt': 'x'}",
    "a comma too much": b'{"Encrypt": "x",}',
    "a comment": b'{"Encrypt": "x"} // x',
    "a key twice": b'{"Encrypt": "x", "Encrypt": "y"}',
    "a key twice inside": b'{"a": [{"b": 1, "b": 2}]}',
    "no number": b'{"a": NaN}',
    "infinity": b'{"a": -Infinity}',
    "a raw control character": b'{"Encrypt": "\x00"}',
    "a bad escape": b'{"Encrypt": "\\x"}',
    "invalid UTF-8": b'{"Encrypt": "\xff"}',
    "depth 20": b'{"a":' + b"[" * 20 + b"]" * 20 + b"}",
    "an endless descent": b'{"a":' * 100_000,
    "an endless list": b'{"a":' + b"[" * 500_000,
    "a body of commas": b'{"a":[' + b"1," * 30_000 + b"1]}",
}
for _writes, _bodies in ((XML, FORMLESS_XML), (JSON, FORMLESS_JSON)):
    for _what, _body in _bodies.items():
        _add(f"the body is {_what}", MALFORMED, ENCRYPTED, _writes, lambda fan, body=_body: _good(fan).but(body=body))
        _add(
            f"the message is {_what}", MALFORMED, (Mode.SAFE, Mode.PLAIN), _writes, lambda fan, b=_body: around(fan, b)
        )


# Fields every push has.


def _field(**changes: Any) -> Damage:
    return lambda fan: fan.sealed(fan.text("x") | changes)


def _lacking(name: str) -> Damage:
    return lambda fan: fan.sealed({key: value for key, value in fan.text("x").items() if key != name})


for _name in ("ToUserName", "FromUserName", "CreateTime", "MsgType"):
    _add(f"no {_name}", MALFORMED, ALL, BOTH, _lacking(_name))
    _add(f"{_name} twice", MALFORMED, SAFE, BOTH, _field(**{_name: ["1700000000", "1700000000"]}))
    _add(f"{_name} with something inside", MALFORMED, SAFE, BOTH, _field(**{_name: {"a": "1"}}))
for _name, _values in {
    "FromUserName": ("", "o" * 65, "o 顾客", "o\n1"),
    "CreateTime": (
        "",
        "yesterday",
        "-1",
        "1.5",
        "4102444801",
        "１７０００００００",
        "1_700",
        " 1700000000",
        "9" * 5000,
    ),
    "MsgType": ("",),
}.items():
    for _value in _values:
        _add(f"{_name} is {_value[:20]!r}", MALFORMED, SAFE, BOTH, _field(**{_name: _value}))
for _value in (None, True, 1.5, -1, 10**400):
    _add(f"CreateTime is {str(_value)[:20]}", MALFORMED, SAFE, JSON, _field(CreateTime=_value))
_add("FromUserName is null", MALFORMED, SAFE, JSON, _field(FromUserName=None))
_add("FromUserName is half a surrogate pair", MALFORMED, PLAIN, JSON, lambda fan: around(
    fan, json.dumps(fan.text("x") | {"FromUserName": "o\ud800"}).encode()
))  # fmt: skip


# Addresses.

for _what, _to in (("another account", "gh_999999999999"), ("nobody", ""), ("capitals", "GH_000000000001")):
    _add(f"addressed to {_what}", ELSEWHERE, ALL, BOTH, _field(ToUserName=_to))


def _in_clear(**query: str | None) -> Damage:
    def damage(fan: Pushes) -> Sealed:
        plain = Pushes(replace(fan.account, mode=Mode.PLAIN), fan.openid, write=fan.write)
        return plain.sealed(fan.text("x")).but(**query)

    return damage


_add("in clear", UNENCRYPTED, ENCRYPTED, BOTH, _in_clear())
_add("in clear and saying so", UNENCRYPTED, ENCRYPTED, XML, _in_clear(encrypt_type="raw"))
_add("an encryption nobody knows", UNENCRYPTED, ENCRYPTED, XML, _with(encrypt_type="AES"))
_add("encrypted and not saying so", UNENCRYPTED, ENCRYPTED, BOTH, _with(encrypt_type=None))
_add("an account nobody added", UNKNOWN, ALL, XML, lambda fan: replace(_good(fan), path="/wechat/wx404/push"))
_add("an account of odd letters", UNKNOWN, SAFE, XML, lambda fan: replace(_good(fan), path="/wechat/%00%ff/push"))
_add("a byte beyond the limit", TOO_LARGE, ALL, XML, lambda fan: _good(fan).but(body=b"x" * 1_048_577))
