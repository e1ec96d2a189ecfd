"""A marketer who has never seen the console: a keyword reply, a menu, a welcome, by the page's own words only.

A fan's phone shows them.
"""

import time

import aiohttp
import pytest
from playwright.async_api import expect

from tests.browser.phones import PATIENCE_MS
from tests.scenarios.outside import Outside
from tests.simulator.harness import until

NAME, PASSWORD = "marketer77", "Marketer-2026"


@pytest.fixture
def outside(chromium, demo) -> Outside:
    return demo[0]


@pytest.fixture
async def marketer(outside):
    """What an administrator has entered."""
    headers = await outside.log_in("admin")
    async with aiohttp.ClientSession() as session:
        await enter(Caller(outside, headers, session))
    return NAME


async def enter(admin):
    [role] = [each for each in (await admin.get("/roles?limit=200"))["items"] if each["key"] == "marketer"]
    place = (await admin.get("/staff?limit=1"))["items"][0]
    body = {"name": "市场77", "username": NAME, "password": PASSWORD, "role_id": role["id"]}
    body |= {"department_id": place["department_id"], "post_id": place["post_id"]}
    if not (await admin.get(f"/staff?text={NAME}"))["items"]:
        await admin.post("/staff", body)


class Caller:
    """The staff door, as an administrator."""

    def __init__(self, outside: Outside, headers, session):
        self._base, self._headers, self._session = outside.facts["api"]["base_url"], headers, session

    async def get(self, path):
        return await self._ask("GET", path)

    async def post(self, path, body):
        return await self._ask("POST", path, json=body)

    async def _ask(self, method, path, **more):
        address = f"{self._base}/staff/v1{path}"
        async with self._session.request(method, address, headers=self._headers, **more) as response:
            assert response.status < 300, await response.text()
            return await response.json()


@pytest.fixture
async def page(chromium, build, outside, marketer):
    """The console, logged in as somebody does it; no script may fail or be forbidden."""
    await build("console")
    faults = []
    context = await chromium.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN")
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda line: faults.append(line.text) if "Security Policy" in line.text else None)
    await page.goto(outside.facts["api"]["base_url"] + "/app/console/")
    await page.get_by_label("用户名").fill(marketer)
    await page.get_by_label("密码", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="登录", exact=True).click()
    await expect(page.get_by_role("heading", name="自动回复", level=1)).to_be_visible()
    yield page
    await context.close()
    assert faults == []


@pytest.fixture
async def phones(open_phones, outside):
    return await open_phones(outside.facts["simulator"]["base_url"])


async def new_reply(page, name):
    await page.get_by_role("link", name="自动回复").click()
    await page.get_by_role("button", name="新增自动回复").click()
    await page.get_by_label("名称").fill(name)


@pytest.mark.prove
async def test_a_keyword_reply_is_written_tried_and_read_by_a_fan(page, phones):
    await new_reply(page, "停车")
    await page.get_by_label("关键词", exact=True).last.fill("停车\n车位")
    await page.get_by_label("文字内容").fill("门口可以停车，报手机号免两小时，{公众号}欢迎您。")
    preview = page.get_by_role("region", name="手机预览")
    await expect(preview.get_by_text("门口可以停车")).to_be_visible()
    await page.get_by_role("button", name="保存").click()
    await expect(page.get_by_text("已保存，几秒后生效")).to_be_visible()
    await expect(page.get_by_role("row", name="停车")).to_be_visible()

    await page.get_by_label("客户发来的文字").fill("请问有车位吗")
    await page.get_by_role("button", name="试一试").click()
    await expect(page.get_by_text("由“停车”回答")).to_be_visible()
    await expect(page.get_by_role("status").get_by_text("门口可以停车")).to_be_visible()

    await phones.add("顾客停车")
    await phones.follow("顾客停车")

    keyboard = phones.phone("顾客停车").get_by_role("button", name="改用键盘")
    if await keyboard.is_visible():
        await keyboard.click()

    async def answered():
        await phones.write("请问有车位吗", "顾客停车")
        last = phones.bubbles("顾客停车").last
        await expect(last).not_to_contain_text("请问有车位吗")
        return "门口可以停车" in (await last.text_content() or "")

    await until(answered)


@pytest.mark.prove
async def test_a_menu_is_built_put_right_published_and_tapped_by_a_fan(page, phones):
    await new_reply(page, "客服时间")
    await page.get_by_label("点菜单").check()
    await page.get_by_label("按钮代号").fill("客服时间")
    await page.get_by_label("文字内容").fill("客服在线时间是九点到二十一点。")
    await page.get_by_role("button", name="保存").click()
    await expect(page.get_by_text("已保存，几秒后生效")).to_be_visible()

    await page.get_by_role("link", name="自定义菜单").click()
    await expect(page.get_by_role("heading", name="自定义菜单", level=1)).to_be_visible()
    await page.get_by_label("公众号").select_option("关系茶社")
    menu = page.get_by_role("group", name="底部菜单")
    await expect(menu.get_by_role("button").first).to_be_visible()
    # Room for one more: whatever the account has had goes.
    while await menu.get_by_role("button").count() > 1 or not await page.get_by_role("button", name="添加菜单").count():
        await menu.get_by_role("button").first.click()
        await page.get_by_role("button", name="删除", exact=True).click()
    await page.get_by_role("button", name="添加菜单").click()
    await page.get_by_label("按钮名称").fill("联系我们")
    await page.get_by_role("button", name="发布").click()
    await expect(page.get_by_text("请选择点击后做什么，或添加子菜单").first).to_be_visible()
    await page.get_by_role("button", name="添加子菜单").first.click()
    await page.get_by_label("按钮名称").fill("客服时间")
    await page.get_by_label("回复消息").check()
    await page.get_by_label("按钮代号").fill("客服时间")
    await page.get_by_role("button", name="保存草稿").click()
    await expect(page.get_by_text("草稿已保存").first).to_be_visible()
    await page.get_by_role("button", name="发布", exact=True).click()
    await page.get_by_role("dialog").get_by_role("button", name="发布").click()
    await expect(page.get_by_text("菜单已发布")).to_be_visible()
    await page.get_by_role("button", name="查看").click()
    await expect(page.get_by_text("版一致")).to_be_visible()

    await phones.add("顾客菜单")
    await phones.follow("顾客菜单")
    phone = phones.phone("顾客菜单")
    await phone.get_by_text("联系我们").click()
    await phone.get_by_role("button", name="客服时间").click()
    await expect(phones.bubbles("顾客菜单").last).to_contain_text("客服在线时间是九点到二十一点")


@pytest.mark.prove
async def test_a_welcome_is_changed_and_greets_a_new_follower(page, phones):
    words = f"欢迎第 {int(time.time())} 位茶友，{{公众号}}在这里。"
    await page.get_by_role("link", name="欢迎语").click()
    await page.get_by_role("row", name="所有人").get_by_role("button", name="修改").click()
    await page.get_by_label("关注时说").fill(words)
    await expect(page.get_by_role("region", name="手机预览").get_by_text("位茶友")).to_be_visible()
    await page.get_by_role("dialog").get_by_role("button", name="保存").click()
    await expect(page.get_by_text("已保存，几秒后生效")).to_be_visible()
    await expect(page.get_by_role("row", name="所有人")).to_contain_text("位茶友")

    fans = iter(range(20))

    async def greeted():
        name = f"顾客欢迎{next(fans)}"
        await phones.add(name)
        await phones.follow(name)
        return words.split("，", maxsplit=1)[0] in (await phones.bubbles(name).last.text_content() or "")

    await until(greeted)
