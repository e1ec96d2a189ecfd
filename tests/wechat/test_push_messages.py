"""Every message and event of the platform as a typed value, from XML and from JSON alike; the unknown is kept."""

import json

import pytest

from infra import crypto
from tests import factories as make
from tests.pushes import Pushes, in_json, xml
from wechat.pushes import messages as m
from wechat.pushes.errors import PushMalformed
from wechat.pushes.fields import read_fields
from wechat.pushes.parsing import parse

COMMON = {"ToUserName": "gh_1", "FromUserName": "o1", "CreateTime": "1700000000"}
GRANTS = [
    {"TemplateId": "t1", "SubscribeStatusString": "accept", "PopupScene": 2},
    {"TemplateId": "t2", "SubscribeStatusString": "reject", "PopupScene": 0},
]
TAKEN = m.Grant("t1", accepted=True, scene=2)
REFUSED = m.Grant("t1", accepted=False)
REJECTED = {"TemplateId": "t1", "SubscribeStatusString": "reject"}
SENT = {"TemplateId": "t1", "MsgID": 1864323726461255680, "ErrorCode": 0, "ErrorStatus": "success"}
COUNTED = {
    "MsgID": 1,
    "Status": "err(30003)",
    "TotalCount": 9,
    "FilterCount": 8,
    "SentCount": 7,
    "ErrorCount": 1,
}
SCANNED = {"ScanCodeInfo": {"ScanType": "barcode", "ScanResult": "CODE_128,690"}}
PLACE = {"Location_X": 30.5, "Location_Y": "-114.25", "Scale": 16, "Label": "江边", "Poiname": "码头"}


def message(kind, **fields):
    return COMMON | {"MsgType": kind, "MsgId": 7000000000000000001} | fields


def event(name, **fields):
    return COMMON | {"MsgType": "event", "Event": name} | fields


def pictures(*digests):
    listed = {"item": [{"PicMd5Sum": digest} for digest in digests]} if digests else ""
    return {"EventKey": "k", "SendPicsInfo": {"Count": len(digests), "PicList": listed}}


KNOWN = [
    (message("text", Content="a]]>b"), m.Text("a]]>b")),
    (message("TEXT", Content=""), m.Text("")),
    (message("image", PicUrl="http://p", MediaId="1"), m.Image("http://p", "1")),
    (message("voice", MediaId="1", Format="amr"), m.Voice("1", "amr", "")),
    (message("voice", MediaId="1", Format="amr", Recognition="你好"), m.Voice("1", "amr", "你好")),
    (message("video", MediaId="1", ThumbMediaId="2"), m.Video("1", "2")),
    (message("shortvideo", MediaId="1", ThumbMediaId="2"), m.ShortVideo("1", "2")),
    (
        message("location", Location_X="23.134521", Location_Y=113.358803, Scale=20, Label="位置信息"),
        m.Location(23.134521, 113.358803, 20, "位置信息"),
    ),
    (message("link", Title="t", Description="d", Url="http://l"), m.Link("t", "d", "http://l")),
    (
        message("miniprogrampage", Title="t", AppId="wx9", PagePath="a?b=1", ThumbUrl="http://t", ThumbMediaId="3"),
        m.MiniProgramPage("t", "wx9", "a?b=1", "http://t", "3"),
    ),
    (event("subscribe", EventKey="qrscene_abc", Ticket="t"), m.Subscribe("abc")),
    (event("subscribe", EventKey=""), m.Subscribe(None)),
    (event("subscribe"), m.Subscribe(None)),
    (event("subscribe", EventKey="last_trade_no_1"), m.Subscribe(None)),
    (event("SCAN", EventKey="qrscene_abc", Ticket="t"), m.Scan("qrscene_abc")),
    (event("SCAN", EventKey=123), m.Scan("123")),
    (event("unsubscribe"), m.Unsubscribe()),
    (event("LOCATION", Latitude=23.5, Longitude="113.5", Precision="65.0"), m.LocationReport(23.5, 113.5, 65.0)),
    (event("CLICK", EventKey="menu_1"), m.Click("menu_1")),
    (event("VIEW", EventKey="http://w", MenuId=1), m.View("http://w")),
    (event("view_miniprogram", EventKey="pages/a"), m.ViewMiniProgram("pages/a")),
    (event("scancode_push", EventKey="k", **SCANNED), m.ScanCodePush("k", "barcode", "CODE_128,690")),
    (event("scancode_waitmsg", EventKey="k", **SCANNED), m.ScanCodeWait("k", "barcode", "CODE_128,690")),
    (event("pic_sysphoto", **pictures("a")), m.PicturesSent("k", m.PictureSource.CAMERA, 1, ("a",))),
    (
        event("pic_photo_or_album", **pictures("a", "b")),
        m.PicturesSent("k", m.PictureSource.CAMERA_OR_ALBUM, 2, ("a", "b")),
    ),
    (event("pic_weixin", **pictures()), m.PicturesSent("k", m.PictureSource.ALBUM, 0, ())),
    (
        event("location_select", EventKey="k", SendLocationInfo=PLACE),
        m.LocationSelected("k", 30.5, -114.25, 16, "江边", "码头"),
    ),
    (
        event("TEMPLATESENDJOBFINISH", MsgID=200163836, Status="failed:user block"),
        m.TemplateSent(200163836, "failed:user block"),
    ),
    (event("MASSSENDJOBFINISH", **COUNTED), m.MassSent(1, "err(30003)", 9, 8, 7, 1, None)),
    (
        event("MASSSENDJOBFINISH", **COUNTED, CopyrightCheckResult={"ResultList": "", "CheckState": 2}),
        m.MassSent(1, "err(30003)", 9, 8, 7, 1, 2),
    ),
    (
        event("subscribe_msg_popup_event", SubscribeMsgPopupEvent={"List": GRANTS}),
        m.SubscribePopup((TAKEN, m.Grant("t2", accepted=False, scene=0))),
    ),
    (event("subscribe_msg_popup_event", List=GRANTS[0]), m.SubscribePopup((TAKEN,))),
    (event("subscribe_msg_popup_event", List=GRANTS[:1]), m.SubscribePopup((TAKEN,))),
    (
        event("subscribe_msg_change_event", SubscribeMsgChangeEvent={"List": REJECTED}),
        m.SubscribeChange((REFUSED,)),
    ),
    (
        event("subscribe_msg_change_event", SubscribeMsgPopupEvent={"List": [REJECTED, REJECTED]}),
        m.SubscribeChange((REFUSED,) * 2),
    ),
    (
        event("subscribe_msg_sent_event", SubscribeMsgSentEvent={"List": SENT}),
        m.SubscribeSent((m.Notice("t1", 1864323726461255680, 0, "success"),)),
    ),
    (event("user_enter_tempsession", SessionFrom="page=1"), m.EnterSession("page=1")),
    (
        event("wxa_media_check", trace_id="5f", result={"suggest": "risky", "label": 20001}, version=2),
        m.MediaChecked("5f", "risky", 20001),
    ),
]

UNTYPED = [
    message("hologram", MediaId="1"),
    event("card_pass_check", CardId="1"),
    COMMON | {"MsgType": "event"},
    message("text"),
    message("text", Content=["a", "b"]),
    message("text", Content={"b": "bold"}),
    message("image", MediaId="1"),
    *(
        message("location", Location_X=latitude, Location_Y=1, Scale=1, Label="")
        for latitude in ("", "north", "91", "-90.5", "nan", "inf", "1" * 500)
    ),
    *(
        message("location", Location_X=1, Location_Y=1, Scale=scale)
        for scale in ("", "1.5", "１６", "1_6", " 16", "9" * 19, "9" * 5000)
    ),
    event("scancode_push", EventKey="k"),
    event("scancode_push", EventKey="k", ScanCodeInfo="x"),
    event("scancode_push", **SCANNED),
    event("pic_weixin", EventKey="k", SendPicsInfo={"Count": 1, "PicList": ""}),
    event("location_select", EventKey="k", SendLocationInfo={}),
    event("TEMPLATESENDJOBFINISH", Status="success"),
    event("MASSSENDJOBFINISH", MsgID=1, Status="send success"),
    event("subscribe_msg_popup_event"),
    event("subscribe_msg_popup_event", List=[REJECTED, "x"]),
    event("subscribe_msg_popup_event", List=REJECTED | {"SubscribeStatusString": "perhaps"}),
    event("wxa_media_check", trace_id="5f", isrisky=1),
]


@pytest.mark.parametrize("write", [xml, in_json])
@pytest.mark.parametrize(("fields", "body"), KNOWN, ids=range(len(KNOWN)))
def test_what_a_push_says(fields, body, write):
    push = parse(write(fields))
    assert push.body == body
    assert (push.to, push.openid, push.sent_at.timestamp()) == ("gh_1", "o1", 1_700_000_000)


@pytest.mark.parametrize("write", [xml, in_json])
@pytest.mark.parametrize("fields", UNTYPED, ids=range(len(UNTYPED)))
def test_what_is_unknown_or_lacks_its_fields_is_other(fields, write):
    is_event = fields["MsgType"] == "event"
    kind = fields.get("Event", "") if is_event else fields["MsgType"]
    assert parse(write(fields)).body == m.Other(kind.lower(), event=is_event)


def test_every_kind_of_the_facts_is_known():
    seen = {type(body) for _, body in KNOWN}
    assert seen == set(m.Body.__args__) - {m.Other}


@pytest.mark.parametrize(("fields", "_body"), KNOWN, ids=range(len(KNOWN)))
def test_both_formats_tell_the_same_push_by_the_same_identifier(fields, _body):
    assert parse(xml(fields)).identifier == parse(in_json(fields)).identifier


@pytest.mark.parametrize(
    ("fields", "identifier"),
    [
        (message("text", Content="x"), ("message", "7000000000000000001")),
        (event("subscribe"), ("event", "o1", "1700000000", "subscribe", "", "", "")),
        (event("SCAN", EventKey="abc"), ("event", "o1", "1700000000", "SCAN", "abc", "", "")),
        (
            event("TEMPLATESENDJOBFINISH", MsgID=2, Status="success"),
            ("event", "o1", "1700000000", "TEMPLATESENDJOBFINISH", "", "2", ""),
        ),
        (event("wxa_media_check", trace_id="5f"), ("event", "o1", "1700000000", "wxa_media_check", "", "", "5f")),
        (
            event("subscribe_msg_sent_event", List=[SENT, SENT | {"MsgID": 3}]),
            ("event", "o1", "1700000000", "subscribe_msg_sent_event", "", "", "", "1864323726461255680", "3"),
        ),
        (
            event("subscribe_msg_popup_event", List=GRANTS),
            ("event", "o1", "1700000000", "subscribe_msg_popup_event", "", "", "", "t1 True", "t2 False"),
        ),
    ],
)
def test_what_tells_a_push_from_others_never_changes(fields, identifier):
    # Rows of years hang on it.
    assert parse(xml(fields)).identifier == identifier


def test_json_keeps_long_numbers_and_replaces_what_text_cannot_hold():
    body = json.dumps(message("text", Content="a\x00b\ud800c\x08d", MsgId=2**64 + 1))
    push = parse(body)
    assert push.identifier == ("message", str(2**64 + 1))
    assert push.body == m.Text("a\ufffdb\ufffdc\ufffdd")
    assert read_fields('{"a": true, "b": null, "c": -1.50, "d": [[1], {"e": false}]}') == {
        "a": "true",
        "b": "",
        "c": "-1.50",
        "d": [["1"], {"e": "false"}],
    }


def test_xml_is_read_to_any_depth_and_repeated_elements_are_a_list():
    read = read_fields("<xml>\n <a> x </a>\n<b><c>1</c><c/><c><d>2</d></c></b><a><![CDATA[<y>]]></a><e> </e></xml>")
    assert read == {"a": [" x ", "<y>"], "b": {"c": ["1", "", {"d": "2"}]}, "e": " "}
    deep = read_fields("<a>" * 9_000 + "</a>" * 9_000)
    assert list(deep) == ["a"]


@pytest.mark.parametrize("changes", [{"FromUserName": "o\u00e9"}, {"FromUserName": "o 1\n"}, {"MsgType": {"a": "b"}}])
@pytest.mark.parametrize("write", [xml, in_json])
def test_what_every_push_has_must_make_sense(changes, write):
    with pytest.raises(PushMalformed):
        parse(write(message("text", Content="x") | changes))


@pytest.mark.parametrize("write", [xml, in_json])
async def test_the_unknown_and_the_ill_typed_are_stored_as_they_came_and_acknowledged(http, write):
    fan = Pushes(await make.account(), make.openid(), write=write)
    sent = [fan.message("hologram", Depth=3), fan.event("card_pass_check"), fan.message("image", MediaId="1")]
    for fields in sent:
        answer = await fan.sealed(fields).send(http)
        assert (answer.status_code, answer.text) == (200, "success")
    kept = await make.rows("SELECT raw, person FROM push ORDER BY id")
    assert [row["raw"] for row in kept] == [write(fields) for fields in sent]
    assert {row["person"] for row in kept} == {crypto.digest(fan.account.app_id, fan.openid)}
