"""Every kind of message of the facts page (2.4), in both formats and all modes."""

import pytest

from tests.simulator.harness import APP_ID, ORIGINAL_ID
from tests.simulator.opened import clear_text, fields, read


@pytest.fixture
async def fan(simulator, receiver):
    fan = await simulator.fan()
    await simulator.act(fan, "follow")
    receiver.received.clear()
    return fan


async def bubble(simulator, fan):
    return (await simulator.ok(f"/sim/fans/{fan}/phone?app_id={APP_ID}"))[-1]


SENT = [
    ({"text": "在吗"}, {"MsgType": "text", "Content": "在吗"}),
    ({"msgtype": "text", "text": "在吗"}, {"MsgType": "text", "Content": "在吗"}),
    ({"text": "一", "msgmenu_id": "101"}, {"MsgType": "text", "Content": "一", "bizmsgmenuid": "101"}),
    (
        {"msgtype": "location", "latitude": 23.137466, "longitude": 113.352425, "scale": 20, "label": "广州"},
        {"MsgType": "location", "Location_X": "23.137466", "Location_Y": "113.352425", "Scale": "20", "Label": "广州"},
    ),
    (
        {"msgtype": "link", "title": "茶", "description": "新茶", "url": "https://example.com/?a=1&b=2"},
        {"MsgType": "link", "Title": "茶", "Description": "新茶", "Url": "https://example.com/?a=1&b=2"},
    ),
]


@pytest.mark.parametrize(("body", "expected"), SENT)
async def test_what_is_written_is_pushed(simulator, receiver, fan, body, expected):
    await simulator.act(fan, "send", **body)
    assert fields(receiver.received[-1]) == expected
    assert 2**53 < int(receiver.received[-1].clear["MsgId"]) < 2**63
    shown = await bubble(simulator, fan)
    assert (shown["from"], shown["kind"]) == ("me", expected["MsgType"])
    assert shown["content"]


FILES = [
    ({"msgtype": "image"}, {"PicUrl", "MediaId"}, "image/jpeg"),
    ({"msgtype": "voice", "recognition": "你好"}, {"MediaId", "Format", "Recognition"}, "audio/amr"),
    ({"msgtype": "video"}, {"MediaId", "ThumbMediaId"}, "video/mp4"),
    ({"msgtype": "shortvideo"}, {"MediaId", "ThumbMediaId"}, "video/mp4"),
]


@pytest.mark.parametrize("case", FILES)
async def test_files_can_be_fetched(simulator, receiver, fan, case):
    body, names, content_type = case
    await simulator.act(fan, "send", **body)
    sent = fields(receiver.received[-1])
    assert set(sent) == names | {"MsgType"}
    assert sent["MsgType"] == body["msgtype"]
    shown = (await bubble(simulator, fan))["content"]
    assert shown["media_id"] == sent["MediaId"]
    async with simulator.session.get(sent.get("PicUrl", shown["url"])) as response:
        assert (response.status, response.content_type) == (200, content_type)


async def test_a_mini_program_page(simulator, receiver, fan):
    await simulator.act(
        fan, "send", msgtype="miniprogrampage", title="商城", page_app_id="wx9", page_path="pages/mall?x=1"
    )
    sent = fields(receiver.received[-1])
    assert {name: sent.pop(name) for name in ("ThumbUrl", "ThumbMediaId")}["ThumbUrl"].startswith("http")
    assert sent == {"MsgType": "miniprogrampage", "Title": "商城", "AppId": "wx9", "PagePath": "pages/mall?x=1"}


@pytest.mark.parametrize("mode", ["plain", "compatible", "safe"])
async def test_json_in_every_mode(simulator, receiver, mode):
    await simulator.account(receiver.url, mode=mode, push_format="json")
    receiver.always("success")
    fan = await simulator.fan()
    followed = await simulator.act(fan, "follow")
    await simulator.act(fan, "send", text="在吗")
    pushed = receiver.received[-1]
    content = read(clear_text(pushed))
    assert content["Content"] == "在吗"
    assert (content["ToUserName"], content["FromUserName"]) == (ORIGINAL_ID, followed["openid"])
    assert isinstance(content["CreateTime"], int)
    assert isinstance(content["MsgId"], int)
    visible = {"plain": set(content), "compatible": set(content) | {"Encrypt"}, "safe": {"ToUserName", "Encrypt"}}
    assert set(read(pushed.body)) == visible[mode]


async def test_compatible_is_about_three_times_the_size(simulator, receiver):
    sizes = {}
    for mode in ("plain", "compatible"):
        await simulator.account(receiver.url, mode=mode)
        await simulator.act(await simulator.fan(), "follow")
        sizes[mode] = len(receiver.received[-1].body)
    assert 2.3 < sizes["compatible"] / sizes["plain"] < 3.5


@pytest.mark.parametrize(
    "body",
    [
        {"msgtype": "event", "text": "a"},
        {"msgtype": "location", "latitude": 91, "longitude": 0},
        {"msgtype": "location", "text": "a"},
        {"msgtype": "image", "text": "a"},
        {"msgtype": "link", "title": "a"},
        {"msgtype": "link", "title": "\x00", "url": "a"},
        {"msgtype": 1},
    ],
)
async def test_what_no_phone_sends_is_refused(simulator, fan, body):
    status, answer = await simulator.post(f"/sim/fans/{fan}/send", {"app_id": APP_ID} | body)
    assert (status, answer["error"]["code"]) == (422, "invalid_request")


async def test_a_foreign_file_is_refused(simulator, fan):
    status, answer = await simulator.post(
        f"/sim/fans/{fan}/send", {"app_id": APP_ID, "msgtype": "image", "media_id": "m404"}
    )
    assert (status, answer["error"]["code"]) == (404, "media_unknown")
    assert (await simulator.get("/sim/media/m404"))[0] == 404


async def test_anybody_writes_to_a_mini_program(simulator, receiver):
    await simulator.account(receiver.url, kind="mini", open_platform=None)
    fan = await simulator.fan()
    entered = await simulator.act(fan, "enter", session_from="shop")
    assert fields(receiver.received[-1]) == {
        "MsgType": "event",
        "Event": "user_enter_tempsession",
        "SessionFrom": "shop",
    }
    receiver.reply("您好")
    sent = await simulator.act(fan, "send", text="在吗")
    assert (sent["outcome"], sent["openid"]) == ("replied", entered["openid"])
    assert (await simulator.phone(fan))[-1] == ("account", "text", "您好")
