"""What a customer-service message may hold, and how the phone shows it."""

import pytest

PIXEL = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
    b"\x00\x00\x00\rIDATx\x9cc\xf8\xff\xff?\x00\x05\xfe\x02\xfe\xa7\x9a\xa0\xa0\x00\x00\x00\x00IEND\xaeB`\x82"
)
LONG = "长" * 683


@pytest.fixture
async def chat(account):
    fan, openid = await account.follower()
    await account.simulator.act(fan, "send", text="在吗")
    return fan, openid


async def send(account, openid, msgtype, part):
    return await account.errcode("/cgi-bin/message/custom/send", {"touser": openid, "msgtype": msgtype, msgtype: part})


ARTICLE = {"title": "新茶", "description": "上市", "url": "https://a.example/", "picurl": "https://a.example/1.png"}
MENU = {"head_content": "满意吗", "list": [{"id": "101", "content": "满意"}], "tail_content": "谢谢"}
SHOWN = [
    ("text", {"content": "您好"}, "text", "您好", {"text": "您好"}),
    ("news", {"articles": [ARTICLE]}, "news", "新茶", {"articles": [ARTICLE]}),
    (
        "msgmenu",
        MENU,
        "msgmenu",
        "满意吗\n满意\n谢谢",
        {"head": "满意吗", "items": [{"id": "101", "content": "满意"}], "tail": "谢谢"},
    ),
]


@pytest.mark.parametrize("case", SHOWN)
async def test_what_the_phone_shows(account, chat, case):
    msgtype, part, kind, text, content = case
    fan, openid = chat
    assert await send(account, openid, msgtype, part) == 0
    bubble = (await account.bubbles(fan))[-1]
    assert (bubble["kind"], bubble["text"], bubble["content"]) == (kind, text, content)
    assert (bubble["channel"], bubble["push_id"]) == ("custom", "")


async def test_files_and_pages(account, chat):
    fan, openid = chat
    await account.simulator.account(app_id="wx9", original_id="gh_9", kind="mini")
    picture = (await account.upload(PIXEL, "image"))["media_id"]
    assert await send(account, openid, "image", {"media_id": picture}) == 0
    music = {"title": "歌", "musicurl": "https://a.example/a.mp3", "thumb_media_id": picture}
    assert await send(account, openid, "music", music) == 0
    page = {"title": "商城", "appid": "wx9", "pagepath": "pages/home", "thumb_media_id": picture}
    assert await send(account, openid, "miniprogrampage", page) == 0
    image, song, card = await account.bubbles(fan)
    async with account.simulator.session.get(image["content"]["url"]) as response:
        assert await response.read() == PIXEL
    assert (song["kind"], song["content"]["url"]) == ("music", "https://a.example/a.mp3")
    assert (card["kind"], card["content"]["app_id"], card["content"]["page_path"]) == (
        "miniprogrampage",
        "wx9",
        "pages/home",
    )


REFUSED = [
    ("wxcard", {"card_id": "1"}, 40008),
    ("text", "您好", 47001),
    ("text", {"content": ""}, 44004),
    ("text", {}, 44004),
    ("text", {"content": LONG}, 45002),
    ("image", {"media_id": "m404"}, 40007),
    ("image", {}, 40007),
    ("voice", {"media_id": 1}, 40007),
    ("mpnews", {"media_id": "m404"}, 40007),
    ("mpnewsarticle", {"article_id": "m404"}, 40007),
    ("news", {"articles": []}, 47001),
    ("news", {"articles": [ARTICLE, ARTICLE]}, 45008),
    ("news", {"articles": [{"url": "https://a.example/"}]}, 40035),
    ("msgmenu", {"head_content": "a"}, 47001),
    ("miniprogrampage", {"title": "a", "appid": "wx404", "pagepath": "p", "thumb_media_id": "m"}, 40166),
]


@pytest.mark.parametrize(("msgtype", "part", "errcode"), REFUSED)
async def test_what_is_refused_costs_nothing(account, chat, msgtype, part, errcode):
    fan, openid = chat
    assert await send(account, openid, msgtype, part) == errcode
    assert (await account.window(fan))["remaining"] == 5
    assert await account.bubbles(fan) == []


async def test_shapes(account):
    path = "/cgi-bin/message/custom/send"
    assert await account.errcode(path, {}) == 40003
    assert await account.errcode(path, {"touser": ["a"]}) == 40003
    assert (await account.simulator.post(path, {}))[1]["errcode"] == 41001
