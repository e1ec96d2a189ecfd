"""The HTTP door as a process of its own: it starts, answers, logs, and ends when told without losing a push."""

import asyncio
import json
import signal

import pytest

from tests import factories as make
from tests.doors import serving
from tests.pushes import Pushes


@pytest.fixture
async def process(db, tmp_path):
    """The started process, a client of it, and what it has printed so far."""
    await make.welcome("欢迎")
    printed = tmp_path / "log"
    async with serving(printed) as (child, client):
        yield child, client, printed.read_text


async def test_it_serves_logs_without_secrets_and_ends_with_everything_written(process):
    child, client, printed = process
    assert (await client.get("/readyz")).json() == {"status": "ok"}
    account, staff = await make.account(), await make.admin()
    people = [Pushes(account, make.openid()) for _ in range(30)]
    answers = await asyncio.gather(*(fan.sealed(fan.follow()).send(client) for fan in people))
    for fan, answer in zip(people, answers, strict=True):
        assert fan.opened(answer)["Content"] == "欢迎"
    login = {"username": staff.username, "password": make.PASSWORD}
    token = (await client.post("/staff/v1/login", json=login)).json()["token"]
    await client.get(f"/wechat/{account.app_id}/push?openid={people[0].openid}&signature=x")
    child.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(child.wait, 15) in {0, -signal.SIGTERM}
    assert await make.count("push") == 30
    log = printed()
    for line in log.splitlines():
        assert json.loads(line)["process"] == "api", line
    assert '"route": "/staff/v1/login"' in log
    for secret in (token, make.PASSWORD, people[0].openid, make.TOKEN, make.AES_KEY):
        assert secret not in log
