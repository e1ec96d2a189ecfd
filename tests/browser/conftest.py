"""Debian's Chromium driven by Playwright: the simulator alone or the whole product behind the phone page, and the
product's own pages before a running API.
"""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page

from tests import factories as make
from tests.browser.phones import PATIENCE_MS, Phones
from tests.doors import serving
from tests.simulator.harness import Receiver, Simulator, receiving, running

MISSING = "Chromium is not installed: apt install chromium fonts-noto-cjk"


@pytest.fixture(scope="session")
async def chromium():
    """The browser of the operating system; Playwright's own is never fetched."""
    executable = shutil.which("chromium")
    if executable is None:
        pytest.skip(MISSING)
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable)
        yield browser
        await browser.close()


@pytest.fixture
async def open_phones(chromium):
    """Open the page of a simulator in a browser that remembers nothing; afterwards no script may have failed."""
    contexts, faults = [], []

    async def open_page(base: str, width: int = 1440, height: int = 900) -> Phones:
        context = await chromium.new_context(viewport={"width": width, "height": height}, locale="zh-CN")
        contexts.append(context)
        page = await context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        await page.goto(base)
        return Phones(page)

    yield open_page
    for context in contexts:
        await context.close()
    assert faults == []


@pytest.fixture(scope="session")
async def process(chromium, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Simulator]:
    async with running(tmp_path_factory.mktemp("phones"), "--retry-seconds", "0,0.1,0.2") as simulator:
        yield simulator


@pytest.fixture
async def receiver(chromium) -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        receiver.reply("欢迎光临")
        yield receiver


@pytest.fixture
async def simulator(process: Simulator, receiver: Receiver) -> Simulator:
    """A simulator that knows one account, whose answer to everything is a welcome."""
    process.clock_file.unlink(missing_ok=True)
    assert (await process.post("/sim/reset"))[0] == 204
    await process.account(receiver.url, name="关系茶社")
    return process


@pytest.fixture(scope="session")
def build():
    """Build an application's pages from what lies here, once; without Node the test is skipped."""
    said: dict[str, str] = {}

    async def build_one(name: str) -> None:
        if name not in said:
            command = [sys.executable, "scripts/pages.py", "--if-possible", name]
            done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
            said[name] = done.stdout
        if "were not built" in said[name]:
            pytest.skip(said[name].strip())

    return build_one


@pytest.fixture
async def api(db, tmp_path) -> AsyncIterator[str]:
    """The address of a running API."""
    async with serving(tmp_path / "log") as (_, client):
        yield str(client.base_url).rstrip("/")


@pytest.fixture
async def open_application(chromium, build, api):
    """Open an application's page, logged in if `by` is given; no script may have failed or been forbidden."""
    contexts, faults = [], []

    async def open_page(
        address: str, by=None, *, width: int = 375, height: int = 740, language: str = "zh-CN", agent: str | None = None
    ) -> Page:
        await build(address.split("/")[2])
        screen = {"width": width, "height": height}
        context = await chromium.new_context(viewport=screen, locale=language, user_agent=agent)
        contexts.append(context)
        if by is not None:
            token = (await make.headers(by))["Authorization"].removeprefix("Bearer ")
            await context.add_init_script(f"localStorage.setItem('guanxi.ticket', {token!r})")
        page = await context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda line: faults.append(line.text) if "Security Policy" in line.text else None)
        await page.goto(api + address)
        return page

    yield open_page
    for context in contexts:
        await context.close()
    assert faults == []
