"""Threads: every message of a fan and every answer once, numbered as we learn of them, in one thread per person."""

import asyncio
import contextvars
from datetime import timedelta
from uuid import UUID

import orjson
import pytest

from infra import database
from infra.ids import new_id
from tests import factories as make
from tests.pushes import Pushes
from tests.simulator.harness import until
from tests.wechat.chat_world import conversation, hear, thread
from wechat.conversations import sales, service
from wechat.conversations.rules import Author, MessageKind
from wechat.conversations.sales import Chat
from wechat.conversations.service import New
from wechat.outbound import windows
from wechat.outbound.contents import ImageContent, NewsContent, TextContent
from wechat.pushes.messages import PicturesSent, Text
from wechat.pushes.responders import Responder, Response
from wechat.pushes.service import Receiver


@pytest.fixture
async def fan(db):
    return Pushes(await make.account(), make.openid())


async def lines():
    return [(one.number, one.author, one.kind, one.text) for one in reversed(await thread())]


MESSAGES = [
    ("text", {"Content": "在吗"}, (MessageKind.TEXT, "在吗", {})),
    ("image", {"PicUrl": "http://p", "MediaId": "m1"}, (MessageKind.IMAGE, None, {})),
    (
        "voice",
        {"MediaId": "m1", "Format": "amr", "Recognition": "你好"},
        (MessageKind.VOICE, "你好", {"format": "amr"}),
    ),
    ("video", {"MediaId": "m1", "ThumbMediaId": "m2"}, (MessageKind.VIDEO, None, {"short": False})),
    ("shortvideo", {"MediaId": "m1", "ThumbMediaId": "m2"}, (MessageKind.VIDEO, None, {"short": True})),
    (
        "location",
        {"Location_X": "31.2", "Location_Y": "121.5", "Scale": "15", "Label": "人民广场"},
        (
            MessageKind.LOCATION,
            "人民广场",
            {"latitude": 31.2, "longitude": 121.5, "datum": "gcj02", "scale": 15, "label": "人民广场"},
        ),
    ),
    (
        "link",
        {"Title": "一篇", "Description": "说明", "Url": "https://w"},
        (MessageKind.LINK, "一篇", {"title": "一篇", "description": "说明", "url": "https://w"}),
    ),
    (
        "link",
        {"Title": "坏的", "Description": "", "Url": "javascript:alert(1)"},
        (MessageKind.LINK, "坏的", {"title": "坏的", "description": "", "url": None}),
    ),
    (
        "miniprogrampage",
        {"Title": "商品", "AppId": "wxm", "PagePath": "pages/a", "ThumbUrl": "http://t", "ThumbMediaId": "m2"},
        (MessageKind.MINI_PROGRAM, "商品", {"title": "商品", "app_id": "wxm", "page": "pages/a"}),
    ),
    ("hologram", {}, (MessageKind.OTHER, None, {"type": "hologram"})),
]


@pytest.mark.parametrize(("kind", "fields", "expected"), MESSAGES)
async def test_a_message_of_each_kind_stands_in_the_thread(fan, kind, fields, expected):
    await hear(fan, fan.message(kind, **fields))
    [message] = await thread()
    assert (message.number, message.author) == (1, Author.FAN)
    assert (message.kind, message.text, message.content) == expected
    assert message.sent is None
    assert (message.media is None) == ("MediaId" not in fields and "ThumbMediaId" not in fields)


async def test_follows_scans_and_taps_are_small_lines_that_move_nothing_in_the_list(fan):
    await hear(fan, fan.follow(), fan.text("你好"))
    before = await conversation()
    await hear(fan, fan.scan("somescene"), fan.event("CLICK", EventKey="k1"), fan.event("VIEW", EventKey="https://w"))
    await hear(fan, fan.event("LOCATION", Latitude="1", Longitude="2", Precision="3"), fan.unfollow())
    events = [one.content for one in reversed(await thread()) if one.author is Author.EVENT]
    assert events == [
        {"event": "subscribe", "by_code": False},
        {"event": "scan"},
        {"event": "click", "key": "k1"},
        {"event": "view", "url": "https://w"},
        {"event": "unsubscribe"},
    ]
    after = await conversation()
    assert (after["last_author"], after["last_text"], after["last_at"]) == ("fan", "你好", before["last_at"])
    assert after["last_number"] == 6


async def test_an_answer_is_recorded_with_its_rule_the_first_as_passive_reply(fan):
    rule_id = new_id()
    contents = (TextContent(text="第一句"), TextContent(text="第二句"), NewsContent(title="卡片", url="https://w"))
    [reply] = await hear(fan, fan.text("价格"), answer=Response(contents=contents, rule_id=rule_id))
    assert reply != "success"
    assert [(one[1], one[2], one[3]) for one in await lines()] == [
        ("fan", "text", "价格"),
        ("auto", "text", "第一句"),
        ("auto", "text", "第二句"),
        ("auto", "news", "卡片"),
    ]
    _, passive, second, third = reversed(await thread())
    assert (passive.sent.state, passive.sent.id) == ("sent", None)
    assert [second.sent.state, third.sent.state] == ["pending", "pending"]
    ledger = await make.rows("SELECT id, payload, conversation_id FROM outbound_message ORDER BY id")
    assert [row["id"] for row in ledger] == [second.sent.id, third.sent.id]
    assert orjson.loads(ledger[1]["payload"])["title"] == "卡片"
    assert {row["conversation_id"] for row in ledger} == {(await conversation())["id"]}
    assert {row["rule_id"] for row in await make.rows("SELECT rule_id FROM chat_message WHERE author = 'auto'")} == {
        rule_id
    }


async def test_what_cannot_be_a_passive_reply_goes_out_as_customer_messages_all_of_it(fan):
    contents = (ImageContent(file_id=new_id()), TextContent(text="看图"))
    assert await hear(fan, fan.text("图"), answer=Response(contents=contents)) == ["success"]
    assert await make.count("outbound_message") == 2
    assert [one[1:] for one in await lines()][1:] == [("auto", "image", None), ("auto", "text", "看图")]


async def test_what_the_window_refuses_stands_in_the_thread_as_not_sent(fan):
    contents = tuple(TextContent(text=f"第{n}句") for n in range(6))
    await hear(fan, fan.follow(), answer=Response(contents=contents))
    states = [(one.sent.state, one.sent.error) for one in reversed(await thread()) if one.author is Author.AUTO]
    assert states[:4] == [("sent", None)] + [("pending", None)] * 3
    assert states[4:] == [("skipped", "window_used_up")] * 2


async def test_a_card_as_passive_reply_is_news_and_keeps_the_end_of_a_cdata_section(fan):
    card = NewsContent(title="a]]>b", description="c", url="https://w?a=1&b=2")
    [reply] = await hear(fan, fan.text("卡"), answer=Response(contents=(card,)))
    assert reply != "success"
    [push] = await make.rows("SELECT reply FROM push")
    assert "<MsgType><![CDATA[news]]></MsgType><ArticleCount>1</ArticleCount>" in push["reply"]
    assert "a]]]]><![CDATA[>b" in push["reply"]


async def test_a_text_is_said_and_recorded_as_long_as_the_platform_shows_it(fan):
    await hear(fan, fan.text("长"), answer=Response(text="长" * 800))
    [said, _] = await thread()
    assert said.text == "长" * 682


async def test_a_repeated_push_is_one_message_and_one_answer(fan):
    fields = fan.text("你好")
    replies = await hear(fan, fields, fields, fields, answer=Response(text="您好"))
    assert len(replies) == 3
    assert "success" not in replies
    assert [one[1:] for one in await lines()] == [("fan", "text", "你好"), ("auto", "text", "您好")]


async def test_late_and_disordered_pushes_are_numbered_as_we_learn_of_them(fan):
    early, late = make.NOON, make.NOON + timedelta(hours=1)
    await hear(fan, fan.text("后", at=late), fan.text("先", at=early))
    second, first = await thread()
    assert [(first.number, first.text, first.said_at), (second.number, second.text, second.said_at)] == [
        (1, "后", late),
        (2, "先", early),
    ]
    row = await conversation()
    assert (row["last_text"], row["last_at"]) == ("先", late)


async def test_numbers_have_no_gaps_whoever_writes_at_once(fan):
    await hear(fan, fan.text("0"))
    id_ = (await conversation())["id"]

    async def say(n):
        async with database.transaction() as connection:
            await service.lock(connection, [id_])
            return await service.add(
                connection, id_, New(author=Author.NOTE, kind=MessageKind.TEXT, content={"text": f"{n}"})
            )

    numbers = await asyncio.gather(*(say(n) for n in range(12)), hear(fan, *(fan.text(str(n)) for n in range(4))))
    assert sorted(numbers[:-1] + [one.number for one in await thread() if one.author is Author.FAN]) == list(
        range(1, 18)
    )
    assert (await conversation())["last_number"] == 17


async def test_a_page_reads_backwards_and_on_from_a_number(fan):
    await hear(fan, *(fan.text(str(n)) for n in range(1, 8)))
    assert [one.number for one in await thread(limit=3)] == [7, 6, 5]
    assert [one.number for one in await thread(limit=3, before=5)] == [4, 3, 2]
    assert [one.number for one in await thread(after=5)] == [6, 7]
    assert await thread(after=7) == []


async def test_one_person_in_two_accounts_has_two_threads(fan):
    other = Pushes(await make.account(2), fan.openid)
    await hear(fan, fan.text("一"))
    await hear(other, other.text("二"))
    assert sorted(row["last_text"] for row in await make.rows("SELECT last_text FROM conversation")) == ["一", "二"]


async def test_what_a_colleague_writes_to_the_account_makes_no_thread(fan):
    guide = await make.guide()
    await hear(fan, fan.text("还是粉丝"))
    await database.execute(
        """INSERT INTO staff_wechat (id, staff_id, app_id, openid, digest, bound_at)
        SELECT gen_random_uuid(), $1, app_id, openid, digest, $2 FROM identity""",
        guide.id,
        make.NOON,
    )
    await hear(fan, fan.text("现在是同事"), answer=Response(contents=(TextContent(text="一"), TextContent(text="二"))))
    assert [one[3] for one in await lines()] == ["还是粉丝"]
    assert await make.count("outbound_message") == 0


async def test_a_responder_sees_the_conversation(fan):
    seen = []

    async def look(view):
        seen.append(await view.chat())

    await hear(fan, fan.text("你好"))
    door = Receiver((Responder("look", (Text,), look),))
    for one in (fan, Pushes(fan.account, make.openid())):
        sealed = one.sealed(one.text("再见"))
        await door.receive(fan.account.app_id, sealed.query, sealed.body, None)
    await door.close()
    row = await conversation_of(fan)
    assert (seen[0].id, seen[0].open, seen[0].served) == (row, True, False)
    assert seen[1] is None


async def conversation_of(fan):
    [row] = await make.rows(
        "SELECT k.id FROM conversation k JOIN identity i ON i.id = k.identity_id WHERE i.openid = $1", fan.openid
    )
    return UUID(int=row["id"].int)


async def test_a_chat_with_the_owner_is_one_record_of_sales_a_business_day(fan):
    guide, other = await make.guide(), await make.guide()
    await hear(fan, fan.text("你好"))
    customer = (await make.customer_of(fan.openid))["id"]
    await database.execute("UPDATE customer SET guide_id = $1", guide.id)
    id_ = (await conversation())["id"]

    async def count(staff, at):
        async with database.transaction() as connection:
            chat = Chat(conversation_id=id_, customer_id=customer, staff_id=staff.id, at=at)
            return await sales.count_many(connection, [chat])

    assert await count(other, make.NOON) == 0
    assert await count(guide, make.NOON) == 1
    assert await count(guide, make.NOON + timedelta(hours=2)) == 0
    assert await count(guide, make.NOON + timedelta(days=1)) == 1
    assert await make.count("sales_record") == 2


async def test_windows_are_locked_before_conversations_also_for_what_opens_none(fan):
    await hear(fan, fan.text("你好"))
    answer = Response(contents=(TextContent(text="收到"), TextContent(text="请稍等")))
    pictures = fan.event("pic_weixin", EventKey="k", SendPicsInfo={"Count": 0, "PicList": ""})
    digest = (await make.rows("SELECT digest FROM customer_window"))[0]["digest"]
    async with database.transaction() as connection:
        await windows.lock(connection, [digest])
        told = asyncio.create_task(
            hear(fan, pictures, answer=answer, answers=(PicturesSent,)), context=contextvars.Context()
        )
        await until(make.somebody_waits)
        # As whoever replies does; the handler, which waits for the window, has no conversation yet.
        await connection.execute("SELECT FROM conversation FOR NO KEY UPDATE NOWAIT")
    await told
    assert [one[3] for one in await lines()] == ["你好", None, "收到", "请稍等"]


async def test_who_asks_for_a_person_by_a_tap_is_known_from_then_on(fan):
    """Their follow was missed, or is not yet imported."""
    tap = fan.event("CLICK", EventKey="k")
    await hear(fan, tap, answer=Response(text="营业时间 9 点到 21 点"))
    assert await make.count("identity") == 0, "a tap alone tells nothing of who follows"
    await hear(fan, fan.event("CLICK", EventKey="人工"), answer=Response(text="已为您转人工", hand_over=True))
    assert [(one[1], one[3]) for one in await lines()] == [("event", None), ("auto", "已为您转人工")]
    assert (await conversation())["waiting_since"]
    await hear(fan, fan.event("CLICK", at=make.NOON, EventKey="人工"), answer=Response(text="好", hand_over=True))
    assert await make.count("timeline WHERE kind = 'message'") == 1, "no message of who is known"


async def test_who_is_told_more_than_one_thing_upon_a_tap_is_known_from_then_on(fan):
    answer = Response(contents=(TextContent(text="一"), TextContent(text="二")))
    await hear(fan, fan.event("CLICK", EventKey="k"), answer=answer)
    assert [(one[1], one[3]) for one in await lines()] == [("event", None), ("auto", "一"), ("auto", "二")]
    assert [row["state"] for row in await make.rows("SELECT state FROM outbound_message")] == ["pending"]
