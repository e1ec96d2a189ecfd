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
    await page.get_by_label("回复内容").press("Home")
    await page.get_by_role("button", name="快捷回复").click()
    await page.get_by_role("option", name="地址").click()
    await expect(page.get_by_label("回复内容")).to_have_value("南京路 1 号九点到二十一点")


async def test_what_looks_for_a_quick_reply_is_never_sent_and_drafts_outlive_the_page(opened, fan):
    await reply(opened, "/没有这个")
    await expect(opened.get_by_text("请在前面加一个空格")).to_be_visible()
    await expect(opened.get_by_label("回复内容")).to_have_value("/没有这个")
    await opened.get_by_label("回复内容").fill("写了一半")
    # The Enter that ends pinyin, as Safari tells it.
    await opened.get_by_label("回复内容").evaluate(
        "it => it.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', keyCode: 229, bubbles: true}))"
    )
    await opened.get_by_role("button", name="备注", exact=True).click()
    await expect(opened.get_by_label("备注内容")).to_have_value("")
    await opened.get_by_label("备注内容").fill("想了一半")
    await opened.reload()
    await expect(opened.get_by_label("回复内容")).to_have_value("写了一半")
    await opened.get_by_role("button", name="备注", exact=True).click()
    await expect(opened.get_by_label("备注内容")).to_have_value("想了一半")
    assert [line[1] for line in await world.thread(fan)] == ["fan"]


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
    await expect(said(opened).get_by_role("alert")).to_contain_text("没有收到回应")
    await opened.unroute("**/messages")
    await said(opened).get_by_role("button", name="重发").click()
    await expect(said(opened).get_by_text("等待发送")).to_be_visible()
    await expect(said(opened).get_by_text("在的")).to_have_count(1)
    assert [line[2] for line in await world.thread(fan) if line[1] == "staff"] == ["在的"]


def views(page):
    return page.get_by_role("group", name="看哪些对话")


async def test_a_list_is_found_again_after_a_reload_and_a_manager_begins_with_all(open_application, fan, guide):
    await world.says(await world.follower(fan.account, guide), "在吗")
    page = await open_application("/app/console/inbox", await make.manager(), **WIDE)
    await expect(views(page).get_by_role("button", name="全部")).to_have_attribute("aria-pressed", "true")
    await views(page).get_by_role("button", name="待回复").click()
    await page.get_by_label("只看未读").check()
    await page.get_by_role("region", name="对话列表").get_by_role("listitem").first.click()
    await expect(said(page).get_by_text("你好，几点关门？")).to_be_visible()
    await expect(page.get_by_label("回复内容")).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await expect(said(page).get_by_text("在吗")).to_be_visible()
    await expect(page.get_by_label("回复内容")).to_be_focused()
    await page.reload()
    await expect(said(page).get_by_text("在吗")).to_be_visible()
    await expect(views(page).get_by_role("button", name="待回复")).to_have_attribute("aria-pressed", "true")
    await expect(page.get_by_label("只看未读")).to_be_checked()


@pytest.mark.prove
async def test_a_message_is_searched_for_and_shown_where_it_was_said(open_application, fan, guide):
    for number in range(130):
        await world.says(fan, f"第 {number} 句")
    page = await open_application("/app/console/inbox", guide, **WIDE)
    await page.get_by_label("搜索聊天内容").fill("几")
    await expect(views(page)).to_be_visible()
    await page.get_by_label("搜索聊天内容").fill("几点关门")
    await page.get_by_role("button", name="你好，几点关门？").click()
    await expect(said(page).get_by_text("你好，几点关门？")).to_be_in_viewport()
    await expect(said(page).get_by_text("第 129 句")).not_to_be_in_viewport()
    await page.get_by_label("搜索聊天内容").fill("128 句")
    await page.get_by_role("button", name="第 128 句").click()
    await expect(said(page).get_by_text("第 128 句")).to_be_in_viewport()


@pytest.mark.prove
async def test_a_conversation_is_handed_to_a_colleague_who_reads_what_for(opened, fan, guide):
    colleague = await make.colleague(RoleKey.SERVICE, "客服01")
    await opened.get_by_role("button", name="转交").click()
    dialog = opened.get_by_role("dialog")
    await dialog.get_by_label("同事").last.click()
    await opened.get_by_role("option", name="客服01").click()
    await dialog.get_by_label("给接手人的留言").fill("他要订礼盒")
    await dialog.get_by_role("button", name="转交").click()
    await expect(dialog).to_be_hidden()
    assert (await world.holder(fan))[0] == colleague.id
    assert (await world.thread(fan))[-1][1:] == ("note", "他要订礼盒")


@pytest.mark.prove
async def test_who_may_not_reply_sees_the_customer_and_no_switches(open_application, fan):
    marketer = await make.colleague(RoleKey.MARKETER)
    page = await open_application(f"/app/console/inbox/{await world.id_of(fan)}", marketer, width=1100, height=800)
    await page.get_by_role("button", name="客户资料").click()
    await expect(page.get_by_role("complementary", name="客户资料")).to_be_visible()
    await expect(page.get_by_label("暂不接新对话")).to_have_count(0)
    await expect(page.get_by_role("button", name="结束对话")).to_have_count(0)
