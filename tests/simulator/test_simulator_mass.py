"""Mass messages (3.4): whom they reach, how often, and what the account is told."""

import asyncio
import time

import aiohttp
import pytest

from tests.simulator.harness import until
from tests.simulator.opened import fields

ALL = "/cgi-bin/message/mass/sendall"
SEND = "/cgi-bin/message/mass/send"
DAY = 86_400
# 2026-11-30 23:00 in Shanghai, so that a month ends an hour later.
MONTH_END = 1_796_050_800


@pytest.fixture
async def crowd(account):
    people = [await account.follower(f"顾客0{number}") for number in range(1, 5)]
    account.receiver.received.clear()
    return people


def text(number=1, **more):
    return {"msgtype": "text", "text": {"content": f"活动{number}"}} | more


def to_all(number=1, **more):
    return text(number, filter={"is_to_all": True}, **more)


async def finished(account, count=1):
    await until(lambda: account.receiver.has(count))
    told = fields(account.receiver.received[-1])
    assert told.pop("Event") == "MASSSENDJOBFINISH"
    return told


async def test_to_all_and_the_real_counts(account, crowd):
    (leaver, _), (refuser, _), *_ = crowd
    await account.simulator.act(leaver, "unfollow")
    await account.put(f"/sim/fans/{refuser}/refuses", refuses=True)
    account.receiver.received.clear()
    answer = await account.call(ALL, to_all())
    assert (answer["errcode"], answer["errmsg"]) == (0, "send job submission success")
    told = await finished(account)
    assert told == {
        "MsgType": "event",
        "MsgID": str(answer["msg_id"]),
        "Status": "send success",
        "TotalCount": "3",
        "FilterCount": "2",
        "SentCount": "2",
        "ErrorCount": "0",
        "CopyrightCheckResult": {"Count": "0", "ResultList": "", "CheckState": "1"},
    }
    assert [len(await account.bubbles(fan)) for fan, _ in crowd] == [0, 0, 1, 1]
    assert (await account.bubbles(crowd[2][0]))[0]["channel"] == "mass"
    assert (await account.stats())["messages"]["mass"] == 2


async def test_to_a_tag(account, crowd):
    tag = (await account.call("/cgi-bin/tags/create", {"tag": {"name": "会员"}}))["tag"]["id"]
    await account.call("/cgi-bin/tags/members/batchtagging", {"openid_list": [crowd[0][1]], "tagid": tag})
    assert await account.errcode(ALL, text(filter={"is_to_all": False, "tag_id": tag})) == 0
    assert (await finished(account))["TotalCount"] == "1"
    assert await account.errcode(ALL, text(2, filter={"is_to_all": False, "tag_id": 404})) == 45159
    assert await account.errcode(ALL, text(2)) == 47001


async def test_four_a_month_for_each_user(account, crowd):
    openids = [openid for _, openid in crowd]
    move_to(account, MONTH_END)
    for number in range(4):
        assert await account.errcode(SEND, text(number, touser=openids[:2])) == 0
    assert await account.errcode(SEND, text(5, touser=openids[1:3])) == 0
    told = await finished(account, 5)
    assert (told["TotalCount"], told["FilterCount"], told["SentCount"]) == ("2", "1", "1")
    assert len(await account.bubbles(crowd[1][0])) == 4
    move_to(account, MONTH_END + 3700)
    assert await account.errcode(SEND, text(6, touser=openids[:2])) == 0
    assert len(await account.bubbles(crowd[1][0])) == 5


def move_to(account, moment):
    account.simulator.move_clock(moment - time.time())


async def test_four_a_month_to_all(account, crowd):
    move_to(account, MONTH_END)
    codes = [await account.errcode(ALL, to_all(number)) for number in range(5)]
    assert codes == [0, 0, 0, 0, 45028]
    move_to(account, MONTH_END + 3700)
    assert await account.errcode(ALL, to_all(6)) == 0


async def test_a_client_s_id_is_one_job(account, crowd):
    body = to_all(clientmsgid="job1")
    first = await account.call(ALL, body)
    assert await account.errcode(ALL, body) == 45066
    account.simulator.move_clock(61)
    again = await account.call(ALL, body)
    assert (again["errcode"], again["msg_id"]) == (45065, first["msg_id"])
    # Another content under the same id is the same job.
    account.simulator.move_clock(200)
    assert await account.errcode(ALL, to_all(2, clientmsgid="job1")) == 45065
    account.simulator.move_clock(DAY + 61)
    assert await account.errcode(ALL, body) == 0
    assert await account.errcode(ALL, to_all(3, clientmsgid="长" * 22)) == 45067
    assert len(await account.bubbles(crowd[0][0])) == 2


async def test_without_an_id_the_content_is_it(account, crowd):
    assert await account.errcode(ALL, to_all()) == 0
    account.simulator.move_clock(61)
    assert await account.errcode(ALL, to_all()) == 45065
    assert await account.errcode(ALL, to_all(2)) == 0


async def test_in_parallel_one_job_is_done(account, crowd):
    codes = await asyncio.gather(*(account.errcode(ALL, to_all(clientmsgid="job1")) for _ in range(10)))
    assert sorted(codes) == [0] + [45066] * 9
    assert len(await account.bubbles(crowd[0][0])) == 1


async def test_lists_of_openids(account, crowd):
    openids = [openid for _, openid in crowd]
    assert await account.errcode(SEND, text(touser=openids[:1])) == 40130
    assert await account.errcode(SEND, text(touser="all")) == 47001
    assert await account.errcode(SEND, text(touser=[openids[0], "o404"])) == 40003
    await account.simulator.account(account.receiver.url, limits={"mass_openids_most": 3})
    assert await account.errcode(SEND, text(touser=openids)) == 40032
    assert await account.errcode(SEND, text(touser=openids[:3])) == 0


@pytest.mark.parametrize(("name", "errcode"), [("mass_sends", 45009), ("mass_sends_minute", 45011)])
async def test_quotas_of_both_endpoints_together(account, crowd, name, errcode):
    await account.simulator.account(account.receiver.url, limits={name: 2})
    openids = [openid for _, openid in crowd]
    assert await account.errcode(ALL, to_all()) == 0
    assert await account.errcode(SEND, text(2, touser=openids)) == 0
    assert await account.errcode(SEND, text(3, touser=openids)) == errcode


@pytest.mark.parametrize("status", ["send fail", "err(10001)"])
async def test_a_job_that_fails_reaches_nobody(account, crowd, status):
    await account.simulator.account(account.receiver.url, mass_status=status)
    msg_id = (await account.call(ALL, to_all()))["msg_id"]
    told = await finished(account)
    assert (told["Status"], told["SentCount"], told["ErrorCount"]) == (status, "0", "4")
    assert (await account.call("/cgi-bin/message/mass/get", {"msg_id": msg_id}))["msg_status"] == "SEND_FAIL"
    assert await account.bubbles(crowd[0][0]) == []


async def test_asking_and_taking_back(account, crowd):
    msg_id = (await account.call(ALL, to_all()))["msg_id"]
    get = ("/cgi-bin/message/mass/get", {"msg_id": msg_id})
    assert (await account.call(*get))["msg_status"] == "SEND_SUCCESS"
    assert await account.errcode("/cgi-bin/message/mass/delete", {"msg_id": msg_id}) == 0
    assert (await account.call(*get))["msg_status"] == "DELETE"
    account.simulator.move_clock(1801)
    assert await account.errcode("/cgi-bin/message/mass/delete", {"msg_id": msg_id}) == 40097
    assert await account.errcode("/cgi-bin/message/mass/get", {"msg_id": 404}) == 40059


async def test_previews_count_for_nothing(account, crowd):
    fan, openid = crowd[0]
    path = "/cgi-bin/message/mass/preview"
    for number in range(5):
        assert await account.errcode(path, text(number, touser=openid)) == 0
    assert len(await account.bubbles(fan)) == 5
    assert (await account.stats())["sends_to"] == {}
    assert await account.errcode(path, text(touser="o404")) == 40003
    await account.simulator.act(fan, "unfollow")
    assert await account.errcode(path, text(touser=openid)) == 43004
    await account.simulator.account(account.receiver.url, limits={"message_mass_preview": 7})
    assert await account.errcode(path, text(touser=openid)) == 45009


async def test_what_a_mass_message_may_hold(account, crowd):
    for msgtype, part, errcode in [
        ("mpnews", {"media_id": "m404"}, 40007),
        ("voice", {"media_id": "m404"}, 40007),
        ("images", {"media_ids": []}, 47001),
        ("msgmenu", {"list": []}, 40008),
        ("text", {"content": ""}, 44004),
    ]:
        body = {"filter": {"is_to_all": True}, "msgtype": msgtype, msgtype: part}
        assert await account.errcode(ALL, body) == errcode
    await account.simulator.account(account.receiver.url, verified=False)
    assert await account.errcode(ALL, to_all()) == 48001


async def test_an_answer_lost_after_the_effect_is_found_again(account, crowd):
    body = to_all(clientmsgid="job1")
    assert await account.put("/sim/faults", endpoint=ALL, kind="reset_after", times=1) == 200
    with pytest.raises(aiohttp.ClientError):
        await account.call(ALL, body)
    account.simulator.move_clock(61)
    again = await account.call(ALL, body)
    assert again["errcode"] == 45065
    assert (await account.call("/cgi-bin/message/mass/get", {"msg_id": again["msg_id"]}))[
        "msg_status"
    ] == "SEND_SUCCESS"
    assert len(await account.bubbles(crowd[0][0])) == 1


async def test_an_id_that_exists_after_the_first_call_names_its_message(account, crowd):
    assert await account.put("/sim/faults", endpoint=ALL, kind="errcode_after", errcode=45065, times=1) == 200
    answer = await account.call(ALL, to_all(clientmsgid="job1"))
    assert answer["errcode"] == 45065
    told = await finished(account)
    assert told["MsgID"] == str(answer["msg_id"])
    account.simulator.move_clock(61)
    assert (await account.call(ALL, to_all(clientmsgid="job1")))["msg_id"] == answer["msg_id"]
    assert len(await account.bubbles(crowd[0][0])) == 1


async def test_an_injected_refusal_is_no_call_outside_the_window(account, crowd):
    _, openid = crowd[0]
    path = "/cgi-bin/message/custom/send"
    assert await account.put("/sim/faults", endpoint=path, kind="errcode", errcode=45015, times=1) == 200
    assert [await account.custom(openid) for _ in range(2)] == [45015, 0]
    assert (await account.stats())["refused_outside_window"] == 0
