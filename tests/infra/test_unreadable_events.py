"""One bad event, one odd error, one slow handler: none of them stops its handler for the others."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

import pytest

from infra import clock, database, deliveries, outbox
from infra.batch import GroupCommit
from infra.events import Event, Handler, Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Told(Event):
    name: ClassVar[str] = "test.told.v1"
    number: int

    @property
    def key(self) -> str:
        return str(self.number)


async def _published(count):
    async with database.transaction():
        await outbox.publish(*(Told(number=number) for number in range(count)))


async def _states():
    rows = await database.fetch("SELECT state, attempts, error FROM event_delivery ORDER BY event_id")
    return [tuple(row) for row in rows]


def _registry(handle, **options):
    return Registry([Handler(name="one", events=(Told,), handle=handle, **options)])


@pytest.mark.parametrize(
    "spoil",
    [
        """UPDATE outbox SET payload = '{"other": 1}' WHERE payload @> '{"number": 1}'""",
        "UPDATE outbox SET name = 'test.of_a_newer_version.v1' WHERE payload @> '{\"number\": 1}'",
        "DELETE FROM outbox WHERE payload @> '{\"number\": 1}'",
    ],
)
async def test_an_event_that_cannot_be_read_counts_a_try_and_lets_the_others_pass(db, spoil):
    handled = []

    async def handle(delivered):
        handled.append(delivered.event.number)

    registry = _registry(handle)
    await _published(3)
    await outbox.fan_out(registry)
    await database.execute(spoil)
    assert await deliveries.drain(registry, "one") == 3
    assert handled == [0, 2]
    states = await _states()
    assert [(state, attempts) for state, attempts, _ in states] == [("done", 1), ("pending", 1), ("done", 1)]
    assert states[1][2]


@pytest.mark.parametrize("words", ["a\x00b", "half a pair \ud83d"])
async def test_an_error_in_words_that_postgresql_cannot_hold_is_still_written_down(db, words):
    async def handle(_):
        raise ValueError(words)

    registry = _registry(handle)
    await _published(1)
    await outbox.fan_out(registry)
    await deliveries.drain(registry, "one")
    assert [(state, attempts) for state, attempts, _ in await _states()] == [("pending", 1)]


async def test_a_handler_that_misuses_the_driver_fails_and_is_no_outage(db):
    async def handle(_):
        await database.execute("SELECT $1::int", 1, 2)

    registry = _registry(handle)
    await _published(1)
    await outbox.fan_out(registry)
    await deliveries.drain(registry, "one")
    assert [(state, attempts) for state, attempts, _ in await _states()] == [("pending", 1)]


async def test_a_slow_batch_commits_what_it_has(db, monkeypatch):
    monkeypatch.setattr(deliveries, "_BATCH_SECONDS", 0.05)

    async def handle(_):
        await asyncio.sleep(0.03)

    registry = _registry(handle)
    await _published(10)
    await outbox.fan_out(registry)
    await deliveries.drain(registry, "one")
    done = [state for state, _, _ in await _states()].count("done")
    assert 1 <= done <= 4


async def test_an_event_that_hangs_is_cut_off_and_the_others_are_handled(db, monkeypatch):
    monkeypatch.setattr(deliveries, "_BATCH_LIMIT", 0.1)
    monkeypatch.setattr(deliveries, "_EVENT_LIMIT", 0.1)

    async def handle(delivered):
        if delivered.event.number == 1:
            await asyncio.sleep(3600)

    registry = _registry(handle)
    await _published(3)
    await outbox.fan_out(registry)
    await deliveries.drain(registry, "one")
    states = await _states()
    assert [(state, attempts) for state, attempts, _ in states] == [("done", 1), ("pending", 1), ("done", 1)]
    assert "TimeoutError" in states[1][2]


async def test_days_with_failed_or_waiting_events_are_kept(db):
    now = clock.now()
    day = now.date()
    registry = _registry(lambda _: None)
    assert await deliveries.droppable_before(day, failed_day=day) == day
    await database.execute(
        """INSERT INTO event_delivery (handler, event_id, event_at, key, ordered, next_at, state)
        VALUES ('one', 1, $1::timestamptz - interval '5 days', 'k', false, $1, 'failed'),
               ('gone', 2, $1 - interval '9 days', 'k', false, $1, 'pending')""",
        now,
    )
    days = [(now - timedelta(days=n)).date() for n in (5, 9)]
    assert await deliveries.droppable_before(day, failed_day=days[1], handlers=registry.handlers) == days[0]
    assert await deliveries.droppable_before(day, failed_day=day, handlers=registry.handlers) == day
    assert await deliveries.droppable_before(day, failed_day=day) == days[1]


async def test_a_group_commit_is_refused_inside_a_transaction(db):
    async def write(_connection, rows):
        return rows

    door = GroupCommit("test", write, key=str)

    async def submit_inside():
        async with database.transaction():
            await door.submit(1)

    with pytest.raises(RuntimeError):
        await submit_inside()
