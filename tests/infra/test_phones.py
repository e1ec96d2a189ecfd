"""Phone numbers as people in China write them (AT-18…AT-20), how they are kept and masked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from infra.phones import MobileText, NumberKind, PhoneRefused, PhoneText, is_mobile, mask, parse


@pytest.mark.parametrize("text", ["6234567", "62345678", "6234-5678", "6234 567"])
def test_at18_a_landline_has_seven_or_eight_digits(text):
    assert parse(text).kind is NumberKind.LANDLINE


@pytest.mark.parametrize("text", ["623456", "623456789", "1234567", "02345678", ""])
def test_at18_six_or_nine_digits_are_refused(text):
    with pytest.raises(PhoneRefused):
        parse(text)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("010-62345678", "+861062345678"),
        ("(0755)8234 5678", "+8675582345678"),
        ("0375 1234567", "+863751234567"),
        ("+86 10 62345678", "+861062345678"),
        ("0086-010-62345678", "+861062345678"),
        ("010-62345678-123", "+861062345678;ext=123"),
        ("010 62345678转123", "+861062345678;ext=123"),
        ("01062345678 转分机 8001", "+861062345678;ext=8001"),
        ("010-62345678 ext. 9", "+861062345678;ext=9"),
        ("010-62345678#12", "+861062345678;ext=12"),
        ("62345678-123", "62345678;ext=123"),
        ("6234567x12", "6234567;ext=12"),
        ("400-123-4567", "4001234567"),
        ("800 820 8820", "8008208820"),
        ("400-123-4567-12", "4001234567;ext=12"),
        ("+86 400 123 4567", "4001234567"),
    ],
)
def test_at18_area_codes_extensions_and_service_numbers(text, kept):
    assert parse(text).text == kept


@pytest.mark.parametrize(
    "text",
    [
        *["13812345678", "15112345678", "18212345678"],  # China Mobile
        *["13012345678", "16612345678", "18612345678"],  # China Unicom
        *["13312345678", "17712345678", "19912345678"],  # China Telecom
        *["19212345678", "17012345678"],  # China Broadnet, a virtual carrier
        *["+8613812345678", "+86 138-1234-5678", "008613812345678", "8613812345678", "138 1234 5678"],
        *["１３８１２３４５６７８", "＋８６１３８１２３４５６７８", "\u202a13812345678\u202c", "138–1234–5678"],
    ],
)
def test_at19_mobiles_of_every_carrier_in_the_usual_spellings(text):
    number = parse(text)
    assert number.kind is NumberKind.MOBILE
    assert len(number.text) == 14
    assert is_mobile(number.text)


@pytest.mark.parametrize(
    "text",
    ["1381234567", "138123456789", "12345678901", "11012345678", "14812345678", "+8612345678901", "13812345678转1"],
)
def test_at19_ten_or_twelve_digits_and_unused_prefixes_are_refused(text):
    with pytest.raises(PhoneRefused):
        parse(text)


@pytest.mark.parametrize(
    "text",
    ["+1 202 555 0123", "+8662345678", "+86", "abc", "١٣٨١٢٣٤٥٦٧٨", "95588", "08981234567", "1062345678", "转1", "-1"],
)
def test_at20_what_is_no_number_of_ours_is_refused(text):
    with pytest.raises(PhoneRefused):
        parse(text)


def test_at20_a_schema_names_the_fault_in_both_languages():
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(PhoneText).validate_python("12345678901")
    refusal = caught.value.errors()[0]["ctx"]["error"]
    assert refusal.message == PhoneRefused.message
    assert str(refusal) == PhoneRefused.english
    assert TypeAdapter(PhoneText).validate_python("010-62345678") == "+861062345678"
    assert TypeAdapter(MobileText).validate_python(" 138 1234 5678") == "+8613812345678"
    with pytest.raises(ValidationError, match="must be a mobile"):
        TypeAdapter(MobileText).validate_python("010-62345678")


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+8613812345678", "138****5678"),
        ("+861062345678;ext=123", "0106234****"),
        ("62345678", "6234****"),
        ("4001234567;ext=1", "400123****"),
    ],
)
def test_masks_show_too_little_to_call(number, shown):
    assert mask(number) == shown


@given(st.text(alphabet="0123456789+-() 转#x１", max_size=20))
def test_what_is_kept_is_kept_alike_when_it_comes_again(text):
    try:
        number = parse(text)
    except PhoneRefused:
        return
    digits, _, extension = number.text.partition(";ext=")
    assert parse(f"{digits}转{extension}" if extension else digits) == number
    assert len(number.text) <= 32
