"""Workers are killed while they publish: the menu is there in the end, once, and at no moment is there none."""

import asyncio
import os
import sys
import time
from pathlib import Path

import psutil
import pytest

from app.launcher.supervisor import Child, Supervisor
from infra import database
from tests import factories as make
from tests.architecture.sources import ROOT
from tests.wechat import fan_world as world
from tests.wechat.menu_world import ANDROID, IOS, POINTS, SHOP, Menus, label, marketer, named, personal

pytestmark = pytest.mark.prove

_PERSONAL, _KILLS = 6, 3
_LEASE = 61


def _child(name, *arguments):
    return Child(name=name, argv=(sys.executable, "-m", *arguments), env=dict(os.environ), cwd=ROOT)


async def _state(menu_id):
    return (await database.fetch_one("SELECT state FROM menu_edition WHERE id = $1::uuid", menu_id))["state"]


async def _until(condition, seconds=120):
    deadline = time.monotonic() + seconds
    while not await condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


def _kill(supervisor):
    parent = psutil.Process(int(Path(supervisor.pid_files()["worker"]).read_text()))
    for process in [*parent.children(recursive=True), parent]:
        process.kill()


async def test_workers_killed_in_the_middle_leave_one_whole_menu(http, platform, db, tmp_path):
    account = await world.connected(platform)
    await world.imported(account)
    menus = Menus(http, platform, account, await marketer())
    await menus.publish(POINTS, personal=[personal(SHOP, **IOS), personal(POINTS, **ANDROID)])
    token = await platform.token(account.app_id, account.secret)
    made = []
    for number in range(_PERSONAL):
        body = {"tag": {"name": f"标签{number}"}}
        tag = (await platform.post("/cgi-bin/tags/create", body, access_token=token))[1]["tag"]["id"]
        made.append(await label(account, tag, f"标签{number}"))
    # The platform takes its time, so that a kill meets a call under way, whose effect comes all the same.
    await menus.fault("*", "latency", latency_ms=250)
    menus_for = [personal(named(f"贵宾{number}"), label_id=one) for number, one in enumerate(made)]
    menu_id = await menus.submit(SHOP, personal=menus_for)

    seen = set()

    async def watch():
        while True:
            seen.add(tuple(await menus.on_phones()))
            await asyncio.sleep(0.02)

    async def called(count):
        return await menus.calls("addconditional") + await menus.calls("create") >= count

    watcher = asyncio.create_task(watch())
    supervisor = Supervisor(tmp_path, print)
    queues = ("--queues", "critical,default,bulk,media", "--concurrency", "2")
    try:
        await supervisor.start([[_child("worker", "app.cli", "worker", *queues), _child("beat", "app.cli", "beat")]])
        for number in range(1, _KILLS + 1):
            await _until(lambda wanted=3 + 2 * number: called(wanted))
            _kill(supervisor)
            make.jump(db, seconds=number * _LEASE)

        async def is_live():
            return await _state(menu_id) == "live"

        await _until(is_live)
    finally:
        watcher.cancel()
        await supervisor.stop()
    print(f"{await menus.calls('addconditional')} personal menus put there for {_PERSONAL}, {_KILLS} kills")
    assert seen == {("积分",), ("官网",)}
    assert [titles for _, titles in await menus.there()] == [[f"贵宾{number}"] for number in reversed(range(_PERSONAL))]
    menus.headers = await marketer()
    assert (await menus.live())["ours"] == menu_id
