"""Events of live streams: numbered without gaps, in the order of their commits, and told after them."""

import asyncio

import orjson
import pytest

from infra import database, live, redis
from infra.live import LiveEvent
from tests import factories as make
from tests.simulator.harness import until


async def _publish(*events):
    async with database.transaction() as connection:
        await live.publish(connection, events)


async def _events(topic="a"):
    rows = await make.rows("SELECT seq, kind, payload FROM live_event WHERE topic = $1 ORDER BY seq", topic)
    return [(row["seq"], row["kind"], orjson.loads(row["payload"])) for row in rows]


async def test_numbers_of_a_topic_have_no_gaps_and_keep_the_order_of_events(db):
    await _publish(LiveEvent("a", "x", {"n": 1}), LiveEvent("b", "x", {}), LiveEvent("a", "y", {"n": 2}))
    await _publish(LiveEvent("a", "z", {"n": 3}))
    assert await _events() == [(1, "x", {"n": 1}), (2, "y", {"n": 2}), (3, "z", {"n": 3})]
    assert await make.rows("SELECT topic, last_seq FROM live_topic ORDER BY topic") == [
        {"topic": "a", "last_seq": 3},
        {"topic": "b", "last_seq": 1},
    ]


async def test_nothing_is_told_of_what_is_rolled_back(db):
    with pytest.raises(ZeroDivisionError):
        await _publish_and_fail(LiveEvent("a", "lost", {}))
    async with database.transaction() as connection:
        await live.publish(connection, [LiveEvent("a", "first", {})])
        with pytest.raises(ZeroDivisionError):
            await _publish_and_fail(LiveEvent("a", "lost", {}), LiveEvent("b", "lost", {}))
        await live.publish(connection, [LiveEvent("a", "second", {})])
    assert [(number, kind) for number, kind, _ in await _events()] == [(1, "first"), (2, "second")]
    assert await _events("b") == []


async def _publish_and_fail(*events):
    async with database.transaction() as connection:
        await live.publish(connection, events)
        raise ZeroDivisionError


async def test_outside_a_transaction_there_is_no_cause_to_tell_of(db):
    with pytest.raises(RuntimeError):
        async with database.connection() as connection:
            await live.publish(connection, [LiveEvent("a", "x", {})])


async def test_transactions_that_tell_the_same_people_in_any_order_never_wait_for_each_other_in_a_circle(db):
    async def one(number):
        topics = ["a", "b", "c"] if number % 2 else ["c", "b", "a"]
        async with database.transaction() as connection:
            for topic in topics:
                await live.publish(connection, [LiveEvent(topic, "x", {"by": number})])
                await asyncio.sleep(0)

    await asyncio.gather(*(one(number) for number in range(40)))
    for topic in ("a", "b", "c"):
        assert [number for number, _, _ in await _events(topic)] == list(range(1, 41))


async def test_a_later_number_is_never_seen_before_an_earlier_one(db):
    """Whoever numbers second waits for the commit of the first, so no reader can step over what is not yet seen."""
    second, numbered, go_on = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow():
        async with database.transaction() as connection:
            await live._write(connection, [LiveEvent("a", "slow", {})])
            numbered.set()
            await go_on.wait()

    async def quick():
        await numbered.wait()
        second.set()
        await _publish(LiveEvent("a", "quick", {}))

    slow_one, quick_one = asyncio.create_task(slow()), asyncio.create_task(quick())
    await second.wait()
    await until(make.somebody_waits)
    assert not quick_one.done()
    assert await _events() == []
    go_on.set()
    await asyncio.gather(slow_one, quick_one)
    assert [(number, kind) for number, kind, _ in await _events()] == [(1, "slow"), (2, "quick")]


async def test_a_reader_beside_many_writers_never_sees_a_gap(db):
    done = False

    async def read():
        seen = 0
        while not done:
            numbers = [row["seq"] for row in await make.rows("SELECT seq FROM live_event WHERE seq > $1", seen)]
            assert sorted(numbers) == list(range(seen + 1, seen + 1 + len(numbers)))
            seen += len(numbers)
        return seen

    reader = asyncio.create_task(read())
    await asyncio.gather(*(_publish(LiveEvent("a", "x", {}), LiveEvent("a", "y", {})) for _ in range(100)))
    done = True
    assert await reader > 0
    assert len(await _events()) == 200


async def test_many_topics_take_two_statements_and_wake_in_chunks(db):
    topics = [f"staff:{number}" for number in range(2_500)]
    async with redis.client().pubsub(ignore_subscribe_messages=True) as channel:
        await channel.subscribe(live.CHANNEL)
        await channel.get_message(timeout=1)
        async with database.transaction() as connection:
            statements = []
            connection.add_query_logger(lambda record: statements.append(record.query))
            try:
                await live.publish(connection, [LiveEvent(topic, "x", {}) for topic in topics])
                await live.publish(connection, [LiveEvent(topic, "y", {}) for topic in topics])
                assert statements == []
                gathered = database._ending.get()
                await gathered.write_gathered(connection)
                gathered.gathered.clear()
            finally:
                connection._con._query_loggers.clear()
        assert len(statements) == 2
        woken = [orjson.loads((await channel.get_message(timeout=20))["data"]) for _ in range(3)]
    assert [len(chunk) for chunk in woken] == [1_000, 1_000, 500]
    assert sorted(topic for chunk in woken for topic in chunk) == sorted(topics)
    assert await make.count("live_event") == 5_000
