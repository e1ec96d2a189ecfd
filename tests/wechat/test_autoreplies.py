"""Automatic replies as fans get them: who answers first, when, and with what words."""

from datetime import timedelta

import asyncpg
import pytest

from app.contexts import registry
from core.customers.rules import ContactKind, Credit
from infra import cache, clock, database, parameters
from tests import factories as make
from tests.wechat.reply_world import fan_of, marketer, rule, said, text
from wechat.autoreplies import book
from wechat.autoreplies.asking import DEFAULT_PAUSE_MINUTES
from wechat.conversations import words


@pytest.fixture
async def by(http):
    return await marketer()


@pytest.fixture
async def account(http):
    return await make.account(name="好店")


@pytest.fixture
def fan(account):
    return fan_of(account)


@pytest.fixture
def ask(http, fan):
    async def ask(fields):
        return await said(http, fan, fields)

    return ask


async def test_nobodys_question_is_left_to_a_person(ask):
    assert await ask("有人吗") is None


async def test_the_smallest_priority_answers_then_exact_before_contained_before_pattern_then_the_oldest(by, ask):
    asked = [
        ("模式", {"match": "pattern", "words": ["营业"]}),
        ("包含", {"match": "contains", "words": ["营业"]}),
        ("后来", {"words": ["营业时间"]}),
        ("完全", {"words": ["营业时间"], "priority": 99}),
        ("最先", {"match": "pattern", "words": ["时间$"], "priority": 1}),
    ]
    for number, (says, more) in enumerate(asked):
        await rule(by, says, **more)
        if number < 2:
            await rule(by, "太晚", **more)
        assert await ask("营业时间") == says
    assert await ask("几点营业") == "包含"


async def test_a_rule_answers_in_its_account_when_enabled_and_until_deleted(http, by, account):
    fan, other = fan_of(account), fan_of(await make.account(2))
    await rule(by, "不用", enabled=False)
    here = await rule(by, "这里", account_id=str(account.id))
    assert (await said(http, fan, "问"), await said(http, other, "问")) == ("这里", None)
    assert here.changed_by == by.name


async def test_speech_that_was_understood_is_a_text(ask, fan, by):
    await rule(by)
    voice = {"MediaId": "media", "Format": "amr"}
    assert await ask(fan.message("voice", **voice, Recognition="问。")) == "答"
    assert await ask(fan.message("voice", **voice)) is None
    assert await ask(fan.message("voice", **voice, Recognition=" ")) is None


async def test_hours_are_those_of_the_business_zone_when_the_fan_wrote(db, ask, by, fan):
    await rule(by, "夜里", hours=[{"days": [3], "since": "22:00", "until": "02:00"}])
    noon = make.NOON  # a Wednesday, 12:00 in Shanghai
    for hours, answer in ((0, None), (10, "夜里"), (13.9, "夜里"), (14, None)):
        make.jump_to(db, noon + timedelta(hours=hours))
        assert await ask(fan.text("问")) == answer


async def test_a_menu_key_is_answered_by_its_rule_a_command_of_its_name_or_the_event(ask, fan, by):
    await rule(by, "活动", trigger="menu", words=["EVENT_1", "EVENT_2"])
    await rule(by, "点了", trigger="event", words=["CLICK"])
    assert await ask(fan.event("CLICK", EventKey="EVENT_2")) == "活动"
    assert await ask(fan.event("CLICK", EventKey="event_2")) == "点了"
    scanned = {"ScanCodeInfo": {"ScanType": "qrcode", "ScanResult": "1"}}
    assert await ask(fan.event("scancode_waitmsg", EventKey="EVENT_1", **scanned)) == "活动"
    assert await ask(fan.event("VIEW", EventKey="https://example.com")) is None


async def test_events_are_answered_by_name_known_to_us_or_not(ask, fan, by):
    await rule(by, "看到您了", trigger="event", words=["LOCATION", "User_Get_Card"])
    assert await ask(fan.event("LOCATION", Latitude="31.2", Longitude="121.4", Precision="40")) == "看到您了"
    assert await ask(fan.event("user_get_card", CardId="1")) == "看到您了"
    assert await ask(fan.event("user_del_card", CardId="1")) is None


async def test_a_follow_hears_its_guide_then_the_rules_then_everybodys_welcome(http, ask, fan, by, account):
    store = await make.store("一店")
    guide = await make.guide("导购01", store=store)
    scene = await make.key_of(await make.code(account, guide))
    await make.welcome("大家好", "大家又扫码")
    assert await ask(fan.follow()) == "大家好"
    follow = await rule(by, "{称呼}好，欢迎关注{公众号}，{导购}在{门店}等您。", trigger="follow")
    assert await said(http, other := fan_of(account), other.follow()) == "您好，欢迎关注好店。"
    assert await said(http, other, other.follow(scene)) == "您好，欢迎关注好店，导购01在一店等您。"
    await make.welcome("我是{导购}", guide_id=guide.id)
    _forget()
    assert await ask(fan.follow(scene)) == "我是导购01"
    assert await ask(fan.scan("x")) == "大家又扫码", "a scan asks welcomes only"
    assert follow.trigger == "follow"


async def test_a_scan_without_words_of_a_welcome_is_an_event(ask, fan, by):
    await rule(by, "扫到了", trigger="event", words=["SCAN"])
    assert await ask(fan.scan("x")) == "扫到了"
    await make.welcome("欢迎", "又见面了")
    _forget()
    assert await ask(fan.scan("y")) == "又见面了"


def _forget():
    from wechat.welcomes import responders

    responders.forget()


async def test_placeholders_are_the_person_and_who_looks_after_them(by, ask, fan, account):
    await rule(by, "{称呼}您好，您的导购是{门店}的{导购}。有事请留言")
    assert await ask("问") == "您您好。有事请留言"
    guide = await make.guide("导购01", store=await make.store("一店"))
    credit = Credit(guide_id=guide.id, store_id=guide.store_id)
    await make.record(make.contact(ContactKind.FOLLOW, person=fan.openid, app_id=account.app_id, credit=credit))
    assert await ask("问") == "您您好，您的导购是一店的导购01。有事请留言"


async def test_a_rule_of_which_nothing_remains_leaves_its_place_to_the_next(by, ask):
    await rule(by, "我是{导购}")
    assert await ask("问") is None
    await rule(by, "我是客服")
    assert await ask("问") == "我是客服"


async def test_the_default_answers_what_nobody_else_does_once_in_a_while(db, by, ask, fan):
    await rule(by, "稍后回复您", trigger="default")
    await rule(by, "答")
    assert await ask("问") == "答"
    assert await ask("别的") == "稍后回复您"
    assert await ask(fan.message("image", PicUrl="u", MediaId="m")) is None, "said a moment ago, not in the thread yet"
    await make.settle(registry())
    assert await ask("再问") is None, "said a moment ago, and in the thread"
    make.jump(db, minutes=await DEFAULT_PAUSE_MINUTES.get() + 1)
    assert await ask(fan.message("image", PicUrl="u", MediaId="m")) == "稍后回复您"


async def test_the_default_keeps_nobody_from_a_person(by, ask):
    await rule(by, "稍后回复您", trigger="default")
    await rule(by, "答")
    await ask("问")
    await make.settle(registry())
    assert await make.count("service_case") == 0
    assert await ask("别的") == "稍后回复您"
    await make.settle(registry())
    [row] = await make.rows("SELECT waiting_since FROM conversation WHERE case_id IS NOT NULL")
    assert row["waiting_since"]


async def _serve(fan, account):
    """A colleague has the fan's open case."""
    await make.record(make.contact(ContactKind.FOLLOW, person=fan.openid, app_id=account.app_id))
    guide = await make.guide()
    await database.execute(
        """INSERT INTO conversation (id, account_id, identity_id, staff_id, case_id, last_number, last_at, version,
            created_at) SELECT gen_random_uuid(), $1, i.id, $2, gen_random_uuid(), 0, $3, 1, $3 FROM identity i""",
        account.id,
        guide.id,
        clock.now(),
    )


async def test_while_a_person_serves_key_words_answer_and_the_default_does_not(by, ask, fan, account):
    await rule(by, "稍后回复您", trigger="default")
    await rule(by, "答")
    await _serve(fan, account)
    assert (await ask("别的"), await ask("问")) == (None, "答")
    assert await ask("人工") == "同事正在为您服务，请直接留言。"


async def test_all_that_a_rule_says_is_in_the_thread_in_order_under_its_name(by, ask):
    found = await rule(by, contents=[text("一"), text("二"), text("三")], hand_over=True)
    assert await ask("问") == "一"
    await make.settle(registry())
    thread = await make.rows("SELECT author, text, rule_id FROM chat_message ORDER BY number")
    assert [(row["author"], row["text"]) for row in thread] == [
        ("fan", "问"),
        ("auto", "一"),
        ("auto", "二"),
        ("auto", "三"),
    ]
    assert {row["rule_id"] for row in thread} == {None, found.id}
    sent = await make.rows("SELECT channel, state FROM outbound_message ORDER BY id")
    assert [row["channel"] for row in sent] == ["customer", "customer"]


async def test_a_changed_rule_is_in_force_within_seconds_and_an_unreadable_one_silences_only_itself(
    by, ask, monkeypatch
):
    broken = await rule(by, "坏了", words=["坏"])
    await rule(by)
    assert await ask("坏") == "坏了"
    await database.execute(
        """UPDATE auto_reply SET contents = '[{"kind": "song"}]', version = version + 1 WHERE id = $1""", broken.id
    )
    monkeypatch.setattr(cache, "FRESH_SECONDS", 0.0)
    assert (await ask("坏"), await ask("问")) == (None, "答")


async def test_words_without_placeholders_are_said_without_reading_anything(db, by, ask, fan):
    await rule(by, "您好，欢迎光临{公众号}")
    await rule(by, "我是{导购}，您好", words=["谁"])
    await make.welcome("欢迎")
    assert (await ask("问"), await ask(fan.follow())) == ("您好，欢迎光临好店", "欢迎")
    other = await asyncpg.connect(db.database)
    async with other.transaction():
        await other.execute("LOCK TABLE auto_reply, welcome, identity, conversation, customer_profile, wechat_code")
        assert (await ask("问"), await ask(fan.follow("x"))) == ("您好，欢迎光临好店", None)
        assert await ask("谁") is None, "who waits for the database is cut off"
    await other.close()
    assert await ask("谁") == "您好"


async def test_rules_are_compiled_once_per_version(by, ask):
    kept = await rule(by, "退货请到门店", match="pattern", words=["退(货|款)"])
    assert await ask("我要退款") == "退货请到门店"
    compiled = book._compiled[kept.id, kept.version]
    book.forget()
    assert await ask("我要退货") == "退货请到门店"
    assert book._compiled[kept.id, kept.version] is compiled


async def test_what_was_banned_since_a_rule_was_saved_is_said_no_more(http, by, ask, account):
    await rule(by, "最低价，快来", name="旧话")
    await rule(by, "请看官网", match="contains", name="新话")
    await make.welcome("最低价，欢迎")
    first, second = fan_of(account), fan_of(account)
    assert (await ask("问"), await said(http, first, first.follow())) == ("最低价，快来", "最低价，欢迎")
    await words.add(by, "最低价")
    assert (await ask("问"), await said(http, second, second.follow())) == ("请看官网", None)


async def test_the_pause_of_the_default_is_a_parameter(db, by, ask):
    await parameters.change("replies.default_pause_minutes", 1, expected_version=0, by="test")
    await rule(by, "稍后", trigger="default")
    assert await ask("一") == "稍后"
    make.jump(db, minutes=2)
    assert await ask("二") == "稍后"


async def test_what_cannot_be_said_at_once_doesnt_stop_what_can(by, ask):
    await rule(by, contents=[text("一"), text("二"), {"kind": "news", "title": "三", "url": "https://example.com"}])
    assert await ask("问") == "一"
