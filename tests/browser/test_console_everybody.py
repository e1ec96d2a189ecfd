"""What every page of the console owes everybody: two widths, names and contrast, and English without a gap."""

import re

import pytest
from playwright.async_api import expect

from core.permissions.rules import RoleKey
from tests import factories as make
from tests.browser.everybody import complaints, fits
from tests.wechat import inbox_world as world
from tests.wechat import reply_world

PATHS = (
    "inbox/{conversation}",
    "customers",
    "customers/{customer}",
    "reminders",
    "pool",
    "mobile-changes",
    "customer-imports",
    "auto-replies",
    "auto-replies/new",
    "auto-replies/{rule}",
    "welcomes",
    "menus",
    "codes",
    "staff",
    "roles",
    "parameters",
    "banned-words",
    "quick-replies",
    "service-levels",
    "notices",
    "me",
    "nowhere",
)
# What opens on a page, by the names of its buttons in both languages.
OPENED = {
    "customers": (("更多条件", "More conditions"), ("新增客户", "New customer")),
    "customers/{customer}": (("改标签", "Edit tags"), ("改阶段", "Change stage"), ("更换归属", "Change owner")),
    "customer-imports": (("导入客户", "Import customers"),),
    "codes": (("新增渠道码", "New code"),),
    "staff": (("guide01", "guide01"), ("新增员工", "New colleague")),
    "roles": (("新增角色", "New role"),),
    "parameters": (("备份目录中保留最新的多少份备份", "How many of the newest backups are kept in the backup folder"),),
    "me": (("设置动态验证码", "Set up the second factor"),),
}
WIDTHS = {768: 1024, 1440: 900}
# What people read: texts, names for those who don't see, hints in fields. What is marked as Chinese is content.
READ = """() => {
    const found = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const element = node.nodeType === Node.TEXT_NODE ? node.parentElement : node;
        if (element.closest('[lang="zh-CN"]:not(html), script, style')) continue;
        if (node.nodeType === Node.TEXT_NODE) found.push(node.data);
        else found.push(...["aria-label", "title", "placeholder", "alt"].map((name) => node.getAttribute(name) ?? ""));
    }
    return [...found, document.title];
}"""
APPEARED = """async () => {
    await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
    const ending = document.getAnimations().filter((one) => one.effect.getComputedTiming().endTime !== Infinity);
    await Promise.allSettled(ending.map((one) => one.finished));
}"""
CHINESE = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]+")


@pytest.fixture
async def shop(db, http):
    """An administrator, a conversation with its customer, a rule: something on every page."""
    admin = await make.colleague(RoleKey.ADMIN, "admin01")
    guide = await make.guide("guide01")
    fan = await world.follower(await make.account(), guide)
    await world.says(fan, "hello")
    await world.answers(guide, fan, "good morning")
    rule = await reply_world.rule(admin, "nine to nine", name="hours", words=["hours"])
    headers = await make.headers(admin)
    await http.post("/staff/v1/quick-replies", headers=headers, json={"title": "hours", "text": "nine to nine"})
    await http.post("/staff/v1/banned-words", headers=headers, json={"word": "fake"})
    [row] = await make.rows("SELECT customer_id FROM identity WHERE digest = $1", fan.digest)
    names = {"conversation": await world.id_of(fan), "customer": row["customer_id"], "rule": rule.id}
    return admin, [(path.format(**names), OPENED.get(path, ())) for path in PATHS]


def without(names, text):
    """The text without what people have named."""
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, "")
    return text


async def settled(page):
    """Nothing is being loaded."""
    await expect(page.get_by_role("main")).to_be_visible()
    await expect(page.locator(".kit-skeleton")).to_have_count(0)
    # What is just appearing is paler than it will be.
    await page.evaluate(APPEARED)


async def states(page, paths, language):
    """Go through every page, and through what opens on it."""
    for path, opened in paths:
        for names in (None, *opened):
            await page.goto(f"{page.url.split('/app/')[0]}/app/console/{path}")
            await settled(page)
            if names:
                await page.get_by_role("button", name=names[language], exact=True).click()
                await settled(page)
            yield f"{path} {names[language] if names else ''}"


@pytest.mark.prove
@pytest.mark.parametrize("width", WIDTHS)
async def test_every_page_fits_and_can_be_used_by_everybody(open_application, shop, width):
    admin, paths = shop
    page = await open_application("/app/console/", admin, width=width, height=WIDTHS[width])
    wrong = []
    async for path in states(page, paths, 0):
        wrong += [f"{path}: {complaint}" for complaint in await complaints(page)]
        if not await fits(page):
            wrong.append(f"{path}: sticks out")
    assert wrong == []


@pytest.mark.prove
async def test_english_leaves_no_chinese_on_any_page(open_application, shop):
    admin, paths = shop
    page = await open_application("/app/console/", admin, width=1440, height=900)
    await page.get_by_role("button", name="English").click()
    await expect(page.get_by_role("link", name="Automatic replies")).to_be_visible()
    known = set()
    for table in ("wechat_account", "store", "department", "post"):
        known |= {row["name"] for row in await make.rows(f"SELECT name FROM {table}")}
    left = set()
    async for path in states(page, paths, 1):
        for text in await page.evaluate(READ):
            left |= {f"{path}: {found}" for found in CHINESE.findall(without(known, text))}
    # The other language is named in itself.
    assert {one for one in left if not one.endswith(": 中文")} == set()


@pytest.mark.prove
async def test_the_language_follows_the_switch_at_once_and_stays(open_application):
    page = await open_application("/app/console/", await make.colleague(RoleKey.MARKETER), width=1440, height=900)
    await expect(page.get_by_role("heading", name="自动回复", level=1)).to_be_visible()
    await page.get_by_role("button", name="English").click()
    await expect(page.get_by_role("heading", name="Automatic replies", level=1)).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("heading", name="Automatic replies", level=1)).to_be_visible()
    await page.get_by_role("button", name="中文").click()
    await expect(page.get_by_role("heading", name="自动回复", level=1)).to_be_visible()


@pytest.mark.prove
async def test_a_list_that_fails_says_so_and_is_read_again(open_application):
    admin = await make.admin()
    page = await open_application("/app/console/me", admin, width=1440, height=900)
    await page.route("**/staff/v1/banned-words*", lambda route: route.abort())
    await page.get_by_role("link", name="违禁词").click()
    await expect(page.get_by_role("alert")).to_contain_text("连不上服务器")
    await page.unroute("**/staff/v1/banned-words*")
    await page.get_by_role("button", name="重试").click()
    await expect(page.get_by_text("还没有违禁词")).to_be_visible()
