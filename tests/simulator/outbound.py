"""What the tests of an account's own messages share: calls with a token, and a follower."""

import io
from dataclasses import dataclass
from typing import Any

import aiohttp

from tests.simulator.harness import APP_ID, Receiver, Simulator


@dataclass
class Account:
    """The account's side of the platform."""

    simulator: Simulator
    receiver: Receiver
    app_id: str = APP_ID

    async def call(self, path: str, body: dict[str, Any] | None = None, **params: str) -> dict[str, Any]:
        token = await self.simulator.token(self.app_id)
        if body is None:
            return (await self.simulator.get(path, access_token=token, **params))[1]
        return (await self.simulator.post(path, body, access_token=token, **params))[1]

    async def errcode(self, path: str, body: dict[str, Any] | None = None, **params: str) -> int:
        return (await self.call(path, body, **params)).get("errcode", 0)

    async def custom(self, openid: str, content: str = "您好") -> int:
        body = {"touser": openid, "msgtype": "text", "text": {"content": content}}
        return await self.errcode("/cgi-bin/message/custom/send", body)

    async def upload(self, content: bytes, kind: str, path: str = "/cgi-bin/media/upload", **words: str) -> Any:
        form = aiohttp.FormData()
        form.add_field("media", io.BytesIO(content), filename="文件.bin", content_type="application/octet-stream")
        for name, value in words.items():
            form.add_field(name, value)
        params = {"access_token": await self.simulator.token(self.app_id), "type": kind}
        async with self.simulator.session.post(self.simulator.base + path, data=form, params=params) as response:
            return await response.json(content_type=None)

    async def put(self, path: str, **body: Any) -> int:
        async with self.simulator.session.put(
            self.simulator.base + path, json={"app_id": self.app_id} | body
        ) as response:
            return response.status

    async def template(self, template_id: str, kind: str, keys: list[str], **body: Any) -> None:
        assert await self.put("/sim/templates", template_id=template_id, kind=kind, keys=keys, **body) == 200

    async def follower(self, name: str = "顾客01") -> tuple[str, str]:
        fan = await self.simulator.fan(name)
        return fan, (await self.simulator.act(fan, "follow", app_id=self.app_id))["openid"]

    async def window(self, fan: str) -> dict[str, Any]:
        return await self.simulator.ok(f"/sim/fans/{fan}/window?app_id={self.app_id}")

    async def stats(self) -> dict[str, Any]:
        return await self.simulator.ok(f"/sim/stats?app_id={self.app_id}")

    async def bubbles(self, fan: str) -> list[dict[str, Any]]:
        bubbles = await self.simulator.ok(f"/sim/fans/{fan}/phone?app_id={self.app_id}")
        return [each for each in bubbles if each["from"] == "account"]
