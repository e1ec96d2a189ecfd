"""The inbox on the PC: answers, live, told who else answers, and what remains when nothing may be sent."""

import pytest
from playwright.async_api import expect

from core.permissions.rules import RoleKey
from tests import factories as make
from tests.wechat import inbox_world as world

WIDE = {"width": 1440, "height": 900}


@pytest.fixture
async def guide(db):
    return await make.guide("导购01")


@pytest.fixture
async def fan(guide):
    fan = await world.follower(await make.account(), guide)
    await world.says(fan, "你好，几点关门？")
    return fan


@pytest.fixture
async def opened(open_application, fan, guide):
    page = await open_application(f"/app/console/inbox/{await world.id_of(fan)}", guide, **WIDE)
    await expect(said(page).get_by_text("你好，几点关门？")).to_be_visible()
    return page


def said(page):
    return page.get_by_role("log", name="聊天记录")


async def reply(page, text):
    await page.get_by_label("回复内容").fill(text)
    await page.keyboard.press("Enter")


async def test_a_question_comes_live_is_answered_with_enter_and_is_read(opened, fan, guide):
    await world.says(fan, "还在吗")
    await expect(said(opened).get_by_text("还在吗")).to_be_visible()
    await opened.get_by_label("回复内容").fill("在的")
    await opened.keyboard.press("Shift+Enter")
    await opened.keyboard.type("九点关门")
    await opened.keyboard.press("Enter")
    await expect(said(opened).get_by_text("在的\n九点关门")).to_be_visible()
    await expect(opened.get_by_label("回复内容")).to_have_value("")
    await expect(opened.get_by_text("还可发 4 条")).to_be_visible()
    assert (await world.thread(fan))[-1][1:] == ("staff", "在的\n九点关门")
    lines = opened.get_by_role("region", name="对话列表").get_by_role("listitem")
    await expect(lines).to_have_count(1)
    await expect(lines.get_by_text("条未读")).to_have_count(0)


@pytest.mark.prove
async def test_what_was_said_while_the_page_was_offline_comes_once(opened, fan):
    await opened.context.set_offline(True)
    await expect(opened.get_by_text("网络已断开")).to_be_visible()
    await world.says(fan, "第一句")
    await world.says(fan, "第二句")
    await opened.context.set_offline(False)
    await expect(said(opened).get_by_text("第二句")).to_be_visible()
    await expect(said(opened).get_by_text("第一句")).to_have_count(1)
    await expect(said(opened).get_by_text("第二句")).to_have_count(1)


async def test_the_second_who_answers_is_told_who_was_first_and_with_what(opened, fan):
    colleague = await make.colleague(RoleKey.SERVICE, "客服01")
    await opened.route("**/live", lambda route: route.abort())
    await opened.route("**/messages?after=*", lambda route: route.abort())
    await world.answers(colleague, fan, "我们九点关门", anyway=True)
    await opened.unroute("**/messages?after=*")
    await reply(opened, "九点")
    dialog = opened.get_by_role("dialog")
    await expect(dialog).to_contain_text("客服01")
    await expect(dialog).to_contain_text("我们九点关门")
    await dialog.get_by_role("button", name="仍要发送").click()
    await expect(said(opened).get_by_text("九点", exact=True)).to_be_visible()
    await expect(dialog).to_be_hidden()


@pytest.mark.prove
async def test_nothing_can_be_sent_to_who_left_and_the_page_says_what_remains(opened, fan):
    await world.leaves(fan)
    await expect(opened.get_by_text("客户已取消关注，不能再发消息")).to_be_visible()
    await expect(opened.get_by_text("仍可以：写备注、转交同事、打电话联系")).to_be_visible()
    await expect(opened.get_by_label("回复内容")).to_be_hidden()
    await opened.get_by_role("button", name="备注", exact=True).click()
    await opened.get_by_label("备注内容").fill("改天打电话")
    await opened.get_by_role("button", name="保存备注").click()
    await expect(said(opened).get_by_text("改天打电话")).to_be_visible()
    assert (await world.thread(fan))[-1][1:] == ("note", "改天打电话")


@pytest.mark.prove
async def test_a_quick_reply_is_chosen_with_the_keyboard(open_application, guide, fan, http):
    headers = await make.headers(guide)
    for title, text in (("地址", "南京路 1 号"), ("营业时间", "九点到二十一点")):
        await http.post("/staff/v1/quick-replies", headers=headers, json={"title": title, "text": text})
    page = await open_application(f"/app/console/inbox/{await world.id_of(fan)}", guide, **WIDE)
    await page.get_by_label("回复内容").fill("/营业")
    await expect(page.get_by_role("option")).to_have_text(["营业时间 九点到二十一点"])
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("回复内容")).to_have_value("九点到二十一点")


@pytest.mark.prove
async def test_a_case_is_closed_and_opened_again(opened, fan):
    await reply(opened, "九点")
    await expect(opened.get_by_text("还可发 4 条")).to_be_visible()
    await opened.get_by_role("button", name="结束对话").click()
    await opened.get_by_role("button", name="重新打开").click()
    await expect(opened.get_by_role("button", name="结束对话")).to_be_visible()
    assert (await world.cases(fan))[-1]["closed_at"] is None


@pytest.mark.prove
async def test_what_was_not_sent_is_taken_back_or_sent_again(opened, fan):
    await opened.route("**/messages", lambda route: route.abort())
    await reply(opened, "在的")
    await expect(said(opened).get_by_role("alert")).to_contain_text("没有发出")
    await opened.unroute("**/messages")
    await said(opened).get_by_role("button", name="重发").click()
    await expect(said(opened).get_by_text("等待发送")).to_be_visible()
    await expect(said(opened).get_by_text("在的")).to_have_count(1)
    assert [line[2] for line in await world.thread(fan) if line[1] == "staff"] == ["在的"]
