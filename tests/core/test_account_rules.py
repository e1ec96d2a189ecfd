"""What makes a password acceptable, and which codes of a second factor are right: pure functions."""

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.organisation.account.rules import kinds_of, problems_of, step_of

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
TIMES = st.integers(1_000_000_000, 4_000_000_000)


@pytest.mark.parametrize(
    ("password", "kinds"),
    [("abc", 1), ("abC", 2), ("abC1", 3), ("abC1!", 4), ("密码密码", 1), ("密码a", 2), ("   ", 1), ("", 0), ("éÉ", 2)],
)
def test_kinds_are_lower_upper_digits_and_all_else(password, kinds):
    assert kinds_of(password) == kinds


@pytest.mark.parametrize(
    ("password", "problems"),
    [
        ("abcdefg1", []),
        ("abcdef1", ["too_short"]),
        ("abcdefgh", ["too_few_kinds"]),
        ("1234567", ["too_short", "too_few_kinds"]),
        ("guide-01", ["holds_username"]),
        ("my-GUIDE-01-word", ["holds_username"]),
        ("guide-0-1", []),
    ],
)
def test_every_problem_of_a_password_is_named(password, problems):
    assert problems_of(password, "guide-01", least_length=8, least_kinds=2) == problems


def test_without_a_user_name_nothing_is_held():
    assert problems_of("abcdefg1", "", least_length=8, least_kinds=2) == []


@given(at=TIMES, off=st.integers(-3, 3))
def test_a_code_is_right_in_its_step_and_the_ones_before_and_after(at, off):
    code = pyotp.TOTP(SECRET).at(at, counter_offset=off)
    expected = at // 30 + off if abs(off) <= 1 else None
    # Six digits of another step may happen to be the same.
    others = {pyotp.TOTP(SECRET).at(at, counter_offset=near): at // 30 + near for near in (-1, 0, 1)}
    assert step_of(SECRET, code, at) in {expected, others.get(code)}
    if expected is None and code not in others:
        assert step_of(SECRET, code, at) is None


@given(at=TIMES, code=st.text("0123456789", min_size=6, max_size=6))
def test_any_other_code_is_wrong(at, code):
    right = {pyotp.TOTP(SECRET).at(at, counter_offset=near) for near in (-1, 0, 1)}
    assert (step_of(SECRET, code, at) is not None) == (code in right)
