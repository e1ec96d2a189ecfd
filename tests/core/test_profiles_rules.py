"""Which of two things said of a customer stands, stages, ages: pure rules (B-10, F-19)."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.customers.linking.rules import Door
from core.customers.profiles.records import Record
from core.customers.profiles.rules import (
    FIELDS,
    Said,
    Stage,
    advances,
    age,
    joined,
    masked_email,
    name_key,
    rank,
    stage_of_both,
    winner,
)
from infra.ids import new_id

START = datetime(2026, 1, 1, tzinfo=UTC)
SAID = st.builds(
    Said,
    st.sampled_from([None, "甲", "乙", "丙"]),
    st.sampled_from(list(Door)),
    st.integers(0, 3).map(lambda hours: START + timedelta(hours=hours)),
)
ORDERS = st.lists(SAID, min_size=1, max_size=6).flatmap(lambda said: st.tuples(st.just(said), st.permutations(said)))
FIELD = st.sampled_from(["name", "gender", "city", "custom.1"])


@given(
    FIELD, st.lists(SAID, min_size=1, max_size=6).flatmap(lambda said: st.tuples(st.just(said), st.permutations(said)))
)
def test_the_order_of_arrival_never_decides_what_stands(field, orders):
    found = []
    for said in orders:
        record = Record(new_id())
        for one in said:
            record.hear(field, one)
        found.append(record.said[field])
    assert found[0] == found[1] == winner(field, orders[0])


@given(st.lists(st.dictionaries(FIELD, SAID), min_size=1, max_size=4))
def test_joining_records_is_the_same_in_any_order_and_grouping(sides):
    whole = joined(*sides)
    assert joined(*reversed(sides)) == whole
    assert joined(joined(*sides[:2]), joined(*sides[2:])) == whole


@pytest.mark.parametrize("field", FIELDS)
def test_staff_beats_import_beats_the_till_and_people_know_themselves_best(field):
    ranks = [rank(field, door) for door in (Door.STAFF, Door.COUNTER, Door.IMPORT, Door.POS, Door.FOLLOW)]
    assert ranks == sorted(ranks, reverse=True)
    knows_best = rank(field, Door.MINI_PROGRAM) > rank(field, Door.STAFF)
    assert knows_best == (field in {"name", "gender", "birthday"})
    assert rank(field, Door.MINI_PROGRAM) > rank(field, Door.COUNTER)


def test_every_door_has_a_rank():
    assert all(rank("name", door) >= 0 for door in Door)


@given(st.sampled_from(Stage), st.sampled_from(Stage))
def test_a_stage_advances_one_way_only_but_out_of_sleep(former, stage):
    asleep = {Stage.SLEEPING, Stage.LOST}
    assert not advances(former, former)
    if former not in asleep or stage not in {Stage.INTERESTED, Stage.BOUGHT, Stage.LOYAL}:
        assert not (advances(former, stage) and advances(stage, former)) or stage in asleep
    assert not advances(former, Stage.NEW)


@given(st.sampled_from(Stage), st.sampled_from(Stage), st.sampled_from(Stage))
def test_the_stage_of_several_is_the_same_in_any_order(one, other, third):
    assert stage_of_both(one, other) == stage_of_both(other, one)
    assert stage_of_both(stage_of_both(one, other), third) == stage_of_both(one, stage_of_both(other, third))


@pytest.mark.parametrize(
    ("birthday", "today", "years"),
    [
        (date(2000, 2, 29), date(2025, 2, 27), 24),
        (date(2000, 2, 29), date(2025, 2, 28), 25),
        (date(2000, 2, 29), date(2024, 2, 28), 23),
        (date(2000, 2, 10), date(2025, 2, 10), 25),
        (date(2000, 12, 31), date(2025, 1, 1), 24),
    ],
)
def test_ages_are_full_years_and_29_february_is_the_28th_in_other_years(birthday, today, years):
    assert age(birthday, 1950, today) == years


def test_without_a_birthday_the_year_must_do():
    assert age(None, 1990, date(2026, 1, 1)) == 36
    assert age(None, None, date(2026, 1, 1)) is None


def test_names_are_compared_without_what_nobody_sees():
    assert name_key(" Ａbc 公司\u200b") == "abc公司"
    assert len(name_key("\ufdfa" * 100)) == 100


def test_a_masked_address_shows_too_little_to_write_to():
    assert masked_email("buyer@example.com") == "b***@example.com"
