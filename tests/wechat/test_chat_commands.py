"""Chat commands: what contexts answer, what 帮助 lists, and how a person is called."""

from datetime import timedelta

import pytest

from core.customers.rules import ContactKind, Credit
from core.permissions.rules import RoleKey
from infra import parameters
from infra.context import ChatCommand
from tests import factories as make
from tests.wechat.reply_world import fan_of, marketer, rule, said
from wechat.autoreplies import commands
from wechat.pushes.responders import Response


@pytest.fixture
async def account(http):
    return await make.account()


@pytest.fixture
def fan(account):
    return fan_of(account)


@pytest.fixture
def ask(http, fan):
    async def ask(fields):
        return await said(http, fan, fields)

    return ask


@pytest.fixture
def points(monkeypatch):
    """A context's command, for who asks first only."""
    monkeypatch.setattr(commands, "_commands", dict(commands._commands))
    asked = []

    async def respond(view):
        asked.append(view)
        return Response(text="您有 100 积分") if len(asked) == 1 else None

    commands.register([ChatCommand(words=("积分", "我的积分"), title="查积分", respond=respond)])


async def test_help_lists_commands_and_the_words_that_marketers_show(ask):
    by = await marketer()
    await rule(by, name="门店营业时间", words=["营业时间", "几点"], in_help=True)
    await rule(by, name="地址", words=["地址"], in_help=True)
    await rule(by, name="暗号", words=["暗号"])
    await rule(by, name="停用", words=["停用"], in_help=True, enabled=False)
    expected = "您可以回复：\n人工：转人工服务\n营业时间：门店营业时间\n地址"
    for asked in ("帮助", "HELP", "？", "帮助。"):
        assert await ask(asked) == expected


async def test_help_is_no_longer_than_a_text_may_be(ask):
    by = await marketer()
    for number in range(30):
        await rule(by, name="名" * 48, words=[f"词{number}"], in_help=True)
    answer = await ask("帮助")
    assert 500 < len(answer) <= 600
    assert answer.splitlines()[-1].endswith("名" * 48)


async def test_a_command_is_asked_before_rules_and_leaves_fans_it_doesnt_know_to_them(ask, fan, points):
    await rule(await marketer(), "积分规则", words=["积分"])
    assert "积分：查积分" in await ask("帮助")
    assert await ask("我的积分") == "您有 100 积分"
    assert await ask("积分") == "积分规则"
    assert await ask(fan.event("CLICK", EventKey="积分")) is None


def test_a_word_has_one_command_only(points):
    with pytest.raises(ValueError, match="积分"):
        commands.register([ChatCommand(words=("积 分", "积分。"), title="另一个", respond=None)])


async def test_a_person_is_promised_while_service_is_open_and_for_later_otherwise(db, ask):
    for name, value in (("days", "12345"), ("since", "09:00"), ("until", "18:00")):
        await parameters.change(f"replies.service_{name}", value, expected_version=0, by="test")
    wednesday = make.NOON
    hours = "现在不是人工服务时间（周一至周五 09:00–18:00）。您的留言我们已收到，客服会在"
    for at, answer in (
        (wednesday, "已为您转人工，客服会尽快回复您。"),
        (wednesday - timedelta(hours=4), f"{hours}今天09:00之后回复您。"),
        (wednesday + timedelta(hours=7), f"{hours}明天09:00之后回复您。"),
        (wednesday + timedelta(days=2, hours=7), f"{hours}周一09:00之后回复您。"),
    ):
        make.jump_to(db, at)
        assert await ask("转人工") == answer


async def test_the_fans_own_guide_is_named(ask, fan, account):
    guide = await make.guide("导购01")
    credit = Credit(guide_id=guide.id, store_id=guide.store_id)
    await make.record(make.contact(ContactKind.FOLLOW, person=fan.openid, app_id=account.app_id, credit=credit))
    for name, value in (("since", "00:00"), ("until", "00:00")):
        await parameters.change(f"replies.service_{name}", value, expected_version=0, by="test")
    assert await ask("人工") == "已为您转人工，您的导购导购01或其他同事会尽快回复您。"


async def test_a_menu_item_named_as_a_command_calls_it(ask, fan):
    assert (await ask(fan.event("CLICK", EventKey="帮助"))).startswith("您可以回复：")


async def test_colleagues_see_which_words_are_taken(http):
    headers = await make.headers(await make.colleague(RoleKey.SERVICE))
    found = (await http.get("/staff/v1/chat-commands", headers=headers)).json()
    assert {"words": ["帮助", "help", "?"], "title": "看看可以问什么"} in found
    assert [one["title"] for one in found] == ["看看可以问什么", "转人工服务"]
