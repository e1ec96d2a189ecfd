"""Whatever bytes come, the decoder reads a push or refuses it by name; nothing else ever comes out of it."""

import base64
import json
import random
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import factories as make
from tests.pushes import Pushes, in_json, xml
from tests.wechat.push_corpus import FORMLESS_JSON, FORMLESS_XML, around
from tests.wechat.test_push_messages import KNOWN
from wechat.accounts.queries import Credentials, Keys
from wechat.accounts.rules import Kind, Mode
from wechat.pushes import crypto
from wechat.pushes.bodies import body_of
from wechat.pushes.envelope import open_push
from wechat.pushes.errors import PushMalformed, PushRefused, PushUndecryptable
from wechat.pushes.fields import read_fields
from wechat.pushes.messages import Body, Other, Push
from wechat.pushes.parsing import parse

NOW = make.NOON.timestamp()
ACCOUNT = Credentials(
    id=UUID(int=1),
    app_id="wx0000000000000001",
    original_id="gh_000000000001",
    kind=Kind.OFFICIAL,
    mode=Mode.SAFE,
    name="公众号",
    secret=make.SECRET,
    keys=(Keys("token0002", "Z" * 43), Keys(make.TOKEN, make.AES_KEY)),
    shadow=False,
    forward_url=None,
    imported=False,
    disabled=False,
)
FANS = [
    Pushes(ACCOUNT, make.openid(), keys=keys, write=write)
    for keys in ACCOUNT.keys
    for write in (xml, in_json)
]  # fmt: skip

XML_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=30)
NAMES = st.from_regex("[A-Za-z_][A-Za-z0-9_]{0,9}", fullmatch=True)
TREES = st.recursive(
    XML_TEXT,
    lambda inner: st.dictionaries(NAMES, inner | st.lists(inner, min_size=2, max_size=3), min_size=1, max_size=4),
    max_leaves=12,
)
TAGS = st.sampled_from(["<xml>", "</xml>", "<a>", "</a>", "<a/>", "<![CDATA[", "]]>", "<!--", "-->", "<?x ?>", "&amp;"])
MARKS = st.sampled_from([*'{}[],:"', '"a"', "1e9", "-", "null", "true", "NaN", "\\u0000", "\\ud800", "\ufeff", " "])
SOUP = st.lists(TAGS | MARKS | st.text(max_size=5), max_size=40).map("".join)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=9,
)


def _read(body):
    try:
        return read_fields(body)
    except PushMalformed:
        return None


def _check_value(value):
    """Text, lists and mappings, and nothing that PostgreSQL could not hold."""
    if isinstance(value, str):
        value.encode()
        assert "\x00" not in value
    elif isinstance(value, list):
        for inner in value:
            _check_value(inner)
    else:
        for name, inner in value.items():
            _check_value(name)
            _check_value(inner)


@given(st.binary(max_size=300) | SOUP.map(lambda soup: soup.encode(errors="surrogatepass")) | SOUP)
@settings(max_examples=400)
def test_any_bytes_are_fields_or_refused(body):
    read = _read(body)
    if read is not None:
        assert isinstance(read, dict)
        _check_value(read)


@given(st.dictionaries(NAMES, TREES, max_size=5))
@pytest.mark.prove
def test_a_tree_comes_back_from_xml_and_from_json(tree):
    assert read_fields(xml(tree)) == read_fields(json.dumps(tree)) == tree


@given(st.dictionaries(st.text(max_size=9), JSON_VALUES, max_size=5))
def test_any_json_object_is_fields(found):
    _check_value(read_fields(json.dumps(found)))


FIELD_NAMES = st.sampled_from(
    sorted({name for fields, _ in KNOWN for name in fields} | {"List", "item", "ScanType", "Count", "CheckState"})
)
NUMBERS = st.sampled_from(["0", "1", "-1", "1e400", "nan", "9" * 19, "9223372036854775807", "٣", "0x1", "1_0"])
VALUES = st.recursive(
    NUMBERS | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELD_NAMES, inner, max_size=4),
    max_leaves=6,
)
KINDS = st.sampled_from(sorted({str(fields.get("Event") or fields["MsgType"]) for fields, _ in KNOWN}))


@given(KINDS, st.booleans(), st.dictionaries(FIELD_NAMES, VALUES, max_size=12))
@settings(max_examples=200)
def test_a_known_kind_with_any_fields_is_typed_or_other(kind, event, fields):
    body = body_of("event" if event else kind, fields | {"Event": kind})
    assert isinstance(body, Body)
    if isinstance(body, Other):
        assert (body.kind, body.event) == ((kind.lower(), True) if event else (kind, False))


@given(st.sampled_from(KNOWN), st.data())
def test_a_known_push_that_lost_or_changed_a_field_is_read_or_refused(known, data):
    name = data.draw(st.sampled_from(sorted(known[0])))
    value = data.draw(st.none() | VALUES)
    fields = {k: v for k, v in known[0].items() if k != name} | ({} if value is None else {name: value})
    try:
        push = parse(json.dumps(fields))
    except PushMalformed:
        assert name in {"ToUserName", "FromUserName", "CreateTime", "MsgType"}
    else:
        assert isinstance(push, Push)


@given(st.binary(max_size=400), st.integers(0, 60), st.data())
@settings(max_examples=200)
def test_a_ciphertext_with_some_bytes_changed_is_refused_or_still_the_message(message, flips, data):
    fan = FANS[2]
    key = fan.keys.cipher_key
    whole = bytearray(base64.b64decode(_ciphertext(around(fan, message))))
    for _ in range(flips):
        whole[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    cut = data.draw(st.sampled_from([0, 0, 1, 16, 32]))
    try:
        clear = crypto.decrypt(base64.b64encode(whole[: len(whole) - cut]).decode(), key, ACCOUNT.app_id)
    except PushUndecryptable:
        assert flips or cut
    else:
        # The 16 random bytes before the message may be anything; CBC carries a change no further than one block.
        assert isinstance(clear, bytes)
        assert flips or clear == message


def _ciphertext(sealed):
    return str(read_fields(sealed.body)["Encrypt"])


def _spoil(data, text):
    at = data.draw(st.integers(0, len(text)))
    cut = data.draw(st.integers(0, 3))
    return text[:at] + data.draw(st.text(max_size=3)) + text[at + cut :]


@given(st.sampled_from(FANS), st.data())
@settings(max_examples=300)
def test_a_request_with_anything_changed_is_refused_or_the_same_push(fan, data):
    fields = fan.text("hello") | {"MsgId": 1}
    sealed = fan.sealed(fields, at=NOW)
    query = dict(sealed.query)
    body = sealed.body
    name = data.draw(st.sampled_from([*query, None]))
    if name is None:
        body = _spoil(data, body.decode()).encode()
    else:
        query[name] = _spoil(data, query[name])
    try:
        opened = open_push(ACCOUNT, query, body, now=NOW, freshness=300)
    except PushRefused:
        return
    assert (opened.raw, opened.keys) == (fan.write(fields), fan.keys)


@given(st.sampled_from(FANS), st.binary(max_size=200) | SOUP.map(lambda soup: soup.encode(errors="surrogatepass")))
@settings(max_examples=200)
def test_any_message_rightly_sealed_is_a_push_or_refused(fan, message):
    sealed = around(fan, message)
    stamp = float(sealed.query["timestamp"])
    with pytest.raises(PushRefused):
        open_push(ACCOUNT, sealed.query, sealed.body, now=stamp, freshness=300)


async def test_hundreds_of_spoilt_requests_at_the_door_are_refused_or_the_same_push(http):
    luck = random.Random(20_260_304)
    accounts = [await make.account(number, mode=mode) for number, mode in enumerate(Mode, 1)]
    seeds = [*FORMLESS_XML.values(), *FORMLESS_JSON.values()]
    statuses = dict[int, int]()
    for number in range(600):
        fan = Pushes(luck.choice(accounts), make.openid(1), write=luck.choice([xml, in_json]))
        sealed = fan.sealed(fan.text("hello") | {"MsgId": 1, "CreateTime": 1_700_000_000})
        body = bytearray(sealed.body)
        for _ in range(luck.randint(1, 4)):
            at = luck.randrange(len(body))
            match luck.randrange(4):
                case 0:
                    body[at] = luck.randrange(256)
                case 1:
                    del body[at : at + luck.randint(1, 40)]
                case 2:
                    body[at:at] = luck.randbytes(luck.randint(1, 5))
                case 3:
                    body[at:at] = luck.choice(seeds)[:200]
            body = body or bytearray(b"x")
        query = dict(sealed.query)
        if number % 3 == 0:
            name = luck.choice(list(query))
            query[name] = "".join(luck.sample(query[name], len(query[name]))) + luck.choice(["", "\x00", "%", "é"])
        answer = await http.post(sealed.path, params=query, content=bytes(body))
        statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
        assert answer.status_code in {200, 400, 403}, answer.text
    assert set(statuses) == {200, 400, 403}
    # A plain push's body is signed by nobody: there a change of its text makes another push, or none.
    kept = await make.rows("SELECT raw FROM push WHERE app_id <> $1", accounts[0].app_id)
    assert {parse(row["raw"]).body.content for row in kept} == {"hello"}
