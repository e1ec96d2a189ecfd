"""A customer's phone and a guide's page side by side, with the whole product between them."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import expect

from infra.clock import write_offset
from tests.browser.phones import PATIENCE_MS

GUIDE, POSTER = "guide02", "导购02 · 陆家嘴店"
WELCOME = "您好，我是陆家嘴店的导购02，很高兴为您服务。"
QUESTION, ANSWER = "白茶饼还有货吗？", "还有三饼，给您留了一饼。"


class Clock:
    """The one clock of all processes, and that of a page."""

    def __init__(self, outside):
        self._file = Path(outside.facts["clock_file"])

    @property
    def offset(self):
        return timedelta(seconds=float(self._file.read_text() or 0)) if self._file.exists() else timedelta()

    def now(self):
        return datetime.now(UTC) + self.offset

    async def jump(self, page, **by):
        write_offset(self._file, self.offset + timedelta(**by))
        await page.clock.fast_forward(int(timedelta(**by).total_seconds() * 1000))


@pytest.fixture
def outside(chromium, demo):
    return demo[0]


@pytest.fixture
def clock(outside):
    return Clock(outside)


@pytest.fixture
async def phones(open_phones, outside):
    return await open_phones(outside.facts["simulator"]["base_url"])


@pytest.fixture
async def staff(chromium, build, outside, clock):
    """The page of a guide who has logged in."""
    await build("staff")
    context = await chromium.new_context(viewport={"width": 375, "height": 740}, locale="zh-CN")
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    await page.clock.install(time=clock.now())
    await page.goto(outside.facts["api"]["base_url"] + "/app/staff/")
    login = next(one for one in outside.facts["staff"] if one["username"] == GUIDE)
    await page.get_by_label("用户名").fill(login["username"])
    await page.get_by_label("密码", exact=True).fill(login["password"])
    await page.get_by_role("button", name="登录", exact=True).click()
    await expect(page.get_by_role("heading", name="消息")).to_be_visible()
    yield page
    await context.close()


def said(staff):
    return staff.get_by_role("log", name="聊天记录")


async def reply(staff, text):
    await staff.get_by_label("回复内容").fill(text)
    await staff.get_by_role("button", name="发送", exact=True).click()


async def ask_and_answer(phones, staff, name):
    """Scan, follow, help, a question that rings, an answer that arrives."""
    await phones.add(name)
    await phones.scan(POSTER)
    await expect(phones.bubbles(name)).to_have_text([f"公众号：{WELCOME}"])
    # The account has a menu, which stands in the place of the field.
    await phones.phone(name).get_by_role("button", name="改用键盘").click()
    await phones.write("帮助", name)
    await expect(phones.bubbles(name).last).to_contain_text("您可以回复：")
    await expect(phones.bubbles(name).last).to_contain_text("人工：")
    await expect(phones.bubbles(name).last).to_contain_text("营业时间")
    await expect(staff.get_by_role("link", name="您可以回复")).to_have_count(0)

    await phones.write(QUESTION, name)
    line = staff.get_by_role("link", name=QUESTION)
    await expect(line).to_contain_text("条未读")
    await expect(line).to_contain_text("等待回复")
    await expect(staff.get_by_role("link", name=re.compile(r"消息 \d+ 条未读"))).to_be_visible()
    await staff.get_by_role("button", name=re.compile(r"通知 \d+")).click()
    await staff.get_by_role("button", name="未读 客户在等您回复").first.click()
    await expect(said(staff).get_by_text(QUESTION)).to_be_visible()
    await expect(said(staff).get_by_text(WELCOME)).to_be_visible()
    await reply(staff, ANSWER)
    await expect(phones.bubbles(name).last).to_have_text(f"公众号：{ANSWER}")
    await expect(said(staff).locator("article", has_text=ANSWER)).to_contain_text("已发送")
    await expect(staff.get_by_text("还可发 4 条")).to_be_visible()


async def test_a_question_that_no_rule_knows_rings_the_guide_whose_answer_arrives(phones, staff):
    await ask_and_answer(phones, staff, "顾客甲")


@pytest.fixture
async def long_sessions(outside):
    """Guides stay logged in for days."""
    address = outside.facts["api"]["base_url"] + "/staff/v1/parameters/sessions.staff_hours"
    async with aiohttp.ClientSession(headers=await outside.log_in("admin")) as session:
        async with session.get(address) as response:
            version = (await response.json())["version"]
        async with session.put(address, json={"value": 720, "version": version}) as response:
            assert response.status == 200


@pytest.mark.prove
async def test_after_49_hours_nothing_can_be_sent_until_the_fan_writes_again(long_sessions, phones, staff, clock):
    name = "顾客乙"
    await ask_and_answer(phones, staff, name)
    await clock.jump(staff, hours=49)
    await expect(staff.get_by_text("回复时间已过，客户再次发言后可回复")).to_be_visible()
    await expect(staff.get_by_text("仍可以：写备注、转交同事、打电话联系")).to_be_visible()
    await expect(staff.get_by_label("回复内容")).to_be_hidden()
    await expect(staff.get_by_role("button", name="写备注")).to_be_visible()
    await expect(staff.get_by_role("link", name="客户资料").last).to_be_visible()

    await phones.write("那我周末来拿", name)
    await expect(said(staff).get_by_text("那我周末来拿")).to_be_visible()
    await expect(staff.get_by_text("还可发 5 条")).to_be_visible()
    await reply(staff, "好的，周末见")
    await expect(phones.bubbles(name).last).to_have_text("公众号：好的，周末见")
