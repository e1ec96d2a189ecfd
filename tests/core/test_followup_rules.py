"""Moments a phone may tell, and numbers that others must not read in notes."""

from datetime import timedelta

import pytest

from core.customers.followups.rules import moment_of, without_numbers
from tests.factories import NOON

FAST, BACK = timedelta(minutes=10), timedelta(days=90)


@pytest.mark.parametrize(
    ("told", "found"),
    [
        (NOON, NOON),
        (NOON + FAST, NOON),
        (NOON + FAST + timedelta(seconds=1), None),
        (NOON - BACK, NOON - BACK),
        (NOON - BACK - timedelta(seconds=1), None),
    ],
)
def test_a_moment_lies_between_the_days_back_and_now(told, found):
    assert moment_of(told, NOON, FAST, BACK) == found


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("手机13800138000，明天打", "手机138****8000，明天打"),
        ("+86 138-0013-8000", "138****8000"),
        ("138.0013.8000 或 １３８００１３８０００", "138****8000 或 138****8000"),
        ("座机 010-62345678 转 123", "座机 **** 转 123"),
        ("订单 20260304000123 共 3 件，价 3000000 元", "订单 20260304000123 共 3 件，价 3000000 元"),
        ("2026-03-04 谈了报价", "2026-03-04 谈了报价"),
    ],
)
def test_numbers_in_notes_are_masked(text, shown):
    assert without_numbers(text) == shown
