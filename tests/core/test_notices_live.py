"""The live stream over HTTP: who may listen, for how long, and what a client can rely on."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from core.notices import streams
from core.notices.rules import NoticeKind
from core.notices.service import NewNotice, notify_many
from core.sessions import service as sessions
from infra import database, live, parameters
from infra.live import LiveEvent, staff_topic
from tests import factories as make
from tests.core.live_world import listening, open_hub
from tests.doors import error_of

KIND = NoticeKind("test.live", title="测试")
_DELIVERED = "SELECT 1 FROM notice WHERE delivered_at IS NOT NULL"


@pytest.fixture(autouse=True)
async def hub(db):
    async with open_hub() as hub:
        yield hub


async def tell(staff, *kinds):
    async with database.transaction() as connection:
        await live.publish(connection, [LiveEvent(staff_topic(staff.id), kind, {}) for kind in kinds])


async def notify(staff, key, **values):
    async with database.transaction() as connection:
        notice = NewNotice(staff_id=staff.id, key=key, kind=KIND.name, title="标题", **values)
        await notify_many(connection, [notice])


async def test_a_stream_says_hello_then_hears_what_happens_to_its_person_only(http):
    one, other = await make.guide(), await make.guide()
    await tell(one, "before")
    async with listening(await make.headers(one)) as listener:
        assert await listener.heard(1) == [("hello", {"number": 1})]
        assert (listener.status, listener.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        assert (listener.headers["cache-control"], "content-length" in listener.headers) == ("no-store", False)
        await tell(other, "not for you")
        await notify(one, "n1", link="/x", urgent=True)
        kind, data = (await listener.heard(2))[1]
        assert (kind, data["title"], data["kind"], data["link"], data["urgent"]) == (
            "notice",
            "标题",
            KIND.name,
            "/x",
            True,
        )
        assert listener.number == 2


async def test_phone_and_pc_both_hear_everything_and_each_resumes_from_its_own_number(http):
    guide = await make.guide()
    phone, pc = await make.headers(guide), await make.headers(guide)
    await tell(guide, "one", "two", "three")
    async with listening(phone | {"Last-Event-ID": 1}) as first, listening(pc, "after=2") as second:
        await tell(guide, "four")
        assert [kind for kind, _ in await first.heard(3)] == ["two", "three", "four"]
        assert [kind for kind, _ in await second.heard(2)] == ["three", "four"]
    async with listening(phone | {"Last-Event-ID": first.number}, "after=0") as again:
        await tell(guide, "five")
        assert [kind for kind, _ in await again.heard(1)] == ["five"]


@pytest.mark.parametrize("number", ["-1", "x", "1.5", "9" * 30])
async def test_what_is_no_number_is_refused(http, number):
    headers = await make.headers(await make.guide())
    assert error_of(await http.get(f"/staff/v1/live?after={number}", headers=headers)) == (422, "invalid_input")
    answer = await http.get("/staff/v1/live", headers=headers | {"Last-Event-ID": number})
    assert error_of(answer) == (422, "invalid_input")


async def test_nobody_listens_without_a_session(http):
    assert error_of(await http.get("/staff/v1/live")) == (401, "unauthenticated")
    async with listening({"Authorization": "Bearer none"}) as listener:
        assert listener.status == 401
    assert streams.hub.listening() == 0


async def test_at77_a_forced_log_out_ends_the_streams_of_that_session_at_once(http):
    guide, other = await make.guide(), await make.guide()
    async with listening(await make.headers(guide)) as gone, listening(await make.headers(other)) as stays:
        await asyncio.gather(gone.heard(1), stays.heard(1))
        await sessions.end_all("staff", guide.id)
        await gone.until(lambda listener: listener.ended)
        assert gone.kinds() == ["hello", "sessions_ended"]
        await tell(other, "x")
        assert [kind for kind, _ in await stays.heard(2)] == ["hello", "x"]
        assert not stays.ended


@pytest.fixture
async def quick_beats(hub):
    await parameters.change("live.heartbeat_seconds", 1, expected_version=0, by="test")
    await hub.close()
    await hub.open()


async def test_a_heartbeat_finds_who_may_no_longer_listen_and_keeps_the_others(http, quick_beats):
    guides = {how: await make.guide() for how in ("stays", "deleted", "disabled", "left")}
    async with AsyncExitStack() as stack:
        listeners = {
            how: await stack.enter_async_context(listening(await make.headers(guide))) for how, guide in guides.items()
        }
        for listener in listeners.values():
            await listener.heard(1)
        await database.execute("DELETE FROM session WHERE principal_id = $1", guides["deleted"].id)
        for how in ("disabled", "left"):
            await database.execute(f"UPDATE staff SET {how}_at = '2026-01-01T00:00:00Z' WHERE id = $1", guides[how].id)
        stays = listeners.pop("stays")
        for listener in listeners.values():
            await listener.until(lambda listener: listener.ended)
            assert listener.kinds() == ["hello", "sessions_ended"]
        await stays.until(lambda listener: listener.beats > 0)
        assert (stays.ended, stays.kinds()) == (False, ["hello"])


async def test_a_heartbeat_finds_that_a_session_has_expired(http, db, quick_beats):
    async with listening(await make.headers(await make.guide())) as listener:
        await listener.heard(1)
        make.jump(db, hours=13)
        await listener.until(lambda listener: listener.ended)
        assert listener.kinds() == ["hello", "sessions_ended"]


async def test_a_reader_who_stops_reading_is_left(http):
    await parameters.change("live.patience_seconds", 1, expected_version=0, by="test")
    guide = await make.guide()
    async with listening(await make.headers(guide)) as listener:
        await listener.heard(1)
        listener.reads.clear()
        await tell(guide, "x")
        async with asyncio.timeout(20):
            while streams.hub.listening():  # noqa: ASYNC110 - what a test waits for has no event
                await asyncio.sleep(0.02)
        assert not listener.ended


async def test_hanging_up_frees_everything(http):
    headers = await make.headers(await make.guide())
    before = len(asyncio.all_tasks())
    for _ in range(20):
        async with listening(headers) as listener:
            await listener.heard(1)
            assert streams.hub.listening() == 1
    assert streams.hub.listening() == 0
    await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) <= before


async def test_a_process_that_ends_sends_its_listeners_away(http, hub):
    headers = await make.headers(await make.guide())
    async with listening(headers) as listener:
        await listener.heard(1)
        hub.end()
        await listener.until(lambda listener: listener.ended)
    answer = await http.get("/staff/v1/live", headers=headers)
    assert answer.text.endswith('event: hello\ndata: {"number": 0}\n\n')


async def test_what_a_stream_handed_out_is_marked_as_delivered(http):
    guide, away = await make.guide(), await make.guide()
    async with listening(await make.headers(guide)) as listener:
        await listener.heard(1)
        for number in range(5):
            await notify(guide, f"n{number}")
        await notify(away, "unseen")
        await listener.heard(6)
        async with asyncio.timeout(20):
            while len(await make.rows(_DELIVERED)) < 5:  # noqa: ASYNC110 - a row
                await asyncio.sleep(0.02)
    marked = await make.rows("SELECT delivered_at, read_at FROM notice WHERE staff_id = $1", guide.id)
    assert all(row["delivered_at"] and not row["read_at"] for row in marked)
    assert (await make.rows("SELECT delivered_at FROM notice WHERE staff_id = $1", away.id)) == [{"delivered_at": None}]
