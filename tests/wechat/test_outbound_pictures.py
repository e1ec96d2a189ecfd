"""Pictures and cards in customer messages, and the files of fans: what the platform keeps for a few days."""

import asyncio
import contextvars
import io
from hashlib import sha256

import pytest
from PIL import Image

from core.files.uploads import Arrival, take_in
from infra import database
from infra.files.errors import FileTooLarge
from infra.ids import new_id
from tests import factories as make
from tests.wechat import window_world as world
from tests.wechat.window_world import SEND
from wechat.outbound import speaking, uploads
from wechat.outbound.contents import ImageContent, MiniProgramContent, NewsContent
from wechat.platform import media
from wechat.platform.errors import MediaGone, PlatformAway
from wechat.platform.transport import Form

UPLOAD, ARTICLE, GET = "/cgi-bin/media/upload", "/cgi-bin/media/uploadimg", "/cgi-bin/media/get"
MINI = "wx00000000000000mp"


def picture(kind="PNG", side=64, mode="RGB"):
    buffer = io.BytesIO()
    Image.new(mode, (side, side // 2), "green").save(buffer, kind)
    return buffer.getvalue()


async def stored(content):
    """A file as a colleague uploads one; its id."""
    owner = await make.manager()

    async def chunks():
        yield content

    return await take_in(Arrival(name="照片.png", purpose="attachment", owner_id=owner.id, key=None), chunks())


async def called(platform, account, name):
    return (await world.stats(platform, account))["calls"].get(name, 0)


async def bubbles(platform, fan):
    """The kinds and contents of our messages that the phone shows."""
    found = await platform.ok(f"/sim/fans/{fan.fan_id}/phone?app_id={fan.account.app_id}")
    return [(bubble["kind"], bubble["content"]) for bubble in found if bubble["channel"] == "custom"]


async def test_a_picture_is_uploaded_once_however_many_get_it_at_once(platform, account):
    fans = [await world.talker(platform, account) for _ in range(3)]
    content = ImageContent(file_id=await stored(picture()))
    for fan in fans:
        await world.say(fan, content=content)
    assert await speaking.speak_due() == 3
    for fan in fans:
        [(kind, shown)] = await bubbles(platform, fan)
        assert kind == "image"
        async with platform.session.get(shown["url"]) as response:
            assert await response.read() == picture()
    assert await called(platform, account, "media_upload") == 1
    # The same bytes under another name are the same picture.
    await world.say(fans[0], content=ImageContent(file_id=await stored(picture())))
    await speaking.speak_due()
    assert await called(platform, account, "media_upload") == 1


async def test_a_picture_is_uploaded_anew_before_the_platform_forgets_it(platform, account, db):
    fan = await world.talker(platform, account)
    content = ImageContent(file_id=await stored(picture()))
    await world.say(fan, content=content)
    await speaking.speak_due()
    make.jump(db, hours=67)
    await world.writes(platform, fan)
    await world.say(fan, content=content)
    await speaking.speak_due()
    assert await world.states() == [("sent", None)] * 2
    assert await called(platform, account, "media_upload") == 2
    make.jump(db, hours=200)
    await uploads.drop_old()
    assert await make.count("wechat_upload") == 0


async def test_a_picture_that_the_platform_lost_is_uploaded_anew_and_sent(platform, account):
    fan = await world.talker(platform, account)
    await world.say(fan, content=ImageContent(file_id=await stored(picture())))
    await platform.fault(account.app_id, SEND, "errcode", errcode=40007, times=1)
    await speaking.speak_due()
    assert await world.states() == [("sent", None)]
    assert await called(platform, account, "media_upload") == 2
    assert await world.left(fan) == 4


@pytest.mark.prove
@pytest.mark.parametrize(("kind", "mode"), [("WEBP", "RGB"), ("WEBP", "RGBA")])
async def test_what_the_platform_does_not_take_becomes_a_jpeg(platform, account, kind, mode):
    fan = await world.talker(platform, account)
    await world.say(fan, content=ImageContent(file_id=await stored(picture(kind, mode=mode))))
    await speaking.speak_due()
    assert await world.states() == [("sent", None)]


@pytest.mark.prove
async def test_too_large_a_picture_is_shrunk(platform, account):
    from infra import parameters

    await parameters.change("wechat.image_most_kb", 64, expected_version=0, by="test")
    noise = Image.effect_noise((600, 600), 90)
    buffer = io.BytesIO()
    noise.save(buffer, "PNG")
    fan = await world.talker(platform, account)
    await world.say(fan, content=ImageContent(file_id=await stored(buffer.getvalue())))
    await speaking.speak_due()
    [(_, shown)] = await bubbles(platform, fan)
    async with platform.session.get(shown["url"]) as response:
        assert response.content_type == "image/jpeg"


async def test_a_card_shows_its_picture_by_an_address_that_stays(platform, account):
    fan = await world.talker(platform, account)
    card = NewsContent(
        title="会员日", description="全场九折", url="https://a.example/day", picture_id=await stored(picture(side=2000))
    )
    for _ in range(2):
        await world.say(fan, content=card)
    await world.say(fan, content=NewsContent(title="无图", url="https://a.example/plain"))
    assert await speaking.speak_due() == 3
    (kind, first), (_, second), (_, plain) = await bubbles(platform, fan)
    assert kind == "news"
    [article] = first["articles"]
    assert (article["title"], article["description"], article["url"]) == ("会员日", "全场九折", "https://a.example/day")
    assert article["picurl"].startswith(platform.base)
    assert second == first
    assert plain["articles"][0]["picurl"] == ""
    assert await called(platform, account, "media_uploadimg") == 1


async def test_a_mini_program_card_opens_a_page(platform, account):
    await platform.account(app_id=MINI, original_id="gh_mini", kind="mini")
    fan = await world.talker(platform, account)
    card = MiniProgramContent(app_id=MINI, page="pages/card", title="会员卡", picture_id=await stored(picture()))
    await world.say(fan, content=card)
    assert await speaking.speak_due() == 1
    [(kind, shown)] = await bubbles(platform, fan)
    assert kind == "miniprogrampage"
    assert (shown["title"], shown["app_id"], shown["page_path"]) == ("会员卡", MINI, "pages/card")


async def test_a_picture_that_is_no_more_fails_and_gives_its_place_back(platform, account):
    fan = await world.talker(platform, account)
    await world.say(fan, content=ImageContent(file_id=new_id()))
    await speaking.speak_due()
    assert await world.states() == [("failed", "picture_gone")]
    assert await world.left(fan) == 5


async def test_an_upload_whose_answer_is_lost_sends_nothing_and_is_tried_again(platform, account, db):
    fan = await world.talker(platform, account)
    await platform.fault(account.app_id, UPLOAD, "http_500", times=2)
    await world.say(fan, content=ImageContent(file_id=await stored(picture())))
    await speaking.speak_due()
    assert await world.states() == [("pending", "wechat_unavailable")]
    make.jump(db, minutes=1)
    assert await speaking.speak_due() == 1


async def test_an_account_in_shadow_uploads_nothing(platform, account):
    from wechat.accounts import service as accounts

    fan = await world.talker(platform, account)
    await world.say(fan, content=ImageContent(file_id=await stored(picture())))
    await accounts.change_account(account.id, shadow=True)
    await speaking.speak_due()
    assert await world.states() == [("skipped", "account_silent")]
    assert await called(platform, account, "media_upload") == 0


async def sent_by(platform, account, **what):
    """A file that a fan sends; its media_id."""
    fan = await world.fan(platform, account)
    body = {"app_id": account.app_id, "wait": False, "msgtype": "image"} | what
    await platform.ok(f"/sim/fans/{fan.fan_id}/send", body)
    shown = await platform.ok(f"/sim/fans/{fan.fan_id}/phone?app_id={account.app_id}")
    return shown[-1]["content"]


async def test_a_file_of_a_fan_comes_whole(platform, account):
    sent = await sent_by(platform, account)
    async with platform.session.get(sent["url"]) as response:
        expected = await response.read()
    async with media.get(account, sent["media_id"], 1_000_000) as received:
        assert received.media_type == "image/jpeg"
        assert received.name == "photo.jpg"
        received.spooled.file.seek(0)
        assert received.spooled.file.read() == expected
        assert (received.spooled.size, received.spooled.digest) == (len(expected), sha256(expected).hexdigest())


async def test_a_file_beyond_the_limit_is_not_taken(platform, account):
    buffer = io.BytesIO()
    Image.effect_noise((300, 300), 90).save(buffer, "PNG")
    kept = await media.upload_image(account, Form(buffer.getvalue(), "a.png", "image/png"))
    sent = await sent_by(platform, account, media_id=kept)
    with pytest.raises(FileTooLarge):
        async with media.get(account, sent["media_id"], 20_000):
            pass


async def test_a_file_that_the_platform_no_longer_keeps_is_gone(platform, account, db):
    sent = await sent_by(platform, account)
    make.jump(db, hours=73)
    with pytest.raises(MediaGone):
        async with media.get(account, sent["media_id"], 1_000_000):
            pass


@pytest.mark.parametrize("fault", ["http_500", "not_json"])
async def test_what_is_no_file_is_no_answer(platform, account, fault):
    sent = await sent_by(platform, account)
    await platform.fault(account.app_id, GET, fault)
    with pytest.raises(PlatformAway):
        async with media.get(account, sent["media_id"], 1_000_000):
            pass


async def test_a_file_is_asked_for_again_when_it_broke_off(platform, account):
    sent = await sent_by(platform, account)
    await platform.fault(account.app_id, GET, "http_500", times=1)
    async with media.get(account, sent["media_id"], 1_000_000) as received:
        assert received.spooled.size > 0


async def test_pictures_wait_for_the_one_upload_and_share_what_came_of_it(platform, account):
    file_id = await stored(picture())
    names = await asyncio.gather(*(uploads.named(account, file_id, uploads.Kind.IMAGE) for _ in range(5)))
    assert len(set(names)) == 1
    assert await called(platform, account, "media_upload") == 1
    await uploads.forget(account, names[:1])
    assert await database.fetch("SELECT 1 FROM wechat_upload") == []


@pytest.mark.prove
async def test_a_large_picture_is_uploaded_as_it_is(platform, account):
    """More than 1 MiB."""
    noise = Image.effect_noise((1_200, 1_200), 100)
    buffer = io.BytesIO()
    noise.save(buffer, "PNG")
    assert len(buffer.getvalue()) > 1_048_576
    fan = await world.talker(platform, account)
    await world.say(fan, content=ImageContent(file_id=await stored(buffer.getvalue())))
    assert await speaking.speak_due() == 1


async def test_nobody_waits_for_the_slow_upload_of_another_conversation(platform, account, monkeypatch):
    monkeypatch.setattr(speaking, "RUN_SECONDS", 0.05)
    slow, other = await world.talker(platform, account), await world.talker(platform, account)
    await platform.fault(account.app_id, UPLOAD, "latency", latency_ms=1_500, times=1)
    await world.say(slow, content=ImageContent(file_id=await stored(picture())))
    running = asyncio.create_task(speaking.speak_due(), context=contextvars.Context())
    await asyncio.sleep(0.2)
    await world.say(other, "还在吗")
    assert await running == 2, "one run: there is one at a time in the whole house"
