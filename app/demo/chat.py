"""The story's last part: a fan asks, a marketer's rule and a guide answer, and the menu at the bottom is published."""

from typing import Any

from app.demo.story import PASSWORD, DemoFailed, Story

MARKETER = "marketer01"
_TODAY = "today"
_HOURS: dict[str, Any] = {
    "name": "营业时间与地址",
    "trigger": "keyword",
    "match": "exact",
    "words": ["营业时间", "几点关门"],
    "contents": [{"kind": "text", "text": "{称呼}好，{门店}每天 9 点到 21 点营业，欢迎来喝茶。"}],
    "in_help": True,
}
_TEAS: dict[str, Any] = {
    "name": "今日茶单",
    "trigger": "menu",
    "words": [_TODAY],
    "contents": [{"kind": "text", "text": "今日茶单：明前龙井、凤凰单丛、白毫银针。回复您想喝的茶，导购为您留座。"}],
}
_MENU = [
    {"title": "今日茶单", "kind": "click", "key": _TODAY},
    {
        "title": "会员中心",
        "children": [
            {"title": "我的积分", "kind": "click", "key": "points"},
            {"title": "附近门店", "kind": "location", "key": "stores"},
        ],
    },
    {"title": "扫一扫", "kind": "scan_wait", "key": "scan"},
]
_QUESTION = "想订二十盒新茶礼盒，能送到苏州吗？"
_ANSWER = "可以送到苏州，满十盒免运费。您留个地址，我今天就安排发货。"


class Chat:
    """Speaks HTTP only, as the fan's phone and the pages of the marketer and the guide do."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self._app_id = story.account["app_id"]

    async def play(self) -> None:
        """Tell it; every step waits until it really happened."""
        self._story.say("\n十、聊天：自动回复、导购与菜单 (a fan asks; a rule, a guide and the menu answer)")
        account_id = await self._rules()
        fan = await self._fan()
        for text in ("帮助", "营业时间"):
            self._story.say(f"  粉丝：{text}\n  公众号：{await self._answered(fan, text)}")
        await self._question(fan)
        await self._menu(account_id, fan)

    async def _rules(self) -> str:
        """What a marketer has the account say; the account's id."""
        story = self._story
        if not (await story.staff("GET", f"/staff?text={MARKETER}"))["items"]:
            [role] = [one for one in (await story.staff("GET", "/roles?limit=200"))["items"] if one["name"] == "市场"]
            place = await story.place("市场部", "市场专员")
            marketer = {"name": "市场01", "username": MARKETER, "password": PASSWORD, "role_id": role["id"]}
            await story.staff("POST", "/staff", marketer | place)
        known = {rule["name"] for rule in (await story.staff("GET", "/auto-replies?limit=200", by=MARKETER))["items"]}
        for rule in (_HOURS, _TEAS):
            if rule["name"] not in known:
                await story.staff("POST", "/auto-replies", rule, by=MARKETER)
        accounts = (await story.staff("GET", "/accounts"))["items"]
        account_id: str = next(one["id"] for one in accounts if one["app_id"] == self._app_id)
        tried = {"account_id": account_id, "text": _HOURS["words"][0]}

        async def in_force() -> bool:
            answer = await story.staff("POST", "/auto-replies/try", tried, by=MARKETER)
            return bool(answer["answered_by"])

        await story.until(in_force, "自动回复生效")
        story.say(f"  {MARKETER} 设好两条自动回复：「{_HOURS['name']}」「{_TEAS['name']}」")
        return account_id

    async def _fan(self) -> str:
        """One whom a guide looks after, and who hasn't asked anything yet."""
        for fan in self._story.fans[2:]:
            pushes = (await self._story.wechat(f"/sim/pushes?fan_id={fan}"))["pushes"]
            if any(push["fields"].get("Ticket") for push in pushes):
                return fan
        raise DemoFailed("nobody scanned a code")

    async def _phone(self, fan: str) -> list[str]:
        bubbles = await self._story.wechat(f"/sim/fans/{fan}/phone?app_id={self._app_id}")
        return [bubble["text"] for bubble in bubbles if bubble["from"] == "account"]

    async def _answered(self, fan: str, text: str) -> str:
        """What the phone shows after the fan wrote this."""
        before = len(await self._phone(fan))
        await self._story.wechat(f"/sim/fans/{fan}/send", {"app_id": self._app_id, "text": text})
        return await self._next(fan, before)

    async def _next(self, fan: str, before: int) -> str:
        async def shown() -> bool:
            return len(await self._phone(fan)) > before

        await self._story.until(shown, "手机上的回复")
        return (await self._phone(fan))[before].replace("\n", "；").replace("：；", "：")

    async def _question(self, fan: str) -> None:
        """What no rule knows rings the guide, whose answer arrives."""
        story = self._story
        before = len(await self._phone(fan))
        await story.wechat(f"/sim/fans/{fan}/send", {"app_id": self._app_id, "text": _QUESTION})
        chat: dict[str, Any] = {}

        async def with_a_guide() -> bool:
            nonlocal chat
            found = (await story.staff("GET", "/inbox/conversations?view=all&open=true&limit=1"))["items"]
            chat = next((one for one in found if one["last_text"] == _QUESTION and one["staff"]), {})
            return bool(chat)

        await story.until(with_a_guide, "会话分给导购")
        guide = story.guides[int(chat["staff"].removeprefix("导购")) - 1]
        page = f"/app/staff/chat/{chat['id']}"

        async def rang() -> bool:
            notices = (await story.staff("GET", "/me/notices?unread=true", by=guide))["items"]
            return any(notice["link"] == page for notice in notices)

        await story.until(rang, "导购的提醒")
        story.say(f"  粉丝：{_QUESTION}\n  没有规则能回答：{chat['staff']} 的页面响了")
        reply = {"content": {"kind": "text", "text": _ANSWER}, "seen": chat["last_number"]}
        await story.staff("POST", f"/inbox/conversations/{chat['id']}/messages", reply, by=guide)
        story.say(f"  {chat['staff']} 回复，粉丝的手机收到：{await self._next(fan, before)}")
        story.say(f"  看这个对话    {story.system.api}{page}（手机页面，{guide} 登录）")
        story.say(f"                {story.system.api}/app/console/inbox/{chat['id']}（电脑页面，同一登录）")

    async def _menu(self, account_id: str, fan: str) -> None:
        """Published by the marketer, shown by the platform, tapped by the fan."""
        story, path = self._story, f"/accounts/{account_id}/menus"
        platform = f"/sim/accounts/{self._app_id}/menu?fan_id={fan}"
        if (await story.wechat(platform))["button"]:
            return
        version = (await story.staff("GET", f"{path}/draft", by=MARKETER))["version"]
        draft = await story.staff("PUT", f"{path}/draft", {"buttons": _MENU, "version": version}, by=MARKETER)

        # The account's former menu is read in first, in the background.
        async def accepted() -> bool:
            status, _ = await story.ask("POST", f"{path}/publish", {"version": draft["version"]}, by=MARKETER)
            return status == 202  # noqa: PLR2004 - accepted

        await story.until(accepted, "菜单提交")
        shown: list[str] = []

        async def on_the_phone() -> bool:
            nonlocal shown
            shown = [button["name"] for button in (await story.wechat(platform))["button"]]
            return bool(shown)

        await story.until(on_the_phone, "菜单发布")
        before = len(await self._phone(fan))
        await story.wechat(f"/sim/fans/{fan}/menu", {"app_id": self._app_id, "path": [0]})
        story.say(f"  {MARKETER} 发布菜单，粉丝的手机底部：{'｜'.join(shown)}")
        story.say(f"  粉丝点「{shown[0]}」：{await self._next(fan, before)}")
