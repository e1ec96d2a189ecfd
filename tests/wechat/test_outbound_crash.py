"""Workers are killed while they send: every phone rings once, and nothing is left undecided."""

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
from tests.wechat import window_world as world
from tests.wechat.colleague_world import SEND, phone, seen, sends, tell, template

pytestmark = pytest.mark.prove

_PHONES, _KILLS = 120, 3
_LEASE = 61


def _child(name, *arguments):
    return Child(name=name, argv=(sys.executable, "-m", *arguments), env=dict(os.environ), cwd=ROOT)


async def _sent():
    return (await database.fetch_one("SELECT count(*) AS n FROM outbound_message WHERE state = 'sent'"))["n"]


async def _until_sent(count):
    deadline = time.monotonic() + 180
    while await _sent() < count:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


def _kill(supervisor):
    parent = psutil.Process(int(Path(supervisor.pid_files()["worker"]).read_text()))
    for process in [*parent.children(recursive=True), parent]:
        process.kill()


async def _settled():
    [row] = await database.fetch("SELECT count(*) AS n FROM outbound_message WHERE state IN ('sent', 'unknown')")
    return row["n"]


async def test_workers_killed_in_the_middle_say_nothing_twice(platform, account, db, tmp_path):
    """Killed between claim and call, or between call and commit: sent at most once, and what nobody knows is listed."""
    fans = [await world.talker(platform, account) for _ in range(40)]
    for fan in fans:
        for words in ("一", "二", "三"):
            await world.say(fan, words)
    await platform.fault(account.app_id, world.SEND, "latency", latency_ms=400)
    await database.execute(
        """INSERT INTO parameter_version (name, version, value, changed_by, changed_at)
        VALUES ('wechat.outbound_at_once', 1, '10', 'test', '2026-01-01T00:00:00Z')"""
    )
    supervisor = Supervisor(tmp_path, print)
    queues = ("--queues", "critical,default,bulk,media", "--concurrency", "2")
    try:
        await supervisor.start([[_child("worker", "app.cli", "worker", *queues), _child("beat", "app.cli", "beat")]])
        deadline, total = time.monotonic() + 180, 3 * len(fans)
        for number in range(1, _KILLS + 1):
            while await _settled() < number * total // (_KILLS + 2):
                assert time.monotonic() < deadline
                await asyncio.sleep(0.02)
            await asyncio.sleep(0.2)
            _kill(supervisor)
            make.jump(db, seconds=number * _LEASE)
        while await _settled() < total:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)
    finally:
        await supervisor.stop()
    unknown = await make.rows("SELECT digest FROM outbound_message WHERE state = 'unknown'")
    assert unknown, "no kill met a call under way"
    missing = 0
    for fan in fans:
        shown = await world.shown(platform, fan)
        assert shown == sorted(set(shown), key=["一", "二", "三"].index), "twice, or out of order"
        missing += 3 - len(shown)
    print(f"{len(unknown)} of {total} unknown after {_KILLS} kills, {missing} of them never sent")
    assert missing <= len(unknown)
    assert await world.tried_outside(platform, account) == 0


async def test_workers_killed_in_the_middle_ring_every_phone_once(platform, account, db, tmp_path):
    await template(platform, account)
    phones = [await phone(platform, account) for _ in range(_PHONES)]
    # The platform takes its time, so that a kill meets calls under way; half of the answers are late by then.
    await platform.fault(account.app_id, SEND, "latency", latency_ms=400)
    await database.execute(
        """INSERT INTO parameter_version (name, version, value, changed_by, changed_at)
        VALUES ('wechat.outbound_at_once', 1, '10', 'test', '2026-01-01T00:00:00Z')"""
    )
    await tell(*phones)
    supervisor = Supervisor(tmp_path, print)
    queues = ("--queues", "critical,default,bulk,media", "--concurrency", "2")
    try:
        await supervisor.start([[_child("worker", "app.cli", "worker", *queues), _child("beat", "app.cli", "beat")]])
        for number in range(1, _KILLS + 1):
            await _until_sent(number * _PHONES // (_KILLS + 2))
            await asyncio.sleep(0.2)
            _kill(supervisor)
            make.jump(db, seconds=number * _LEASE)
        await _until_sent(_PHONES)
    finally:
        await supervisor.stop()
    calls, shown = await sends(platform, account)
    print(f"{calls} calls for {_PHONES} messages, {_KILLS} kills")
    assert shown == _PHONES
    assert calls > _PHONES, "no kill met a call under way"
    assert {len(await seen(platform, account, each)) for each in phones} == {1}
