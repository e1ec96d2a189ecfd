"""Ids, money and pages: the small values everything else is made of."""

import re
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.ids import new_id, opaque_key
from infra.money import allocate, format_yuan, parse_yuan, rounded, times

FEN = st.integers(-(10**15) + 1, 10**15 - 1)


def test_ids_are_version_7_and_grow():
    ids = [new_id() for _ in range(2_000)]
    assert {(i.version, i.variant) for i in ids} == {(7, "specified in RFC 4122")}
    assert all(former < later for former, later in pairwise(ids))


def test_opaque_keys_differ_and_fit_every_platform():
    keys = {opaque_key() for _ in range(2_000)}
    assert len(keys) == 2_000
    assert all(re.fullmatch("[0-9a-z]{12}", key) for key in keys)
    assert not set("ilou") & set("".join(keys))


@given(FEN)
def test_money_is_read_as_it_is_written(fen):
    assert parse_yuan(format_yuan(fen)) == fen


@pytest.mark.parametrize(
    ("text", "fen"), [("12", 1200), ("12.3", 1230), ("12.34", 1234), ("-0.05", -5), ("0", 0), (" 1.00 ", 100)]
)
def test_amounts_in_yuan(text, fen):
    assert parse_yuan(text) == fen


@pytest.mark.parametrize("text", ["", "1.234", "1,000", "1e3", "½", "1.", ".5", "+1", "--1", "1 2", "NaN", "9" * 14])
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(ValueError, match="yuan"):
        parse_yuan(text)


@given(FEN, st.lists(st.integers(0, 10**6), min_size=1, max_size=20).filter(any))
def test_parts_sum_to_the_whole_and_none_is_a_fen_off_its_share(total, weights):
    parts = allocate(total, weights)
    whole = sum(weights)
    assert sum(parts) == total
    assert all(abs(part * whole - total * weight) < whole for part, weight in zip(parts, weights, strict=True))


def test_the_odd_fen_goes_to_the_largest_remainder_and_then_to_the_earlier_part():
    assert allocate(100, [1, 1, 1]) == [34, 33, 33]
    assert allocate(10, [1, 2, 1]) == [3, 5, 2]
    assert allocate(5, [0, 1]) == [0, 5]


@pytest.mark.parametrize("weights", [[], [0, 0], [-1, 2], [-1]])
def test_nothing_to_split_by_is_refused(weights):
    with pytest.raises(ValueError, match="weights"):
        allocate(100, weights)


QUANTITIES = st.decimals(0, Decimal("999999999.999"), places=3)


@given(st.one_of(FEN, st.decimals(-(10**15), 10**15, places=3)), st.integers(0, 2))
def test_at29_a_rounded_amount_has_no_more_decimals_and_is_the_nearest(fen, decimals):
    unit = 10 ** (2 - decimals)
    amount = rounded(fen, decimals)
    assert amount % unit == 0
    assert abs(Fraction(fen) - amount) * 2 <= unit
    assert rounded(amount, decimals) == amount


@given(st.integers(0, 10**13), st.integers(0, 2))
def test_at29_half_goes_up_on_either_side_of_nothing(units, decimals):
    unit = 10 ** (2 - decimals)
    half = units * unit + Decimal(unit) / 2
    assert rounded(half, decimals) == (units + 1) * unit
    assert rounded(-half, decimals) == -(units + 1) * unit


@given(st.integers(0, 10**13), QUANTITIES, st.integers(0, 2))
def test_at29_price_times_quantity_is_exact_until_it_is_rounded_once(price, quantity, decimals):
    unit = 10 ** (2 - decimals)
    assert abs(Fraction(quantity) * price - times(price, quantity, decimals)) * 2 <= unit
    assert times(price, Decimal(1), 2) == price


@pytest.mark.parametrize("decimals", [-1, 3])
def test_yuan_have_at_most_two_decimals(decimals):
    with pytest.raises(ValueError, match="decimals"):
        rounded(1, decimals)
