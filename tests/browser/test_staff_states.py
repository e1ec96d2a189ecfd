"""What the staff pages show without a network, when the server fails, and to everybody on every screen."""

import pytest
from playwright.async_api import expect

from tests import factories as make
from tests.browser.everybody import WIDTHS, complaints, fits, focus_is_seen
from tests.browser.staff_world import desk


async def test_without_a_network_the_page_says_so_and_catches_up(open_application, http):
    work = await desk(http)
    await work.notice("1", "第一条")
    page = await open_application("/app/staff/messages?list=notices", work.guide)
    await expect(page.get_by_role("button", name="第一条")).to_be_visible()
    await page.context.set_offline(True)
    await expect(page.get_by_text("网络已断开")).to_be_visible()
    await work.notice("2", "第二条")
    await expect(page.get_by_role("button", name="第一条")).to_be_visible()
    await page.context.set_offline(False)
    await expect(page.get_by_role("button", name="第二条")).to_be_visible()
    await expect(page.get_by_text("网络已断开")).to_be_hidden()


async def test_what_fails_is_said_in_words_and_tried_again(open_application, http):
    work = await desk(http)
    page = await open_application("/app/staff/me", work.guide)
    broken = "**/staff/v1/me/todos?*"
    await page.route(broken, lambda route: route.fulfill(status=502, body="<html>Bad Gateway</html>"))
    await page.get_by_role("link", name="待办").click()
    alert = page.get_by_role("alert")
    await expect(alert).to_contain_text("加载失败 服务暂时不可用")
    assert await complaints(page) == []
    await page.unroute(broken)
    await alert.get_by_role("button", name="重试").click()
    await expect(page.get_by_text("没有待办")).to_be_visible()


@pytest.mark.prove
async def test_a_note_whose_answer_was_lost_is_written_once(open_application, http):
    work = await desk(http)
    customer = await work.fan("one", "顾客01")
    page = await open_application(f"/app/staff/customers/{customer}", work.guide)
    await page.get_by_role("button", name="写跟进").click()
    sheet = page.get_by_role("dialog")
    await sheet.get_by_label("内容").fill("已到店")
    lost = 0

    async def lose_the_answer(route):
        nonlocal lost
        if route.request.method == "POST" and lost < 4:
            lost += 1
            await route.fetch()
            await route.abort()
        else:
            await route.continue_()

    await page.route("**/follow-ups", lose_the_answer)
    await sheet.get_by_role("button", name="保存").click()
    await expect(sheet.get_by_role("alert")).to_contain_text("连不上服务器")
    await sheet.get_by_role("button", name="保存").click()
    await expect(sheet).to_be_hidden()
    assert lost == 4
    assert await make.count("follow_up") == 1


@pytest.mark.prove
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", ["zh-CN", "en-US"])
async def test_everybody_can_use_every_page(open_application, http, width, language):
    work = await desk(http)
    await make.code(await make.account(), work.guide)
    customer = await work.fan("one", "一位名字特别长的顾客" * 4)
    await work.fan("two")
    await work.call("POST", "/tags", {"kind": "tag", "name": "很长的标签" * 4}, by=work.admin)
    await work.call(
        "POST", f"/customers/{customer}/follow-ups", {"kind": "visit", "body": "https://example.org/" + "长" * 90}
    )
    await work.call("POST", "/me/todos", {"title": "给顾客回电", "due_at": "2030-01-01T08:00:00Z"})
    await work.notice("1", "仓库到货", body="请到仓库取新茶" * 20, urgent=True)
    task = {"title": "新茶陈列", "body": "按图陈列", "urgent": True, "audience": {"staff_ids": [str(work.guide.id)]}}
    task_id = (await work.call("POST", "/tasks", task, by=work.admin))["id"]
    page = await open_application("/app/staff/", work.guide, width=width, height=WIDTHS[width], language=language)
    paths = ["customers", f"customers/{customer}", "code", "todos", f"tasks/{task_id}", "me", "me/numbers"]
    for path in ["messages?list=notices", "messages?list=all", *paths, "me/security", "me/wechat"]:
        await page.goto(page.url.partition("/app/")[0] + f"/app/staff/{path}")
        await expect(page.locator("h1")).to_be_visible()
        await expect(page.locator("[aria-busy=true]")).to_have_count(0)
        assert await fits(page), path
        assert await complaints(page) == [], path
        assert await focus_is_seen(page), path


@pytest.mark.prove
@pytest.mark.parametrize("button", ["写跟进", "修改标签"])
async def test_a_sheet_keeps_the_focus_and_closes_by_the_keyboard(open_application, http, button):
    work = await desk(http)
    customer = await work.fan("one", "顾客01")
    page = await open_application(f"/app/staff/customers/{customer}", work.guide)
    await page.get_by_role("button", name=button).click()
    sheet = page.get_by_role("dialog")
    await expect(sheet).to_be_visible()
    assert await complaints(page) == []
    await page.keyboard.press("Escape")
    await expect(sheet).to_be_hidden()
    await expect(page.get_by_role("button", name=button)).to_be_focused()
