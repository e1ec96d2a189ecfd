"""A guide's day on the phone: the code, fans with notes and tags, notices that come by themselves, to-dos, tasks."""

from datetime import timedelta

import pytest
from playwright.async_api import expect

from infra import clock
from tests import factories as make
from tests.browser.staff_world import desk


@pytest.fixture
async def guide_at_work(http):
    return await desk(http)


async def test_a_fan_is_found_and_gets_a_note_a_next_contact_and_a_tag(open_application, guide_at_work):
    await guide_at_work.fan("one", "顾客01")
    await guide_at_work.fan("two", "顾客02")
    await guide_at_work.call("POST", "/tags", {"kind": "tag", "name": "爱喝绿茶"}, by=guide_at_work.admin)
    page = await open_application("/app/staff/customers", guide_at_work.guide)
    await expect(page.get_by_role("link", name="顾客0")).to_have_count(2)
    await page.get_by_role("searchbox").fill("顾客02")
    await expect(page.get_by_role("link", name="顾客0")).to_have_count(1)
    await page.get_by_role("link", name="顾客02").click()
    await expect(page.get_by_role("heading", name="顾客02")).to_be_visible()

    await page.get_by_role("button", name="写跟进").click()
    sheet = page.get_by_role("dialog", name="写跟进")
    await sheet.get_by_role("button", name="保存").click()
    await expect(sheet.get_by_role("alert")).to_have_text("请写下内容或下次联系时间")
    await sheet.get_by_role("button", name="电话").click()
    await sheet.get_by_label("内容").fill("想看新茶")
    tomorrow = (clock.now() + timedelta(days=1)).strftime("%Y-%m-%dT10:30")
    await sheet.get_by_label("下次联系").fill(tomorrow)
    await sheet.get_by_role("button", name="保存").click()
    await expect(sheet).to_be_hidden()
    notes = page.get_by_role("region", name="跟进记录")
    await expect(notes.get_by_text("想看新茶")).to_be_visible()
    await expect(notes.get_by_text("电话")).to_be_visible()
    await expect(page.get_by_text("10:30").first).to_be_visible()

    await page.get_by_role("button", name="修改标签").click()
    await page.get_by_role("checkbox", name="爱喝绿茶").check()
    await page.get_by_role("dialog").get_by_role("button", name="保存").click()
    await expect(page.get_by_role("region", name="标签").get_by_text("爱喝绿茶")).to_be_visible()
    await page.get_by_role("button", name="返回").click()
    await expect(page.get_by_role("searchbox")).to_have_value("顾客02")
    await expect(page.get_by_role("link", name="顾客02")).to_contain_text("爱喝绿茶")


@pytest.mark.prove
async def test_lists_are_narrowed_and_what_is_empty_says_so(open_application, guide_at_work):
    page = await open_application("/app/staff/customers", guide_at_work.guide)
    await expect(page.get_by_text("还没有客户")).to_be_visible()
    await guide_at_work.fan("one", "顾客01")
    await page.reload()
    await expect(page.get_by_role("link", name="顾客01")).to_be_visible()
    await page.get_by_role("button", name="可回复").click()
    await expect(page.get_by_text("没有符合条件的客户")).to_be_visible()
    await page.get_by_role("button", name="已关注").click()
    await expect(page.get_by_role("link", name="顾客01")).to_be_visible()
    assert "list=following" in page.url


@pytest.mark.prove
async def test_a_customer_of_somebody_else_is_not_there(open_application, guide_at_work):
    customer = await guide_at_work.fan("one", "顾客01")
    other = await make.guide("导购02")
    page = await open_application(f"/app/staff/customers/{customer}", other)
    await expect(page.get_by_text("没有这位客户")).to_be_visible()


async def test_my_code_fills_the_screen_and_is_saved(open_application, guide_at_work):
    await make.code(await make.account(), guide_at_work.guide)
    page = await open_application("/app/staff/code", guide_at_work.guide)
    await expect(page.get_by_role("img", name="导购01的二维码")).to_be_visible()
    await page.get_by_role("button", name="全屏显示").last.click()
    full = page.get_by_role("dialog", name="导购01")
    await expect(full.get_by_role("img")).to_be_visible()
    assert (await full.get_by_role("img").bounding_box())["width"] > 300
    await full.get_by_role("button", name="退出全屏").click()
    await expect(full).to_be_hidden()
    async with page.expect_download() as download:
        await page.get_by_role("button", name="保存海报").click()
    assert (await download.value).suggested_filename == "导购01.png"


async def test_a_notice_arrives_by_itself_and_is_read(open_application, guide_at_work):
    page = await open_application("/app/staff/messages?list=notices", guide_at_work.guide)
    await expect(page.get_by_text("还没有通知")).to_be_visible()
    await guide_at_work.notice("1", "仓库到货", body="请到仓库取新茶", link="/todos")
    await expect(page.get_by_role("button", name="仓库到货")).to_be_visible()
    await expect(page.get_by_role("link", name="消息 1 条未读")).to_be_visible()
    await page.get_by_role("button", name="仓库到货").click()
    await expect(page.get_by_role("heading", name="待办")).to_be_visible()
    await expect(page.get_by_role("link", name="消息", exact=True)).to_be_visible()


@pytest.mark.prove
async def test_all_notices_are_marked_read_at_once(open_application, guide_at_work):
    for number in range(3):
        await guide_at_work.notice(str(number), f"通知{number}")
    page = await open_application("/app/staff/messages?list=notices", guide_at_work.guide)
    await page.get_by_role("button", name="全部已读").click()
    await expect(page.get_by_role("link", name="消息", exact=True)).to_be_visible()
    await expect(page.get_by_role("button", name="全部已读")).to_be_hidden()


@pytest.mark.prove
async def test_a_reminder_is_added_and_done(open_application, guide_at_work):
    page = await open_application("/app/staff/todos", guide_at_work.guide)
    await expect(page.get_by_text("没有待办")).to_be_visible()
    await page.get_by_role("button", name="添加提醒").click()
    await page.get_by_label("要做什么").fill("给顾客01回电")
    await page.get_by_role("button", name="保存").click()
    await expect(page.get_by_role("link", name="待办 1 项待办")).to_be_visible()
    await page.get_by_role("button", name="完成：给顾客01回电").click()
    await expect(page.get_by_text("没有待办")).to_be_visible()
    await page.get_by_role("button", name="已完成").click()
    await expect(page.get_by_text("给顾客01回电")).to_be_visible()


@pytest.mark.prove
async def test_a_task_is_read_accepted_and_done(open_application, guide_at_work):
    body = {"title": "新茶陈列", "body": "按图陈列", "audience": {"staff_ids": [str(guide_at_work.guide.id)]}}
    task = (await guide_at_work.call("POST", "/tasks", body, by=guide_at_work.admin))["id"]
    page = await open_application(f"/app/staff/tasks/{task}", guide_at_work.guide)
    await expect(page.get_by_role("heading", name="新茶陈列")).to_be_visible()
    await page.get_by_role("button", name="接受").click()
    await expect(page.get_by_text("已接受")).to_be_visible()
    await page.get_by_role("button", name="完成").click()
    await expect(page.get_by_text("已完成")).to_be_visible()
    counts = (await guide_at_work.call("GET", f"/tasks/{task}", by=guide_at_work.admin))["counts"]
    assert (counts["read"], counts["accepted"], counts["done"]) == (1, 1, 1)


async def test_my_numbers_and_the_language(open_application, guide_at_work):
    await guide_at_work.fan("one")
    page = await open_application("/app/staff/me", guide_at_work.guide)
    await page.get_by_role("link", name="业绩与排行").click()
    await expect(page.get_by_role("row", name="今天 1 0 1")).to_be_visible()
    await page.get_by_role("button", name="返回").click()
    await page.get_by_role("button", name="English").click()
    await expect(page.get_by_role("link", name="Numbers and ranking")).to_be_visible()
    await page.get_by_role("link", name="Customers").click()
    await expect(page.get_by_role("link", name="Fan ")).to_contain_text("Following")
