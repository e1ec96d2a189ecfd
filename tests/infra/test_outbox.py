"""Events: written with their cause, fanned out once, handled once, in order where asked."""

import asyncio
from dataclasses import dataclass
from typing import ClassVar

import asyncpg
import pytest

from infra import clock, database, deliveries, outbox
from infra.events import Delivered, Event, Handler, Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened(Event):
    name: ClassVar[str] = "test.happened.v1"
    who: str
    number: int

    @property
    def key(self) -> str:
        return self.who


@pytest.fixture
async def effects(db):
    """A table that handlers write to; one row per effect."""
    await database.execute("CREATE TABLE IF NOT EXISTS effect (handler text, who text, number int)")
    await database.execute("DELETE FROM effect")
    yield _effects
    await database.execute("DROP TABLE effect")


async def _effects(handler="one"):
    rows = await database.fetch("SELECT who, number FROM effect WHERE handler = $1 ORDER BY ctid", handler)
    return [(row["who"], row["number"]) for row in rows]


async def _write(handler: str, delivered: Delivered[Happened]) -> None:
    await database.execute(
        "INSERT INTO effect VALUES ($1, $2, $3)", handler, delivered.event.who, delivered.event.number
    )


async def _one(delivered):
    await _write("one", delivered)


async def _publish(*events):
    async with database.transaction():
        await outbox.publish(*events)


async def _drain_all(registry, name="one"):
    while await deliveries.drain(registry, name):
        pass


def _registry(**options):
    return Registry([Handler(name="one", events=(Happened,), **({"handle": _one} | options))])


async def test_an_event_without_a_transaction_is_refused(db):
    with pytest.raises(RuntimeError):
        await outbox.publish(Happened(who="a", number=1))


async def test_an_event_shares_the_fate_of_its_transaction(effects):
    registry = _registry()

    async def fail_after_publishing():
        async with database.transaction():
            await outbox.publish(Happened(who="a", number=1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail_after_publishing()
    await _publish(Happened(who="a", number=2))
    assert await outbox.fan_out(registry) == (1, {"one": 1})
    await _drain_all(registry)
    assert await effects() == [("a", 2)]


async def test_fan_out_happens_once_however_many_relays(effects):
    registry = _registry()
    await _publish(*(Happened(who=str(n), number=n) for n in range(300)))
    taken = await asyncio.gather(*(outbox.fan_out(registry, 50) for _ in range(12)))
    while (more := await outbox.fan_out(registry))[0]:
        taken.append(more)
    assert sum(events for events, _ in taken) == 300
    await _drain_all(registry)
    assert sorted(await effects()) == sorted((str(n), n) for n in range(300))


async def test_parallel_drains_handle_each_event_once(effects):
    registry = _registry()
    await _publish(*(Happened(who=str(n % 7), number=n) for n in range(400)))
    await outbox.fan_out(registry)
    await asyncio.gather(*(_drain_all(registry) for _ in range(6)))
    assert sorted(number for _, number in await effects()) == list(range(400))


@pytest.mark.parametrize("many", [False, True])
async def test_ordered_handlers_keep_the_order_of_a_key(effects, many):
    async def handle_many(batch):
        for delivered in batch:
            await _one(delivered)
        await asyncio.sleep(0.002)

    registry = _registry(ordered=True, **({"handle": None, "handle_many": handle_many} if many else {}))
    await _publish(*(Happened(who=str(n % 5), number=n) for n in range(250)))
    await outbox.fan_out(registry)

    async def drain():
        while await deliveries.drain(registry, "one", 20):
            pass

    await asyncio.gather(*(drain() for _ in range(5)))
    await drain()
    done = await effects()
    assert len(done) == 250
    for who in "01234":
        numbers = [number for name, number in done if name == who]
        assert numbers == sorted(numbers)


async def test_a_failing_event_rolls_back_alone_and_is_tried_again_later(effects):
    broken = {3}

    async def handle(delivered):
        await _one(delivered)
        if delivered.event.number in broken:
            raise ValueError("three is bad")

    registry = _registry(handle=handle)
    await _publish(*(Happened(who="a", number=n) for n in range(6)))
    await outbox.fan_out(registry)
    await _drain_all(registry)
    assert [number for _, number in await effects()] == [0, 1, 2, 4, 5]
    row = await database.fetch_one("SELECT attempts, state, error FROM event_delivery WHERE state <> 'done'")
    assert (row["attempts"], row["state"], row["error"]) == (1, "pending", "ValueError: three is bad")
    broken.clear()
    await _make_due()
    await _drain_all(registry)
    assert sorted(number for _, number in await effects()) == list(range(6))


async def test_an_ordered_key_waits_for_its_failing_event_and_others_go_on(effects):
    broken = {0}

    async def handle(delivered):
        if delivered.event.number in broken:
            raise ValueError
        await _one(delivered)

    registry = _registry(handle=handle, ordered=True)
    await _publish(*(Happened(who="ab"[n % 2], number=n) for n in range(6)))
    await outbox.fan_out(registry)
    await _drain_all(registry)
    assert await effects() == [("b", 1), ("b", 3), ("b", 5)]
    broken.clear()
    await _make_due()
    await _drain_all(registry)
    assert (await effects())[3:] == [("a", 0), ("a", 2), ("a", 4)]


async def test_after_its_tries_an_event_is_set_aside_and_an_operator_retries_it(effects):
    broken = {0}

    async def handle(delivered):
        if delivered.event.number in broken:
            raise ValueError("no")
        await _one(delivered)

    registry = _registry(handle=handle, ordered=True, tries=2)
    await _publish(Happened(who="a", number=0), Happened(who="a", number=1))
    await outbox.fan_out(registry)
    for _ in range(2):
        await _drain_all(registry)
        await _make_due()
    await _drain_all(registry)
    assert await effects() == [("a", 1)]
    given_up = await deliveries.failed()
    assert [(d.handler, d.event, d.payload["number"], d.attempts) for d in given_up] == [
        ("one", "test.happened.v1", 0, 2)
    ]
    broken.clear()
    assert await deliveries.retry("one", [given_up[0].event_id]) == 1
    await _drain_all(registry)
    assert await effects() == [("a", 1), ("a", 0)]
    assert await deliveries.failed() == []


async def test_a_broken_batch_of_a_list_handler_falls_back_to_single_events(effects):
    async def handle_many(batch):
        for delivered in batch:
            await _one(delivered)
        if any(delivered.event.number == 2 for delivered in batch):
            raise ValueError

    registry = _registry(handle=None, handle_many=handle_many)
    await _publish(*(Happened(who="a", number=n) for n in range(5)))
    await outbox.fan_out(registry)
    await _drain_all(registry)
    assert [number for _, number in await effects()] == [0, 1, 3, 4]


async def test_an_outage_is_not_a_try(effects):
    async def handle(delivered):
        await _one(delivered)
        async with database.connection() as connection:
            await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    registry = _registry(handle=handle)
    await _publish(Happened(who="a", number=1))
    await outbox.fan_out(registry)
    with pytest.raises(database.Unavailable):
        await deliveries.drain(registry, "one")
    row = await database.fetch_one("SELECT attempts, state FROM event_delivery")
    assert (row["attempts"], row["state"]) == (0, "pending")
    assert await effects() == []


async def test_every_subscriber_gets_every_event(effects):
    async def two(delivered):
        await _write("two", delivered)

    registry = Registry(
        [
            Handler(name="one", events=(Happened,), handle=_one),
            Handler(name="two", events=(Happened,), handle=two),
        ]
    )
    await _publish(Happened(who="a", number=1))
    await outbox.fan_out(registry)
    assert set(await deliveries.due_handlers(registry)) == {"one", "two"}
    await _drain_all(registry)
    assert await deliveries.due_handlers(registry) == ["two"]
    await _drain_all(registry, "two")
    assert await effects("one") == await effects("two") == [("a", 1)]


async def test_the_request_id_crosses_to_the_handler(effects):
    from infra.logging import current_request_id, request_context

    seen = []

    async def handle(delivered):
        seen.append((delivered.request_id, current_request_id()))

    registry = _registry(handle=handle)
    with request_context("the-request"):
        await _publish(Happened(who="a", number=1))
    await outbox.fan_out(registry)
    await _drain_all(registry)
    assert seen == [("the-request", "the-request")]


async def test_the_database_refuses_a_second_delivery_of_an_event(effects):
    await _publish(Happened(who="a", number=1))
    await outbox.fan_out(_registry())
    with pytest.raises(asyncpg.UniqueViolationError):
        await database.execute(
            """INSERT INTO event_delivery (handler, event_id, event_at, key, ordered, next_at)
            SELECT handler, event_id, event_at, key, ordered, next_at FROM event_delivery"""
        )


async def _make_due():
    await database.execute("UPDATE event_delivery SET next_at = $1 WHERE state = 'pending'", clock.now())
