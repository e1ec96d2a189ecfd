"""The outbound ledger: a message reaches a phone once, whatever happens on the way."""

import asyncio
from datetime import timedelta

import pytest

from infra import clock, database
from tests import factories as make
from tests.wechat.colleague_world import SEND, ledger, phone, ring, seen, sends, states, tell, template
from wechat.accounts import service as accounts
from wechat.outbound import sending
from wechat.outbound.rules import Channel, NewMessage
from wechat.outbound.service import put_many


@pytest.fixture
async def rep(platform, account):
    await template(platform, account)
    return await phone(platform, account)


async def again(db, **later):
    make.jump(db, **later)
    return await sending.send_due()


async def test_a_notice_reaches_the_phone(platform, account, rep):
    await ring(rep, title="有新的任务", body="去南京路店补货")
    [shown] = await seen(platform, account, rep)
    assert (shown["thing1"], shown["thing2"]) == ("有新的任务", "去南京路店补货")
    [row] = await ledger()
    assert (row["state"], row["error"], row["attempts"]) == ("sent", None, 1)
    assert row["platform_id"]
    assert row["sent_at"]
    assert row["leased_until"] is None


async def test_the_same_key_is_one_message(platform, account, rep):
    message = NewMessage(
        account_id=account.id,
        channel=Channel.TEMPLATE,
        key="once",
        digest=b"d" * 16,
        openid=rep.openid,
        payload={"template_id": "t", "data": {}, "url": ""},
        due_at=clock.now(),
    )
    ids = []
    for _ in range(2):
        async with database.transaction() as connection:
            ids += await put_many(connection, [message])
    assert ids[0] == ids[1]
    assert await make.count("outbound_message") == 1


async def test_two_senders_at_once_send_each_message_once(platform, account, rep):
    phones = [rep, *[await phone(platform, account) for _ in range(20)]]
    await tell(*phones)
    await asyncio.gather(*(sending.send_due() for _ in range(4)))
    assert {state for state, _ in await states()} == {"sent"}
    assert await sends(platform, account) == (21, 21)


@pytest.mark.parametrize("fault", ["http_500_after", "reset_after", "truncated"])
async def test_a_lost_answer_is_asked_for_again_and_the_phone_rings_once(platform, account, rep, db, fault):
    await platform.fault(account.app_id, SEND, fault, times=1)
    await ring(rep)
    assert await states() == [("unknown", "answer_lost")]
    await again(db, seconds=20)
    assert await states() == [("sent", None)]
    assert await sends(platform, account) == (2, 1)


async def test_busy_after_the_effect_is_the_same_message(platform, account, rep):
    await platform.fault(account.app_id, SEND, "errcode_after", errcode=-1, times=2)
    await ring(rep)
    assert await states() == [("sent", None)]
    assert await sends(platform, account) == (3, 1)


async def test_when_the_platform_has_forgotten_it_stays_unknown(platform, account, rep, db):
    await platform.fault(account.app_id, SEND, "http_500_after", times=1)
    await ring(rep)
    await again(db, minutes=11)
    await again(db, minutes=30)
    assert await states() == [("unknown", "answer_lost")]
    assert await sends(platform, account) == (1, 1)


async def test_a_sender_that_died_is_succeeded_after_its_lease(platform, account, rep, db):
    await tell(rep)
    [claimed] = await sending._claim()
    await sending._send(claimed)  # and then the process dies
    assert await again(db, seconds=30) == 0
    assert await again(db, seconds=61) == 1
    assert await states() == [("sent", None)]
    assert await sends(platform, account) == (2, 1)


async def test_one_who_is_slower_than_the_lease_changes_nothing(platform, account, rep, db):
    await tell(rep)
    slow = await sending._claim()
    await again(db, seconds=61)
    endings = [await sending._send(message) for message in slow]
    assert await sending._end(endings) == []
    assert await states() == [("sent", None)]
    assert await sends(platform, account) == (2, 1)


async def test_what_never_left_the_house_waits_and_is_no_try(platform, account, rep, db, fresh_settings):
    from infra.settings import settings

    await ring(rep)  # a token is there
    await tell(rep)
    fresh_settings.setenv("GUANXI_WECHAT_API_URL", "http://127.0.0.1:1")
    settings.cache_clear()
    await sending.send_due()
    row = (await ledger())[1]
    assert (row["state"], row["error"], row["attempts"], row["tried_at"]) == ("pending", "wechat_unavailable", 0, None)
    fresh_settings.setenv("GUANXI_WECHAT_API_URL", platform.base)
    settings.cache_clear()
    await again(db, minutes=30)
    assert [state for state, _ in await states()] == ["sent", "sent"]


async def test_a_spent_quota_waits_for_midnight(platform, account, rep, db):
    make.jump_to(db, make.NOON)
    await platform.fault(account.app_id, SEND, "errcode", errcode=45009, times=1)
    await ring(rep)
    [row] = await ledger()
    assert (row["state"], row["error"], row["attempts"]) == ("pending", "wechat_quota_spent", 0)
    assert row["due_at"] == clock.start_of_day(clock.business_day() + timedelta(days=1))
    assert await sending.send_due() == 0
    make.jump_to(db, row["due_at"] + timedelta(seconds=1))
    assert await sending.send_due() == 1


async def test_a_quota_met_while_the_fate_is_unknown_sends_nothing_anew(platform, account, rep, db):
    make.jump_to(db, make.NOON)
    await platform.fault(account.app_id, SEND, "http_500_after", times=1)
    await ring(rep)
    await platform.fault(account.app_id, SEND, "errcode", errcode=45009, times=1)
    make.jump_to(db, make.NOON + timedelta(seconds=20))
    await sending.send_due()
    make.jump_to(db, make.NOON + timedelta(days=1))
    await sending.send_due()
    assert await states() == [("unknown", "answer_lost")]
    assert (await sends(platform, account))[1] == 1


@pytest.mark.parametrize("errcode", [40003, 40037, 43004, 47003, 43019])
async def test_what_is_refused_for_good_fails_at_once(platform, account, rep, db, errcode):
    await platform.fault(account.app_id, SEND, "errcode", errcode=errcode, times=1)
    await ring(rep)
    assert await states() == [("failed", str(errcode))]
    assert await again(db, hours=2) == 0


async def test_what_is_refused_for_the_accounts_sake_is_tried_again(platform, account, rep, db):
    await platform.fault(account.app_id, SEND, "errcode", errcode=48001, times=1)
    await ring(rep)
    assert await states() == [("pending", "48001")]
    await again(db, minutes=1)
    assert await states() == [("sent", None)]


async def test_it_is_not_tried_for_ever(platform, account, rep, db):
    await platform.fault(account.app_id, SEND, "errcode", errcode=48001)
    await ring(rep)
    for hours in range(2, 24, 2):
        await again(db, hours=hours)
    assert await states() == [("failed", "48001")]
    assert (await ledger())[0]["attempts"] == 10


async def test_a_token_that_cannot_be_fetched_is_no_message_lost(platform, account, rep, db):
    await platform.fault(account.app_id, "/cgi-bin/stable_token", "http_500", times=2)
    await ring(rep)
    assert await states() == [("pending", "wechat_unavailable")]
    await again(db, minutes=1)
    assert await states() == [("sent", None)]


@pytest.mark.parametrize("change", [{"shadow": True}, {"disabled": True}])
async def test_an_account_that_fell_silent_sends_nothing(platform, account, rep, change):
    await tell(rep)
    await accounts.change_account(account.id, **change)
    await sending.send_due()
    assert await states() == [("skipped", "account_silent")]


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("UPDATE staff SET left_at = created_at WHERE id = $1", "left"),
        ("UPDATE staff SET disabled_at = created_at WHERE id = $1", "left"),
        ("DELETE FROM staff_wechat WHERE staff_id = $1", "unbound"),
        ("UPDATE notice SET read_at = created_at WHERE staff_id = $1", "read"),
    ],
)
async def test_whoever_is_no_longer_to_be_told_is_not(platform, account, rep, sql, why):
    await tell(rep)
    await database.execute(sql, rep.staff.id)
    await sending.send_due()
    assert await states() == [("skipped", why)]
    assert await sends(platform, account) == (0, 0)


async def test_what_may_have_been_sent_is_never_called_skipped(platform, account, rep, db):
    await platform.fault(account.app_id, SEND, "http_500_after", times=1)
    await ring(rep)
    await database.execute("DELETE FROM staff_wechat")
    await again(db, minutes=1)
    assert await states() == [("unknown", "answer_lost")]


async def test_failures_in_a_row_raise_an_alert_that_a_success_closes(platform, account, rep):
    phones = [await phone(platform, account) for _ in range(5)]
    await platform.fault(account.app_id, SEND, "errcode", errcode=43004, times=5)
    for each in phones:
        await ring(each)
    open_ = await make.rows("SELECT kind, subject FROM alert WHERE closed_at IS NULL")
    assert {"kind": "wechat.outbound_failing", "subject": account.app_id} in open_
    await ring(rep)
    assert not await make.rows("SELECT 1 FROM alert WHERE kind = 'wechat.outbound_failing' AND closed_at IS NULL")


async def test_one_failure_among_successes_alerts_nobody(platform, account, rep):
    await ring(rep)
    await platform.fault(account.app_id, SEND, "errcode", errcode=43004, times=4)
    for _ in range(4):
        await ring(rep)
    assert not await make.rows("SELECT 1 FROM alert WHERE kind = 'wechat.outbound_failing'")


async def test_old_results_are_forgotten_and_what_waits_is_not(platform, account, rep, db):
    from wechat.outbound.service import drop_old

    await ring(rep)
    await tell(rep)
    make.jump(db, days=181)
    await drop_old()
    assert [state for state, _ in await states()] == ["pending"]
