"""Ways through the staff pages: to every conversation, back without losing words, to a proof, and where no way is."""

import pytest
from playwright.async_api import expect

from tests import factories as make
from tests.browser.everybody import complaints
from tests.browser.staff_world import desk
from tests.wechat import inbox_world as world

# One dot.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8ffff3f0005fe02fe"
    "a7356ded0000000049454e44ae426082"
)


@pytest.fixture
async def at_work(http):
    return await desk(http)


async def test_a_conversation_that_nobody_serves_is_found_and_opened_from_the_customer(open_application, at_work):
    fan = await world.follower(await make.account(), at_work.guide)
    await world.says(fan, "几点关门？", answer=world.answered("九点关门"))
    page = await open_application("/app/staff/", at_work.guide)
    await expect(page.get_by_text("没有由您接待的对话")).to_be_visible()
    await page.get_by_role("button", name="全部").click()
    await page.get_by_role("link", name="自动：九点关门").click()
    await page.get_by_role("link", name="客户资料").click()
    await page.get_by_role("link", name="发消息").click()
    await expect(page.get_by_role("log").get_by_text("几点关门？")).to_be_visible()
    # The list stands as it was left, also after three pages.
    for _ in range(3):
        await page.get_by_role("button", name="返回").click()
    await expect(page.get_by_role("button", name="全部")).to_have_attribute("aria-pressed", "true")
    await expect(page.get_by_role("link", name="自动：九点关门")).to_be_visible()


async def test_the_way_back_and_a_stray_tap_lose_no_words(open_application, at_work):
    await at_work.fan("one", "顾客01")
    page = await open_application("/app/staff/customers", at_work.guide)
    await page.get_by_role("link", name="顾客01").click()
    await page.get_by_role("button", name="写跟进").click()
    sheet = page.get_by_role("dialog")
    await page.go_back()
    await expect(sheet).to_be_hidden()
    await expect(page.get_by_role("heading", name="顾客01")).to_be_visible()
    await page.get_by_role("button", name="写跟进").click()
    await sheet.get_by_label("内容").fill("想看新茶")
    box = await sheet.bounding_box()
    await page.mouse.click(box["x"] + 4, box["y"] + box["height"] / 2)
    await expect(sheet.get_by_label("内容")).to_be_visible()
    for leave in (page.go_back, lambda: page.mouse.click(180, 20), lambda: page.keyboard.press("Escape")):
        await leave()
        await expect(sheet.get_by_role("alert")).to_contain_text("还没有保存")
        await sheet.get_by_role("button", name="继续填写").click()
        await expect(sheet.get_by_label("内容")).to_have_value("想看新茶")
    await page.go_back()
    await expect(sheet.get_by_role("alert")).to_be_visible()
    await sheet.get_by_role("button", name="放弃").click()
    await expect(sheet).to_be_hidden()
    await page.go_back()
    await expect(page.get_by_role("heading", name="客户", exact=True)).to_be_focused()


async def test_a_task_is_done_with_its_proof(open_application, at_work):
    asked = {"staff_ids": [str(at_work.guide.id)]}
    body = {"title": "新茶陈列", "body": "按图陈列", "needs_proof": True, "audience": asked}
    task = (await at_work.call("POST", "/tasks", body, by=at_work.admin))["id"]
    page = await open_application(f"/app/staff/tasks/{task}", at_work.guide)
    done = page.get_by_role("button", name="完成", exact=True)
    await expect(done).to_be_disabled()
    picture = {"name": "shelf.png", "mimeType": "image/png", "buffer": PNG}
    await page.get_by_label("添加图片").set_input_files(picture)
    await expect(page.get_by_role("img", name="凭证 1")).to_be_visible()
    await done.click()
    await expect(page.get_by_text("已完成")).to_be_visible()
    [word] = await make.rows("SELECT file_ids FROM task_word WHERE step = 'done'")
    assert len(word["file_ids"]) > len("[]")


@pytest.mark.prove
async def test_what_only_the_console_has_is_said(open_application, at_work):
    await at_work.notice("1", "手机号更正待审批", link="/mobile-changes")
    page = await open_application("/app/staff/messages?list=notices", at_work.guide)
    await page.get_by_role("button", name="手机号更正待审批").click()
    await expect(page.get_by_text("请在电脑端处理")).to_be_visible()
    assert page.url.endswith("list=notices")


@pytest.mark.prove
async def test_a_list_read_far_down_stays_there_when_news_come(open_application, at_work):
    for number in range(70):
        await at_work.notice(str(number), f"通知{number:02}")
    page = await open_application("/app/staff/messages?list=notices", at_work.guide)
    first = page.get_by_role("button", name="通知00")
    while not await first.is_visible():
        await page.mouse.wheel(0, 4000)
        await page.wait_for_timeout(50)
    await first.scroll_into_view_if_needed()
    await at_work.notice("70", "通知70")
    await expect(page.get_by_role("link", name="消息 71 条未读")).to_be_visible()
    await expect(page.get_by_role("main").get_by_role("listitem")).to_have_count(71)
    await expect(first).to_be_in_viewport()


@pytest.mark.prove
async def test_the_way_back_from_a_customer_leads_to_the_same_place_in_the_list(open_application, at_work):
    for number in range(16):
        await at_work.fan(f"person-{number}")
    page = await open_application("/app/staff/customers", at_work.guide)
    last = page.get_by_role("link", name="粉丝").last
    await last.scroll_into_view_if_needed()
    await expect(page.get_by_role("searchbox")).not_to_be_in_viewport()
    await last.click()
    await page.get_by_role("button", name="返回").click()
    await expect(last).to_be_in_viewport()
    await expect(page.get_by_role("searchbox")).not_to_be_in_viewport()


@pytest.mark.prove
async def test_inside_wechat_a_poster_is_shown_to_be_kept_by_a_long_press(open_application, at_work):
    await make.code(await make.account(), at_work.guide)
    page = await open_application("/app/staff/me", at_work.guide, agent="Mozilla/5.0 MicroMessenger/8.0.49")
    await page.get_by_role("link", name="我的码").click()
    await page.get_by_role("button", name="保存海报").click()
    full = page.get_by_role("dialog", name="导购01")
    await expect(full.get_by_text("长按图片保存")).to_be_visible()
    assert (await full.get_by_role("img", name="导购01的海报").get_attribute("src")).startswith("data:image/png")
    await page.go_back()
    await expect(full).to_be_hidden()
    assert page.url.endswith("/code")


@pytest.mark.prove
async def test_an_unanswered_me_is_asked_again(open_application, at_work):
    fan = await world.follower(await make.account(), at_work.guide)
    await world.says(fan, "在吗")
    page = await open_application("/app/staff/log-in", at_work.guide)
    await page.route("**/staff/v1/me", lambda route: route.abort())
    await page.goto(page.url.replace("log-in", f"chat/{await world.id_of(fan)}"))
    await expect(page.get_by_role("log").get_by_text("在吗")).to_be_visible()
    await expect(page.get_by_label("回复内容")).to_have_count(0)
    await page.unroute("**/staff/v1/me")
    await page.context.set_offline(True)
    await page.context.set_offline(False)
    await expect(page.get_by_label("回复内容")).to_be_visible()


@pytest.mark.prove
async def test_a_customer_shows_people_tasks_and_how_it_wants_to_be_reached(open_application, at_work):
    customer = await at_work.fan("one", "静安茶行")
    asked = {"staff_ids": [str(at_work.guide.id)]}
    task = await at_work.call(
        "POST", "/tasks", {"title": "陈列检查", "body": "检查", "audience": asked}, by=at_work.admin
    )
    note = {"kind": "visit", "body": "到店", "task_id": task["id"]}
    person = {"name": "店长", "post": "负责人"}
    channel = {"channel": "sms", "accepted": False}
    for path, body in (("follow-ups", note), ("contact-persons", person), ("channels", channel)):
        await at_work.call("POST", f"/customers/{customer}/{path}", body)
    page = await open_application(f"/app/staff/customers/{customer}", at_work.guide)
    await expect(page.get_by_role("region", name="联系人")).to_contain_text("店长 主要联系人负责人")
    await expect(page.get_by_role("region", name="任务")).to_contain_text("陈列检查")
    await expect(page.get_by_role("region", name="任务")).to_contain_text("已完成 0/1")
    await expect(page.get_by_role("region", name="隐私与联系偏好")).to_contain_text("拒绝短信")
    assert await complaints(page) == []
