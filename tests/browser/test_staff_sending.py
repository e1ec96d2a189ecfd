"""A reply is said once and is never lost, whatever the network, the phone's clock or its sleep do."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import expect

from core.permissions.rules import RoleKey
from tests import factories as make
from tests.simulator.harness import until
from tests.wechat import inbox_world as world

HIDE = "hidden => { Object.defineProperty(document, 'hidden', { value: hidden, configurable: true }); \
document.dispatchEvent(new Event('visibilitychange')) }"


@pytest.fixture
async def guide(db):
    return await make.guide("导购01", store=await make.store())


@pytest.fixture
async def fan(guide):
    fan = await world.follower(await make.account(), guide)
    await world.says(fan, "在吗")
    return fan


@pytest.fixture
async def address(fan):
    return f"/app/staff/chat/{await world.id_of(fan)}"


@pytest.fixture
async def opened(open_application, address, guide):
    page = await open_application(address, guide)
    await expect(said(page).get_by_text("在吗")).to_be_visible()
    return page


def said(page):
    return page.get_by_role("log", name="聊天记录")


async def reply(page, text):
    await page.get_by_label("回复内容").fill(text)
    await page.get_by_role("button", name="发送", exact=True).click()


async def answers(fan):
    return [text for _, author, text in await world.thread(fan) if author == "staff"]


async def test_a_reply_whose_answer_is_lost_is_said_once(opened, fan):
    async def lose(route):
        if route.request.method == "POST":
            await route.fetch()
            await route.abort()
        else:
            await route.continue_()

    await opened.route("**/messages", lose)
    await reply(opened, "在的")
    await expect(said(opened).get_by_role("alert")).to_contain_text("还没有回音")
    assert await answers(fan) == ["在的"]
    await opened.unroute("**/messages")
    await opened.reload()
    await expect(said(opened).get_by_text("在的")).to_have_count(1)
    await expect(said(opened).get_by_role("alert")).to_have_count(0)
    await expect(opened.get_by_label("回复内容")).to_have_value("")
    assert await answers(fan) == ["在的"]


async def test_what_comes_while_it_is_looked_at_is_read(opened, fan):
    async def late(route):
        await asyncio.sleep(0.1)
        await route.continue_()

    async def is_read():
        return (await world.conversation(fan))["unread"] == 0

    await until(is_read)
    await opened.route(f"**/conversations/{await world.id_of(fan)}", late)
    await world.says(fan, "还在吗")
    await until(is_read)


@pytest.mark.prove
async def test_a_reply_on_its_way_outlives_its_page(opened, fan, address):
    await opened.route("**/messages", lambda route: route.abort())
    await reply(opened, "在的")
    await opened.get_by_role("button", name="返回").click()
    await opened.get_by_role("link", name="在吗").click()
    await expect(said(opened).locator("article", has_text="在的")).to_be_visible()
    await opened.unroute("**/messages")
    await opened.reload()
    await expect(said(opened).locator("article", has_text="在的")).to_contain_text("等待发送")
    assert await answers(fan) == ["在的"]


@pytest.mark.prove
async def test_replies_are_said_in_the_order_they_were_written(opened, fan):
    first = asyncio.Event()

    async def slow(route):
        if "第一句" in (route.request.post_data or ""):
            await first.wait()
        await route.continue_()

    await opened.route("**/messages", slow)
    await reply(opened, "第一句")
    await reply(opened, "第二句")
    await expect(said(opened).get_by_text("第二句")).to_be_visible()
    assert await answers(fan) == []
    first.set()
    await expect(said(opened).locator("article", has_text="第二句")).to_contain_text("等待发送")
    assert await answers(fan) == ["第一句", "第二句"]


@pytest.mark.prove
async def test_whoever_uses_the_device_next_finds_nothing(opened):
    await opened.route("**/messages", lambda route: route.abort())
    await reply(opened, "在的")
    await opened.get_by_label("回复内容").fill("九点关门")
    await opened.get_by_role("button", name="返回").click()
    kept = "Object.keys(localStorage).filter(key => /outbox|draft/.test(key)).length"
    assert await opened.evaluate(kept) == 2
    await opened.get_by_role("link", name="我的", exact=True).click()
    await opened.get_by_role("button", name="退出登录").click()
    await expect(opened.get_by_label("用户名")).to_be_visible()
    assert await opened.evaluate(kept) == 0


@pytest.mark.prove
@pytest.mark.parametrize("off", [timedelta(hours=-1), timedelta(hours=1)])
async def test_a_phone_whose_clock_is_wrong_tells_times_rightly(open_application, fan, guide, off):
    page = await open_application("/app/staff/", guide)
    await page.clock.install(time=datetime.now(UTC) + off)
    await page.reload()
    await expect(page.get_by_role("link", name="在吗")).to_contain_text("刚刚")


@pytest.mark.prove
async def test_a_page_that_slept_for_three_minutes_reads_what_it_missed(open_application, db, fan, address):
    page = await open_application(address, await make.colleague(RoleKey.SERVICE, "客服01"))
    await page.clock.install(time=datetime.now(UTC))
    await page.reload()
    await expect(said(page).get_by_text("在吗")).to_be_visible()
    await page.evaluate(HIDE, arg=True)
    # A sleeping phone runs no timers.
    make.jump(db, minutes=3)
    await page.clock.set_system_time(datetime.now(UTC) + timedelta(minutes=3))
    await world.says(fan, "还在吗")
    await page.evaluate(HIDE, arg=False)
    await expect(said(page).get_by_text("还在吗")).to_be_visible()


@pytest.mark.prove
async def test_a_page_without_a_stream_says_so_and_asks_by_itself(open_application, fan, address, guide):
    page = await open_application(address, guide)
    await page.route("**/live", lambda route: route.abort())
    await page.clock.install(time=datetime.now(UTC))
    await page.reload()
    await expect(said(page).get_by_text("在吗")).to_be_visible()
    await expect(page.get_by_text("实时连接中断")).to_be_hidden()
    await page.clock.run_for(11_000)
    await expect(page.get_by_text("实时连接中断")).to_be_visible()
    await world.says(fan, "还在吗")
    await page.clock.run_for(31_000)
    await expect(said(page).get_by_text("还在吗")).to_be_visible()
