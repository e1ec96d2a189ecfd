"""Every event of the facts page (2.5) with its fields, and the windows it does or does not open."""

import pytest

from tests.simulator.harness import APP_ID
from tests.simulator.opened import clear_text, fields, read

MENU = [
    {"type": "click", "name": "签到", "key": "sign"},
    {
        "name": "扫码",
        "sub_button": [
            {"type": "scancode_push", "name": "扫", "key": "push"},
            {"type": "scancode_waitmsg", "name": "扫一扫", "key": "wait"},
            {"type": "pic_sysphoto", "name": "拍照", "key": "photo"},
            {"type": "location_select", "name": "位置", "key": "place"},
            {"type": "view", "name": "官网", "url": "https://example.com/shop"},
        ],
    },
    {
        "name": "其他",
        "sub_button": [
            {"type": "miniprogram", "name": "商城", "url": "https://example.com/", "appid": "wx9", "pagepath": "mall"},
            {"type": "pic_weixin", "name": "相册", "key": "album"},
            {"type": "pic_photo_or_album", "name": "图片", "key": "either"},
            {"type": "media_id", "name": "图文", "media_id": "m1"},
        ],
    },
]


@pytest.fixture
async def fan(simulator, receiver):
    await simulator.account(app_id="wx9", original_id="gh_9", kind="mini")
    async with simulator.session.put(f"{simulator.base}/sim/accounts/{APP_ID}/menu", json={"button": MENU}) as response:
        assert response.status == 200, await response.text()
    fan = await simulator.fan()
    await simulator.act(fan, "follow")
    receiver.received.clear()
    simulator.move_clock(600)
    return fan


async def remaining(simulator, fan):
    return (await simulator.ok(f"/sim/fans/{fan}/window?app_id={APP_ID}"))["remaining"]


SCAN = {"ScanType": "qrcode", "ScanResult": "690"}
TAPS = [
    ([0], {"Event": "CLICK", "EventKey": "sign"}, 3),
    ([1, 0], {"Event": "scancode_push", "EventKey": "push", "ScanCodeInfo": SCAN}, 3),
    ([1, 1], {"Event": "scancode_waitmsg", "EventKey": "wait", "ScanCodeInfo": SCAN}, 3),
    ([1, 4], {"Event": "VIEW", "EventKey": "https://example.com/shop"}, 0),
    ([2, 0], {"Event": "view_miniprogram", "EventKey": "mall"}, 0),
]


@pytest.mark.parametrize("case", TAPS)
async def test_taps_on_the_menu(simulator, receiver, fan, case):
    path, expected, allowed = case
    answers = await simulator.act(fan, "menu", path=path, scan_result="690")
    assert [answer["outcome"] for answer in answers] == ["accepted"]
    assert fields(receiver.received[-1]) == {"MsgType": "event"} | expected
    assert await remaining(simulator, fan) == allowed
    assert (await simulator.phone(fan))[-1][:2] == ("me", "event")


@pytest.mark.parametrize(("place", "kind"), [([1, 2], "pic_sysphoto"), ([2, 1], "pic_weixin")])
async def test_pictures_follow_their_event(simulator, receiver, fan, place, kind):
    await simulator.act(fan, "menu", path=place, pictures=2)
    event, *pictures = (fields(each) for each in receiver.received)
    assert event["Event"] == kind
    assert event["SendPicsInfo"]["Count"] == "2"
    assert [len(item["PicMd5Sum"]) for item in event["SendPicsInfo"]["PicList"]["item"]] == [32, 32]
    assert [each["MsgType"] for each in pictures] == ["image", "image"]
    assert await remaining(simulator, fan) == 5


async def test_the_place_follows_its_event(simulator, receiver, fan):
    place = {"latitude": 23.1, "longitude": 113.3, "scale": 15, "label": "广州", "name": "塔"}
    await simulator.act(fan, "menu", path=[1, 3], place=place)
    event, message = (fields(each) for each in receiver.received)
    assert event == {
        "MsgType": "event",
        "Event": "location_select",
        "EventKey": "place",
        "SendLocationInfo": {
            "Location_X": "23.1",
            "Location_Y": "113.3",
            "Scale": "15",
            "Label": "广州",
            "Poiname": "塔",
        },
    }
    assert (message["MsgType"], message["Location_X"]) == ("location", "23.1")


async def test_taps_that_are_no_push(simulator, receiver, fan):
    async def refused(path):
        status, answer = await simulator.post(f"/sim/fans/{fan}/menu", {"app_id": APP_ID, "path": path})
        return status, answer["error"]["code"]

    assert await refused([2, 3]) == (409, "button_pushes_nothing")
    assert await refused([1]) == (409, "button_pushes_nothing")
    assert await refused([0, 0]) == (404, "button_unknown")
    assert await refused([1, 4, 0]) == (422, "invalid_request")
    assert receiver.received == []


async def test_a_location_report(simulator, receiver, fan):
    await simulator.act(fan, "location", latitude=23.104105, longitude=113.320107, precision=65.0)
    assert fields(receiver.received[-1]) == {
        "MsgType": "event",
        "Event": "LOCATION",
        "Latitude": "23.104105",
        "Longitude": "113.320107",
        "Precision": "65.0",
    }
    assert await remaining(simulator, fan) == 0


async def templates(simulator, *template_ids):
    for template_id in template_ids:
        body = {"app_id": APP_ID, "template_id": template_id, "kind": "subscribe", "keys": ["thing1"]}
        async with simulator.session.put(f"{simulator.base}/sim/templates", json=body) as response:
            assert response.status == 200


async def grants(simulator, fan):
    return (await simulator.ok(f"/sim/fans/{fan}/grants?app_id={APP_ID}"))["grants"]


async def test_one_item_or_many_in_the_dialog(simulator, receiver, fan):
    await templates(simulator, "t1", "t2")
    await simulator.act(fan, "subscribe_dialog", template_ids=["t1"], accept=["t1"], scene="2")
    one = {"TemplateId": "t1", "SubscribeStatusString": "accept", "PopupScene": "2"}
    assert fields(receiver.received[-1])["SubscribeMsgPopupEvent"] == {"List": one}
    await simulator.act(fan, "subscribe_dialog", template_ids=["t1", "t2"], accept=["t1"])
    both = fields(receiver.received[-1])["SubscribeMsgPopupEvent"]["List"]
    assert [(each["TemplateId"], each["SubscribeStatusString"]) for each in both] == [
        ("t1", "accept"),
        ("t2", "reject"),
    ]
    assert await grants(simulator, fan) == {"t1": 2}


@pytest.mark.parametrize("ids", [["t1"], ["t1", "t2"]])
async def test_json_has_one_item_bare_and_several_as_a_list(simulator, receiver, fan, ids):
    await templates(simulator, "t1", "t2")
    await simulator.account(receiver.url, push_format="json")
    await simulator.act(fan, "subscribe_dialog", template_ids=ids, accept=ids)
    items = read(clear_text(receiver.received[-1]))["SubscribeMsgPopupEvent"]["List"]
    assert isinstance(items, dict if len(ids) == 1 else list)


@pytest.mark.parametrize(("wrong", "tag"), [(False, "SubscribeMsgChangeEvent"), (True, "SubscribeMsgPopupEvent")])
async def test_switching_off_forgets_what_was_allowed(simulator, receiver, fan, wrong, tag):
    await simulator.account(receiver.url, wrong_change_tag=wrong)
    await templates(simulator, "t1")
    await simulator.act(fan, "subscribe_dialog", template_ids=["t1"], accept=["t1"])
    await simulator.act(fan, "subscribe_change", template_ids=["t1"])
    assert fields(receiver.received[-1]) == {
        "MsgType": "event",
        "Event": "subscribe_msg_change_event",
        tag: {"List": {"TemplateId": "t1", "SubscribeStatusString": "reject"}},
    }
    assert await grants(simulator, fan) == {"t1": 0}


async def test_dialogs_that_cannot_be(simulator, fan):
    await templates(simulator, "t1", "t2", "t3", "t4")

    async def refused(**body):
        status, answer = await simulator.post(f"/sim/fans/{fan}/subscribe_dialog", {"app_id": APP_ID} | body)
        return status, answer["error"]["code"]

    assert await refused(template_ids=["t404"]) == (404, "template_unknown")
    assert await refused(template_ids=["t1"], accept=["t2"]) == (422, "invalid_request")
    assert await refused(template_ids=["t1", "t1"]) == (422, "invalid_request")
    assert await refused(template_ids=["t1", "t2", "t3", "t4"]) == (409, "too_many_templates")


TOLD = {
    "TEMPLATESENDJOBFINISH": {"MsgID": 1, "Status": "success"},
    "MASSSENDJOBFINISH": {"MsgID": 1, "Status": "send success"},
    "subscribe_msg_popup_event": {"SubscribeMsgPopupEvent": {"List": []}},
    "subscribe_msg_change_event": {"SubscribeMsgChangeEvent": {"List": []}},
    "subscribe_msg_sent_event": {"SubscribeMsgSentEvent": {"List": []}},
    "wxa_media_check": {"trace_id": "t"},
    "LOCATION": {"Latitude": 1},
    "VIEW": {"EventKey": "https://a.example/"},
}


@pytest.mark.parametrize("event", TOLD)
async def test_what_the_platform_tells_may_share_a_second(simulator, receiver, fan, event):
    moments = [await moment_of(simulator, fan, event, TOLD[event]) for _ in range(20)]
    assert len(set(moments)) < len(moments)


@pytest.mark.parametrize("event", ["CLICK", "SCAN", "scancode_push", "location_select"])
async def test_what_a_person_does_again_takes_a_second(simulator, receiver, fan, event):
    moments = [await moment_of(simulator, fan, event, {"EventKey": "k"}) for _ in range(5)]
    assert len(set(moments)) == len(moments)


async def moment_of(simulator, fan, event, fields):
    body = {"fan_id": fan, "event": event, "fields": fields, "wait": False}
    started = await simulator.ok(f"/sim/accounts/{APP_ID}/event", body)
    return (await simulator.push(started["push_id"]))["fields"]["CreateTime"]


async def test_any_other_event(simulator, receiver, fan):
    told = {"MsgID": 200163836, "Status": "failed:user block"}
    path = f"/sim/accounts/{APP_ID}/event"
    await simulator.ok(path, {"fan_id": fan, "event": "TEMPLATESENDJOBFINISH", "fields": told})
    pushed = fields(receiver.received[-1])
    assert pushed == {"MsgType": "event", "Event": "TEMPLATESENDJOBFINISH"} | {k: str(v) for k, v in told.items()}
    nested = {"trace_id": "t", "result": {"suggest": "pass", "label": 100}, "detail": [{"a": 1}, {"a": 2}]}
    await simulator.ok(path, {"event": "wxa_media_check", "fields": nested})
    assert fields(receiver.received[-1])["detail"] == [{"a": "1"}, {"a": "2"}]
    assert receiver.received[-1].query["openid"] != receiver.received[0].query["openid"]
    receiver.always("no answer of ours", status=500)
    await simulator.ok(path, {"fan_id": fan, "event": "MASSSENDJOBFINISH"})
    # Nobody waits for an answer to what the platform tells by itself.
    assert (await simulator.phone(fan))[-1][0] == "me"


@pytest.mark.parametrize(
    "bad",
    [
        {"event": "a b"},
        {"event": "a", "fields": {"FromUserName": "x"}},
        {"event": "a", "fields": {"b c": 1}},
        {"event": "a", "fields": {"b": None}},
        {"event": "a", "fields": {"b": "\x00"}},
        {"event": "a", "fields": {"b": {"c": {"d": {"e": {"f": {"g": 1}}}}}}},
    ],
)
async def test_events_that_cannot_be_written(simulator, bad):
    status, answer = await simulator.post(f"/sim/accounts/{APP_ID}/event", bad)
    assert (status, answer["error"]["code"]) == (422, "invalid_request")


async def test_who_is_on_the_black_list_is_not_heard(simulator, receiver, fan):
    openid = (await simulator.act(fan, "location", latitude=1, longitude=1))["openid"]
    await simulator.post(
        "/cgi-bin/tags/members/batchblacklist", {"openid_list": [openid]}, access_token=await simulator.token()
    )
    receiver.received.clear()
    sent = await simulator.act(fan, "send", text="在吗")
    assert (sent["outcome"], sent["attempts"]) == ("dropped", 0)
    assert receiver.received == []
    assert (await simulator.phone(fan))[-1] == ("me", "text", "在吗")
