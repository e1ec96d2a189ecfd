"""The story goes on: a rep, a guide and the manager look at one customer, and each sees what is theirs to see."""

from typing import Any

import orjson

from app.demo.people import REP
from app.demo.story import Story

_MANAGER = "manager"
_NAME, _MOBILE = "静安茶行", "13800138000"
_RECORD = {"nature": "business", "party": "prospect", "name": _NAME, "city": "上海", "phones": {"mobile": _MOBILE}}
_NOTE = {"kind": "phone", "body": "想试春茶礼盒，下周送样。"}


class Customers:
    """Speaks through the API only, as the pages of the three will."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self._guide = story.guides[0]

    async def play(self) -> None:
        """Tell it; every step waits until it really happened."""
        self._story.say("\n九、同一位客户，各看各的 (one customer, seen by a rep, a guide and the manager)")
        customer = await self._customer()
        await self._follow_up(customer)
        self._story.say(f"  外勤（归属人）看到：{await self._seen(customer, REP)}")
        self._story.say(f"  导购在客户里看：{await self._refused(customer)}")
        await self._story.staff("POST", "/customers/transfers", {"customer_ids": [customer]}, by=REP)
        self._story.say(f"  外勤放回公海，导购在公海看到：{await self._pooled(customer)}")
        await self._story.staff("POST", "/pool/claims", {"customer_ids": [customer]}, by=self._guide)
        self._story.say(f"  导购领取后看到：{await self._seen(customer, self._guide)}")
        self._story.say(f"  经理看到：{await self._seen(customer, _MANAGER)}")

    async def _customer(self) -> str:
        """The rep's customer; in a story told before it went to the guide, and comes back now."""
        story = self._story
        file = story.system.home / "demo-customer.json"
        if file.exists():
            known: str = orjson.loads(file.read_bytes())["customer_id"]
            rep = (await story.staff("GET", f"/staff?text={REP}"))["items"][0]["id"]
            await story.staff("POST", "/customers/assignments", {"customer_ids": [known], "to": rep})
            return known
        made: dict[str, Any] = await story.staff("POST", "/customers", _RECORD, by=REP)
        file.write_bytes(orjson.dumps({"customer_id": made["id"]}))
        story.say(f"  外勤录入客户「{_NAME}」；导购再录同名同号：{await self._twice()}")
        found: str = made["id"]
        return found

    async def _twice(self) -> str:
        status, answer = await self._story.ask("POST", "/customers", _RECORD, by=self._guide)
        return f"{status}，{answer['error']['message']}"

    async def _follow_up(self, customer: str) -> None:
        await self._story.staff("POST", f"/customers/{customer}/follow-ups", _NOTE, by=REP)

    async def _refused(self, customer: str) -> str:
        status, answer = await self._story.ask("GET", f"/customers/{customer}/picture", by=self._guide)
        return f"{status}，{answer['error']['message']}"

    async def _pooled(self, customer: str) -> str:
        found = await self._story.staff("GET", f"/pool/customers/{customer}", by=self._guide)
        return f"「{found['name']}」，{len(found['phones'])} 个号码，都不显示"

    async def _seen(self, customer: str, by: str) -> str:
        picture = await self._story.staff("GET", f"/customers/{customer}/picture", by=by)
        if picture["record"] is None:
            totals = picture["totals"]
            counts = f"跟进 {totals['follow_ups']} 次，订单 {totals['orders']} 单"
            return f"「{picture['base']['name']}」合计：{counts}；没有联系方式"
        numbers = "、".join(phone["text"] for phone in picture["record"]["phones"])
        notes = sum(len(part["content"]) for part in picture["parts"].get("notes", []))
        return f"「{picture['base']['name']}」，手机 {numbers}，跟进记录 {notes} 条"
