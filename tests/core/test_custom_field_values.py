"""Values of custom fields: as they come, are kept, compared and shown."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.custom_fields import values
from core.custom_fields.errors import FieldSettingRefused, FieldTooLong, FieldValueRefused
from core.custom_fields.rules import Field, FieldKind, Option, Subject, next_options

OPTIONS = (Option("1", "甲"), Option("2", "乙"), Option("3", "丙", retired=True))


def a(kind, **settings):
    options = OPTIONS if kind in {"option", "options"} else ()
    facts = {"id": UUID(int=7), "subject": Subject.CUSTOMER, "name": "字段", "options": options}
    return Field(**facts | settings, kind=FieldKind(kind))


@pytest.mark.parametrize(
    ("kind", "given", "kept"),
    [
        ("line", "  张三  ", "张三"),
        ("line", "   ", None),
        ("text", "一\n二", "一\n二"),
        ("option", "1", "1"),
        ("option", ["2"], "2"),
        ("option", [], None),
        ("options", ["2", "1", "2"], ["1", "2"]),
        ("number", "12.50", 12.5),
        ("number", 7.0, 7),
        ("number", "-0", 0),
        ("number", "99999999999.9999", 99999999999.9999),
        ("date", "2026-02-28", "2026-02-28"),
        ("address", {"city": "杭州", "street": " 文一路1号 "}, {"city": "杭州", "street": "文一路1号"}),
        ("address", {"city": ""}, None),
        ("line", None, None),
    ],
)
def test_at78_values_are_kept_in_one_form(kind, given, kept):
    assert values.clean(a(kind), given) == kept
    assert type(values.clean(a(kind), given)) is type(kept)


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("line", 5),
        ("line", "两\n行"),
        ("line", "\x00"),
        ("line", "\ud800"),
        ("text", {}),
        ("option", "4"),
        ("option", ["1", "2"]),
        ("option", "3"),
        ("option", [7]),
        ("option", 7),
        ("options", [["1"]]),
        ("options", ["1"] * 201),
        ("options", {"1": "1"}),
        ("number", True),
        ("number", "abc"),
        ("number", "1_0"),
        ("number", float("nan")),
        ("number", "1e400"),
        ("number", 10**11),
        ("number", 0.00001),
        ("date", "2026-02-30"),
        ("date", 20260228),
        ("date", "0001-01-01"),
        ("address", {"town": "x"}),
        ("address", "杭州"),
        ("address", {"province": "省" * 31}),
    ],
)
def test_at78_what_doesnt_fit_the_type_is_refused_by_name(kind, given):
    with pytest.raises(FieldValueRefused) as refused:
        values.clean(a(kind), given)
    assert refused.value.details == {"field_id": str(UUID(int=7)), "name": "字段"}


def test_at78_the_length_is_counted_in_characters():
    assert values.clean(a("line", max_length=3), "一二三") == "一二三"
    with pytest.raises(FieldTooLong) as refused:
        values.clean(a("line", max_length=3), "一二三四")
    assert refused.value.details["most"] == 3
    with pytest.raises(FieldTooLong):
        values.clean(a("text"), "长" * 2001)


def test_a_retired_option_stays_valid_where_it_is_held():
    assert values.clean(a("option"), "3", "3") == "3"
    assert values.clean(a("option"), ["3"], "3") == "3"
    assert values.clean(a("options"), ["3", "1"], ["3"]) == ["1", "3"]


def test_option_ids_are_never_given_twice():
    first = next_options((), [(None, "甲"), (None, "乙")])
    assert first == (Option("1", "甲"), Option("2", "乙"))
    second = next_options(first, [("2", "乙二"), (None, "丙")])
    assert second == (Option("2", "乙二"), Option("3", "丙"), Option("1", "甲", retired=True))
    third = next_options(second, [(None, "甲"), ("3", "丙")])
    assert third == (Option("1", "甲"), Option("3", "丙"), Option("2", "乙二", retired=True))
    for wrong in ([("9", "九")], [(None, "甲"), (None, "甲 ")], [("1", "一"), ("1", "二")]):
        with pytest.raises(FieldSettingRefused):
            next_options(third, wrong)


def test_tables_name_options_by_their_names():
    assert values.read(a("option"), " 乙 ") == ["2"]
    assert values.read(a("options"), "甲、乙") == ["1", "2"]
    assert values.read(a("number"), "5") == "5"
    assert values.read(a("address"), "文一路1号") == {"street": "文一路1号"}
    with pytest.raises(FieldValueRefused):
        values.read(a("options"), "甲,丁")
    assert values.shown(a("options"), ["1", "3"]) == "甲、丙"
    assert values.shown(a("address"), {"street": "路", "province": "省"}) == "省路"
    assert values.shown(a("number"), 1.5) == "1.5"
    assert values.shown(a("date"), None) == ""


@given(st.text(max_size=300))
def test_a_unique_key_fits_its_column(text):
    assert len(values.unique_key(text)) <= 500
    assert values.unique_key(text) == values.unique_key(f" {text} ")
