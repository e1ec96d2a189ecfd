"""Whatever a notice says fits the keys of its template: the platform's own rules take every value."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.messaging import values as platform_values
from simulator.world.limits import Limits
from wechat.colleagues.rules import FIELDS, Lengths, cut, fits, keys_of, length, tidy, type_of, values

LENGTHS = Lengths(thing=20, phrase=5, other=32)
SHANGHAI = ZoneInfo("Asia/Shanghai")
KEYS = ["thing1", "time2", "date3", "first", "keyword1", "remark", "phrase4", "character_string5", "name6", "number7"]
FIXED = ["=待处理", "=ABC-123", "=张三", "=42", "=待处理的事情很多", "=a b", "=¥10", "= ", "=", "=2019年10月1日"]
texts = st.text(max_size=200)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))


@given(texts, texts, texts, moments, st.dictionaries(st.sampled_from(KEYS), st.sampled_from([*FIELDS, *FIXED])))
def test_the_platform_takes_every_value_that_is_put(title, body, kind, at, fields_of_keys):
    wanted = {key: field for key, field in fields_of_keys.items() if fits(key, field, LENGTHS)}
    said = {"title": title, "body": body, "kind": kind, "time": at}
    data = values(wanted, said, LENGTHS, SHANGHAI)
    names = {key: key for key in wanted}
    taken = platform_values.check(Limits(), names, {key: {"value": value} for key, value in data.items()})
    assert taken == data


@given(texts, st.integers(2, 60))
def test_a_cut_text_is_its_beginning_and_says_that_there_was_more(text, most):
    short = cut(text, most)
    assert length(short) <= most
    assert short == text or (short.endswith("…") and text.startswith(short[:-1]))


def test_what_no_phone_shows_is_left_out():
    assert tidy(" 一\n二\u0000\u200b\u202e三\u3000四 ") == "一 二三 四"


@pytest.mark.parametrize(
    ("key", "field", "right"),
    [
        ("thing1", "title", True),
        ("thing1", "time", True),
        ("first", "body", True),
        ("time2", "time", True),
        ("time2", "title", False),
        ("time2", "=2019年10月1日", False),
        ("phrase4", "=待处理", True),
        ("phrase4", "=待处理的事情", False),
        ("phrase4", "title", False),
        ("character_string5", "=待", False),
        ("thing1", "nickname", False),
    ],
)
def test_what_a_key_can_show(key, field, right):
    assert fits(key, field, LENGTHS) is right


def test_keys_are_read_from_what_the_platform_lists():
    assert keys_of("事项:{{thing1.DATA}}\n时间:{{ time3.DATA }}{{first.data}}") == ["thing1", "time3", "first"]
    assert [type_of(key) for key in ("thing12", "character_string1", "keyword1", "thing", "const2")] == [
        "thing",
        "character_string",
        "",
        "",
        "",
    ]
