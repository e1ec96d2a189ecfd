"""Conversations on the phone: they come live, are answered, handed on, and what was written is never lost."""

import pytest
from playwright.async_api import expect

from core.permissions.rules import RoleKey
from tests import factories as make
from tests.browser.everybody import WIDTHS, complaints, fits, focus_is_seen
from tests.wechat import inbox_world as world
from wechat.conversations.rules import MessageKind

QUESTION = "你好，几点关门？"


@pytest.fixture
async def store(db):
    return await make.store()


@pytest.fixture
async def guide(store):
    return await make.guide("导购01", store=store)


@pytest.fixture
async def fan(guide):
    fan = await world.follower(await make.account(), guide)
    await world.says(fan, QUESTION)
    return fan


@pytest.fixture
async def opened(open_application, fan, guide):
    page = await open_application(f"/app/staff/chat/{await world.id_of(fan)}", guide)
    await expect(said(page).get_by_text(QUESTION)).to_be_visible()
    return page


def said(page):
    return page.get_by_role("log", name="聊天记录")


async def reply(page, text):
    await page.get_by_label("回复内容").fill(text)
    await page.get_by_role("button", name="发送", exact=True).click()


async def test_a_question_comes_live_to_the_list_is_answered_and_is_read(open_application, fan, guide):
    page = await open_application("/app/staff/", guide)
    line = page.get_by_role("link", name="几点关门")
    await expect(line).to_contain_text("还可回复至")
    await expect(page.get_by_role("link", name="消息 1 条未读")).to_be_visible()
    await world.says(fan, "还在吗")
    line = page.get_by_role("link", name="还在吗")
    await expect(line).to_contain_text("2 条未读")
    await line.click()
    await expect(said(page).get_by_text(QUESTION)).to_be_visible()
    await world.says(fan, "急")
    await expect(said(page).get_by_text("急")).to_be_visible()
    await reply(page, "九点关门")
    await expect(said(page).get_by_text("九点关门")).to_be_visible()
    await expect(page.get_by_label("回复内容")).to_have_value("")
    await expect(page.get_by_text("还可发 4 条")).to_be_visible()
    assert (await world.thread(fan))[-1][1:] == ("staff", "九点关门")
    await page.get_by_role("button", name="返回").click()
    await expect(page.get_by_role("link", name="我方：九点关门")).to_be_visible()
    await expect(page.get_by_role("link", name="消息", exact=True)).to_be_visible()


async def test_a_notice_of_a_waiting_customer_leads_to_the_thread(open_application, fan, guide):
    page = await open_application("/app/staff/", guide)
    await page.get_by_role("button", name="通知 1").click()
    await page.get_by_role("button", name="客户在等您回复").click()
    await expect(said(page).get_by_text(QUESTION)).to_be_visible()


async def test_what_is_written_without_a_network_is_kept_and_sent_later(opened, fan):
    await opened.context.set_offline(True)
    await opened.get_by_label("回复内容").fill("九点关门")
    await expect(opened.get_by_text("写好的内容会保留")).to_be_visible()
    await expect(opened.get_by_role("button", name="发送", exact=True)).to_be_disabled()
    await opened.context.set_offline(False)
    await opened.reload()
    await expect(opened.get_by_label("回复内容")).to_have_value("九点关门")
    await opened.get_by_role("button", name="发送", exact=True).click()
    await expect(said(opened).get_by_text("九点关门")).to_be_visible()
    await opened.reload()
    await expect(said(opened).get_by_text("九点关门")).to_be_visible()
    await expect(opened.get_by_label("回复内容")).to_have_value("")


@pytest.mark.prove
async def test_the_second_who_answers_is_told_who_was_first_and_with_what(opened, fan):
    colleague = await make.colleague(RoleKey.SERVICE, "客服01")
    await opened.route("**/live", lambda route: route.abort())
    await opened.route("**/messages?after=*", lambda route: route.abort())
    await world.answers(colleague, fan, "我们九点关门", anyway=True)
    await opened.unroute("**/messages?after=*")
    await reply(opened, "九点")
    sheet = opened.get_by_role("dialog")
    await expect(sheet).to_contain_text("客服01")
    await expect(sheet).to_contain_text("我们九点关门")
    assert await complaints(opened) == []
    await sheet.get_by_role("button", name="仍要发送").click()
    await expect(said(opened).get_by_text("九点", exact=True)).to_be_visible()
    await expect(sheet).to_be_hidden()


@pytest.mark.prove
async def test_nothing_can_be_sent_to_who_left_and_a_note_remains(opened, fan):
    await world.leaves(fan)
    await expect(opened.get_by_text("客户已取消关注，不能再发消息")).to_be_visible()
    await expect(opened.get_by_label("回复内容")).to_be_hidden()
    await opened.get_by_role("button", name="写备注").click()
    await opened.get_by_label("备注内容").fill("改天打电话")
    await opened.get_by_role("dialog").get_by_role("button", name="保存").click()
    await expect(said(opened).get_by_text("改天打电话")).to_be_visible()
    assert (await world.thread(fan))[-1][1:] == ("note", "改天打电话")


@pytest.mark.prove
async def test_a_case_is_closed_after_a_question_and_opened_again(opened, fan):
    await opened.get_by_role("button", name="更多操作").click()
    sheet = opened.get_by_role("dialog")
    await sheet.get_by_role("button", name="结束对话").click()
    await expect(sheet.get_by_text("还没有人回复")).to_be_visible()
    await sheet.get_by_role("button", name="结束对话").click()
    await opened.get_by_role("button", name="重新打开").click()
    await expect(opened.get_by_text("由我接待")).to_be_visible()
    assert (await world.cases(fan))[-1]["closed_at"] is None


@pytest.mark.prove
async def test_a_conversation_is_handed_over_and_taken(open_application, opened, fan, guide, store):
    colleague = await make.guide("导购02", store=store)
    await opened.get_by_role("button", name="更多操作").click()
    await opened.get_by_role("button", name="转交").click()
    sheet = opened.get_by_role("dialog", name="转交")
    await sheet.get_by_label("同事", exact=True).select_option(label="导购02（不在线，接待中 0）")
    await sheet.get_by_role("button", name="转交", exact=True).click()
    await expect(opened.get_by_role("heading", name="消息")).to_be_visible()
    assert (await world.holder(fan))[0] == colleague.id
    page = await open_application(f"/app/staff/chat/{await world.id_of(fan)}", guide)
    await page.get_by_role("button", name="接手").click()
    await expect(page.get_by_text("由我接待")).to_be_visible()
    assert (await world.holder(fan))[0] == guide.id


@pytest.mark.prove
async def test_quick_replies_and_cards_are_sent(open_application, opened, fan, guide, http):
    body = {"title": "营业时间", "text": "九点到二十一点"}
    await http.post("/staff/v1/quick-replies", headers=await make.headers(guide), json=body)
    await opened.get_by_role("button", name="发送其他内容").click()
    await opened.get_by_role("button", name="快捷回复").click()
    await opened.get_by_role("dialog").get_by_role("button", name="营业时间").click()
    await expect(opened.get_by_label("回复内容")).to_have_value("九点到二十一点")
    await opened.get_by_role("button", name="卡片").click()
    sheet = opened.get_by_role("dialog", name="卡片")
    await sheet.get_by_label("标题").fill("新茶上市")
    await sheet.get_by_role("button", name="发送").click()
    await expect(sheet.get_by_role("alert")).to_contain_text("http")
    await sheet.get_by_label("链接").fill("https://shop.example.org/new")
    await sheet.get_by_role("button", name="发送").click()
    await expect(said(opened).get_by_role("link", name="新茶上市")).to_be_visible()


@pytest.mark.prove
async def test_what_may_be_unfit_is_folded_until_it_is_asked_for(opened, fan, http):
    admin = await make.headers(await make.admin())
    added = await http.post("/staff/v1/banned-words", headers=admin, json={"word": "加微信"})
    assert added.status_code == 201, added.text
    await world.says(fan, "请加微信 abc")
    await expect(said(opened).get_by_text("可能含有不合适的内容")).to_be_visible()
    await expect(said(opened).get_by_text("请加微信")).to_have_count(0)
    await said(opened).get_by_role("button", name="仍要查看").click()
    await expect(said(opened).get_by_text("请加微信 abc")).to_be_visible()


@pytest.mark.prove
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", ["zh-CN", "en-US"])
async def test_everybody_can_use_every_kind_of_message(open_application, fan, guide, width, language):
    kinds = {
        MessageKind.VOICE: {"content": {"format": "amr"}, "text": "明天有空吗"},
        MessageKind.LOCATION: {"content": {"latitude": 31.2, "longitude": 121.4}, "text": "南京路"},
        MessageKind.LINK: {
            "content": {"title": "茶" * 60, "description": "说明", "url": "https://example.org/" + "a" * 90}
        },
        MessageKind.OTHER: {"content": {"type": "emoticon"}},
    }
    for kind, what in kinds.items():
        await world.hear(fan, kind, None, **what)
    await world.taps(fan, answer=world.answered("长" * 300))
    page = await open_application("/app/staff/", guide, width=width, height=WIDTHS[width], language=language)
    await page.get_by_role("link", name="1").first.wait_for()
    for path in ("messages", f"chat/{await world.id_of(fan)}"):
        await page.goto(page.url.partition("/app/")[0] + f"/app/staff/{path}")
        await expect(page.locator("h1")).to_be_visible()
        await expect(page.locator("[aria-busy=true]")).to_have_count(0)
        assert await fits(page), path
        assert await complaints(page) == [], path
        assert await focus_is_seen(page), path
