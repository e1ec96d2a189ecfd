"""The one clock: an offset file moves every process, business days begin at midnight in Shanghai."""

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra import clock
from infra.settings import settings
from tests import factories as make

MINUTE = timedelta(minutes=1)


def near(moment):
    return abs(clock.now() - moment) < MINUTE


def test_the_offset_file_moves_the_clock_and_its_absence_means_real_time(db):
    assert near(datetime.now(UTC))
    clock.write_offset(db.clock_file, timedelta(hours=49))
    assert near(datetime.now(UTC) + timedelta(hours=49))
    clock.write_offset(db.clock_file, timedelta(seconds=-7.5))
    assert near(datetime.now(UTC))
    db.clock_file.unlink()
    assert near(datetime.now(UTC))


def test_another_process_reads_the_same_offset(db):
    clock.write_offset(db.clock_file, timedelta(days=400))
    told = subprocess.run(
        [sys.executable, "-c", "from infra import clock; print(clock.timestamp())"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert abs(float(told.stdout) - clock.timestamp()) < 60


def test_an_empty_file_is_no_offset(db):
    db.clock_file.write_text("")
    assert near(datetime.now(UTC))


def test_without_a_file_named_the_clock_is_the_real_one(fresh_settings):
    fresh_settings.delenv("GUANXI_CLOCK_FILE", raising=False)
    settings.cache_clear()
    clock.reset()
    assert near(datetime.now(UTC))


def test_now_is_aware_and_in_utc(db):
    assert clock.now().tzinfo is UTC
    assert abs(clock.now().timestamp() - clock.timestamp()) < 1


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 3, 3, 15, 59, 59, tzinfo=UTC), date(2026, 3, 3)),
        (datetime(2026, 3, 3, 16, 0, 0, tzinfo=UTC), date(2026, 3, 4)),
        (datetime(2026, 12, 31, 16, 0, 0, tzinfo=UTC), date(2027, 1, 1)),
    ],
)
def test_a_business_day_changes_at_midnight_in_shanghai(moment, day):
    assert clock.business_day(moment) == day


def test_the_business_day_of_now_follows_the_offset(db):
    make.jump_to(db, datetime(2026, 3, 3, 16, 0, 1, tzinfo=UTC))
    assert clock.business_day() == date(2026, 3, 4)
    make.jump_to(db, datetime(2026, 3, 3, 15, 58, tzinfo=UTC))
    assert clock.business_day() == date(2026, 3, 3)


@given(st.dates(date(1995, 1, 1), date(2199, 12, 31)))
def test_a_day_begins_at_its_start_and_not_a_moment_earlier(day):
    start = clock.start_of_day(day)
    assert clock.business_day(start) == day
    assert clock.business_day(start - timedelta(microseconds=1)) == day - timedelta(days=1)


def test_the_business_time_zone_is_a_setting(fresh_settings):
    fresh_settings.setenv("GUANXI_BUSINESS_TIMEZONE", "UTC")
    settings.cache_clear()
    assert clock.business_day(datetime(2026, 3, 3, 16, tzinfo=UTC)) == date(2026, 3, 3)
