"""`make demo`: a fan's way through every floor, told against the running system, which then stays up."""

import asyncio
import contextlib
import os
import sys
import time
from pathlib import Path

import aiohttp

from app.demo.chat import Chat
from app.demo.customers import Customers
from app.demo.gateway import Gateway
from app.demo.people import People
from app.demo.script_file import write_demo_file
from app.demo.story import DemoFailed, Story
from app.launcher.servers import ServerError
from app.launcher.supervisor import Supervisor
from app.launcher.system import ROOT, System

HOME = ROOT / ".guanxi"


def say(line: str = "") -> None:
    """One line of the story, at once also through a pipe."""
    print(line, flush=True)


def main() -> int:
    """Play and stay; the exit code is the supervisor's."""
    home = Path(os.environ.get("GUANXI_HOME", HOME))
    supervisor = Supervisor(home, lambda line: say(f"  · {line}"))

    async def play() -> None:
        began = time.monotonic()
        say("关系 Guanxi：启动数据库、消息队列、服务进程和微信平台模拟器 (starting everything on this machine)")
        system = System(home)
        await system.start(supervisor)
        async with aiohttp.ClientSession() as session:
            story = Story(system, session, say)
            await story.play()
            await Gateway(story).play()
            await People(story).play()
            await Customers(story).play()
            await Chat(story).play()
            await write_demo_file(story, supervisor.pid_files())
        say(f"\n一切就绪，用时 {time.monotonic() - began:.0f} 秒。按 Ctrl-C 停止并清理所有进程。")
        say("(all is up; Ctrl-C stops everything)")

    try:
        code = asyncio.run(supervisor.run_forever(play))
    except (DemoFailed, ServerError) as failure:
        say(f"\n演示中断 (the demo stopped): {failure}")
        return 1
    with contextlib.suppress(OSError):  # the terminal may be gone
        say("已全部停止")
    return code


if __name__ == "__main__":
    sys.exit(main())
