"""The HTTP door as a process of its own: it starts, answers, logs, and ends when told without losing a push."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time

import httpx
import pytest

from tests import factories as make
from tests.architecture.sources import ROOT
from tests.pushes import Pushes
from tests.simulator.harness import free_port


@pytest.fixture
async def process(db, tmp_path):
    """The started process, a client of it, and what it has printed so far."""
    await make.welcome("欢迎")
    port, printed = free_port(), tmp_path / "log"
    with printed.open("wb") as out:
        child = subprocess.Popen(  # noqa: ASYNC220 - it must outlive the call
            [sys.executable, "-m", "app.cli", "api", "--port", str(port)],
            cwd=ROOT,
            env=os.environ | {"GUANXI_LOG_LEVEL": "INFO"},
            stdout=out,
            stderr=out,
        )
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        deadline = time.monotonic() + 20
        while True:
            assert child.poll() is None, printed.read_text()
            assert time.monotonic() < deadline, printed.read_text()
            try:
                await client.get("/readyz")
                break
            except httpx.ConnectError:
                await asyncio.sleep(0.05)
        yield child, client, printed.read_text
    child.kill()
    child.wait()


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
