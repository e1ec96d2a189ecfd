"""What the page shows when there is nothing, when something is gone, and on screens of every width."""

import re

import pytest
from playwright.async_api import expect

from tests.simulator.harness import running, spawn, until

# The stand-in's page, not the product's: what it shows in every state is gone through before an issue is resolved.
pytestmark = pytest.mark.prove


@pytest.mark.parametrize(("width", "height"), [(320, 568), (375, 667), (768, 1024), (1440, 900)])
async def test_nothing_sticks_out_on_any_screen(open_phones, simulator, width, height):
    await simulator.code("a-scene-name-that-is-as-long-as-a-scene-can-be-" + "x" * 17)
    phones = await open_phones(simulator.base, width, height)
    assert await phones.fits()
    await phones.add()
    await phones.follow()
    await phones.write("很长的一句话" * 40)
    await phones.write("https://example.org/" + "long" * 60)
    await expect(phones.bubbles()).to_have_count(5)
    assert await phones.fits()
    await phones.add("一位名字特别长的顾客" * 4)
    assert await phones.fits()
    if width < 1024:
        await expect(phones.drawer).to_be_hidden()
        await phones.button("操作台").click()
    await expect(phones.drawer.get_by_role("heading", name="异常开关")).to_be_visible()
    await expect(phones.drawer.get_by_role("button", name="扫海报，场景 a-scene")).to_be_visible()
    assert await phones.fits()


async def test_on_a_small_screen_one_phone_fills_it_and_the_drawer_slides_up(open_phones, simulator):
    await simulator.code("door")
    phones = await open_phones(simulator.base, 375, 667)
    await phones.add("顾客01")
    await phones.add("顾客02")
    box = await phones.phone("顾客02").bounding_box()
    assert (box["x"], box["width"]) == (0, 375)
    assert box["y"] + box["height"] == 667
    await phones.phone("顾客02").get_by_role("button", name="扫海报关注").click()
    await phones.scan("场景 door")
    await expect(phones.drawer).to_be_hidden()
    await expect(phones.bubbles("顾客02")).to_have_count(1)
    await phones.button("操作台").click()
    await phones.page.keyboard.press("Escape")
    await expect(phones.drawer).to_be_hidden()
    await expect(phones.button("操作台")).to_be_focused()
    await phones.button("顾客01").click()
    await expect(phones.phone("顾客01")).to_be_in_viewport(ratio=0.9)


@pytest.mark.parametrize("width", [375, 1440])
async def test_a_notice_stands_below_the_head_and_leaves_the_chat_in_view(open_phones, simulator, width):
    phones = await open_phones(simulator.base, width, 667)
    await phones.add()
    await phones.follow()
    await phones.page.route("**/send", lambda route: route.abort())
    await phones.write("还在吗")
    notice = await phones.alert.locator("p").bounding_box()
    head = await phones.page.get_by_role("banner").bounding_box()
    log = await phones.phone().get_by_role("log").bounding_box()
    assert head["y"] + head["height"] <= notice["y"]
    assert notice["y"] + notice["height"] <= log["y"] + 24, "over the title, not over bubbles"
    field = await phones.phone().get_by_role("textbox").bounding_box()
    assert notice["y"] + notice["height"] < field["y"]


async def test_a_new_notice_takes_the_place_of_the_old(open_phones, simulator):
    phones = await open_phones(simulator.base)
    await phones.add()
    for words in ("过一小时", "过两天"):
        await phones.button(words).click()
        await expect(phones.page.locator(".toasts p")).to_have_text([re.compile(f"^{words}：")])
    await phones.page.route("**/clock", lambda route: route.abort())
    await phones.button("过一小时").click()
    await expect(phones.page.locator(".toasts p")).to_have_text([re.compile("连不上模拟器")])


async def test_where_many_people_wait_the_dialog_says_how_many_and_that_they_scroll(open_phones, simulator):
    await simulator.ok("/sim/fans", {"name": "粉丝", "count": 50})
    phones = await open_phones(simulator.base, 375, 667)
    await phones.button("添加顾客").locator("visible=true").first.click()
    dialog = phones.page.get_by_role("dialog")
    await expect(dialog).to_contain_text("共 50 位，上下滑动")
    people = dialog.locator(".people")
    assert await people.evaluate("list => list.scrollHeight > list.clientHeight")
    await dialog.get_by_role("button", name="粉丝50").click()
    await expect(phones.phone("粉丝50")).to_be_visible()


async def test_without_an_account_the_page_says_so_and_goes_on_by_itself(open_phones, simulator):
    assert (await simulator.post("/sim/reset"))[0] == 204
    phones = await open_phones(simulator.base)
    await expect(phones.page.get_by_role("heading", name="还没有公众号")).to_be_visible()
    await simulator.account(kind="mini")
    await expect(phones.page.get_by_text("小程序没有聊天页面")).to_be_visible()
    await simulator.account(app_id="wxofficial", original_id="gh_official")
    await expect(phones.page.get_by_role("heading", name="请第一位顾客进来")).to_be_visible()


async def test_without_posters_the_drawer_says_where_they_come_from(open_phones, simulator):
    phones = await open_phones(simulator.base)
    await expect(phones.drawer).to_contain_text("附近还没有海报")
    await simulator.code("first")
    await expect(phones.drawer.get_by_role("button", name="扫海报，场景 first")).to_be_visible()


async def test_a_simulator_that_is_emptied_takes_the_phones_along(open_phones, simulator, receiver):
    phones = await open_phones(simulator.base)
    await phones.add()
    assert (await simulator.post("/sim/reset"))[0] == 204
    await simulator.account(receiver.url, name="关系茶社")
    await expect(phones.page.get_by_role("heading", name="请第一位顾客进来")).to_be_visible()


async def test_a_lost_simulator_is_told_and_its_return_is_noticed(chromium, open_phones, receiver, tmp_path):
    state = ("--state", str(tmp_path / "state"))
    async with running(tmp_path, *state) as simulator:
        await simulator.account(receiver.url)
        port = simulator.base.rsplit(":", 1)[1]
        phones = await open_phones(simulator.base)
        await phones.add()
        await phones.follow()
        simulator.process.kill()
        simulator.process.wait()
        lost = phones.page.get_by_text("连接中断，正在重连…")
        await expect(lost).to_be_visible()
        await phones.write("还在吗")
        await expect(phones.alert).to_contain_text("连不上模拟器")
        await expect(phones.phone().get_by_role("textbox")).to_have_value("还在吗")
        await expect(phones.bubbles()).to_have_count(1)
        successor, _ = spawn(tmp_path, *state, "--port", port)
        try:
            await expect(lost).to_be_hidden()
            await phones.page.keyboard.press("Enter")
            await expect(phones.bubbles()).to_have_count(3)
        finally:
            successor.kill()
            successor.wait()


async def test_a_page_opened_before_the_simulator_answers_waits_for_it(open_phones, simulator):
    phones = await open_phones(simulator.base)
    await phones.page.route("**/sim/accounts", lambda route: route.abort())
    await phones.page.reload()
    await expect(phones.page.get_by_role("heading", name="连不上模拟器")).to_be_visible()
    await phones.page.unroute("**/sim/accounts")
    await expect(phones.page.get_by_role("heading", name="请第一位顾客进来")).to_be_visible()


async def test_the_whole_page_is_small(open_phones, simulator):
    phones = await open_phones(simulator.base)
    await phones.add()

    async def sizes():
        return await phones.page.evaluate(
            """performance.getEntriesByType("resource").filter((e) => e.name.includes("/phone/"))
                .map((e) => e.encodedBodySize)"""
        )

    async def settled():
        return len(await sizes()) >= 12

    await until(settled)
    assert sum(await sizes()) < 120_000
