"""The phone page against the simulator alone: a chat, posters, several people, the clock, the faults, the menu."""

import io
import re
from xml.sax.saxutils import escape

import pytest
import segno
from playwright.async_api import expect

from tests.browser.phones import count_is
from tests.simulator.harness import APP_ID, until


@pytest.fixture
async def phones(open_phones, simulator):
    return await open_phones(simulator.base)


async def test_somebody_new_gets_from_the_front_door_to_an_answer_by_the_words_on_the_page(phones):
    await phones.button("添加顾客").click()
    await phones.button("添加新顾客").click()
    await phones.button("关注公众号").click()
    await expect(phones.bubbles()).to_have_text(["公众号：欢迎光临"])
    await phones.write("你好")
    await expect(phones.bubbles()).to_have_text(["公众号：欢迎光临", "我：你好", "公众号：欢迎光临"])
    assert phones.page.url.endswith("/phone/")


async def test_a_poster_of_the_list_is_scanned_with_a_tap(phones, simulator, receiver):
    await simulator.code("guide-01")
    await phones.add()
    await phones.scan("场景 guide-01")
    await expect(phones.bubbles().last).to_contain_text("欢迎光临")
    await expect(phones.notes()).to_contain_text(["扫码关注"])
    assert receiver.received[-1].clear["EventKey"] == "qrscene_guide-01"


@pytest.mark.prove
async def test_posters_show_their_captions(phones, simulator):
    for number in range(8):
        code = await simulator.code(f"scene-{number}")
    captions = {"app_id": APP_ID, "captions": {code["ticket"]: "导购03 · 南京路店"}}
    async with simulator.session.put(simulator.base + "/sim/codes/captions", json=captions) as response:
        assert response.status == 204
    posters = phones.drawer.locator(".poster")
    await expect(posters.first).to_contain_text("导购03 · 南京路店")
    await count_is(posters, 6)
    await phones.button("全部 8 张").click()
    await count_is(posters, 8)
    await phones.add()
    await phones.scan("导购03 · 南京路店")
    await expect(phones.bubbles().last).to_contain_text("欢迎光临")


@pytest.mark.prove
async def test_a_poster_file_is_scanned_and_what_is_no_poster_is_said_in_words(phones, simulator, receiver):
    code = await simulator.code("guide-02")
    picture = io.BytesIO()
    segno.make_qr(code["url"], error="m").save(picture, kind="png", scale=8, border=4)
    await phones.add()
    field = phones.drawer.get_by_label("选一张海报图片")
    await field.set_input_files({"name": "holiday.png", "mimeType": "image/png", "buffer": b"no picture"})
    await expect(phones.alert).to_contain_text("不是能识别的图片")
    await field.set_input_files({"name": "poster.png", "mimeType": "image/png", "buffer": picture.getvalue()})
    await expect(phones.bubbles().last).to_contain_text("欢迎光临")
    assert receiver.received[-1].clear["EventKey"] == "qrscene_guide-02"


@pytest.mark.prove
async def test_a_poster_dropped_on_a_phone_is_scanned_by_that_phone(phones, simulator):
    code = await simulator.code("guide-03")
    picture = io.BytesIO()
    segno.make_qr(code["url"], error="m").save(picture, kind="png", scale=8, border=4)
    await phones.add("顾客01")
    await phones.add("顾客02")
    data = await phones.page.evaluate_handle(
        """(bytes) => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(bytes)], "poster.png", { type: "image/png" }));
            return data;
        }""",
        list(picture.getvalue()),
    )
    await phones.phone("顾客01").get_by_role("log").dispatch_event("drop", {"dataTransfer": data})
    await expect(phones.bubbles("顾客01")).to_have_text(["公众号：欢迎光临"])
    await count_is(phones.bubbles("顾客02"), 0)


@pytest.mark.prove
async def test_several_people_stand_side_by_side_and_are_there_again_after_a_reload(phones, simulator):
    await phones.add("顾客01")
    await phones.add("顾客02")
    await phones.follow("顾客02")
    await expect(phones.drawer).to_contain_text("正在替 顾客02 操作")
    await count_is(phones.bubbles("顾客01"), 0)
    left = await phones.phone("顾客01").bounding_box()
    right = await phones.phone("顾客02").bounding_box()
    assert left["x"] + left["width"] <= right["x"]
    assert left["y"] == right["y"]
    await phones.page.reload()
    await count_is(phones.bubbles("顾客02"), 1)
    await phones.phone("顾客01").get_by_role("button", name="把顾客01移出视图").click()
    await count_is(phones.phone("顾客01"), 0)
    await expect(phones.phone("顾客02")).to_be_visible()
    assert len((await simulator.ok("/sim/fans"))["fans"]) == 2, "out of view is not out of the world"


@pytest.mark.prove
async def test_one_person_on_two_screens_says_the_same_on_both(open_phones, phones, simulator):
    await phones.add()
    elsewhere = await open_phones(simulator.base)
    await elsewhere.button("添加顾客").click()
    await elsewhere.page.get_by_role("dialog").get_by_role("button", name="顾客01", exact=True).click()
    await expect(elsewhere.phone()).to_be_visible()
    await phones.follow()
    await expect(elsewhere.bubbles()).to_have_text(["公众号：欢迎光临"])


async def test_what_the_platform_refuses_is_said_in_words_and_what_was_written_is_kept(phones, simulator):
    await phones.add()
    await phones.follow()
    await phones.page.route("**/send", lambda route: route.abort())
    await phones.write("别丢了")
    await expect(phones.alert).to_contain_text("连不上模拟器")
    await expect(phones.phone().get_by_role("textbox")).to_have_value("别丢了")
    await phones.page.unroute("**/send")
    refusal = '{"error": {"code": "already_following", "message": "x"}}'
    await phones.drawer.get_by_role("button", name="取消关注").click()
    await phones.page.route("**/follow", lambda route: route.fulfill(status=409, body=refusal))
    await phones.button("关注公众号").click()
    await expect(phones.alert).to_contain_text("已经关注了公众号")


@pytest.mark.prove
async def test_a_message_that_nobody_answers_is_marked(phones, receiver):
    await phones.add()
    await phones.follow()
    receiver.always("broken", status=500)
    await phones.write("在吗")
    await expect(phones.phone().get_by_role("img", name="公众号没有回应")).to_be_visible()
    await expect(phones.notes().last).to_contain_text("出现故障")


@pytest.mark.prove
async def test_a_message_without_a_reply_says_quietly_once_that_it_arrived(phones, receiver):
    await phones.add()
    await phones.follow()
    said = phones.phone().get_by_text("公众号已收到，未设自动回复")
    await phones.write("有回复")
    await count_is(phones.bubbles(), 3)
    receiver.always("success")
    await phones.write("没有回复")
    await count_is(said, 1)
    await phones.write("还是没有")
    await count_is(said, 2)
    await phones.page.reload()
    await count_is(phones.bubbles(), 5)
    await count_is(said, 2)


@pytest.mark.prove
async def test_the_field_grows_with_what_is_written_up_to_four_lines(phones):
    await phones.add()
    await phones.follow()
    field = phones.phone().get_by_role("textbox")
    for text, rows in (("一行", "1"), ("很长的一行" * 8, "3"), ("行\n行", "2"), ("很长的一行" * 40, "4"), ("", "1")):
        await field.fill(text)
        await expect(field).to_have_attribute("rows", rows)


@pytest.mark.prove
async def test_what_no_phone_could_send_is_said_in_words_and_kept(phones, simulator):
    await phones.add()
    await phones.follow()
    field = phones.phone().get_by_role("textbox")
    await field.fill("你好\u0008")
    await field.press("Enter")
    await expect(phones.alert).to_contain_text("消息里有无法发送的字符")
    await expect(field).to_have_value("你好\u0008")
    await count_is(phones.bubbles(), 1)


@pytest.mark.prove
async def test_a_switch_that_takes_the_place_of_another_says_so(phones):
    await phones.add()
    await phones.drawer.get_by_text("我们调用微信接口时").click()
    busy, refused = (
        phones.drawer.get_by_role("switch", name=name) for name in ("服务器繁忙（-1） 每个", "令牌总是失效")
    )
    await busy.check()
    await refused.check()
    await expect(phones.page.locator(".toasts")).to_contain_text(
        "已打开：令牌总是失效（40001），代替了“服务器繁忙（-1）”"
    )
    await expect(refused).to_be_checked()
    await expect(busy).not_to_be_checked()


@pytest.mark.prove
async def test_the_clock_jumps_and_its_date_stands_above_the_phones_until_it_is_real_again(phones, simulator):
    await phones.add()
    await phones.follow()
    date, said = phones.page.locator("#date"), phones.phone().get_by_role("time")
    await expect(date).to_be_hidden()
    await expect(said).to_have_text([re.compile(r"^\d\d:\d\d$")])
    await phones.button("过两天").click()
    await expect(said).to_have_text([re.compile(r"^\d+月\d+日 \d\d:\d\d$")])
    await expect(date).to_be_visible()
    await expect(phones.drawer).to_contain_text("比真实时间快 2 天")
    assert (await simulator.ok("/sim/clock"))["offset"] == 172_800
    await phones.button("恢复真实时间").click()
    await expect(date).to_be_hidden()
    simulator.move_clock(3_600)
    await expect(phones.drawer).to_contain_text("比真实时间快 1 小时")


@pytest.mark.prove
async def test_a_fault_is_switched_on_shown_and_switched_off(phones, simulator, receiver):
    await phones.add()
    await phones.drawer.get_by_role("switch", name="重复推送").check()
    await expect(phones.page.get_by_text("已打开：重复推送")).to_be_visible()
    await phones.follow()
    await expect(phones.bubbles()).to_have_text(["公众号：欢迎光临"])
    await until(lambda: receiver.has(2))
    assert len({received.clear["CreateTime"] for received in receiver.received}) == 1
    await phones.page.reload()
    await expect(phones.drawer.get_by_role("switch", name="重复推送")).to_be_checked()
    await expect(phones.page.get_by_text("打开了 1 个异常")).to_be_visible()
    await phones.drawer.get_by_text("我们调用微信接口时").click()
    await phones.drawer.get_by_role("switch", name="令牌总是失效").check()
    await expect(phones.page.get_by_text("已打开：令牌总是失效")).to_be_visible()
    assert [fault["errcode"] for fault in (await simulator.ok(f"/sim/faults?app_id={APP_ID}"))["faults"]] == [40001]
    await phones.drawer.get_by_role("switch", name="重复推送").uncheck()
    await expect(phones.page.get_by_text("已关上：重复推送")).to_be_visible()
    assert await simulator.ok(f"/sim/push_faults?app_id={APP_ID}") == []
    await phones.button("恢复正常").click()
    await expect(phones.button("恢复正常")).to_be_disabled()
    assert (await simulator.ok(f"/sim/faults?app_id={APP_ID}"))["faults"] == []


@pytest.mark.prove
async def test_the_menu_bar_takes_turns_with_the_keyboard(phones, simulator, receiver):
    buttons = [
        {"name": "选茶", "sub_button": [{"type": "click", "name": "热销", "key": "hot"}]},
        {"type": "click", "name": "我的导购", "key": "guide"},
    ]
    await phones.add()
    await phones.follow()
    async with simulator.session.put(
        f"{simulator.base}/sim/accounts/{APP_ID}/menu", json={"button": buttons}
    ) as response:
        assert response.status == 200
    await phones.button("我的导购").click()
    await expect(phones.notes().last).to_contain_text("我的导购")
    await until(lambda: receiver.was_told(EventKey="guide"))
    await phones.phone().get_by_text("选茶").click()
    await phones.button("热销").click()
    await expect(phones.notes().last).to_contain_text("热销")
    await until(lambda: receiver.was_told(EventKey="hot"))
    await phones.button("改用键盘").click()
    await phones.write("你好")
    await expect(phones.bubbles().nth(-2)).to_contain_text("你好")


@pytest.mark.prove
async def test_two_phones_side_by_side_have_the_menus_that_fit_them(phones, simulator):
    for name in ("顾客01", "顾客02"):
        await phones.add(name)
        await phones.follow(name)
    first, _ = (await simulator.ok("/sim/fans"))["fans"]
    token = await simulator.token()
    general, own = [{"type": "click", "name": name, "key": name} for name in ("积分", "安卓专享")]
    await simulator.post("/cgi-bin/menu/create", {"button": [general]}, access_token=token)
    await expect(phones.phone("顾客01").get_by_role("button", name="积分")).to_be_visible()
    body = {"button": [own], "matchrule": {"client_platform_type": "2"}}
    await simulator.post("/cgi-bin/menu/addconditional", body, access_token=token)
    url = f"{simulator.base}/sim/fans/{first['fan_id']}"
    async with simulator.session.put(url, json={"client": "android"}) as response:
        assert response.status == 200
    await expect(phones.phone("顾客01").get_by_role("button", name="安卓专享")).to_be_visible()
    await expect(phones.phone("顾客02").get_by_role("button", name="积分")).to_be_visible()


async def test_a_place_and_a_picture_are_sent_and_drawn(phones, receiver):
    await phones.add()
    await phones.follow()
    await phones.phone().get_by_role("button", name="更多").click()
    await phones.button("位置").click()
    await phones.button("上海 · 陆家嘴").click()
    await phones.button("发送").locator("visible=true").click()
    await expect(phones.bubbles().filter(has_text="陆家嘴")).to_be_visible()
    await until(lambda: receiver.was_told(MsgType="location"))
    await phones.phone().get_by_role("button", name="更多").click()
    await phones.button("图片").click()
    picture = phones.bubbles().get_by_role("img", name="图片")
    await expect(picture).to_be_visible()
    assert await picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    await until(lambda: receiver.was_told(MsgType="image"))


async def test_markup_in_a_message_is_text(phones, receiver):
    receiver.reply(escape("<b>粗</b> <a href='https://example.org/'>看看</a> <img src=x onerror=alert(1)>"))
    await phones.add()
    await phones.follow()
    bubble = phones.bubbles().last
    await expect(bubble).to_contain_text("<b>粗</b> 看看 <img src=x onerror=alert(1)>")
    await expect(bubble.get_by_role("link", name="看看")).to_have_attribute("href", "https://example.org/")


async def test_new_bubbles_are_read_aloud_and_everything_has_a_name(phones):
    await phones.add()
    await phones.follow()
    log = phones.phone().get_by_role("log", name="顾客01的聊天记录")
    await expect(log).to_have_attribute("aria-live", "polite")
    nameless = await phones.page.evaluate(
        """[...document.querySelectorAll("button, input, textarea, select, a, summary")].filter((element) =>
            !(element.ariaLabel || element.textContent.trim() || element.labels?.length)).map((e) => e.outerHTML)"""
    )
    assert nameless == []


@pytest.mark.prove
async def test_a_mini_program_beside_the_account_is_no_phone(open_phones, simulator):
    await simulator.account(app_id="wxmini", original_id="gh_mini", kind="mini", name="小程序")
    await simulator.account(app_id="wxsecond", original_id="gh_second", name="第二个公众号")
    phones = await open_phones(simulator.base)
    await phones.add()
    accounts = phones.page.get_by_role("combobox")
    await expect(accounts.locator("option")).to_have_text(["关系茶社", "第二个公众号"])
    await accounts.select_option("第二个公众号")
    await expect(phones.page.get_by_text("请第一位顾客进来")).to_be_visible()


@pytest.mark.prove
async def test_cards_are_drawn_and_what_they_offer_is_tapped(phones, simulator, receiver):
    await phones.add()
    await phones.follow()
    [openid] = (await simulator.ok(f"/sim/followers?app_id={APP_ID}"))["openids"]
    await phones.write("你好")
    token = await simulator.token()

    async def send(**body):
        answer = await simulator.post("/cgi-bin/message/custom/send", {"touser": openid} | body, access_token=token)
        assert answer[1]["errcode"] == 0, answer

    article = {"title": "春茶上新", "description": "到店品尝", "url": "https://example.org/tea"}
    await send(msgtype="news", news={"articles": [article]})
    card = phones.bubbles().get_by_role("link", name="春茶上新")
    await expect(card).to_have_attribute("href", "https://example.org/tea")
    await expect(card).to_contain_text("到店品尝")
    choice = {"head_content": "满意吗？", "list": [{"id": "1", "content": "满意"}, {"id": "2", "content": "不满意"}]}
    await send(msgtype="msgmenu", msgmenu=choice)
    await phones.button("不满意").click()
    await expect(phones.bubbles().nth(-2)).to_contain_text("不满意")
    await until(lambda: receiver.was_told(bizmsgmenuid="2"))


@pytest.mark.prove
async def test_the_dialog_of_subscription_notices_grants_what_is_ticked(phones, simulator, receiver):
    await phones.add()
    await phones.follow()
    tools = phones.phone().get_by_role("button", name="更多")
    await tools.click()
    await phones.button("订阅通知").click()
    await expect(phones.page.get_by_role("dialog")).to_contain_text("还没有订阅通知的模板")
    await phones.page.keyboard.press("Escape")
    for number, title in enumerate(["到店提醒", "活动提醒"], start=1):
        template = {"app_id": APP_ID, "template_id": f"T{number}", "kind": "subscribe", "title": title}
        async with simulator.session.put(
            simulator.base + "/sim/templates", json=template | {"keys": {"thing1": "项目"}}
        ) as response:
            assert response.status < 300
    await tools.click()
    await phones.button("订阅通知").click()
    await phones.page.get_by_label("活动提醒").uncheck()
    await phones.button("确定").click()
    await expect(phones.notes().last).to_contain_text("允许 1 项，拒绝 1 项")
    await until(lambda: receiver.was_told(Event="subscribe_msg_popup_event"))
