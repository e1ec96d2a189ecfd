"""The story of the demo: guides, fifty fans, duplicates, a second scan, an unfollow, the ranking."""

import asyncio
import random
import secrets
from collections.abc import Callable
from typing import Any

import aiohttp
import orjson

from app.launcher.system import System

PASSWORD = "guanxi-demo"  # noqa: S105 - loopback only, and said aloud
FANS = 50
_SCANNED_SHARE = 0.9
_WAIT_SECONDS = 60.0
_REFUSED = 400


class DemoFailed(Exception):
    """A step of the story went wrong; the text says which and how."""


class Story:
    """Speaks HTTP only, as a browser, a phone and the platform would."""

    def __init__(self, system: System, session: aiohttp.ClientSession, say: Callable[[str], None]) -> None:
        self.system = system
        self.say = say
        self.accounts: list[dict[str, str]] = []
        self.codes: list[dict[str, Any]] = []
        self.fans: list[str] = []
        self.guides = [f"guide{number:02d}" for number in range(1, 7)]
        self._session = session
        self._tokens: dict[str, str] = {}

    async def play(self) -> None:
        """Tell it all; every step waits until it really happened."""
        await self._first_administrator()
        self.say("\n一、公众号与组织 (account and organisation)")
        await self.connect("demo-account.json", "关系茶社")
        await self._open_stores()
        await self._codes_arrive()
        fans = self.fans = await self._fans_come()
        await self._duplicates(fans)
        await self._second_thoughts(fans)
        await self._look(fans)

    @property
    def account(self) -> dict[str, str]:
        """The account that the story begins with."""
        return self.accounts[0]

    async def staff(self, method: str, path: str, body: Any = None, *, by: str = "admin") -> Any:
        """A call of the staff door; anything but success ends the demo with the answer."""
        status, answer = await self.ask(method, path, body, by=by)
        return self._accepted(status, answer, f"{method} {path}")

    async def ask(self, method: str, path: str, body: Any = None, *, by: str = "admin") -> tuple[int, Any]:
        """A call of the staff door that may be refused: its status and answer."""
        url = f"{self.system.api}/staff/v1"
        if by not in self._tokens:
            login = {"username": by, "password": PASSWORD}
            self._tokens[by] = (await self._call("POST", f"{url}/login", login))["token"]
        return await self._request(method, url + path, body, {"Authorization": f"Bearer {self._tokens[by]}"})

    async def version_of(self, path: str) -> int:
        """The version of a document of the staff door that may not be there yet."""
        status, answer = await self.ask("GET", path)
        return int(answer["version"]) if status < _REFUSED else 0

    async def wechat(self, path: str, body: Any = None, *, method: str = "POST") -> Any:
        """A call of the simulator's control side; without a body it reads."""
        return await self._call("GET" if body is None else method, self.system.simulator + path, body)

    async def _call(self, method: str, url: str, body: Any = None) -> Any:
        return self._accepted(*await self._request(method, url, body), f"{method} {url}")

    async def _request(
        self, method: str, url: str, body: Any, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        async with self._session.request(method, url, json=body, headers=headers) as response:
            text = await response.text()
            return response.status, orjson.loads(text) if text else None

    def _accepted(self, status: int, answer: Any, what: str) -> Any:
        if status >= _REFUSED:
            raise DemoFailed(f"{what} answered {status}: {orjson.dumps(answer).decode()}")
        return answer

    async def _first_administrator(self) -> None:
        secret = {"GUANXI_NEW_PASSWORD": PASSWORD}
        code, output = await self.system.run("staff", "add", "admin", "--name", "管理员", **secret)
        if code and "username_taken" not in output:
            raise DemoFailed(output)
        await self.system.run("staff", "add", "manager", "--name", "店长", "--role", "manager", **secret)

    async def connect(self, file_name: str, name: str) -> dict[str, str]:
        """An official account of the brand, on the platform and with us; its keys are kept for the next start."""
        file = self.system.home / file_name
        if not file.exists():
            made = {
                "app_id": f"wx{secrets.token_hex(8)}",
                "original_id": f"gh_{secrets.token_hex(6)}",
                "secret": secrets.token_hex(16),
                "token": secrets.token_hex(8),
                "aes_key": secrets.token_hex(22)[:43],
                "name": name,
            }
            file.touch(mode=0o600)
            file.write_bytes(orjson.dumps(made))
        account: dict[str, str] = orjson.loads(file.read_bytes())
        app_id = account["app_id"]
        there = {
            "push_url": f"{self.system.api}/wechat/{app_id}/push",
            "open_platform": "brand",
            "oauth_domains": ["127.0.0.1"],
        }
        await self.wechat("/sim/accounts", account | there | {"mode": "safe", "kind": "official"})
        known = {account["app_id"] for account in (await self.staff("GET", "/accounts"))["items"]}
        if app_id not in known:
            await self.staff("POST", "/accounts", account | {"mode": "safe", "kind": "official"})
        verified = await self.wechat(f"/sim/accounts/{app_id}/verify", {})
        self.say(f"  公众号「{name}」已接入，安全模式，服务器验证：{'通过' if verified['ok'] else verified}")
        self.accounts.append(account)
        return account

    async def _open_stores(self) -> None:
        channels = await self._named("/channels", {"线下海报": {}})
        channel = {"channel_id": channels["线下海报"]}
        stores = await self._named("/stores", {"南京路店": channel, "陆家嘴店": channel})
        place = await self.place("门店", "导购")
        wanted = {
            f"导购{number:02d}": {
                "username": name,
                "password": PASSWORD,
                "store_id": list(stores.values())[number % 2 - 1],
            }
            | place
            for number, name in enumerate(self.guides, start=1)
        }
        guides = await self._named("/guides", wanted)
        if not (await self.staff("GET", "/welcomes"))["items"]:
            again = {"scan_text": "欢迎再次光临{门店}！"}
            of_guide = {"follow_text": "您好，我是{门店}的{导购}，很高兴为您服务。"} | again
            of_store = {"follow_text": "您好，欢迎来到{门店}，很高兴为您服务。"} | again
            everybody = {"follow_text": "欢迎关注{公众号}！有问题请直接留言，导购会尽快回复。"}
            targets = [({"guide_id": guide}, of_guide) for guide in guides.values()]
            targets += [({"store_id": store}, of_store) for store in stores.values()]
            for target, words in (*targets, ({}, everybody)):
                await self.staff("PUT", "/welcomes", target | words)
        self.say(f"  {len(stores)} 家门店，{len(guides)} 位导购，一个渠道「线下海报」，各有欢迎语")

    async def place(self, department: str, post: str) -> dict[str, str]:
        """Ids of a department below the top one and of a post in it, made where they are missing."""
        tree = await self.staff("GET", "/departments")
        ids = {each["name"]: each["id"] for each in tree}
        if department not in ids:
            below_top = {"name": department, "parent_id": tree[0]["id"]}
            ids[department] = (await self.staff("POST", "/departments", below_top))["id"]
        path = f"/departments/{ids[department]}/posts"
        posts = {each["name"]: each["id"] for each in await self.staff("GET", path)}
        if post not in posts:
            posts[post] = (await self.staff("POST", path, {"name": post}))["id"]
        return {"department_id": ids[department], "post_id": posts[post]}

    async def _named(self, path: str, wanted: dict[str, dict[str, Any]]) -> dict[str, str]:
        """Ids by name; what an earlier, perhaps interrupted demo has not made yet is made."""
        ids = {item["name"]: item["id"] for item in (await self.staff("GET", f"{path}?limit=200"))["items"]}
        for name, fields in wanted.items():
            if name not in ids:
                ids[name] = (await self.staff("POST", path, {"name": name} | fields))["id"]
        return {name: ids[name] for name in wanted}

    async def _codes_arrive(self) -> None:
        self.codes = await self.issued_codes(self.account["app_id"])
        self.say(f"  {len(self.codes)} 个带参数的二维码已由平台签发（导购、门店、渠道各一个）")

    async def issued_codes(self, app_id: str) -> list[dict[str, Any]]:
        """An account's codes, as soon as the platform has made them all."""
        codes: list[dict[str, Any]] = []

        async def issued() -> bool:
            nonlocal codes
            codes = (await self.staff("GET", f"/codes?app_id={app_id}&limit=200"))["items"]
            return len(codes) > len(self.guides) and all(code["state"] == "issued" for code in codes)

        await self.until(issued, "二维码生成")
        return codes

    async def _fans_come(self) -> list[str]:
        self.say(f"\n二、{FANS} 位粉丝来了 ({FANS} fans scan and follow)")
        before = await self._brought()
        made = await self.wechat("/sim/fans", {"name": "粉丝", "count": FANS})
        fans = [fan["fan_id"] for fan in made["fans"]]
        guides = [code for code in self.codes if code["kind"] == "guide"]
        app_id = self.account["app_id"]
        choose = random.Random(len(fans))  # noqa: S311 - the same story every time
        scanned = 0
        for number, fan in enumerate(fans, start=1):
            if choose.random() < _SCANNED_SHARE:
                ticket = choose.choice(guides[: 1 + number % len(guides)])["ticket"]
                await self.wechat(f"/sim/fans/{fan}/scan", {"app_id": app_id, "ticket": ticket})
                scanned += 1
            else:
                await self.wechat(f"/sim/fans/{fan}/follow", {"app_id": app_id})
            if number % 10 == 0:
                self.say(f"  {number}/{FANS} 位已关注")

        async def counted() -> bool:
            return await self._brought() == before + scanned

        await self.until(counted, "关注入账")
        self.say(f"  {scanned} 位扫导购码关注，{FANS - scanned} 位自行搜索关注；全部记入客户与归属")
        return fans

    async def _duplicates(self, fans: list[str]) -> None:
        self.say("\n三、微信会重复推送 (the platform delivers twice)")
        before = await self._brought()
        pushes = (await self.wechat(f"/sim/pushes?fan_id={fans[0]}"))["pushes"]
        resent = await self.wechat(f"/sim/pushes/{pushes[0]['push_id']}/resend", {"times": 5, "parallel": True})
        answers = {orjson.dumps(delivery["answer"]) for delivery in resent["deliveries"]}
        envelopes = {delivery["body_sha256"] for delivery in resent["deliveries"]}
        self.say(f"  同一条关注推送并发重发 5 次：{len(answers)} 种回复、{len(envelopes)} 份各自加密的密文")
        self.say(f"  新增粉丝数不变：{before} → {await self._brought()}")

    async def _second_thoughts(self, fans: list[str]) -> None:
        self.say("\n四、再扫、聊天、取关 (a second scan, a chat, an unfollow)")
        app_id = self.account["app_id"]
        lost = await self._lost()
        ticket = next(code["ticket"] for code in self.codes if code["kind"] == "store")
        await self.wechat(f"/sim/fans/{fans[0]}/scan", {"app_id": app_id, "ticket": ticket})
        await self.wechat(f"/sim/fans/{fans[0]}/send", {"app_id": app_id, "text": "你好，请问新茶到了吗？"})
        leaver = await self._brought_fan(fans)
        await self.wechat(f"/sim/fans/{leaver}/unfollow", {"app_id": app_id})

        async def noticed() -> bool:
            return await self._lost() == lost + 1

        await self.until(noticed, "取关入账")
        self.say("  再次扫码记为一次接触，不改变首次归属；取关 1 人，净增随之减 1")

    async def _brought_fan(self, fans: list[str]) -> str:
        for fan in reversed(fans):
            pushes = (await self.wechat(f"/sim/pushes?fan_id={fan}"))["pushes"]
            if any(push["fields"].get("Ticket") for push in pushes):
                return fan
        raise DemoFailed("nobody scanned a code")

    async def _look(self, fans: list[str]) -> None:
        self.say("\n五、排行与手机 (the ranking, and what a fan saw)")
        ranking = await self.staff("GET", "/ranking?period=day")
        self.say(f"  导购排行（{ranking['first']}）  名次  新增  取关  净增")
        for line in ranking["guides"]:
            row = f"{line['rank']:>10}{line['gross']:>6}{line['lost']:>6}{line['net']:>6}"
            self.say(f"    {line['guide']}（{line['store']}）{row}")
        self.say("  一位粉丝的手机：")
        for bubble in await self.wechat(f"/sim/fans/{fans[0]}/phone?app_id={self.account['app_id']}"):
            who = {"me": "我", "account": self.account["name"], "system": "系统"}[bubble["from"]]
            self.say(f"    {who}：{bubble['text']}")

    async def _ranking_sum(self, column: str) -> int:
        return sum(line[column] for line in (await self.staff("GET", "/ranking?period=month"))["guides"])

    async def _brought(self) -> int:
        return await self._ranking_sum("gross")

    async def _lost(self) -> int:
        return await self._ranking_sum("lost")

    async def until(self, condition: Callable[[], Any], what: str) -> None:
        """Wait for what happens behind the scenes; DemoFailed when it does not."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _WAIT_SECONDS
        while not await condition():
            if loop.time() > deadline:
                raise DemoFailed(f"{what}：等待超过 {_WAIT_SECONDS:.0f} 秒，请看 .guanxi/logs")
            await asyncio.sleep(0.1)
