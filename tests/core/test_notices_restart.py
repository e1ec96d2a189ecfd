"""Listeners of real API processes: one is killed, the next is told to stop; nothing is missed or repeated."""

import asyncio
import signal

import httpx
import pytest

from infra import database, live
from infra.live import LiveEvent, staff_topic
from tests import factories as make
from tests.doors import serving


class Client:
    """Reads a stream as a browser does: it remembers the last number, whatever happens to the connection."""

    def __init__(self, headers):
        self.headers, self.number, self.events, self.retry = headers, None, [], None

    async def listen(self, http):
        """Until the connection ends; True when it ended as it should."""
        headers = self.headers if self.number is None else self.headers | {"Last-Event-ID": str(self.number)}
        try:
            async with http.stream("GET", "/staff/v1/live", headers=headers, timeout=20) as answer:
                assert answer.status_code == 200
                kind = None
                async for line in answer.aiter_lines():
                    name, _, value = line.partition(": ")
                    if name == "id":
                        self.number = int(value)
                    elif name == "event":
                        kind = value
                    elif name == "data":
                        self.events.append((self.number, kind))
                    elif name == "retry":
                        self.retry = int(value)
        except httpx.TransportError:
            return False
        return True

    async def begun(self):
        await self._until(lambda: self.events)

    async def until(self, number):
        await self._until(lambda: self.number >= number)

    async def _until(self, so):
        async with asyncio.timeout(30):
            while not so():  # noqa: ASYNC110 - it reads for several tests
                await asyncio.sleep(0.01)


async def publish(topics, kind):
    async with database.transaction() as connection:
        await live.publish(connection, [LiveEvent(topic, kind, {}) for topic in topics])


def _ended_well(printed):
    """Whether a server that was told to stop did so without waiting for its listeners."""
    log = printed.read_text()
    return '"route": "/staff/v1/live"' in log and "graceful" not in log and "Traceback" not in log


async def test_who_listened_to_a_killed_server_goes_on_at_the_next_until_that_sends_them_away(db, tmp_path):
    people = [await make.guide() for _ in range(3)]
    topics = [staff_topic(person.id) for person in people]
    clients = [Client(await make.headers(person)) for person in people]
    stop, published = asyncio.Event(), 0

    async def keep_publishing():
        nonlocal published
        while not stop.is_set():
            await publish(topics, f"e{published}")
            published += 1
            await asyncio.sleep(0.01)

    publishing = None
    for life in range(2):
        async with serving(tmp_path / f"log{life}") as (child, http):
            listening = [asyncio.create_task(client.listen(http)) for client in clients]
            if publishing is None:
                for client in clients:
                    await client.begun()
                publishing = asyncio.create_task(keep_publishing())
            for client in clients:
                await client.begun()
                await client.until(client.number + 30)
            if life == 1:
                stop.set()
                await publishing
                for client in clients:
                    await client.until(published)
            child.send_signal((signal.SIGKILL, signal.SIGTERM)[life])
            assert await asyncio.gather(*listening) == [life == 1] * 3
            await asyncio.to_thread(child.wait, 20)
    assert _ended_well(tmp_path / "log1")
    assert all(1_000 <= client.retry <= 3_000 for client in clients)
    expected = [(0, "hello"), *((number + 1, f"e{number}") for number in range(published))]
    for client in clients:
        assert client.events == expected


@pytest.mark.prove
async def test_a_server_that_is_interrupted_sends_its_listeners_away_too(db, tmp_path):
    clients = [Client(await make.headers(await make.guide())) for _ in range(3)]
    async with serving(tmp_path / "log") as (child, http):
        listening = [asyncio.create_task(client.listen(http)) for client in clients]
        for client in clients:
            await client.begun()
        child.send_signal(signal.SIGINT)
        assert await asyncio.gather(*listening) == [True] * 3
        await asyncio.to_thread(child.wait, 20)
    assert _ended_well(tmp_path / "log")
