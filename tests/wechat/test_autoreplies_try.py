"""Trying out: the same answer as a fan would get, and what everybody else said."""

import pytest

from tests import factories as make
from tests.doors import error_of
from tests.wechat.reply_world import PATH, fan_of, marketer, rule, said, text

TRY = f"{PATH}/try"


@pytest.fixture
async def by(http):
    return await marketer()


@pytest.fixture
async def account(http):
    return await make.account(name="好店")


@pytest.fixture
def attempt(http, by, account):
    async def attempt(**act):
        answer = await http.post(TRY, headers=await make.headers(by), json={"account_id": str(account.id)} | act)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return attempt


def _whys(tried):
    return {one["name"]: one["why"] for one in tried["considered"]}


async def test_a_text_is_explained_as_it_is_answered(http, by, account, attempt):
    other = await make.account(2)
    for name, says, more in (
        ("先问", "一", {"words": ["天气"]}),
        ("停用", "二", {"enabled": False}),
        ("别的号", "三", {"account_id": str(other.id)}),
        ("下班", "四", {"hours": [{"days": [3], "since": "18:00", "until": "19:00"}]}),
        ("没话", "我是{导购}", {}),
        ("答它", "{称呼}好，欢迎光临{公众号}", {"match": "contains"}),
        ("晚了", "五", {"match": "pattern"}),
        ("默认", "六", {"trigger": "default", "hand_over": True}),
    ):
        await rule(by, says, name=name, **more)
    tried = await attempt(text="问", at=make.NOON.isoformat())
    assert tried["contents"] == [text("您好，欢迎光临好店")]
    assert (tried["answered_by"]["name"], tried["answered_by"]["kind"], tried["hand_over"]) == (
        "答它",
        "keyword",
        False,
    )
    assert _whys(tried) == {
        "看看可以问什么": "no_match",
        "转人工服务": "no_match",
        "先问": "no_match",
        "停用": "disabled",
        "别的号": "other_account",
        "下班": "closed_hours",
        "没话": "nothing_to_say",
        "答它": "answered",
        "晚了": "later",
        "默认": "later",
    }
    assert await said(http, fan_of(account), "问") == "您好，欢迎光临好店"


async def test_nobody_answers_and_nobody_is_named(attempt):
    tried = await attempt(text="有人吗")
    assert (tried["answered_by"], tried["contents"], tried["hand_over"]) == (None, [], False)


async def test_only_an_exact_word_that_says_so_is_asked_before_a_command(by, attempt):
    behind = await rule(by, "自己的话", name="后面", words=["人工", "别的"])
    assert behind.behind_commands == ["人工"]
    tried = await attempt(text="人工")
    assert (tried["answered_by"]["kind"], tried["hand_over"]) == ("command", True)
    assert _whys(tried)["后面"] == "later"
    first = await rule(by, "请稍等", name="前面", words=["人工"], before_commands=True, hand_over=True)
    assert first.behind_commands == []
    tried = await attempt(text="人工")
    assert (tried["answered_by"]["name"], tried["contents"], tried["hand_over"]) == ("前面", [text("请稍等")], True)
    assert _whys(tried)["转人工服务"] == "later"


async def test_menu_keys_events_and_follows_are_tried_too(by, attempt):
    await rule(by, "活动", name="菜单", trigger="menu", words=["E1"])
    await rule(by, "到了", name="事件", trigger="event", words=["LOCATION"])
    await rule(by, "欢迎", name="关注", trigger="follow")
    await make.welcome("大家好", "又见面了")
    for act, name in (
        ({"menu_key": "E1"}, "菜单"),
        ({"menu_key": "帮助"}, "看看可以问什么"),
        ({"event": "Location"}, "事件"),
        ({"event": "follow"}, "关注"),
        ({"event": "scan"}, "扫码欢迎语"),
    ):
        assert (await attempt(**act))["answered_by"]["name"] == name
    assert _whys(await attempt(event="follow"))["所有人的欢迎语"] == "later"
    assert (await attempt(menu_key="E2"))["answered_by"] is None


async def test_a_rule_just_saved_is_tried_as_it_is_now(http, by, attempt):
    found = await rule(by, "旧")
    assert (await attempt(text="问"))["contents"] == [text("旧")]
    headers = await make.headers(by)
    changed = {"name": "规则", "trigger": "keyword", "match": "exact", "words": ["问"], "contents": [text("新")]}
    await http.put(f"{PATH}/{found.id}", headers=headers, json=changed | {"version": 1})
    assert (await attempt(text="问"))["contents"] == [text("新")]


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"text": "问", "event": "follow"}, (422, "invalid_input")),
        ({}, (422, "invalid_input")),
        ({"text": "问", "at": "2026-05-01T09:00:00"}, (422, "invalid_input")),
        ({"text": "问", "account_id": "00000000-0000-7000-8000-000000000001"}, (404, "account_not_found")),
        ({"text": "问", "at": "0001-01-01T00:00:00+14:00"}, (422, "invalid_input")),
        ({"text": "问", "at": "9999-12-31T23:59:59-12:00"}, (422, "invalid_input")),
    ],
)
async def test_what_cannot_be_tried_is_refused(http, by, account, sent, expected):
    answer = await http.post(TRY, headers=await make.headers(by), json={"account_id": str(account.id)} | sent)
    assert error_of(answer) == expected
