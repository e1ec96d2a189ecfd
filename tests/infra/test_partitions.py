"""Partitions: made ahead, made after a jump of the clock, filled from the default, dropped when their time is over."""

import asyncio
import contextvars
from datetime import UTC, date, datetime, timedelta

import pytest

from infra import clock, database, partitions
from infra.partitions import ALL, EVENT_DELIVERY, OUTBOX, PUSH, TIMELINE
from tests import factories as make
from tests.simulator.harness import until

# A task made in here joins no transaction of the test's.
OUTSIDE = contextvars.copy_context()


@pytest.fixture(autouse=True)
async def _present_again(db):
    """Whatever a test drops or makes, the days around the real today have their partitions afterwards."""
    await partitions.ensure()
    yield
    db.clock_file.unlink(missing_ok=True)
    for kind in ALL:
        for start in await partitions._starts(kind):
            if start > clock.now().date() + timedelta(days=8):
                await database.execute(f"DROP TABLE {partitions._name(kind, start)}")
    await partitions.ensure()


async def _publish(at, number=1):
    await database.execute(
        "INSERT INTO outbox (created_at, name, key, payload) VALUES ($1, 'x', $2, '{}')", at, str(number)
    )


async def _where(key):
    """The partition in which a row of the outbox lies."""
    row = await database.fetch_one("SELECT tableoid::regclass::text AS name FROM outbox WHERE key = $1", str(key))
    return row["name"]


async def test_the_days_from_yesterday_to_a_week_ahead_exist_and_asking_again_makes_none(db):
    today = clock.now().date()
    for kind in (OUTBOX, EVENT_DELIVERY, PUSH):
        wanted = {today + timedelta(days=n) for n in range(-1, 8)}
        assert wanted <= await partitions._starts(kind)
    months = {(today + timedelta(days=n)).replace(day=1) for n in range(-1, 8)}
    assert months <= await partitions._starts(TIMELINE)
    assert await partitions.ensure() == 0


async def test_after_a_jump_of_forty_days_new_ones_are_made_and_the_defaults_rows_move_in(db):
    make.jump(db, days=40)
    there = clock.now()
    await _publish(there, 1)
    await _publish(there + timedelta(days=300), 2)
    assert await _where(1) == "outbox_default"
    assert await partitions.ensure() >= 27
    assert await _where(1) == f"outbox_{there:%Y%m%d}"
    assert await _where(2) == "outbox_default"
    await _publish(there, 3)
    assert await _where(3) == f"outbox_{there:%Y%m%d}"


async def test_a_new_partition_has_the_indexes_and_rules_of_its_table(db):
    make.jump(db, days=100)
    await partitions.ensure()
    name = partitions._name(EVENT_DELIVERY, clock.now().date())
    with pytest.raises(Exception, match="event_delivery_state"):
        await database.execute(
            f"""INSERT INTO {name} (handler, event_id, event_at, key, ordered, next_at, state)
            VALUES ('h', 1, $1, 'k', false, $1, 'odd')""",
            clock.now(),
        )
    parents = await database.fetch("SELECT indexdef FROM pg_indexes WHERE tablename = 'event_delivery'")
    children = await database.fetch("SELECT indexdef FROM pg_indexes WHERE tablename = $1", name)
    assert len(children) == len(parents) > 1


async def test_a_row_written_while_its_partition_is_being_made_is_neither_lost_nor_in_the_way(db):
    make.jump(db, days=60)
    there = clock.now() - timedelta(days=1)  # the first partition to be made
    async with database.transaction() as connection:
        await connection.execute(
            "INSERT INTO outbox (created_at, name, key, payload) VALUES ($1, 'x', '1', '{}')", there
        )
        making = asyncio.get_running_loop().create_task(partitions.ensure(), context=OUTSIDE)
        await until(make.somebody_waits)
    assert await making > 0
    assert await _where(1) == f"outbox_{there:%Y%m%d}"


async def test_many_processes_may_make_them_at_once(db):
    make.jump(db, days=80)
    await asyncio.gather(*(partitions.ensure() for _ in range(4)))
    assert await partitions.ensure() == 0


async def test_dropping_takes_whole_days_that_are_over_and_nothing_else(db):
    today = clock.now().date()
    day = datetime(today.year, today.month, today.day, tzinfo=UTC)
    await _publish(day - timedelta(microseconds=1), "yesterday")
    await _publish(day, "today")
    assert await partitions.drop_before(OUTBOX, today - timedelta(days=1)) == 0
    assert await partitions.drop_before(OUTBOX, today) == 1
    assert [row["key"] for row in await make.rows("SELECT key FROM outbox")] == ["today"]
    assert today in await partitions._starts(OUTBOX)


@pytest.mark.parametrize(
    ("kind", "start", "after"),
    [
        (OUTBOX, date(2028, 2, 28), date(2028, 2, 29)),
        (TIMELINE, date(2026, 12, 1), date(2027, 1, 1)),
        (TIMELINE, date(2026, 2, 1), date(2026, 3, 1)),
    ],
)
def test_a_partition_ends_where_the_next_begins(kind, start, after):
    assert kind.after(start) == after
    assert list(kind.starts(start, after)) == [start, after]


def test_a_month_begins_on_its_first_day():
    assert list(TIMELINE.starts(date(2026, 1, 31), date(2026, 3, 1))) == [
        date(2026, 1, 1),
        date(2026, 2, 1),
        date(2026, 3, 1),
    ]


async def test_a_dump_that_holds_the_tables_stops_nobody(db):
    make.jump(db, days=60)
    today = clock.now().date()
    async with database.transaction() as dump:
        await dump.execute("LOCK TABLE outbox IN ACCESS SHARE MODE")
        making = asyncio.get_running_loop().create_task(partitions.ensure(), context=OUTSIDE)
        assert await making > 0
        assert today not in await partitions._starts(OUTBOX)
        dropping = asyncio.get_running_loop().create_task(partitions.drop_before(OUTBOX, today), context=OUTSIDE)
        assert await dropping == 0
    assert await partitions.ensure() >= 9
    assert await partitions.drop_before(OUTBOX, today) > 0
