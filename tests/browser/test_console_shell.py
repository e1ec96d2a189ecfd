"""Getting into the console: where each role begins, what it sees, and what it is told of the rest."""

import re

import pytest
from playwright.async_api import expect

from api.pages import LINKED
from core.permissions.rules import RoleKey
from tests import factories as make

WIDE = {"width": 1440, "height": 900}


def pages_of(page):
    return page.get_by_role("navigation", name="主导航").get_by_role("link")


async def test_at80_a_marketer_logs_in_and_begins_at_what_marketers_do(open_application):
    marketer = await make.colleague(RoleKey.MARKETER)
    page = await open_application("/app/console/", **WIDE)
    await page.get_by_label("用户名").fill(marketer.username)
    await page.get_by_label("密码", exact=True).fill(make.PASSWORD)
    await page.get_by_role("button", name="登录", exact=True).click()
    await expect(page.get_by_role("heading", name="自动回复", level=1)).to_be_visible()
    await expect(page).to_have_title("自动回复 · 关系")
    await page.get_by_role("button", name=f"账号菜单：{marketer.name}").click()
    await page.get_by_role("menuitem", name="退出登录").click()
    await expect(page.get_by_label("用户名")).to_be_visible()


@pytest.mark.prove
@pytest.mark.parametrize(
    ("role", "first", "without"),
    [
        (RoleKey.SERVICE, "消息", "参数"),
        (RoleKey.REP, "客户与粉丝", "员工"),
        (RoleKey.ADMIN, "员工", None),
    ],
)
async def test_at74_the_navigation_has_what_the_role_may_do(open_application, role, first, without):
    page = await open_application("/app/console/", await make.colleague(role), **WIDE)
    here = page.get_by_role("navigation", name="主导航").locator("[aria-current=page]")
    await expect(here).to_contain_text(first)
    if without:
        await expect(pages_of(page).filter(has_text=without)).to_have_count(0)
    else:
        await expect(pages_of(page)).to_have_count(14)


@pytest.mark.prove
async def test_a_page_beyond_ones_rights_and_one_that_is_not_there_say_so(open_application):
    page = await open_application("/app/console/parameters", await make.guide(), **WIDE)
    await expect(page.get_by_role("heading", name="没有权限")).to_be_visible()
    await page.goto(page.url.replace("parameters", "nowhere/at/all"))
    await expect(page.get_by_role("heading", name="没有这个页面")).to_be_visible()
    await page.get_by_role("link", name="回到首页").click()
    await expect(page).to_have_url(re.compile("/inbox"))


@pytest.mark.prove
async def test_a_key_finds_a_customer_from_anywhere(open_application, http):
    admin = await make.admin()
    body = {"name": "顾客01", "phones": {"mobile": "13800138000"}}
    await http.post("/staff/v1/customers", headers=await make.headers(admin), json=body)
    page = await open_application("/app/console/parameters", admin, **WIDE)
    await expect(page.get_by_role("heading", name="参数", exact=True)).to_be_visible()
    await page.keyboard.press("Control+k")
    await page.get_by_label("姓名、手机号后四位或编号").fill("8000")
    await expect(page.get_by_role("option", name="顾客01")).to_be_visible()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="顾客01", level=1)).to_be_visible()
    # Who doesn't see the page change is led to its beginning.
    await page.get_by_role("link", name="参数", exact=True).click()
    await expect(page.get_by_role("heading", name="参数", exact=True)).to_be_focused()
    await page.get_by_role("link", name="客户与粉丝").click()
    await page.get_by_role("link", name="顾客01").click()
    await expect(page.get_by_role("heading", name="顾客01", level=1)).to_be_focused()
    nav = page.get_by_role("navigation", name="主导航")
    await expect(nav.locator("[aria-current=page]")).to_contain_text("客户与粉丝")


# What notices and to-dos link to, and the page that is there.
LINKS = {
    "announcements/{id}": "/app/staff/announcements/",
    "customer-imports/{id}": "客户导入",
    "customers": "客户与粉丝",
    "customers/{id}": "客户",
    "me/wechat": "我的账号",
    "mobile-changes": "手机号更正",
    "pool": "公海",
    "reminders": "提醒",
    "reminders/returning": "提醒",
    "tasks/{id}": "/app/staff/tasks/",
    "todos": "/app/staff/todos",
}


@pytest.mark.prove
async def test_every_link_of_a_notice_leads_to_a_page(open_application, build):
    await build("staff")
    manager = await make.colleague(RoleKey.MANAGER)
    assert {link.partition("/")[0] for link in LINKS} == set(LINKED)
    page = await open_application("/app/console/notices", manager, **WIDE)
    base = page.url.partition("/app/")[0]
    for link, there in LINKS.items():
        await page.goto(f"{base}/{link.format(id=manager.id)}")
        if there.startswith("/app/"):
            await expect(page).to_have_url(re.compile(there))
        else:
            await expect(page.get_by_role("heading", level=1)).to_have_text(there)
