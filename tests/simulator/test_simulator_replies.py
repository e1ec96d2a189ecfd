"""Passive replies of every kind as the phone shows them, and with which keys they must come."""

import pytest
from aiohttp import web
from wechatpy.crypto import WeChatCrypto

from tests.simulator.harness import AES_KEY, APP_ID, TOKEN, Received, reply_xml, sealed
from tests.simulator.opened import clear_text, read

NEWER = {"token": "token0002", "aes_key": AES_KEY[::-1].replace("G", "Q", 1)}
ARTICLE = "<Title>茶</Title><Description>新茶</Description><PicUrl>p</PicUrl><Url>u</Url>"
REPLIES = [
    ("image", "<Image><MediaId>m1</MediaId></Image>", {"media_id": "m1"}),
    ("voice", "<Voice><MediaId>m1</MediaId></Voice>", {"media_id": "m1"}),
    (
        "video",
        "<Video><MediaId>m1</MediaId><Title>片</Title></Video>",
        {"media_id": "m1", "title": "片", "description": ""},
    ),
    (
        "music",
        "<Music><Title>歌</Title><MusicUrl>u</MusicUrl><ThumbMediaId>m2</ThumbMediaId></Music>",
        {"title": "歌", "description": "", "url": "u", "hq_url": "", "thumb_media_id": "m2"},
    ),
    (
        "news",
        f"<ArticleCount>1</ArticleCount><Articles><item>{ARTICLE}</item></Articles>",
        {"articles": [{"title": "茶", "description": "新茶", "picurl": "p", "url": "u"}]},
    ),
]


def replying(receiver, make, crypto=None):
    async def answer(received: Received):
        openid = read(clear_text(received, *crypto) if crypto else clear_text(received))["FromUserName"]
        return web.Response(text=make(openid))

    receiver.answer = answer


@pytest.mark.parametrize(("kind", "inner", "content"), REPLIES)
async def test_each_kind_is_drawn(account, kind, inner, content):
    def make(openid):
        return sealed(reply_xml(openid, "", MsgType=kind).replace("<Content></Content>", inner))

    replying(account.receiver, make)
    fan = await account.simulator.fan()
    assert (await account.simulator.act(fan, "follow"))["outcome"] == "replied"
    [bubble] = await account.bubbles(fan)
    assert (bubble["kind"], bubble["content"], bubble["channel"]) == (kind, content, "pushed")


async def test_the_text_of_a_reply(account):
    account.receiver.reply("欢迎")
    fan = await account.simulator.fan()
    await account.simulator.act(fan, "follow")
    assert (await account.bubbles(fan))[0]["content"] == {"text": "欢迎"}


@pytest.mark.parametrize(
    "inner",
    [
        "<ArticleCount>1</ArticleCount><Articles></Articles>",
        "<ArticleCount>2</ArticleCount><Articles><item><Title>茶</Title></item></Articles>",
        "<ArticleCount>9</ArticleCount><Articles>" + "<item><Title>茶</Title></item>" * 9 + "</Articles>",
        "<Articles><item><Title>茶</Title></item></Articles>",
    ],
)
async def test_articles_that_do_not_fit(account, inner):
    def make(openid):
        return sealed(reply_xml(openid, "", MsgType="news").replace("<Content></Content>", inner))

    replying(account.receiver, make)
    assert (await account.simulator.act(await account.simulator.fan(), "follow"))["outcome"] == "malformed"


async def changed(account, push_keys):
    """The account has new keys; the platform still uses the former ones or not."""
    await account.simulator.account(
        account.receiver.url, **NEWER, former_token=TOKEN, former_aes_key=AES_KEY, push_keys=push_keys
    )


async def test_for_a_while_after_a_change_pushes_carry_the_former_keys(account):
    await changed(account, "former")
    account.receiver.reply("收到")
    result = await account.simulator.act(await account.simulator.fan(), "follow")
    assert (result["outcome"], result["reply"]) == ("replied", "收到")


async def test_then_they_carry_the_new_ones(account):
    await changed(account, "current")
    new = WeChatCrypto(NEWER["token"], NEWER["aes_key"], APP_ID)
    replying(account.receiver, lambda o: sealed(reply_xml(o, "收到"), new), (new.key, NEWER["token"]))
    result = await account.simulator.act(await account.simulator.fan(), "follow")
    assert (result["outcome"], result["reply"]) == ("replied", "收到")


async def test_a_reply_with_the_other_keys_is_malformed(account):
    await changed(account, "former")
    new = WeChatCrypto(NEWER["token"], NEWER["aes_key"], APP_ID)
    replying(account.receiver, lambda o: sealed(reply_xml(o, "收到"), new))
    result = await account.simulator.act(await account.simulator.fan(), "follow")
    assert result["outcome"] == "malformed"


async def test_a_push_signed_before_the_change_is_answered_with_its_own_keys(account):
    account.receiver.reply("收到")
    push_id = (await account.simulator.act(await account.simulator.fan(), "follow"))["push_id"]
    await changed(account, "current")
    [delivery] = (await account.simulator.ok(f"/sim/pushes/{push_id}/resend", {"as_first_signed": True}))["deliveries"]
    assert (delivery["error"], delivery["answer"]["Content"]) == (None, "收到")


async def test_only_what_changed_has_a_former(account):
    await account.simulator.account(account.receiver.url, token="token0002", former_token=TOKEN, push_keys="former")
    account.receiver.reply("收到")
    assert (await account.simulator.act(await account.simulator.fan(), "follow"))["outcome"] == "replied"


async def test_a_former_key_is_a_key(account):
    body = {"former_aes_key": "short"}
    with pytest.raises(AssertionError, match="former_aes_key"):
        await account.simulator.account(account.receiver.url, **body)
