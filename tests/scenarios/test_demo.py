"""`make demo` from the outside: the story, the five equal numbers, and what staff see."""

import asyncio
import os
import re
import stat
import tempfile
from pathlib import Path

import orjson

from tests.scenarios.outside import ROOT, start_demo


async def test_the_story_counts_what_happened(demo):
    outside, home, _ = demo
    told = (home / "output").read_text()
    assert "1 种回复、5 份各自加密的密文" in told
    followers, customers, first_touches, replies, welcomes = await outside.five_numbers()
    assert (customers, first_touches, replies, welcomes) == (51, 51, 51, 51)
    assert followers == 50, "one of fifty-one left again"


async def test_a_fan_is_welcomed_by_the_guide_whose_code_was_scanned_and_counted_there(demo):
    outside, _, _ = demo
    code = next(code for code in outside.facts["codes"] if code["kind"] == "guide" and code["target"] == "导购03")
    guide = await outside.log_in("guide03")
    _, before = await outside.call("my_numbers", headers=guide)
    [fan] = await outside.new_fans(1)
    status, answer = await outside.call("scan", fan_id=fan, body={"ticket": code["ticket"]})
    assert (status, answer["outcome"]) == (200, "replied")
    _, phone = await outside.call("what_a_fan_saw", fan_id=fan)
    assert phone[-1]["text"] == "您好，我是南京路店的导购03，很高兴为您服务。"

    async def counted():
        _, after = await outside.call("my_numbers", headers=guide)
        return after["day"]["gross"] == before["day"]["gross"] + 1 and after["following"] == before["following"] + 1

    await _until(counted)
    _, fans = await outside.call("my_fans", headers=guide)
    assert fans["items"][0]["following"]


async def test_a_task_reaches_the_reps_locked_phone_and_its_counts_are_exact(demo):
    outside, home, _ = demo
    assert re.search(r"外勤锁屏的手机收到微信提醒\n  外勤查看并完成：已读 1/1，完成 1/1", (home / "output").read_text())
    rep, boss = await outside.log_in("rep01"), await outside.log_in("admin")
    status, _ = await outside.call("send_task", headers=rep, body={"title": "越权"})
    assert status == 403
    status, task = await outside.call("send_task", headers=boss, body={"title": "全员盘点"})
    assert (status, task["counts"]["total"], task["counts"]["read"]) == (201, 10, 0)

    async def noticed():
        _, notices = await outside.call("my_notices", headers=rep)
        return any("全员盘点" in notice["title"] + notice["body"] for notice in notices["items"])

    await _until(noticed)


async def test_documentation_needs_no_internet(demo):
    outside, _, _ = demo
    for page in ("/docs", "/redoc"):
        status, html = await outside.get("api", page)
        assert status == 200
        for address in re.findall(r'(?:src|href)="([^"]+)"', html):
            assert not re.match(r"(https?:)?//", address), address
            assert (await outside.get("api", address))[0] == 200


async def test_metrics_of_every_process_stand_on_one_page(demo):
    outside, _, _ = demo
    _, text = await outside.get("api", "/metrics")
    assert 'guanxi_events_handled_total{handler="wechat.pushes.record",outcome="done"}' in text
    assert 'guanxi_pushes_total{outcome="new"}' in text

    async def caught_up():
        return "guanxi_outbox_lag_seconds 0.0" in (await outside.get("api", "/metrics"))[1]

    await _until(caught_up)


async def test_logs_are_json_with_ids_and_without_openids(demo):
    outside, home, _ = demo
    _, followers = await outside.call("followers")
    for name in ("api", "worker", "relay"):
        text = (home / "logs" / f"{name}.log").read_text()
        assert not [openid for openid in followers["openids"] if openid in text]
    lines = [orjson.loads(line) for line in (home / "logs" / "api.log").read_text().splitlines() if line]
    requests = [line for line in lines if line["event"] == "request"]
    assert requests
    assert all(line["request_id"] for line in requests)


async def test_the_command_line_is_one_line_away(demo):
    _, home, _ = demo
    file = home / "demo.env"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    told = re.search(r"命令行 +(\. .+ && .+ doctor)\n", (home / "output").read_text())[1]
    bare = {"PATH": os.environ["PATH"]}
    process = await asyncio.create_subprocess_shell(
        f"{told} --json", cwd=ROOT, env=bare, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await process.communicate()
    verdicts = {line["name"]: line["verdict"] for line in map(orjson.loads, output.splitlines())}
    assert (verdicts["postgresql"], verdicts["redis"], verdicts["secret"]) == ("passed", "passed", "passed")


async def test_a_second_demo_in_the_same_folder_is_refused_in_plain_words(demo):
    _, home, _ = demo
    with tempfile.TemporaryDirectory() as other:
        second = start_demo(home, Path(other) / "output")
        assert await asyncio.to_thread(second.wait, 60) == 1
        said = (Path(other) / "output").read_text()
    assert "Traceback" not in said
    assert str(home) in said


async def _until(condition, seconds=20.0):
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while not await condition():
        assert loop.time() < deadline
        await asyncio.sleep(0.1)
