"""Debian's Chromium driven by Playwright, and the simulator alone or with the whole product behind the phone page."""

import shutil
from collections.abc import AsyncIterator

import pytest

from tests.browser.phones import Phones
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
