"""The story's second half: one person in two accounts, a poster that lives for a month, and where the phone is."""

from typing import Any

from app.demo.story import Story
from app.demo.walls import hang_captions, offer_notices


class Gateway:
    """Goes on where the story ended, with the fans it brought."""

    def __init__(self, story: Story) -> None:
        self._story = story

    async def play(self) -> None:
        """Tell it; every step waits until it really happened."""
        await offer_notices(self._story, self._story.account["app_id"])
        await self._one_person()
        await self._season()
        for account in self._story.accounts:
            await hang_captions(self._story, account["app_id"])

    async def _one_person(self) -> None:
        story = self._story
        story.say("\n六、两个公众号，同一个人 (two accounts, one person)")
        second = await story.connect("second-account.json", "关系茶社会员中心")
        fan = story.fans[1]
        await story.wechat(f"/sim/fans/{fan}/follow", {"app_id": second["app_id"]})
        newest = f"/fans?app_id={second['app_id']}&limit=1"

        async def merged() -> bool:
            found = (await story.staff("GET", newest))["items"]
            people = [await story.staff("GET", f"/fans/{each['id']}") for each in found]
            return any(len(person["identities"]) > 1 for person in people)

        await story.until(merged, "按 unionid 合并")
        story.say("  一位粉丝也关注了第二个公众号：两个 openid、一个 unionid，合并为一位客户，首次归属不变")

    async def _season(self) -> None:
        story = self._story
        story.say("\n七、一张三十天的海报 (a poster for a season)")
        stores = {item["name"]: item["id"] for item in (await story.staff("GET", "/stores"))["items"]}
        body: dict[str, Any] = {
            "app_id": story.account["app_id"],
            "store_id": stores["南京路店"],
            "name": "新茶季",
            "life": "temporary",
        }
        code = await story.staff("POST", "/codes", body)

        async def issued() -> bool:
            nonlocal code
            code = await story.staff("GET", f"/codes/{code['id']}")
            return bool(code["state"] == "issued")

        await story.until(issued, "临时二维码生成")
        fan = (await story.wechat("/sim/fans", {"name": "路人"}))["fans"][0]["fan_id"]
        seen = {"app_id": story.account["app_id"], "ticket": code["ticket"]}
        await story.wechat(f"/sim/fans/{fan}/scan", seen)

        async def counted() -> bool:
            return bool((await story.staff("GET", f"/codes/{code['id']}/numbers"))["follows"] == 1)

        await story.until(counted, "海报入账")
        story.say(f"  「{code['name']}」{code['expires_at'][:10]} 到期前自动续期；已带来 1 位新粉丝")
