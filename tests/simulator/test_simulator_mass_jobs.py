"""Mass messages by the type of account, behind send protection, and made on the platform's own page."""

import pytest

from tests.simulator.harness import APP_ID, until
from tests.simulator.opened import fields

ALL = "/cgi-bin/message/mass/sendall"
GET = "/cgi-bin/message/mass/get"
DAY = 86_400


def to_all(number=1):
    return {"filter": {"is_to_all": True}, "msgtype": "text", "text": {"content": f"活动{number}"}}


@pytest.fixture
async def crowd(account):
    people = [await account.follower(f"顾客0{number}") for number in range(1, 4)]
    account.receiver.received.clear()
    return people


async def change(account, **changes):
    await account.simulator.account(account.receiver.url, **changes)


async def confirm(account, **body):
    return (await account.simulator.ok(f"/sim/accounts/{APP_ID}/confirm_mass", body))["msg_ids"]


async def web_page(account, **body):
    async with account.simulator.session.post(
        f"{account.simulator.base}/sim/accounts/{APP_ID}/web_page", json=body
    ) as response:
        return 0 if response.status == 204 else (await response.json(content_type=None))["errcode"]


async def status(account, msg_id):
    return (await account.call(GET, {"msg_id": msg_id}))["msg_status"]


async def test_a_subscription_account_sends_once_a_day(account, crowd):
    await change(account, account_type="subscription")
    assert [await account.errcode(ALL, to_all(number)) for number in range(2)] == [0, 45028]
    assert await account.errcode("/cgi-bin/clear_quota", {"appid": APP_ID}) == 0
    assert await account.errcode(ALL, to_all(2)) == 45028
    for number in range(1, 7):
        account.simulator.move_clock(number * DAY)
        assert await account.errcode(ALL, to_all(number + 2)) == 0
    assert len(await account.bubbles(crowd[0][0])) == 7


async def test_a_protected_message_waits_for_the_administrator(account, crowd):
    await change(account, send_protection=True)
    msg_id = (await account.call(ALL, to_all()))["msg_id"]
    assert await status(account, msg_id) == "SENDING"
    assert await account.bubbles(crowd[0][0]) == []
    assert await confirm(account) == [msg_id]
    await until(lambda: account.receiver.has(1))
    told = fields(account.receiver.received[-1])
    assert (told["Event"], told["Status"], told["SentCount"]) == ("MASSSENDJOBFINISH", "send success", "3")
    assert await status(account, msg_id) == "SEND_SUCCESS"
    assert len(await account.bubbles(crowd[0][0])) == 1
    assert await confirm(account) == []


@pytest.mark.parametrize(("seconds", "body"), [(0, {"approve": False}), (1801, {})])
async def test_refused_or_too_late(account, crowd, seconds, body):
    await change(account, send_protection=True)
    msg_id = (await account.call(ALL, to_all()))["msg_id"]
    account.simulator.move_clock(seconds)
    assert await status(account, msg_id) == ("SEND_FAIL" if seconds else "SENDING")
    assert await confirm(account, **body) == [msg_id]
    await until(lambda: account.receiver.has(1))
    assert fields(account.receiver.received[-1])["Status"] == "send fail"
    assert await status(account, msg_id) == "SEND_FAIL"
    assert await account.bubbles(crowd[0][0]) == []


async def test_a_tag_needs_no_administrator(account, crowd):
    await change(account, send_protection=True)
    openids = [openid for _, openid in crowd]
    body = {"touser": openids, "msgtype": "text", "text": {"content": "活动"}}
    assert await account.errcode("/cgi-bin/message/mass/send", body) == 0
    assert len(await account.bubbles(crowd[0][0])) == 1


async def test_what_is_taken_back_is_not_sent_any_more(account, crowd):
    await change(account, send_protection=True)
    msg_id = (await account.call(ALL, to_all()))["msg_id"]
    assert await account.errcode("/cgi-bin/message/mass/delete", {"msg_id": msg_id}) == 0
    assert await confirm(account) == []
    assert await account.bubbles(crowd[0][0]) == []


async def test_messages_made_by_hand_count(account, crowd):
    openids = [openid for _, openid in crowd]
    assert await web_page(account, mass=3) == 0
    assert [await account.errcode(ALL, to_all(number)) for number in range(2)] == [0, 45028]
    assert await web_page(account, mass=1) == 45028
    body = {"touser": openids, "msgtype": "text", "text": {"content": "再来"}}
    assert await account.errcode("/cgi-bin/message/mass/send", body) == 0
    assert len(await account.bubbles(crowd[0][0])) == 1


async def test_clears_made_by_hand_count(account):
    await change(account, limits={"user_get": 1})
    assert [await account.errcode("/cgi-bin/user/get") for _ in range(2)] == [0, 45009]
    assert await web_page(account, clears=9) == 0
    assert await account.errcode("/cgi-bin/user/get") == 0
    clear = ("/cgi-bin/clear_quota", {"appid": APP_ID})
    assert [await account.errcode(*clear) for _ in range(2)] == [0, 48006]
    assert await web_page(account, clears=1) == 48006
