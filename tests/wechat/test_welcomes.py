"""Welcomes: the most particular words win, placeholders are filled, and every reply is XML the platform can read."""

import asyncio
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra import cache
from tests import factories as make
from tests.doors import error_of
from tests.pushes import Pushes
from wechat.pushes import messages
from wechat.pushes.fields import read_fields
from wechat.pushes.replies import text_reply
from wechat.welcomes import responders
from wechat.welcomes.rules import PLACEHOLDERS, fill, placeholders_beyond

PATH = "/staff/v1/welcomes"


@pytest.fixture
async def boss(http):
    return await make.headers(await make.manager())


async def _reply(http, account, scene=None, *, scan=False):
    responders.forget()
    fan = Pushes(account, make.openid())
    answer = await fan.sealed(fan.scan(scene) if scan else fan.follow(scene)).send(http)
    return fan.opened(answer).get("Content")


async def test_guide_before_store_before_channel_before_everybody(http):
    account, channel = await make.account(), await make.channel("展会")
    store = await make.store("一店", channel=channel)
    guide = await make.guide("导购01", store=store)
    scene = await make.key_of(await make.code(account, guide))
    assert await _reply(http, account, scene) is None
    for text, target in (
        ("大家", {}),
        ("渠道", {"channel_id": channel.id}),
        ("门店", {"store_id": store.id}),
        ("导购", {"guide_id": guide.id}),
    ):
        await make.welcome(text, f"{text} 扫码", **target)
        assert await _reply(http, account, scene) == text
        assert await _reply(http, account, scene, scan=True) == f"{text} 扫码"
    assert await _reply(http, account) == "大家"


async def test_words_of_a_guide_who_left_and_of_a_closed_store_are_no_longer_said(http):
    account, channel = await make.account(), await make.channel()
    store = await make.store(channel=channel)
    guide = await make.guide(store=store)
    scene = await make.key_of(await make.code(account, guide))
    for text, target in (("导购", {"guide_id": guide.id}), ("门店", {"store_id": store.id}), ("大家", {})):
        await make.welcome(text, **target)
    headers = await make.headers(await make.admin())
    await http.post(f"/staff/v1/staff/{guide.id}/leave", headers=headers)
    assert await _reply(http, account, scene) == "门店"
    await http.post(f"/staff/v1/stores/{store.id}/close", headers=headers)
    assert await _reply(http, account, scene) == "大家"


async def test_placeholders_are_the_names_behind_the_code(http):
    account, channel = await make.account(name="好店"), await make.channel("展会")
    guide = await make.guide("导购01", store=await make.store("一店", channel=channel))
    scene = await make.key_of(await make.code(account, guide))
    await make.welcome("{公众号}/{门店}/{导购}/{渠道}", guide_id=guide.id)
    assert await _reply(http, account, scene) == "好店/一店/导购01/展会"


async def test_words_with_a_placeholder_that_has_no_value_give_way_to_less_particular_ones(http):
    account, channel = await make.account(), await make.channel("展会")
    store = await make.store("一店", channel=channel)
    guide = await make.guide("导购01", store=store)
    of_guide, of_store = [await make.key_of(await make.code(account, target)) for target in (guide, store)]
    await make.welcome("我是{门店}的{导购}", "{导购}又见到您", store_id=store.id)
    assert await _reply(http, account, of_guide) == "我是一店的导购01"
    assert await _reply(http, account, of_store) is None, "rather silent than broken words"
    await make.welcome("大家", "大家扫码")
    assert await _reply(http, account, of_store) == "大家"
    await make.welcome("{渠道}", channel_id=channel.id)
    assert await _reply(http, account, of_store) == "展会"
    assert await _reply(http, account, of_store, scan=True) is None, "the channel has no words for a scan"
    assert await _reply(http, account, of_guide, scan=True) == "导购01又见到您"


async def test_without_words_for_a_scan_a_follower_hears_nothing(http):
    account = await make.account()
    await make.welcome("欢迎")
    assert await _reply(http, account, "any", scan=True) is None


async def test_a_scene_of_another_account_gets_everybodys_words(http):
    one, two = await make.account(1), await make.account(2)
    store = await make.store()
    scene = await make.key_of(await make.code(two, store))
    await make.welcome("门店", store_id=store.id)
    await make.welcome("大家")
    assert await _reply(http, one, scene) == "大家"
    assert await _reply(http, two, scene) == "门店"


async def test_a_change_is_in_force_within_seconds(http, monkeypatch):
    account = await make.account()
    await make.welcome("旧")
    fan = Pushes(account, make.openid())

    async def said():
        return fan.opened(await fan.sealed(fan.follow(f"s{uuid4().hex}")).send(http))["Content"]

    assert await said() == "旧"
    await make.welcome("新", version=1)
    monkeypatch.setattr(cache, "FRESH_SECONDS", 0.0)
    assert await said() == "新"


async def test_welcomes_are_listed_by_whose_they_are_under_their_names(http, boss):
    store = await make.store("一店", channel=await make.channel("展会"))
    guide = await make.guide("导购01", store=store)
    for target in ({}, {"channel_id": store.channel_id}, {"store_id": store.id}, {"guide_id": guide.id}):
        await make.welcome("您好", **target)
    listed = {
        whose: [one["target"] for one in (await http.get(f"{PATH}?whose={whose}", headers=boss)).json()["items"]]
        for whose in ("everybody", "channel", "store", "guide")
    }
    assert listed == {"everybody": [None], "channel": ["展会"], "store": ["一店"], "guide": ["导购01"]}
    assert len((await http.get(PATH, headers=boss)).json()["items"]) == 4


@pytest.mark.parametrize("version", [0, 1, 3])
async def test_a_version_that_is_not_the_present_one_is_a_conflict(http, boss, version):
    await make.welcome("一")
    await make.welcome("二", version=1)
    answer = await http.put(PATH, headers=boss, json={"follow_text": "三", "version": version})
    assert error_of(answer) == (409, "welcome_changed")
    if version:
        assert answer.json()["error"]["details"] == {"version": 2}
    texts = [w["follow_text"] for w in (await http.get(PATH, headers=boss)).json()["items"]]
    assert texts == ["二"]


async def test_of_parallel_editors_exactly_one_wins(http, boss):
    for version in (0, 1):
        answers = await asyncio.gather(
            *(http.put(PATH, headers=boss, json={"follow_text": f"{n}", "version": version}) for n in range(6))
        )
        assert sorted(a.status_code for a in answers) == [200] + [409] * 5


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"follow_text": "{店长} {导购} {}"}, (422, "unknown_placeholder")),
        ({"scan_text": "{x}"}, (422, "unknown_placeholder")),
        ({"store_id": str(uuid4())}, (404, "welcome_target_not_found")),
        ({"guide_id": str(uuid4())}, (404, "welcome_target_not_found")),
        ({"channel_id": str(uuid4())}, (404, "welcome_target_not_found")),
        ({"guide_id": str(uuid4()), "store_id": str(uuid4())}, (422, "invalid_input")),
        ({"follow_text": ""}, (422, "invalid_input")),
        ({"follow_text": "字" * 601}, (422, "invalid_input")),
        ({"follow_text": "a\x00b"}, (422, "invalid_input")),
        ({"version": -1}, (422, "invalid_input")),
        ({"version": 2_000_000_001}, (422, "invalid_input")),
        ({"version": 7}, (409, "welcome_changed")),
        ({"extra": 1}, (422, "invalid_input")),
    ],
)
async def test_what_cannot_be_a_welcome_is_refused(http, boss, changes, expected):
    answer = await http.put(PATH, headers=boss, json={"follow_text": "欢迎"} | changes)
    assert error_of(answer) == expected
    assert await make.count("welcome") == 0


@pytest.mark.parametrize("field", ["follow_text", "scan_text"])
async def test_placeholders_that_never_have_a_value_are_refused(http, boss, field):
    store, channel = await make.store(), await make.channel()
    targets = {
        "{公众号}{渠道}{门店}{导购}": {"store_id": str(store.id)},
        "{公众号}{渠道}": {"channel_id": str(channel.id)},
        "{公众号}": {},
    }
    for text, target in targets.items():
        body = {"follow_text": "欢迎", field: "{公众号}{渠道}{门店}{导购}"} | target
        answer = await http.put(PATH, headers=boss, json=body)
        too_much = sorted(PLACEHOLDERS - {name for name in PLACEHOLDERS if name in text})
        if too_much:
            assert error_of(answer) == (422, "placeholder_has_no_value")
            assert answer.json()["error"]["details"] == {"placeholders": too_much}
            answer = await http.put(PATH, headers=boss, json=body | {field: text})
        assert answer.status_code == 200


@pytest.mark.parametrize("character", ["\x01", "\x08", "\x0b", "\x1f", "\ufffe", "\uffff"])
async def test_no_words_that_our_doors_let_in_make_a_reply_that_is_no_xml(http, boss, character):
    answer = await http.put(PATH, headers=boss, json={"follow_text": f"欢迎{character}你"})
    if answer.status_code == 200:
        assert (await _reply(http, await make.account())).startswith("欢迎")
    else:
        assert error_of(answer) == (422, "invalid_input")


async def test_the_end_of_a_cdata_section_inside_words_stays_words(http):
    await make.welcome("a]]>b]]]]>>c <b>&amp;")
    assert await _reply(http, await make.account()) == "a]]>b]]]]>>c <b>&amp;"


LETTERS = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
XML_TEXT = st.lists(LETTERS | st.sampled_from(["]]>", "]]", ">", "<![CDATA["]), max_size=40).map("".join)


@given(XML_TEXT, XML_TEXT)
def test_any_words_come_out_of_the_reply_as_they_went_in(words, openid):
    push = messages.Push("gh_1", openid, make.NOON, (), messages.Text(""))
    fields = read_fields(text_reply(push, words, make.NOON))
    assert (fields["Content"], fields["ToUserName"], fields["FromUserName"]) == (words, openid, "gh_1")


@given(st.text(max_size=900), st.text(max_size=60))
def test_filled_words_are_text_within_the_platforms_bytes(words, name):
    try:
        (words + name).encode()
    except UnicodeEncodeError:
        return
    filled = fill(words + "{导购}", {"导购": name}, 2048)
    assert filled is None or len(filled.encode()) <= 2048
    if len((words + name).encode()) <= 2048 and "{" not in words:
        assert filled == (words + name if name else None)


def test_a_cut_falls_between_characters():
    filled = fill("字" * 700, {}, 2048)
    assert filled == "字" * (2048 // 3)


def test_unknown_placeholders_are_named_once_each():
    assert placeholders_beyond(PLACEHOLDERS, "{导购}{x}{y}{x}", None, "{公众号}{a}") == ["a", "x", "y"]
