"""What the platform reports of messages, and what people see of the ledger and do about it."""

import pytest

from app.contexts import registry
from tests import factories as make
from tests.doors import error_of
from tests.pushes import Pushes
from tests.wechat.colleague_world import SEND, ledger, phone, ring, sends, states, tell, template
from wechat.outbound import sending

PATH = "/staff/v1/outbound"


@pytest.fixture
async def rep(platform, account):
    await template(platform, account)
    return await phone(platform, account)


@pytest.fixture
async def boss(http):
    return await make.headers(await make.admin())


async def report(http, account, rep, number, status="success", *, times=1):
    pushes = Pushes(account, rep.openid)
    fields = pushes.event("TEMPLATESENDJOBFINISH", MsgID=number, Status=status)
    for _ in range(times):
        assert (await pushes.sealed(fields).send(http)).text == "success"
    await make.settle(registry())


async def delivered():
    return [row["delivered_at"] is not None for row in await make.rows("SELECT delivered_at FROM notice ORDER BY id")]


async def test_a_report_of_success_says_that_the_notice_arrived(http, account, rep):
    await ring(rep)
    [row] = await ledger()
    assert await delivered() == [False]
    await report(http, account, rep, row["platform_id"], times=3)
    [row] = await ledger()
    assert (row["state"], row["result"]) == ("sent", "success")
    assert row["settled_at"]
    assert await delivered() == [True]


@pytest.mark.parametrize("status", ["failed:user block", "failed: system failed"])
async def test_a_report_of_failure_makes_it_failed(http, account, rep, status):
    await ring(rep)
    await report(http, account, rep, (await ledger())[0]["platform_id"], status)
    assert await states() == [("failed", status)]
    assert await delivered() == [False]


@pytest.mark.parametrize("status", ["success", "failed:user block"])
async def test_a_report_may_come_before_the_answer_is_stored(http, account, rep, status):
    await tell(rep)
    [claimed] = await sending._claim()
    ending = await sending._send(claimed)
    await report(http, account, rep, ending.platform_id, status)
    assert (await ledger())[0]["state"] == "sending"
    await sending._end([ending])
    [row] = await ledger()
    good = status == "success"
    assert (row["state"], row["error"]) == (("sent", None) if good else ("failed", status))
    assert (row["result"], row["reports"]) == (status, None)
    assert await delivered() == [good]


async def test_a_report_whose_answer_was_lost_settles_when_the_number_is_known(http, platform, account, rep, db):
    await platform.fault(account.app_id, SEND, "http_500_after", times=1)
    await ring(rep)
    number = await _number_at_the_platform(platform, account)
    await report(http, account, rep, number)
    make.jump(db, seconds=20)
    await sending.send_due()
    [row] = await ledger()
    assert (row["state"], row["platform_id"], row["result"]) == ("sent", number, "success")
    assert await sends(platform, account) == (2, 1)


async def _number_at_the_platform(platform, account):
    pushes = (await platform.ok(f"/sim/pushes?app_id={account.app_id}"))["pushes"]
    [fields] = [push["fields"] for push in pushes if push["fields"].get("Event") == "TEMPLATESENDJOBFINISH"]
    return int(fields["MsgID"])


async def test_reports_of_others_messages_change_nothing(http, account, rep, platform):
    await ring(rep)
    stranger = await phone(platform, account, bound=False)
    await report(http, account, rep, 999_999)
    await report(http, account, stranger, 888_888)
    assert await states() == [("sent", None)]
    assert (await ledger())[0]["settled_at"] is None


async def test_the_list_shows_neither_openids_nor_contents(http, platform, account, rep, boss):
    await platform.fault(account.app_id, SEND, "errcode", errcode=43004, times=1)
    await ring(rep, title="只有本人看的")
    await ring(rep)
    text = (await http.get(PATH, headers=boss)).text
    assert rep.openid not in text
    assert "只有本人看的" not in text
    for query, states_ in (
        ("", ["sent", "failed"]),
        ("?state=failed", ["failed"]),
        ("?error=43004", ["failed"]),
        (f"?app_id={account.app_id}&channel=template&staff_id={rep.staff.id}", ["sent", "failed"]),
        ("?app_id=wxnobody", []),
    ):
        page = (await http.get(PATH + query, headers=boss)).json()
        assert [item["state"] for item in page["items"]] == states_
    first = (await http.get(f"{PATH}?limit=1", headers=boss)).json()
    second = (await http.get(f"{PATH}?limit=1&cursor={first['next']}", headers=boss)).json()
    assert [page["items"][0]["state"] for page in (first, second)] == ["sent", "failed"]
    assert second["next"] is None


async def test_a_person_has_a_failed_one_sent_again(http, platform, account, rep, boss):
    await platform.fault(account.app_id, SEND, "errcode", errcode=43004, times=1)
    await ring(rep)
    [row] = await ledger()
    answer = await http.post(f"{PATH}/{row['id']}/retry", headers=boss)
    assert (answer.status_code, answer.json()["state"]) == (200, "pending")
    assert await sending.send_due() == 1
    assert error_of(await http.post(f"{PATH}/{row['id']}/retry", headers=boss)) == (409, "outbound_not_retriable")
    [noted] = await make.rows("SELECT actor, subject_id FROM audit WHERE action = 'outbound.retried'")
    assert noted["subject_id"] == str(row["id"])


async def test_what_was_reported_failed_is_sent_again_once_the_platform_has_forgotten_it(http, account, rep, boss, db):
    await ring(rep)
    [row] = await ledger()
    await report(http, account, rep, row["platform_id"], "failed: system failed")
    assert (await http.post(f"{PATH}/{row['id']}/retry", headers=boss)).json()["state"] == "pending"
    assert await sending.send_due() == 0
    make.jump(db, minutes=12)
    assert await sending.send_due() == 1
    [again] = await ledger()
    assert (again["state"], again["platform_id"] != row["platform_id"]) == ("sent", True)


async def test_an_unknown_one_is_sent_again_by_a_person_only(http, platform, account, rep, db):
    await platform.fault(account.app_id, SEND, "http_500_after", times=1)
    await ring(rep)
    make.jump(db, minutes=11)
    assert await sending.send_due() == 0
    [row] = await ledger()
    headers = await make.headers(await make.admin())
    await http.post(f"{PATH}/{row['id']}/retry", headers=headers)
    assert await sending.send_due() == 1
    assert (await sends(platform, account))[1] == 2


async def test_who_may_not_and_what_is_not_there(http, rep, account, boss):
    await ring(rep)
    [row] = await ledger()
    mine = await make.headers(rep.staff)
    for answer in (await http.get(PATH, headers=mine), await http.post(f"{PATH}/{row['id']}/retry", headers=mine)):
        assert error_of(answer) == (403, "forbidden")
    assert error_of(await http.post(f"{PATH}/{account.id}/retry", headers=boss)) == (404, "outbound_not_found")
