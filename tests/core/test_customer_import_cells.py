"""What cells mean: dates, money, genders, numbers, addresses, and which column is which field."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.customers.imports import addresses, converting
from core.customers.imports.converting import Unreadable, clean
from core.customers.imports.drafts import Reader
from core.customers.imports.fields import BY_KEY, FIELDS, suggested
from core.customers.imports.rules import WORDS
from infra.tables import Row


@pytest.mark.parametrize(
    "text",
    [
        *("2026-05-01", "2026/5/1", "2026.5.1", "2026年5月1日", "2026年05月01号", "20260501", "46143", "46143.75"),
        *("２０２６-5-1", "2026-05-01 08:30", "2026/5/1 8:30:00", "2026年5月1日 8时30分", "2026-05-01T08:30:00"),
        "2026-04-30T20:00:00Z",
    ],
)
def test_a_day_is_read_in_every_usual_spelling(text):
    assert converting.day(text) == date(2026, 5, 1)


@pytest.mark.parametrize(
    "text", ["", "明天", "1985", "5/1/2026", "2026-13-01", "2026-02-30", "2026-5", "99999", "2026-05-01 25:00"]
)
def test_what_may_be_another_day_or_none_is_refused(text):
    with pytest.raises(Unreadable) as refused:
        converting.day(text)
    assert refused.value.code == "date_unreadable"


def test_a_moment_is_one_of_the_business_time_zone():
    assert converting.moment("2026-05-01 08:30") == datetime(2026, 5, 1, 0, 30, tzinfo=UTC)
    assert converting.moment("46143.5") == datetime(2026, 5, 1, 4, tzinfo=UTC)
    assert converting.moment("2026-05-01") == datetime(2026, 4, 30, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("5万", 5_000_000),
        ("5万元", 5_000_000),
        ("50000", 5_000_000),
        ("￥50,000.00元", 5_000_000),
        ("人民币5w", 5_000_000),
        ("1.2亿", 12_000_000_000),
        ("0.01", 1),
        ("3百万", 300_000_000),
        ("12.5千", 1_250_000),
    ],
)
def test_money_is_read_with_its_words_and_scales(text, fen):
    assert converting.money(text) == fen


@pytest.mark.parametrize("text", ["0.001", "-1", "十万", "5万5", "元", "1e5", "99999999999999999999亿"])
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(Unreadable):
        converting.money(text)


def test_choices_are_known_by_chinese_and_english_words():
    assert [converting.choice(word, converting.GENDERS) for word in ("男", "先生", "F", "2", "保密")] == [
        *("male", "male", "female", "female", None)
    ]
    assert converting.choice("经销商", converting.PARTIES) == "agent"
    assert converting.choice(" Lead ", converting.PARTIES) == "prospect"


def test_a_cell_may_hold_several_numbers_and_the_nought_of_a_spreadsheet():
    assert converting.phone_texts("13800138000.0") == ["+8613800138000"]
    assert converting.phone_texts("010-62345678/138 0013 8000；010-62345678") == ["+861062345678", "+8613800138000"]
    for wrong in ("010-62345678/1", "/", "1.38E+10"):
        with pytest.raises(Unreadable):
            converting.phones_in(wrong)


@pytest.mark.parametrize("code", ["10001", "010001"])
def test_a_postcode_gets_its_noughts_back(code):
    assert converting.postcode(code) == "010001"


def test_what_nobody_sees_is_cleaned_away():
    assert clean("\u200b 顾客\u00ad01\ufeff ") == "顾客01"
    assert clean("'13800138000") == "13800138000"
    assert clean("'=1+1") == "=1+1"
    assert clean("'quoted'") == "'quoted'"
    assert converting.line("顾客\n 一　号", 100) == "顾客 一 号"


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("上海市浦东新区世纪大道1号", ("上海市", "上海市", "浦东新区", "世纪大道1号")),
        ("上海上海市浦东新区世纪大道1号", ("上海市", "上海市", "浦东新区", "世纪大道1号")),
        ("浙江省杭州市西湖区文三路2号", ("浙江省", "杭州市", "西湖区", "文三路2号")),
        ("浙江杭州市西湖区文三路", ("浙江省", "杭州市", "西湖区", "文三路")),
        ("内蒙古呼和浩特市新城区", ("内蒙古自治区", "呼和浩特市", "新城区", "")),
        ("新疆维吾尔自治区伊犁哈萨克自治州伊宁市", ("新疆维吾尔自治区", "伊犁哈萨克自治州", "伊宁市", "")),
    ],
)
def test_an_address_that_begins_with_province_and_city_is_split(address, parts):
    assert addresses.split(address) == parts


@pytest.mark.parametrize("address", ["", "文三路2号", "杭州市西湖区", "浙江省", "浙江大学"])
def test_an_address_that_does_not_stays_whole(address):
    assert addresses.split(address) is None


def test_headers_are_known_by_what_people_call_them_and_each_field_once():
    headers = ["客户姓名*", "手机号码", "E-mail", "Date of Birth", "门店备注", "姓名", "等级：", "所属行业"]
    assert suggested(headers, [("custom:1", "门店备注")]) == [
        *("name", "mobile", "email", "birthday", "custom:1", None, "level", "industry")
    ]


def test_no_word_stands_for_two_fields():
    words = [word for field in FIELDS for word in (field.title, *field.synonyms.split())]
    assert len(words) == len(set(words))


@given(st.text(max_size=60))
def test_any_text_is_a_value_or_a_refusal_with_words(text):
    for key in BY_KEY:
        draft = Reader([key], {}).draft(Row(2, [text], is_too_wide=False))
        assert all(problem.code in WORDS for problem in draft.problems)
