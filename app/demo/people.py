"""The story goes on: an administrator makes a department, a role and a rep, and the rep's phone rings."""

import asyncio
from typing import Any
from uuid import uuid4

import orjson

from app.demo.story import PASSWORD, Story

REP = "rep01"
_DEPARTMENT, _POST, _ROLE = "华东外勤部", "外勤代表", "华东外勤"
_TEMPLATE = "demo-to-do"
_KEYS = {"thing1": "事项", "thing2": "说明", "time3": "时间"}
_FIELDS = {"thing1": "title", "thing2": "body", "time3": "time"}
_TITLE = "南京路店新茶陈列检查"
_TASK = {"title": _TITLE, "body": "请今天到店检查新茶陈列，完成后回复。", "urgent": True}


class People:
    """Speaks through the API only, as the administrator's and the rep's pages will."""

    def __init__(self, story: Story) -> None:
        self._story = story
        # The brand's second account, so that the numbers of the first tell of fans alone.
        self._app_id = story.accounts[1]["app_id"]

    async def play(self) -> None:
        """Tell it; every step waits until it really happened."""
        self._story.say("\n八、部门、角色与外勤 (a department, a role, a rep whose phone rings)")
        rep = await self._rep()
        await self._carry_notices()
        fan = await self._bind(rep)
        await self._ring(rep, fan)

    async def _rep(self) -> str:
        story = self._story
        place = await story.place(_DEPARTMENT, _POST)
        roles = {role["name"]: role for role in (await story.staff("GET", "/roles?limit=200"))["items"]}
        if _ROLE not in roles:
            copied = {"name": _ROLE, "copy_of": roles["外勤"]["id"]}
            roles[_ROLE] = await story.staff("POST", "/roles", copied)
        people = (await story.staff("GET", f"/staff?text={REP}"))["items"]
        if not people:
            rep = {"name": "外勤01", "username": REP, "password": PASSWORD, "role_id": roles[_ROLE]["id"]} | place
            people = [await story.staff("POST", "/staff", rep)]
        story.say(f"  管理员设立「{_DEPARTMENT}」和岗位「{_POST}」，复制出角色「{_ROLE}」，添加了 {REP}")
        found: str = people[0]["id"]
        return found

    async def _carry_notices(self) -> None:
        story = self._story
        made = {"app_id": self._app_id, "template_id": _TEMPLATE, "kind": "template", "title": "待办事项提醒"}
        await story.wechat("/sim/templates", made | {"keys": _KEYS}, method="PUT")
        accounts = (await story.staff("GET", "/accounts"))["items"]
        [account_id] = [account["id"] for account in accounts if account["app_id"] == self._app_id]
        path = f"/accounts/{account_id}/notice-template"
        version = await story.version_of(path)
        wanted = {"template_id": _TEMPLATE, "fields": _FIELDS, "version": version}
        await story.staff("PUT", path, wanted)

    async def _bind(self, rep: str) -> str:
        """The simulated person who holds the rep's phone."""
        story = self._story
        file = story.system.home / "demo-rep.json"
        if file.exists():
            known: str = orjson.loads(file.read_bytes())["fan_id"]
            return known
        fan: str = (await story.wechat("/sim/fans", {"name": "外勤01"}))["fans"][0]["fan_id"]
        code = await story.staff("POST", f"/staff/{rep}/wechat/code", {"app_id": self._app_id})
        await story.wechat(f"/sim/fans/{fan}/scan", {"app_id": self._app_id, "url": code["url"]})

        async def bound() -> bool:
            return bool((await story.staff("GET", f"/staff/{rep}/wechat"))["items"])

        await story.until(bound, "绑定微信")
        file.write_bytes(orjson.dumps({"fan_id": fan}))
        story.say("  外勤用自己的微信扫一次性二维码：已绑定为员工，不计入粉丝")
        return fan

    async def _ring(self, rep: str, fan: str) -> None:
        story = self._story
        before = len(await self._phone(fan))
        loop = asyncio.get_running_loop()
        began = loop.time()
        task = await story.staff("POST", "/tasks", _TASK | {"audience": {"staff_ids": [rep]}})

        async def rang() -> bool:
            return len(await self._phone(fan)) > before

        await story.until(rang, "外勤手机提醒")
        took = loop.time() - began
        story.say(f"  下发任务「{task['title']}」：{took:.1f} 秒后外勤锁屏的手机收到微信提醒")
        await self._answer(task)

        async def done() -> bool:
            counts = (await story.staff("GET", f"/tasks/{task['id']}"))["counts"]
            return (counts["read"], counts["done"]) == (1, 1)

        await story.until(done, "任务回执")
        story.say("  外勤查看并完成：已读 1/1，完成 1/1")

    async def _phone(self, fan: str) -> list[dict[str, Any]]:
        bubbles = await self._story.wechat(f"/sim/fans/{fan}/phone?app_id={self._app_id}")
        return [bubble for bubble in bubbles if _TITLE in orjson.dumps(bubble).decode()]

    async def _answer(self, task: dict[str, Any]) -> None:
        now = (await self._story.wechat("/sim/clock"))["now"]
        word = {"task_id": task["id"], "version": task["version"], "said_at": now}
        words = [word | {"key": str(uuid4()), "step": step} for step in ("done", "read")]
        # The phone sends late and out of order, and twice.
        for _ in range(2):
            await self._story.staff("POST", "/me/tasks/words", {"words": words}, by=REP)
