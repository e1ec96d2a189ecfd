"""Files, drafts and what is published of them."""

import io

import pytest
from PIL import Image

MP4 = b"\x00\x00\x00\x18ftypmp42" + bytes(100)
AMR = b"#!AMR\n" + bytes(100) + b"\r\n--\r\n"
DAY = 86_400


def picture(form="PNG", size=(8, 8)):
    buffer = io.BytesIO()
    Image.new("RGB", size, (1, 2, 3)).save(buffer, form)
    return buffer.getvalue()


async def fetch(account, path, body=None, **params):
    params |= {"access_token": await account.simulator.token()}
    send = account.simulator.session.get if body is None else account.simulator.session.post
    async with send(account.simulator.base + path, params=params, json=body) as response:
        assert response.status == 200
        return response.content_type, await response.read()


@pytest.mark.parametrize(
    ("kind", "content", "content_type"),
    [
        ("image", picture(), "image/png"),
        ("image", picture("GIF"), "image/gif"),
        ("voice", AMR, "audio/amr"),
        ("voice", b"ID3" + bytes(50), "audio/mpeg"),
        ("video", MP4, "video/mp4"),
        ("thumb", picture("JPEG"), "image/jpeg"),
    ],
)
async def test_a_temporary_file_lives_three_days(account, kind, content, content_type):
    made = await account.upload(content, kind)
    assert made["type"] == kind
    media_id = made["thumb_media_id" if kind == "thumb" else "media_id"]
    account.simulator.move_clock(3 * DAY - 60)
    assert await fetch(account, "/cgi-bin/media/get", media_id=media_id) == (content_type, content)
    account.simulator.move_clock(3 * DAY + 60)
    assert await account.errcode("/cgi-bin/media/get", media_id=media_id) == 40007


@pytest.mark.parametrize(
    ("kind", "content", "errcode"),
    [
        ("sound", AMR, 40004),
        ("", AMR, 40004),
        ("image", b"no picture", 40005),
        ("image", AMR, 40005),
        ("thumb", picture("PNG"), 40005),
        ("voice", MP4, 40005),
        ("video", AMR, 40005),
        ("voice", AMR + bytes(2 * 2**20), 45001),
        ("thumb", picture("JPEG") + bytes(64 * 2**10), 45001),
        ("image", b"", 41005),
    ],
)
async def test_files_that_are_refused(account, kind, content, errcode):
    assert (await account.upload(content, kind))["errcode"] == errcode


async def test_no_form_and_no_file(account):
    assert await account.errcode("/cgi-bin/media/upload", {"media": "a"}, type="image") == 41005


async def test_a_permanent_file_stays(account):
    made = await account.upload(picture(), "image", "/cgi-bin/material/add_material")
    account.simulator.move_clock(400 * DAY)
    path = "/cgi-bin/material/get_material"
    assert await fetch(account, path, {"media_id": made["media_id"]}) == ("image/png", picture())
    async with account.simulator.session.get(made["url"]) as response:
        assert await response.read() == picture()
    # A permanent file is no temporary one, and the other way round.
    assert await account.errcode("/cgi-bin/media/get", media_id=made["media_id"]) == 40007
    temporary = (await account.upload(picture(), "image"))["media_id"]
    assert await account.errcode(path, {"media_id": temporary}) == 40007
    assert await account.errcode(path, {"media_id": "m404"}) == 40007


async def test_a_permanent_film_has_a_title(account):
    path = "/cgi-bin/material/add_material"
    assert (await account.upload(MP4, "video", path))["errcode"] == 47001
    made = await account.upload(MP4, "video", path, description='{"title": "片", "introduction": "介绍"}')
    found = await account.call("/cgi-bin/material/get_material", {"media_id": made["media_id"]})
    assert (found["title"], found["description"]) == ("片", "介绍")


async def test_a_picture_for_articles(account):
    url = (await account.upload(picture("JPEG"), "", "/cgi-bin/media/uploadimg"))["url"]
    async with account.simulator.session.get(url) as response:
        assert response.content_type == "image/jpeg"
    assert (await account.upload(picture("GIF"), "", "/cgi-bin/media/uploadimg"))["errcode"] == 40005
    large = picture("JPEG") + bytes(2**20)
    assert (await account.upload(large, "", "/cgi-bin/media/uploadimg"))["errcode"] == 45001


async def test_files_of_another_account(account):
    made = await account.upload(picture(), "image")
    await account.simulator.account(app_id="wx2", original_id="gh_2")
    account.app_id = "wx2"
    assert await account.errcode("/cgi-bin/media/get", media_id=made["media_id"]) == 40007


@pytest.fixture
async def cover(account):
    return (await account.upload(picture(), "image", "/cgi-bin/material/add_material"))["media_id"]


def article(cover, **changes):
    return {"title": "新茶", "digest": "上市", "content": "<p>正文</p>", "thumb_media_id": cover} | changes


async def test_drafts(account, cover):
    made = await account.call("/cgi-bin/draft/add", {"articles": [article(cover), article(cover, title="二")]})
    media_id = made["media_id"]
    items = (await account.call("/cgi-bin/draft/get", {"media_id": media_id}))["news_item"]
    assert [(item["title"], item["content"]) for item in items] == [("新茶", "<p>正文</p>"), ("二", "<p>正文</p>")]
    change = {"media_id": media_id, "index": 1, "articles": article(cover, title="三")}
    assert await account.errcode("/cgi-bin/draft/update", change) == 0
    assert await account.errcode("/cgi-bin/draft/update", change | {"index": 2}) == 40097
    assert (await account.call("/cgi-bin/draft/count"))["total_count"] == 1
    page = await account.call("/cgi-bin/draft/batchget", {"offset": 0, "count": 20, "no_content": 1})
    assert (page["total_count"], page["item_count"]) == (1, 1)
    assert [item.get("content") for item in page["item"][0]["content"]["news_item"]] == [None, None]
    assert [item["title"] for item in page["item"][0]["content"]["news_item"]] == ["新茶", "三"]
    assert await account.errcode("/cgi-bin/draft/batchget", {"offset": 0, "count": 21}) == 40097
    assert await account.errcode("/cgi-bin/draft/delete", {"media_id": media_id}) == 0
    assert await account.errcode("/cgi-bin/draft/get", {"media_id": media_id}) == 40007


async def test_articles_that_are_refused(account, cover):
    temporary = (await account.upload(picture(), "image"))["media_id"]

    async def errcode(*articles):
        return await account.errcode("/cgi-bin/draft/add", {"articles": list(articles)})

    assert await account.errcode("/cgi-bin/draft/add", {}) == 47001
    assert await errcode() == 44003
    assert await errcode("a") == 47001
    assert await errcode(article(cover, title="")) == 44004
    assert await errcode(article(cover, title="长" * 65)) == 45003
    assert await errcode(article(cover, content="长" * 20_001)) == 45002
    assert await errcode(article("m404")) == 40007
    assert await errcode(article(temporary)) == 40007
    assert await errcode(*[article(cover)] * 9) == 45008


async def test_a_published_draft_is_one_no_more(account, cover):
    media_id = (await account.call("/cgi-bin/draft/add", {"articles": [article(cover)]}))["media_id"]
    publish_id = (await account.call("/cgi-bin/freepublish/submit", {"media_id": media_id}))["publish_id"]
    found = await account.call("/cgi-bin/freepublish/get", {"publish_id": publish_id})
    assert (found["publish_status"], found["article_detail"]["count"]) == (0, 1)
    assert await account.errcode("/cgi-bin/freepublish/submit", {"media_id": media_id}) == 40007
    assert await account.errcode("/cgi-bin/freepublish/get", {"publish_id": "404"}) == 53600
    fan, openid = await account.follower()
    body = {"touser": openid, "msgtype": "mpnewsarticle", "mpnewsarticle": {"article_id": found["article_id"]}}
    assert await account.errcode("/cgi-bin/message/custom/send", body) == 0
    assert (await account.bubbles(fan))[0]["content"]["articles"][0]["title"] == "新茶"


async def test_what_is_published_is_listed_and_taken_back(account, cover):
    ids = []
    for titles in (("一",), ("二", "三")):
        articles = [article(cover, title=title) for title in titles]
        media_id = (await account.call("/cgi-bin/draft/add", {"articles": articles}))["media_id"]
        publish_id = (await account.call("/cgi-bin/freepublish/submit", {"media_id": media_id}))["publish_id"]
        ids.append((await account.call("/cgi-bin/freepublish/get", {"publish_id": publish_id}))["article_id"])

    async def listed():
        page = await account.call("/cgi-bin/freepublish/batchget", {"offset": 0, "count": 20, "no_content": 1})
        assert page["total_count"] == page["item_count"] == len(page["item"])
        return [(each["article_id"], [item["title"] for item in each["content"]["news_item"]]) for each in page["item"]]

    assert await listed() == [(ids[1], ["二", "三"]), (ids[0], ["一"])]
    delete = "/cgi-bin/freepublish/delete"
    assert await account.errcode(delete, {"article_id": ids[1], "index": 3}) == 40097
    assert await account.errcode(delete, {"article_id": ids[1], "index": 1}) == 0
    assert await account.errcode(delete, {"article_id": ids[0]}) == 0
    assert await account.errcode(delete, {"article_id": ids[0]}) == 40007
    assert await listed() == [(ids[1], ["三"])]
    assert await account.errcode("/cgi-bin/freepublish/batchget", {"offset": 0, "count": 21}) == 40097


@pytest.mark.parametrize("path", ["delete", "batchget"])
async def test_ten_a_day(account, path):
    codes = [await account.errcode(f"/cgi-bin/freepublish/{path}", {"offset": 0, "count": 1}) for _ in range(11)]
    assert codes == [40007 if path == "delete" else 0] * 10 + [45009]


async def test_a_draft_goes_to_everybody(account, cover):
    fan, _ = await account.follower()
    media_id = (await account.call("/cgi-bin/draft/add", {"articles": [article(cover)]}))["media_id"]
    body = {"filter": {"is_to_all": True}, "msgtype": "mpnews", "mpnews": {"media_id": media_id}}
    assert await account.errcode("/cgi-bin/message/mass/sendall", body) == 0
    [bubble] = await account.bubbles(fan)
    assert (bubble["kind"], bubble["content"]["articles"][0]["description"]) == ("news", "上市")


@pytest.mark.parametrize("path", ["/cgi-bin/draft/count", "/cgi-bin/media/get"])
async def test_quotas(account, path):
    await account.simulator.account(account.receiver.url, limits={"draft_count": 1, "media_get": 1})
    codes = [await account.errcode(path) for _ in range(2)]
    assert codes[1] == 45009
