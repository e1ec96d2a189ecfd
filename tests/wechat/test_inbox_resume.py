"""A page that follows the protocol (event, then what came after a number) through the death of its server."""

import asyncio
import signal

import httpx
import orjson
import pytest

from tests import factories as make
from tests.doors import serving
from tests.wechat.inbox_world import conversation, follower, id_of, says

INBOX = "/staff/v1/inbox/conversations"


class Page:
    """What a page does: listens, and at each event about the conversation reads what came after its last message."""

    def __init__(self, headers, conversation_id):
        self.headers, self.conversation_id = headers, conversation_id
        self.event, self.numbers = None, []

    async def live(self, http):
        """Until the connection ends."""
        headers = self.headers if self.event is None else self.headers | {"Last-Event-ID": str(self.event)}
        try:
            async with http.stream("GET", "/staff/v1/live", headers=headers, timeout=20) as answer:
                assert answer.status_code == 200
                number, kind = self.event, None
                async for line in answer.aiter_lines():
                    name, _, value = line.partition(": ")
                    if name == "id":
                        number = int(value)
                    elif name == "event":
                        kind = value
                    elif name == "data":
                        await self._take(http, kind, orjson.loads(value))
                        # Only what has been acted upon counts as heard.
                        self.event = number
        except httpx.TransportError:
            return

    async def _take(self, http, kind, data):
        concerns = kind == "chat" and data["conversation_id"] == self.conversation_id
        if concerns or kind in {"hello", "reset"}:
            path = f"{INBOX}/{self.conversation_id}/messages"
            after = self.numbers[-1] if self.numbers else 0
            answer = await http.get(path, params={"after": after, "limit": 200}, headers=self.headers)
            assert answer.status_code == 200
            self.numbers += [one["number"] for one in answer.json()]

    async def until(self, number):
        async with asyncio.timeout(30):
            while not self.numbers or self.numbers[-1] < number:  # noqa: ASYNC110 - it reads for several tests
                await asyncio.sleep(0.01)


@pytest.mark.prove
async def test_after_the_death_of_the_server_nothing_is_missed_and_nothing_comes_twice(db, tmp_path):
    account = await make.account()
    guide = await make.guide()
    fan = await follower(account, guide)
    await says(fan, "第 1 句")
    page = Page(await make.headers(guide), str(await id_of(fan)))
    stop, said = asyncio.Event(), 1

    async def go_on_writing():
        nonlocal said
        while not stop.is_set():
            said += 1
            await says(fan, f"第 {said} 句")
            await asyncio.sleep(0.005)

    writing = None
    for life in range(3):
        async with serving(tmp_path / f"log{life}") as (child, http):
            listening = asyncio.create_task(page.live(http))
            await page.until(1)
            writing = writing or asyncio.create_task(go_on_writing())
            await page.until(page.numbers[-1] + 40)
            if life == 2:
                stop.set()
                await writing
                await page.until(said)
            child.send_signal((signal.SIGKILL, signal.SIGTERM, signal.SIGTERM)[life])
            await listening
            await asyncio.to_thread(child.wait, 20)
        if life < 2:
            # Nobody serves for a while, and the fan goes on writing.
            before = said
            await asyncio.sleep(0.5)
            assert said > before
    assert page.numbers == list(range(1, said + 1))
    assert (await conversation(fan))["last_number"] == said
