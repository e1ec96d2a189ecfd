"""Starts, ends, time-outs and what survives: these need a process of their own."""

import asyncio
import signal

import pytest
from aiohttp import web
from click.testing import CliRunner

from simulator.__main__ import main
from tests.simulator.harness import APP_ID, Received, Simulator, running, until

PATIENCE = ("--retry-seconds", "0,0.4,0.8", "--timeout-seconds", "0.3")


async def snapshot(simulator: Simulator, fans: list[str]):
    paths = ["/sim/accounts", "/sim/fans", "/sim/pushes"]
    paths += [f"/sim/{name}?app_id={APP_ID}" for name in ("followers", "welcomes", "stats")]
    paths += [f"/sim/fans/{fan}/phone?app_id={APP_ID}" for fan in fans]
    return [await simulator.ok(path) for path in paths]


async def has_attempts(simulator: Simulator, push_id: str) -> bool:
    return bool((await simulator.push(push_id))["attempts"])


@pytest.mark.prove
async def test_everything_survives_kill_nine(tmp_path, receiver):
    options = ("--state", str(tmp_path / "state"), *PATIENCE)
    receiver.reply("欢迎")
    async with running(tmp_path, *options) as simulator:
        await simulator.account(receiver.url)
        token = await simulator.token()
        code = await simulator.code("wall")
        temporary = await simulator.code("door", seconds=600)
        fans = [await simulator.fan(name) for name in ("顾客01", "顾客02")]
        await simulator.act(fans[0], "scan", ticket=code["ticket"])
        await simulator.act(fans[1], "follow")
        await simulator.act(fans[1], "unfollow")
        before = await snapshot(simulator, fans)
        simulator.process.kill()
        simulator.process.wait()
    async with running(tmp_path, *options) as simulator:
        assert await snapshot(simulator, fans) == before
        assert await simulator.token() == token
        assert await simulator.code("wall") == code
        info = (await simulator.get("/cgi-bin/user/get", access_token=token))[1]
        assert info["count"] == 1
        scan = await simulator.act(fans[0], "scan", url=temporary["url"])
        assert receiver.received[-1].clear["EventKey"] == "door"
        assert scan["push_id"] not in str(before)
        third = await simulator.fan()
        assert third not in fans


async def test_an_unsettled_push_goes_on_after_kill_nine(tmp_path, receiver):
    options = ("--state", str(tmp_path / "state"), *PATIENCE)
    receiver.always("busy", status=500)
    async with running(tmp_path, *options) as simulator:
        await simulator.account(receiver.url)
        fan = await simulator.fan()
        started = await simulator.act(fan, "follow", wait=False)
        await until(lambda: has_attempts(simulator, started["push_id"]))
        simulator.process.kill()
        simulator.process.wait()
    async with running(tmp_path, *options) as simulator:
        await until(lambda: simulator.is_settled(started["push_id"]))
        push = await simulator.push(started["push_id"])
        assert (push["outcome"], len(push["attempts"])) == ("silent", 3)
        assert (await simulator.phone(fan))[-1][0] == "system"
    assert len({received.clear["CreateTime"] for received in receiver.received}) == 1


@pytest.mark.prove
async def test_time_outs_and_a_clean_end(tmp_path, receiver):
    released = asyncio.Event()

    async def hang(_received: Received):
        await released.wait()
        return web.Response(text="success")

    receiver.answer = hang
    async with running(tmp_path, *PATIENCE) as simulator:
        await simulator.account(receiver.url)
        fan = await simulator.fan()
        result = await simulator.act(fan, "follow")
        released.set()
        assert (result["outcome"], result["attempts"]) == ("silent", 3)
        push = await simulator.push(result["push_id"])
        assert [attempt["error"] for attempt in push["attempts"]] == ["timeout"] * 3
        assert (await simulator.phone(fan))[-1][0] == "system"
        simulator.process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(simulator.process.wait, 5) == 0


async def test_the_clock_file(simulator):
    fan = await simulator.fan()

    async def subscribed_at():
        openid = (await simulator.act(fan, "follow"))["openid"]
        info = (await simulator.get("/cgi-bin/user/info", access_token=await simulator.token(), openid=openid))[1]
        await simulator.act(fan, "unfollow")
        return info["subscribe_time"]

    now = await subscribed_at()
    simulator.move_clock(49 * 3600)
    assert 0 <= await subscribed_at() - now - 49 * 3600 < 60
    for damaged in ("not a number", "", "nan", "1e300"):
        simulator.clock_file.write_text(damaged)
        assert 0 <= await subscribed_at() - now - 49 * 3600 < 60
    simulator.move_clock(-3600.5)
    assert 0 <= await subscribed_at() - now + 3601 < 60
    simulator.clock_file.unlink()
    assert 0 <= await subscribed_at() - now < 60


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--port", "0"],
        ["--port", "1", "--retry-seconds", "0,x"],
        ["--port", "1", "--retry-seconds", "5,0"],
        ["--port", "1", "--retry-seconds", "-1,0"],
        ["--port", "1", "--timeout-seconds", "0"],
    ],
)
def test_bad_options_are_refused(options):
    done = CliRunner().invoke(main, options)
    assert done.exit_code == 2
    assert "Error" in done.output


async def test_options_may_come_from_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("SIMULATOR_RETRY_SECONDS", "0,0.05")
    async with running(tmp_path) as simulator:
        await simulator.account("http://127.0.0.1:9/")
        assert (await simulator.act(await simulator.fan(), "follow"))["attempts"] == 2
