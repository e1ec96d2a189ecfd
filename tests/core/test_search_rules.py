"""Terms stand for what is searched: all of it, and where they can, nothing else."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.customers.search.schemas import Birthdays, Days
from core.customers.search.terms import Asked, Span, birthdays, folded, magnitudes, pairs

days = st.dates(date(2011, 1, 1), date(2026, 12, 31))


def _terms_of(day):
    return {f"r:{day:%Y}", f"r:{day:%Y%m}", f"r:{day:%Y%m%d}"}


@given(days, days, days)
def test_a_span_is_covered_by_its_terms_and_nothing_else_is(first, last, day):
    terms = set(Span(first, last, or_never=False).terms("r"))
    assert bool(terms & _terms_of(day)) == (first <= day <= last)


@given(days, days)
def test_an_open_span_begins_or_ends_where_it_says(edge, day):
    assert bool({*Span(edge, None, or_never=False).terms("r")} & _terms_of(day)) == (day >= edge)
    assert bool({*Span(None, edge, or_never=False).terms("r")} & _terms_of(day)) == (day <= edge)


@given(days, days, days)
def test_months_cover_at_least_the_days(first, last, day):
    terms = set(Span(first, last, or_never=False).terms("u", days=False))
    if first <= day <= last and day.year <= date.today().year:
        assert terms & {f"u:{day:%Y}", f"u:{day:%Y%m}"}


def test_days_count_from_today_and_never_leave_the_calendar():
    today = date(2026, 3, 4)
    assert Span.of(Days(since_days=-3, until_days=1), today) == Span(date(2026, 3, 1), date(2026, 3, 5), or_never=False)
    assert Span.of(Days(since_days=-36_525 * 1), date(1950, 1, 1)).first == date(1900, 1, 1)
    assert Span.of(Days(until_days=36_525), date(2150, 1, 1)).last == date(2199, 12, 31)


def _born(birthday, day):
    try:
        return birthday.replace(year=day.year) == day
    except ValueError:
        return (day.month, day.day) == (2, 28)


@given(st.dates(date(1950, 1, 1), date(2012, 12, 31)), days, st.integers(0, 365))
def test_birthdays_of_the_next_days_are_those_kept_in_them(birthday, today, number):
    kept = any(_born(birthday, today + timedelta(days=n)) for n in range(number + 1))
    assert (f"{birthday:%m%d}" in birthdays(Birthdays(next_days=number), today)) == kept


@pytest.mark.parametrize(
    ("since", "until", "inside", "outside"),
    [("12-20", "01-10", {"1220", "1231", "0101", "0110"}, {"0111", "1219"}), ("02-28", "03-01", {"0229"}, {"0227"})],
)
def test_birthdays_may_lie_across_new_year(since, until, inside, outside):
    found = set(birthdays(Birthdays(since=since, until=until), date(2026, 3, 4)))
    assert inside <= found
    assert not outside & found


def _magnitude(number):
    sign, whole = "-" if number < 0 else "+", str(int(abs(number)))
    return {f"{sign}{len(whole)}", f"{sign}{len(whole)}.{whole[0]}"}


numbers = st.floats(-99_999_999_999, 99_999_999_999)


@given(numbers, numbers, numbers)
def test_numbers_between_two_have_one_of_their_magnitudes(one, other, number):
    least, most = sorted((one, other))
    if least <= number <= most:
        assert _magnitude(number) & {*magnitudes(least, most)}
    assert _magnitude(number) & {*magnitudes(None, None)}


def test_a_range_of_numbers_is_few_terms():
    assert magnitudes(500_000, None) == ["+6.5", "+6.6", "+6.7", "+6.8", "+6.9", *(f"+{n}" for n in range(7, 13))]
    assert magnitudes(-12, 7) == ["+1.0", "+1.1", "+1.2", "+1.3", "+1.4", "+1.5", "+1.6", "+1.7", "-1", "-2.1"]


@given(st.text(min_size=1, max_size=8), st.text(max_size=4), st.text(max_size=4))
def test_a_text_has_all_the_pairs_of_its_parts(part, before, after):
    assert set(pairs(part)) <= set(pairs(before + part + after))


def test_texts_are_folded_alike_everywhere():
    assert folded("Ａb c\t王 É") == "abc王É"


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("王小", Asked("王小")),
        ("5678", Asked("5678", end="5678", number=5678, key="5678")),
        ("0003", Asked("0003", end="0003", key="0003")),
        ("13800138000", Asked("13800138000", number=13_800_138_000, phone="+8613800138000", key="13800138000")),
        ("VIP007", Asked("vip007", key="VIP007")),
        ("3M公司", Asked("3m公司")),
    ],
)
def test_words_are_a_name_unless_there_are_digits_in_them(words, meant):
    assert Asked.of(words) == meant
    assert meant.is_name == (meant.key is None)
