"""Listeners of live streams: nothing missed, nothing twice, whatever Redis does; slow and finished ones go."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from infra import clock, database, live, live_hub, parameters, partitions, redis
from infra.live import LiveEvent
from infra.live_hub import Hub
from infra.settings import settings
from tests import factories as make


class Sessions:
    """Who may listen, in the place of sessions."""

    def __init__(self):
        self.gone, self.asked = set(), 0

    async def still_there(self, holders):
        self.asked += 1
        return set(holders) - self.gone


@pytest.fixture
def sessions():
    return Sessions()


@asynccontextmanager
async def opened(sessions):
    hub = Hub(sessions.still_there)
    await hub.open()
    try:
        yield hub
    finally:
        await hub.close()


@pytest.fixture
async def hub(db, sessions):
    async with opened(sessions) as hub:
        yield hub


async def tell(*kinds, topic="a", payload=None):
    async with database.transaction() as connection:
        await live.publish(connection, [LiveEvent(topic, kind, payload or {}) for kind in kinds])


_taken = {}  # by stream: what has come and nobody asked for yet


async def heard(stream, count):
    """The next so many messages as (number, kind)."""
    found = _taken.setdefault(stream, [])
    async with asyncio.timeout(20):
        while len(found) < count:
            found += [(m.number, m.kind) for m in await stream.take()]
    _taken[stream] = found[count:]
    return found[:count]


async def until_subscribed():
    while await redis.client().pubsub_numsub(live.CHANNEL) != [(b"live", 1)]:  # noqa: ASYNC110 - Redis' state
        await asyncio.sleep(0.01)


async def begun(stream):
    return (await heard(stream, 1))[0]


async def test_a_new_stream_begins_with_the_present_number_and_hears_what_follows(hub):
    await tell("before")
    async with hub.listen("a", "s", None) as stream:
        assert await begun(stream) == (1, "hello")
        await tell("x", "y")
        await tell("elsewhere", topic="b")
        await tell("z")
        assert await heard(stream, 3) == [(2, "x"), (3, "y"), (4, "z")]


async def test_a_message_is_a_server_sent_event_in_one_piece(hub):
    async with hub.listen("a", "s", 0) as stream:
        await begun(stream)
        await tell("x", payload={"text": "第一行\n第二行"})
        (message,) = await stream.take()
        assert message.encoded.decode() == 'id: 1\nevent: x\ndata: {"text": "第一行\\n第二行"}\n\n'


async def test_a_stream_resumes_after_its_number_and_repeats_nothing(hub):
    await tell("one", "two", "three")
    async with hub.listen("a", "s", 1) as stream:
        assert await begun(stream) == (1, "")
        assert await heard(stream, 2) == [(2, "two"), (3, "three")]
        await tell("four")
        assert await heard(stream, 1) == [(4, "four")]


async def test_all_streams_of_a_topic_get_everything_each_from_its_own_place(hub):
    await tell("one", "two")
    async with (
        hub.listen("a", "phone", 0) as phone,
        hub.listen("a", "pc", None) as pc,
        hub.listen("b", "other", None) as other,
    ):
        await tell("three")
        assert (await begun(phone), await begun(pc)) == ((0, ""), (2, "hello"))
        assert await heard(phone, 3) == [(1, "one"), (2, "two"), (3, "three")]
        assert await heard(pc, 1) == [(3, "three")]
        assert await begun(other) == (0, "hello")
        await tell("here", topic="b")
        assert await heard(other, 1) == [(1, "here")]


async def test_what_is_no_longer_kept_is_told_as_reset(db, hub):
    day = timedelta(days=1)
    make.jump_to(db, clock.now() - 3 * day)
    await tell("old", "old")
    make.jump(db)
    await tell("new")
    await partitions.ensure()
    await database.execute("DELETE FROM live_event WHERE kind = 'old'")
    for number, expected in ((0, (3, "reset")), (1, (3, "reset"))):
        async with hub.listen("a", "s", number) as stream:
            assert (await heard(stream, 2))[1] == expected
            await tell("next")
            assert (await heard(stream, 1))[0][1] == "next"
            await database.execute("DELETE FROM live_event WHERE kind = 'next'")
            await database.execute("UPDATE live_topic SET last_seq = 3")
    await database.execute("DELETE FROM live_event")
    async with hub.listen("a", "s", 2) as stream:
        assert await heard(stream, 2) == [(2, ""), (3, "reset")]


@pytest.mark.parametrize("number", [12, 2**63 - 1])
async def test_a_number_from_another_life_of_the_database_is_reset(hub, number):
    await tell("one")
    async with hub.listen("a", "s", number) as stream:
        assert await begun(stream) == (1, "reset")
        await tell("two")
        assert await heard(stream, 1) == [(2, "two")]


async def test_who_is_too_far_behind_is_reset(hub):
    await parameters.change("live.most_behind", 10, expected_version=0, by="test")
    await tell(*["x"] * 11)
    async with hub.listen("a", "s", 0) as far, hub.listen("a", "s", 1) as near:
        assert await begun(far) == (11, "reset")
        assert len(await heard(near, 11)) == 11


async def test_many_events_at_once_arrive_in_order_in_pieces(hub):
    await parameters.change("live.most_behind", 10, expected_version=0, by="test")
    async with hub.listen("a", "s", None) as stream:
        await begun(stream)
        await tell(*["x"] * 95)
        assert [number for number, _ in await heard(stream, 95)] == list(range(1, 96))


async def test_who_does_not_read_is_cut_off_and_may_resume(hub):
    await parameters.change("live.most_behind", 10, expected_version=0, by="test")
    async with hub.listen("a", "s", None) as slow, hub.listen("a", "s", None) as quick:
        await begun(quick)
        for _ in range(3):
            await tell(*["x"] * 6)
            await heard(quick, 6)
        assert slow.is_over
        assert await slow.take() == []
        async with hub.listen("a", "s", 8) as again:
            assert len(await heard(again, 11)) == 11


async def test_a_wake_up_that_redis_lost_is_made_good(db, sessions, fresh_settings):
    await redis.disconnect()
    fresh_settings.setenv("GUANXI_REDIS_URL", "redis://127.0.0.1:1/0")
    settings.cache_clear()
    try:
        await parameters.change("live.poll_seconds", 1, expected_version=0, by="test")
        async with opened(sessions) as hub, hub.listen("a", "s", None) as stream:
            await tell("unheard")
            assert (await heard(stream, 2))[1] == (1, "unheard")
    finally:
        await redis.disconnect()


async def test_the_subscription_comes_back_after_redis_dropped_it_and_brings_what_came_meanwhile(hub):
    await parameters.change("live.poll_seconds", 60, expected_version=0, by="test")
    await hub.close()
    await hub.open()
    async with hub.listen("a", "s", None) as stream:
        await begun(stream)
        await until_subscribed()
        # As if it had been told while nobody was subscribed: written, and no wake-up.
        async with database.transaction() as connection:
            await connection.execute("INSERT INTO live_topic (topic, last_seq) VALUES ('a', 1)")
            await connection.execute("INSERT INTO live_event VALUES ('a', 1, 'while away', '{}', $1)", clock.now())
        await redis.client().client_kill_filter(_type="pubsub")
        assert await heard(stream, 1) == [(1, "while away")]
        await tell("back")
        assert await heard(stream, 1) == [(2, "back")]


async def test_an_outage_of_the_database_is_survived(hub, monkeypatch):
    await parameters.change("live.poll_seconds", 1, expected_version=0, by="test")
    fetch, failures = database.fetch, 0

    async def failing(sql, *values):
        nonlocal failures
        if sql == live_hub._READ and failures < 2:
            failures += 1
            raise ConnectionError
        return await fetch(sql, *values)

    async with hub.listen("a", "s", None) as stream:
        await begun(stream)
        monkeypatch.setattr(database, "fetch", failing)
        await tell("x")
        assert await heard(stream, 1) == [(1, "x")]
    assert failures == 2


async def test_a_stream_ends_with_its_session_and_says_why(hub, sessions):
    async with hub.listen("a", "phone", None) as phone, hub.listen("a", "pc", None) as pc:
        assert [(await begun(stream))[1] for stream in (phone, pc)] == ["hello", "hello"]
        sessions.gone.add("phone")
        await tell("x", live.SESSIONS_ENDED, "y")
        # Nothing that waited is handed out, and the place stays what it was.
        assert await heard(phone, 1) == [(None, "sessions_ended")]
        assert await phone.take() == []
        assert [kind for _, kind in await heard(pc, 3)] == ["x", "sessions_ended", "y"]


async def test_heartbeats_find_sessions_that_are_over(hub, sessions):
    await parameters.change("live.heartbeat_seconds", 1, expected_version=0, by="test")
    await hub.close()
    await hub.open()
    async with hub.listen("a", "over", None) as over, hub.listen("b", "in force", None) as on:
        sessions.gone.add("over")
        assert (await heard(over, 2))[1] == (None, "sessions_ended")
        assert await over.take() == []
        assert (await heard(on, 2))[1] == (None, "")
    assert sessions.asked == 1


async def test_the_end_of_the_process_ends_streams_after_what_they_have(hub):
    async with hub.listen("a", "s", None) as stream:
        hub.end()
        assert await begun(stream) == (0, "hello")
        assert await stream.take() == []
        async with hub.listen("a", "s", None) as late:
            assert await begun(late) == (0, "hello")
            assert await late.take() == []


async def test_streams_leave_nothing_behind(hub):
    async with hub.listen("a", "one", None), hub.listen("a", "two", 0):
        assert hub.listening() == 2
    with pytest.raises(ZeroDivisionError):
        await _listen_and_fail(hub)
    assert hub.listening() == 0
    assert not hub._streams


async def _listen_and_fail(hub):
    async with hub.listen("a", "s", None):
        raise ZeroDivisionError


async def test_one_read_serves_all_woken_topics(hub, monkeypatch):
    fetch, reads = database.fetch, []

    async def counted(sql, *values):
        if sql == live_hub._READ:
            reads.append(len(values[0]))
        return await fetch(sql, *values)

    monkeypatch.setattr(database, "fetch", counted)
    topics = [f"t{number}" for number in range(50)]
    streams = [hub.listen(topic, topic, None) for topic in topics]
    entered = [await stream.__aenter__() for stream in streams]
    for stream in entered:
        await begun(stream)
    await asyncio.sleep(0)
    reads.clear()
    async with database.transaction() as connection:
        await live.publish(connection, [LiveEvent(topic, "x", {}) for topic in topics])
    for stream in entered:
        assert await heard(stream, 1) == [(1, "x")]
    for stream in streams:
        await stream.__aexit__(None, None, None)
    assert 50 in reads
    assert len(reads) <= 3
