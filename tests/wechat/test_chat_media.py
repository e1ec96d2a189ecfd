"""Media of fans: fetched in the background while the platform has them, shown by links to those who read the thread."""

import asyncio
import io
import random
from datetime import timedelta

import aiohttp
import pytest
from PIL import Image

from app.contexts import registry
from infra import alerts, clock, database, parameters
from infra.ids import new_id
from tests import factories as make
from tests.pushes import Pushes
from tests.wechat import fan_world
from wechat.conversations import media, queries
from wechat.conversations.rules import MediaState
from wechat.conversations.schemas import MessageFilters


@pytest.fixture
async def phone(platform):
    """A person whose phone took files to the platform."""
    account = await fan_world.connected(platform)
    [fan_id] = await fan_world.people(platform, 1)
    await fan_world.follow(platform, account, fan_id)
    return Phone(platform, account, fan_id)


class Phone:
    def __init__(self, platform, account, fan_id):
        self.platform, self.account, self.fan_id = platform, account, fan_id
        self.pushes = Pushes(account, make.openid())

    async def sent(self, kind):
        """What the platform says of a file that the phone sends: the bubble's content."""
        await fan_world.act(self.platform, self.account, self.fan_id, "send", msgtype=kind)
        bubbles = await self.platform.ok(f"/sim/fans/{self.fan_id}/phone?app_id={self.account.app_id}")
        return bubbles[-1]["content"]

    async def hear(self, http, kind, **fields):
        await self.pushes.sealed(self.pushes.message(kind, **fields)).send(http)
        await make.settle(registry())

    async def picture(self, http):
        await self.hear(http, "image", PicUrl="http://p", MediaId=(await self.sent("image"))["media_id"])


async def message(viewer=None):
    [row] = await make.rows("SELECT id FROM conversation")
    return (await queries.thread(row["id"], MessageFilters(), viewer or new_id()))[0]


async def test_a_picture_is_fetched_once_and_opened_by_a_link(http, phone):
    guide = await make.guide()
    await make.headers(guide)
    await phone.picture(http)
    assert ((await message()).media.state, (await message()).media.url) == (MediaState.WAITING, None)
    assert await media.fetch_due() == 1
    assert await media.fetch_due() == 0
    shown = (await message(guide.id)).media
    assert shown.state is MediaState.KEPT
    assert shown.thumbnail_url
    answer = await http.get(shown.url)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    [file] = await make.rows("SELECT id, purpose, owner_id, kept_at FROM stored_file")
    assert (file["purpose"], file["owner_id"], file["kept_at"] is not None) == ("chat", None, True)
    assert (await http.get(f"/staff/v1/files/{file['id']}", headers=await make.headers(guide))).status_code == 404


async def test_a_voice_keeps_its_sound_and_is_read_as_what_was_recognised(http, phone):
    sent = await phone.sent("voice")
    await phone.hear(http, "voice", MediaId=sent["media_id"], Format="amr", Recognition="在吗")
    assert await media.fetch_due() == 1
    assert ((await message()).text, (await message()).media.state) == ("在吗", MediaState.KEPT)
    [blob] = await make.rows("SELECT media_type FROM file_blob")
    assert blob["media_type"] == "audio/amr"


async def test_a_video_comes_with_its_thumbnail(http, phone):
    sent, small = await phone.sent("video"), await phone.sent("image")
    await phone.hear(http, "video", MediaId=sent["media_id"], ThumbMediaId=small["media_id"])
    assert await media.fetch_due() == 2
    shown = (await message()).media
    assert shown.state is MediaState.KEPT
    assert shown.url != shown.thumbnail_url
    assert shown.thumbnail_url


async def test_a_card_with_nothing_but_a_thumbnail_has_that(http, phone):
    small = await phone.sent("image")
    card = {"Title": "商品", "AppId": "wxm", "PagePath": "p", "ThumbUrl": "", "ThumbMediaId": small["media_id"]}
    await phone.hear(http, "miniprogrampage", **card)
    assert await media.fetch_due() == 1
    shown = (await message()).media
    assert (shown.state, shown.url, shown.thumbnail_url is not None) == (MediaState.KEPT, None, True)


async def test_what_the_platform_has_no_more_is_failed_at_once(http, phone):
    await phone.hear(http, "image", PicUrl="http://p", MediaId="nobodys")
    assert await media.fetch_due() == 0
    assert (await message()).media.state is MediaState.FAILED
    assert [row["error"] for row in await make.rows("SELECT error FROM chat_media")] == ["wechat_media_gone"]


async def test_after_three_days_nobody_asks_any_more(http, phone, db):
    await phone.picture(http)
    make.jump(db, hours=73)
    await media.fetch_due()
    assert await fan_world.calls(phone.platform, phone.account, "media_get") == 0
    assert (await message()).media.state is MediaState.FAILED


async def test_too_large_a_file_is_failed(http, phone):
    await parameters.change("chat.media_most_mb", 1, expected_version=0, by="test")
    await phone.hear(http, "image", PicUrl="http://p", MediaId=await _large_picture(phone))
    await media.fetch_due()
    assert [row["error"] for row in await make.rows("SELECT error FROM chat_media")] == ["file_too_large"]


async def _large_picture(phone):
    picture, form = io.BytesIO(), aiohttp.FormData()
    Image.frombytes("RGB", (700, 700), random.randbytes(700 * 700 * 3)).save(picture, "PNG", compress_level=0)
    picture.seek(0)
    form.add_field("media", picture, filename="a.png", content_type="image/png")
    token = await phone.platform.token(phone.account.app_id, phone.account.secret)
    address, values = f"{phone.platform.base}/cgi-bin/media/upload", {"type": "image", "access_token": token}
    async with phone.platform.session.post(address, data=form, params=values) as answer:
        return (await answer.json(content_type=None))["media_id"]


async def test_while_the_platform_refuses_it_is_tried_again_with_growing_pauses(http, phone, db):
    await phone.picture(http)
    await phone.platform.fault(phone.account.app_id, "/cgi-bin/media/get", errcode=48001)
    pauses = []
    for _ in range(3):
        await media.fetch_due()
        [row] = await make.rows("SELECT next_at, attempts, state FROM chat_media")
        assert row["state"] == "waiting"
        pauses.append(row["next_at"] - clock.now())
        make.jump_to(db, row["next_at"] + timedelta(seconds=1))
    assert pauses[0] < pauses[1] < pauses[2]
    await phone.platform.mend(phone.account.app_id)
    assert await media.fetch_due() == 1


async def test_two_workers_fetch_each_file_once(http, phone):
    for _ in range(4):
        await phone.picture(http)
    kept = await asyncio.gather(media.fetch_due(), media.fetch_due())
    assert sum(kept) == 4
    assert await fan_world.calls(phone.platform, phone.account, "media_get") == 4
    assert await make.count("stored_file") == 4


async def test_who_lost_the_lease_leaves_no_file_behind(http, phone, monkeypatch):
    await phone.picture(http)
    end, moved = media._end, []

    async def late(outcome):
        if not moved:
            moved.append(outcome)
            await database.execute("UPDATE chat_media SET next_at = next_at + interval '1 second'")
        return await end(outcome)

    monkeypatch.setattr(media, "_end", late)
    assert await media.fetch_due() == 0
    assert await make.count("stored_file") == 0


async def test_an_operator_hears_when_many_fail(http, phone, db):
    await parameters.change("chat.media_failures", 2, expected_version=0, by="test")
    for number in range(2):
        await phone.hear(http, "image", PicUrl="http://p", MediaId=f"gone{number}")
    await media.fetch_due()
    assert [alert["kind"] for alert in await alerts.listed()] == ["wechat.media_failing"]
    make.jump(db, hours=2)
    await phone.picture(http)
    assert await media.fetch_due() == 1
    assert await alerts.listed() == []


async def test_whoever_looks_hears_that_the_picture_came(http, phone):
    guide = await make.guide()
    await phone.picture(http)
    await database.execute(
        "INSERT INTO conversation_watch (conversation_id, staff_id, until) SELECT id, $1, $2 FROM conversation",
        guide.id,
        clock.now() + timedelta(minutes=1),
    )
    await media.fetch_due()
    told = await make.rows("SELECT payload FROM live_event WHERE topic = $1 AND kind = 'chat'", f"staff:{guide.id}")
    assert '"reason": "media"' in told[-1]["payload"]
