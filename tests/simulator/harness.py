"""The simulator as a process, a push target of our own, and a client that speaks to both sides."""

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import aiohttp
from aiohttp import web
from wechatpy.crypto import WeChatCrypto

ROOT = Path(__file__).parents[2]
APP_ID = "wx0000000000000001"
ORIGINAL_ID = "gh_000000000001"
TOKEN = "token0001"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
SECRET = "secret-of-the-first-account"
RETRIES = (0, 0.02, 0.04)  # when a push is delivered again, in seconds
CRYPTO = WeChatCrypto(TOKEN, AES_KEY, APP_ID)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Simulator:
    base: str
    session: aiohttp.ClientSession
    process: subprocess.Popen[bytes]
    clock_file: Path

    async def get(self, path: str, **params: str | int) -> tuple[int, Any]:
        async with self.session.get(self.base + path, params=params) as response:
            return response.status, await response.json(content_type=None)

    async def post(self, path: str, body: Any = None, **params: str) -> tuple[int, Any]:
        async with self.session.post(self.base + path, json=body, params=params) as response:
            return response.status, await response.json(content_type=None)

    async def ok(self, path: str, body: Any = None) -> Any:
        """Post to the control side, or read it when there is no body, and expect success."""
        status, answer = await (self.get(path) if body is None else self.post(path, body))
        assert status < 300, answer
        return answer

    async def fault(self, app_id: str, endpoint: str, kind: str = "errcode", **more: Any) -> None:
        """Switch trouble on for an endpoint ("*": all)."""
        body = {"app_id": app_id, "endpoint": endpoint, "kind": kind} | more
        async with self.session.put(f"{self.base}/sim/faults", json=body) as response:
            assert response.status == 200, await response.text()

    async def mend(self, app_id: str) -> None:
        """Switch all trouble of an account off."""
        async with self.session.delete(f"{self.base}/sim/faults", params={"app_id": app_id}) as response:
            assert response.status == 200, await response.text()

    async def account(self, push_url: str = "http://127.0.0.1:9/", **changes: Any) -> None:
        body = {
            "app_id": APP_ID,
            "secret": SECRET,
            "original_id": ORIGINAL_ID,
            "token": TOKEN,
            "aes_key": AES_KEY,
            "mode": "safe",
            "push_url": push_url,
            "name": "门店公众号",
            "kind": "official",
            "open_platform": "brand",
        }
        await self.ok("/sim/accounts", body | changes)

    async def token(self, app_id: str = APP_ID, secret: str = SECRET) -> str:
        body = {"grant_type": "client_credential", "appid": app_id, "secret": secret}
        token: str = (await self.post("/cgi-bin/stable_token", body))[1]["access_token"]
        return token

    async def code(self, scene: str, seconds: int | None = None, app_id: str = APP_ID) -> dict[str, Any]:
        """Create a text code, permanent unless it gets a life in seconds."""
        body: dict[str, Any] = {
            "action_name": "QR_LIMIT_STR_SCENE" if seconds is None else "QR_STR_SCENE",
            "action_info": {"scene": {"scene_str": scene}},
        }
        body |= {} if seconds is None else {"expire_seconds": seconds}
        token = await self.token(app_id)
        answer: dict[str, Any] = (await self.post("/cgi-bin/qrcode/create", body, access_token=token))[1]
        return answer

    async def fan(self, name: str = "顾客01") -> str:
        fan_id: str = (await self.ok("/sim/fans", {"name": name}))["fans"][0]["fan_id"]
        return fan_id

    async def act(self, fan_id: str, action: str, **body: Any) -> dict[str, Any]:
        answer: dict[str, Any] = await self.ok(f"/sim/fans/{fan_id}/{action}", {"app_id": APP_ID} | body)
        return answer

    async def push(self, push_id: str) -> dict[str, Any]:
        push: dict[str, Any] = await self.ok(f"/sim/pushes/{push_id}")
        return push

    async def is_settled(self, push_id: str) -> bool:
        return bool((await self.push(push_id))["outcome"] != "pending")

    async def phone(self, fan_id: str) -> list[tuple[str, str, str]]:
        bubbles = await self.ok(f"/sim/fans/{fan_id}/phone?app_id={APP_ID}")
        return [(bubble["from"], bubble["kind"], bubble["text"]) for bubble in bubbles]

    def move_clock(self, seconds: float) -> None:
        self.clock_file.write_text(str(seconds))


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 20) -> None:
    """Ask again and again until something is so; AssertionError when the time is up."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if await condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not happen in time")


def spawn(folder: Path, *options: str) -> tuple[subprocess.Popen[bytes], str]:
    """Start a simulator process whose clock file lies in the folder; return it with its address."""
    port = free_port()
    command = [sys.executable, "-m", "simulator", "--port", str(port), "--clock-file", str(folder / "clock")]
    return subprocess.Popen([*command, *options], cwd=ROOT), f"http://127.0.0.1:{port}"


@asynccontextmanager
async def running(folder: Path, *options: str) -> AsyncIterator[Simulator]:
    """Run a simulator process that is ready when this yields and gone when it ends."""
    process, base = spawn(folder, *options)

    async def healthy() -> bool:
        assert process.poll() is None, "the simulator ended"
        try:
            async with session.get(base + "/healthz") as response:
                return response.status == 200
        except aiohttp.ClientConnectorError:
            return False

    try:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            await until(healthy)
            yield Simulator(base, session, process, folder / "clock")
    finally:
        process.kill()
        process.wait()


@dataclass
class Received:
    at: float
    query: Mapping[str, str]
    body: str

    @property
    def visible(self) -> dict[str, str]:
        return texts(self.body)

    @property
    def clear(self) -> dict[str, str]:
        """The fields, opened by an independent party where they are encrypted."""
        if "msg_signature" not in self.query:
            return self.visible
        clear = CRYPTO.decrypt_message(
            self.body, self.query["msg_signature"], self.query["timestamp"], self.query["nonce"]
        )
        return texts(clear)


Answer = Callable[[Received], Awaitable[web.Response]]


async def stay_silent(_received: Received) -> web.Response:
    return web.Response(text="success")


@dataclass
class Receiver:
    """A push target whose answer a test chooses."""

    url: str = ""
    answer: Answer = stay_silent
    received: list[Received] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        body = (await request.read()).decode(errors="surrogateescape")
        received = Received(time.monotonic(), dict(request.query), body)
        self.received.append(received)
        return await self.answer(received)

    async def has(self, count: int) -> bool:
        return len(self.received) >= count

    async def was_told(self, **fields: str) -> bool:
        """Tell whether the last push says this; what the phone shows of itself is there before its push."""
        return bool(self.received) and fields.items() <= self.received[-1].clear.items()

    def always(self, text: str, status: int = 200) -> None:
        async def answer(_received: Received) -> web.Response:
            return web.Response(text=text, status=status)

        self.answer = answer

    def reply(self, text: str, *, seal: bool = True) -> None:
        async def answer(received: Received) -> web.Response:
            clear = reply_xml(received.clear["FromUserName"], text)
            return web.Response(text=sealed(clear, timestamp=received.query["timestamp"]) if seal else clear)

        self.answer = answer


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_route("*", "/push", receiver.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/push"
    yield receiver
    await runner.cleanup()


def texts(xml: str) -> dict[str, str]:
    return {child.tag: child.text or "" for child in ET.fromstring(xml)}


def reply_xml(openid: str, text: str, **changes: str) -> str:
    fields = {
        "ToUserName": openid,
        "FromUserName": ORIGINAL_ID,
        "CreateTime": "1700000000",
        "MsgType": "text",
        "Content": text,
    }
    elements = (f"<{name}>{value}</{name}>" for name, value in (fields | changes).items())
    return f"<xml>{''.join(elements)}</xml>"


def sealed(clear: str, crypto: WeChatCrypto = CRYPTO, timestamp: str | None = None) -> str:
    """Encrypt and sign a reply with an independent party's code, now or at another time."""
    xml: str = crypto.encrypt_message(clear, "nonce", timestamp or str(int(time.time())))
    return xml
