"""`.guanxi/demo.json`: everything a script needs to drive the running demo without reading our code."""

import shlex
import sys
from pathlib import Path
from typing import Any

import orjson

from app.demo.chat import MARKETER
from app.demo.people import REP
from app.demo.story import PASSWORD, Story
from app.launcher.system import System

_FAN = "/sim/fans/{fan_id}"
_OTHERS = ("admin", "manager", MARKETER, REP)


# What should equal the platform's followers when everybody has followed once and been welcomed.
def _sql(app_id: str) -> dict[str, str]:
    return {
        "customers": "SELECT count(DISTINCT customer_id) FROM identity",
        "first_touches": "SELECT count(*) FROM touch WHERE is_first",
        "stored_replies": f"""SELECT count(*) FROM push
            WHERE reply IS NOT NULL AND app_id = '{app_id}' AND raw LIKE '%[subscribe]%'""",
        "failed_events": "SELECT count(*) FROM event_delivery WHERE state = 'failed'",
    }


async def write_demo_file(story: Story, pid_files: dict[str, str]) -> None:
    """Write it for the owner's eyes only (it holds secrets of the demo), and say where to look."""
    system = story.system
    file = system.home / "demo.json"
    file.touch(mode=0o600)
    options = orjson.OPT_INDENT_2
    accounts = [await _account(story, account) for account in story.accounts]
    file.write_bytes(orjson.dumps(_contents(story, pid_files) | {"accounts": accounts}, option=options))
    story.say("\n十一、接下来看哪里 (where to look)")
    story.say(f"  粉丝的手机    {system.simulator}/（网页：扫海报、关注、聊天、拨快时钟）")
    story.say(f"  员工的页面    {system.api}/app/staff/（手机）、{system.api}/app/console/（电脑）")
    story.say(f"  接口文档      {system.api}/docs（离线可用）")
    story.say(f"  模拟器接口    {system.simulator}/openapi.json")
    story.say(f"  登录          {'、'.join(_OTHERS)}、guide01 … guide06，密码均为 {PASSWORD}")
    story.say(f"  脚本入口      {file}")
    story.say(f"  命令行        {_command_line(system)}")
    story.say(f"  日志          {system.home / 'logs'}")


def _command_line(system: System) -> str:
    """What to type for a command of this system; the settings it needs are written beside the rest."""
    file = system.home / "demo.env"
    file.touch(mode=0o600)
    names = sorted(name for name in system.environment if name.startswith("GUANXI_"))
    file.write_text("".join(f"export {name}={shlex.quote(system.environment[name])}\n" for name in names))
    command = Path(sys.executable).with_name("guanxi")
    called = _from_here(command) if command.exists() else f"{_from_here(Path(sys.executable))} -m app.cli"
    return f". {_from_here(file)} && {called} doctor"


def _from_here(path: Path) -> str:
    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))


def _contents(story: Story, pid_files: dict[str, str]) -> dict[str, Any]:
    system, account = story.system, story.account
    return {
        "api": {"base_url": system.api, "openapi": f"{system.api}/openapi.json"},
        "simulator": {"base_url": system.simulator, "openapi": f"{system.simulator}/openapi.json"},
        "staff": [{"username": name, "password": PASSWORD} for name in (*_OTHERS, *story.guides)],
        "codes": _codes(story.codes),
        "database_url": system.database_url,
        "sql": _sql(account["app_id"]),
        "redis_url": system.redis_url,
        "clock_file": str(system.clock_file),
        "pid_files": pid_files,
        "logs": str(system.home / "logs"),
        "calls": _calls(account["app_id"]),
    }


async def _account(story: Story, account: dict[str, str]) -> dict[str, Any]:
    app_id = account["app_id"]
    codes = _codes(await story.issued_codes(app_id))
    return account | {"push_url": f"{story.system.api}/wechat/{app_id}/push", "mode": "safe", "codes": codes}


def _codes(codes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    keys = ("app_id", "kind", "target", "name", "ticket", "url", "png", "poster")
    return [{key: code[key] for key in keys} for code in codes]


def _calls(app_id: str) -> dict[str, dict[str, Any]]:
    """Method, path and body of each call; `{…}` is to be filled in."""
    action = {"app_id": app_id, "wait": True}
    bearer = {"Authorization": "Bearer {token}"}

    def api(method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> dict[str, Any]:
        return {"server": "api", "method": method, "path": path, "headers": headers or {}, "body": body}

    def simulator(method: str, path: str, body: Any = None) -> dict[str, Any]:
        return {"server": "simulator", "method": method, "path": path, "headers": {}, "body": body}

    return {
        "log_in": api("POST", "/staff/v1/login", {"username": "{username}", "password": "{password}"}),
        "my_fans": api("GET", "/staff/v1/me/fans?limit=200", headers=bearer),
        "fans": api("GET", "/staff/v1/fans?limit=200&cursor={cursor}", headers=bearer),
        "my_numbers": api("GET", "/staff/v1/me/numbers", headers=bearer),
        "my_codes": api("GET", "/staff/v1/me/codes", headers=bearer),
        "ranking": api("GET", "/staff/v1/ranking?period={day|week|month}", headers=bearer),
        "send_task": api("POST", "/staff/v1/tasks", {"title": "{title}", "audience": {"everybody": True}}, bearer),
        "task": api("GET", "/staff/v1/tasks/{task_id}", headers=bearer),
        "my_tasks": api("GET", "/staff/v1/me/tasks", headers=bearer),
        "my_notices": api("GET", "/staff/v1/me/notices", headers=bearer),
        "make_fans": simulator("POST", "/sim/fans", {"name": "粉丝", "count": 1}),
        "scan": simulator("POST", f"{_FAN}/scan", action | {"ticket": "{ticket}"}),
        "follow": simulator("POST", f"{_FAN}/follow", action),
        "unfollow": simulator("POST", f"{_FAN}/unfollow", action),
        "send": simulator("POST", f"{_FAN}/send", action | {"text": "{text}"}),
        "what_a_fan_saw": simulator("GET", f"{_FAN}/phone?app_id={app_id}"),
        "followers": simulator("GET", f"/sim/followers?app_id={app_id}"),
        "welcomes_seen": simulator("GET", f"/sim/welcomes?app_id={app_id}"),
        "pushes": simulator("GET", f"/sim/pushes?app_id={app_id}"),
        "resend": simulator("POST", "/sim/pushes/{push_id}/resend", {"times": 3, "parallel": True}),
    }
