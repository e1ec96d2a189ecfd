"""Temporary."""
import os, time
from contextlib import asynccontextmanager
from pathlib import Path
import aiohttp, pytest
from playwright.async_api import expect
from tests.scenarios.outside import Outside
from tests.browser.test_chat_side_by_side import *
from tests.browser import test_chat_side_by_side as m
m.QUESTION = f"白茶饼还有 {int(time.time())} 饼吗"
from tests.browser.test_chat_side_by_side import ask_and_answer, said, reply
from PIL import Image
OUT = "/tmp/p6/shots"

@pytest.fixture
async def demo():
    async with aiohttp.ClientSession() as session:
        yield Outside(Path("/tmp/p6/demo"), session), Path("/tmp/p6/demo"), None

def beside(*names, out):
    ims = [Image.open(f"{OUT}/{n}.png") for n in names]
    s = Image.new("RGB", (sum(i.width for i in ims) + 10 * len(ims), max(i.height for i in ims)), "#888")
    x = 0
    for i in ims:
        s.paste(i, (x, 0)); x += i.width + 10
    s.save(f"{OUT}/{out}.png")

async def both(phones, staff, out):
    await phones.page.wait_for_timeout(400)
    await phones.page.screenshot(path=f"{OUT}/p.png"); await staff.screenshot(path=f"{OUT}/q.png")
    beside("p", "q", out=out)

async def test_pictures(long_sessions, phones, staff, clock):
    name = "顾客" + str(int(time.time()))[-4:]
    await phones.page.set_viewport_size({"width": 1055, "height": 740})
    await ask_and_answer(phones, staff, name)
    await both(phones, staff, "side1")
    # a picture and a place of the fan's
    await clock.jump(staff, hours=49)
    await expect(staff.get_by_text("回复时间已过，客户再次发言后可回复")).to_be_visible()
    await both(phones, staff, "side2")
    await phones.write("那我周末来拿", name)
    await expect(staff.get_by_text("还可发 5 条")).to_be_visible()
    await reply(staff, "好的，周末见")
    await expect(phones.bubbles(name).last).to_have_text("公众号：好的，周末见")
    await both(phones, staff, "side3")
    for w, h in ((768, 1024), (1440, 900)):
        await staff.set_viewport_size({"width": w, "height": h})
        await staff.wait_for_timeout(300)
        await staff.screenshot(path=f"{OUT}/staff-{w}.png")

async def test_media(phones, staff, clock):
    name = "顾客" + str(int(time.time()))[-4:]
    await phones.page.set_viewport_size({"width": 1055, "height": 740})
    await ask_and_answer(phones, staff, name)
    phone = phones.phone(name)
    for tool in ("图片", "语音", "位置"):
        await phone.get_by_role("button", name="更多：扫一扫").click()
        await phone.get_by_role("button", name=tool, exact=True).click()
        d = phones.page.get_by_role("dialog")
        await phones.page.wait_for_timeout(400)
        if await d.is_visible():
            print(tool, await d.aria_snapshot())
            if tool == "语音":
                await d.get_by_role("textbox").first.fill("明天下午有空吗")
            await phones.page.keyboard.press("Enter")
            await phones.page.wait_for_timeout(300)
            if await d.is_visible():
                await d.get_by_role("button").last.click()
    await staff.wait_for_timeout(4000)
    await both(phones, staff, "media1")
    log = said(staff)
    print(await log.inner_html())
    if await log.locator("a img").count():
        await log.locator("a img").first.click()
        await staff.wait_for_timeout(600)
        await staff.screenshot(path=f"{OUT}/viewer.png")
