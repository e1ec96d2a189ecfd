"""The end of the demo that the tests before this one have used."""

import asyncio
import signal

import psutil


async def test_the_end_leaves_nothing_running_and_says_so(demo):
    _, home, process = demo
    family = psutil.Process(process.pid).children(recursive=True)
    assert len(family) >= 8
    process.send_signal(signal.SIGINT)
    assert await asyncio.to_thread(process.wait, 30) == 0
    _, alive = psutil.wait_procs(family, timeout=20)
    assert not alive
    assert (home / "output").read_text().splitlines()[-1] == "已全部停止"
