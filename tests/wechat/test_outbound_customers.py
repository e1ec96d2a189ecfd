"""Customer messages leave the ledger: once each, in order, and never where WeChat would refuse them."""

import asyncio
from datetime import timedelta

import pytest

from infra import clock, database
from infra.live import staff_topic
from tests import factories as make
from tests.wechat import window_world as world
from tests.wechat.window_world import SEND
from wechat.accounts import service as accounts
from wechat.outbound import retrying, speaking, windows
from wechat.outbound.endings import postpone
from wechat.outbound.errors import FanBlocked, FanRefuses, MessageNotRetriable, WindowShut, WindowUsedUp
from wechat.outbound.rules import Channel, NewMessage, Why
from wechat.outbound.service import put_many
from wechat.outbound.windows import Action

DAY = timedelta(days=1)


@pytest.fixture
async def fan(platform, account):
    return await world.talker(platform, account)


async def again(db, **later):
    make.jump(db, **later)
    return await speaking.speak_due()


async def test_a_reply_reaches_the_phone_once(platform, account, fan):
    await world.say(fan, "您好，我是导购01")
    assert await speaking.speak_due() == 1
    assert await speaking.speak_due() == 0
    assert await world.shown(platform, fan) == ["您好，我是导购01"]
    [row] = await make.rows("SELECT * FROM outbound_message")
    assert (row["state"], row["error"], row["attempts"], row["leased_until"]) == ("sent", None, 1, None)
    assert row["sent_at"]
    assert await world.calls(platform, account) == 1


async def test_messages_of_a_conversation_go_one_after_the_other(platform, account, fan):
    for number in range(5):
        await world.say(fan, str(number))
    one_by_one = await speaking._claim(50)
    assert len(one_by_one) == 1
    assert await speaking._claim(50) == []
    await speaking._handle(one_by_one[0])
    await asyncio.gather(*(speaking.speak_due() for _ in range(4)))
    assert await world.shown(platform, fan) == ["0", "1", "2", "3", "4"]


async def test_an_earlier_one_that_waits_holds_the_later_ones(platform, account, fan, db):
    await world.say(fan, "先")
    await world.say(fan, "后")
    await platform.fault(account.app_id, SEND, "errcode", errcode=48001, times=1)
    await speaking.speak_due()
    assert await world.states() == [("pending", "48001"), ("pending", None)]
    assert await world.shown(platform, fan) == []
    await again(db, minutes=1)
    assert await world.shown(platform, fan) == ["先", "后"]


async def test_one_that_waits_for_the_platform_to_come_back_holds_the_later_ones(platform, account, fan, db):
    await world.say(fan, "先")
    await postpone(Channel.CUSTOMER, account.app_id)
    await world.say(fan, "后")
    assert await speaking.speak_due() == 0
    await again(db, minutes=1)
    assert await world.shown(platform, fan) == ["先", "后"]


async def test_one_for_later_holds_nobody_up(platform, account, fan):
    await world.say(fan, "一小时后", due_at=clock.now() + timedelta(hours=1))
    await world.say(fan, "现在")
    await speaking.speak_due()
    assert await world.shown(platform, fan) == ["现在"]


async def test_after_a_failure_the_next_one_goes(platform, account, fan):
    await world.say(fan, "长" * 3)
    await world.say(fan, "短")
    await platform.fault(account.app_id, SEND, "errcode", errcode=45002, times=1)
    await speaking.speak_due()
    assert await world.states() == [("failed", "45002"), ("sent", None)]
    assert await world.left(fan) == 4


async def test_nobody_who_chats_waits_for_thousands_of_notices(platform, account, fan):
    notice = NewMessage(
        account_id=account.id,
        channel=Channel.TEMPLATE,
        key="",
        digest=b"d" * 16,
        openid=fan.openid,
        payload={"template_id": "t", "data": {}, "url": ""},
        due_at=clock.now() - DAY,
    )
    from dataclasses import replace

    async with database.transaction() as connection:
        await put_many(connection, [replace(notice, key=f"notice:{number}") for number in range(1000)])
    await world.say(fan)
    assert await speaking.speak_due() == 1
    assert await world.shown(platform, fan) == ["您好"]


@pytest.mark.parametrize("fault", ["http_500_after", "reset_after", "truncated"])
async def test_a_lost_answer_is_unknown_and_never_sent_anew(platform, account, fan, db, fault):
    await platform.fault(account.app_id, SEND, fault, times=1)
    await world.say(fan)
    await speaking.speak_due()
    assert await world.states() == [("unknown", "answer_lost")]
    await again(db, minutes=11)
    await again(db, hours=2)
    assert await world.states() == [("unknown", "answer_lost")]
    assert await world.calls(platform, account) == 1
    assert await world.shown(platform, fan) == ["您好"]
    assert await world.left(fan) == 4


async def test_busy_after_the_effect_is_not_repeated(platform, account, fan):
    await platform.fault(account.app_id, SEND, "errcode_after", errcode=-1, times=3)
    await world.say(fan)
    await speaking.speak_due()
    assert await world.states() == [("unknown", "answer_lost")]
    assert await world.shown(platform, fan) == ["您好"]


async def test_only_a_person_sends_it_again_and_it_takes_a_place_anew(platform, account, fan, db):
    await platform.fault(account.app_id, SEND, "http_500", times=1)
    message_id = await world.say(fan)
    await speaking.speak_due()
    assert await world.states() == [("unknown", "answer_lost")]
    await retrying.retry(message_id)
    assert await world.left(fan) == 3
    await again(db, seconds=20)
    assert await world.states() == [("sent", None)]
    assert await world.shown(platform, fan) == ["您好"]
    with pytest.raises(MessageNotRetriable):
        await retrying.retry(message_id)


async def test_a_retry_without_a_place_is_refused_and_changes_nothing(platform, account, fan, db):
    await platform.fault(account.app_id, SEND, "http_500_after", times=1)
    message_id = await world.say(fan)
    await speaking.speak_due()
    for _ in range(4):
        await world.say(fan)
    with pytest.raises(WindowUsedUp):
        await retrying.retry(message_id)
    make.jump(db, hours=49)
    with pytest.raises(WindowShut):
        await retrying.retry(message_id)
    assert (await world.states())[0] == ("unknown", "answer_lost")


async def test_a_sender_that_died_leaves_it_unknown(platform, account, fan, db):
    await world.say(fan, "一")
    await world.say(fan, "二")
    [claimed] = await speaking._claim(50)
    await speaking._send(claimed)  # and then the process dies
    assert await again(db, seconds=30) == 0
    assert await again(db, seconds=61) == 1
    assert await world.states() == [("unknown", "answer_lost"), ("sent", None)]
    assert await world.shown(platform, fan) == ["一", "二"]


async def test_one_who_is_slower_than_the_lease_neither_calls_nor_writes(platform, account, fan, db):
    await world.say(fan)
    [slow] = await speaking._claim(50)
    make.jump(db, seconds=55)
    ending = await speaking._send(slow)
    assert (ending.state, await world.calls(platform, account)) == ("pending", 0)
    await again(db, seconds=61)
    assert await speaking._end(ending) == []
    assert await world.states() == [("unknown", "answer_lost")]


@pytest.mark.parametrize(("errcode", "error"), [(48002, FanRefuses), (40003, FanRefuses), (43019, FanBlocked)])
async def test_what_the_platform_refuses_of_a_person_is_not_tried_again(platform, account, fan, errcode, error):
    why = Why.BLOCKED if error is FanBlocked else Why.REFUSED
    await platform.fault(account.app_id, SEND, "errcode", errcode=errcode, times=1)
    await world.say(fan)
    await world.say(fan)
    await speaking.speak_due()
    assert await world.states() == [("failed", str(errcode)), ("skipped", why)]
    assert (await world.allowance(fan)).why_not is why
    with pytest.raises(error):
        await world.say(fan)
    assert (await world.stats(platform, account))["errors"] == {str(errcode): 1}
    # Until the fan does something.
    await world.opened(fan, Action.SCAN)
    assert (await world.allowance(fan)).why_not is None


@pytest.mark.parametrize("errcode", [43004, 50005])
async def test_who_does_not_follow_is_asked_about(platform, account, fan, errcode):
    await database.execute("UPDATE identity SET ask_at = NULL")
    await platform.fault(account.app_id, SEND, "errcode", errcode=errcode, times=1)
    await world.say(fan)
    await speaking.speak_due()
    assert await world.states() == [("failed", str(errcode))]
    assert (await world.allowance(fan)).why_not is Why.NOT_FOLLOWING
    [row] = await make.rows("SELECT ask_at FROM identity")
    assert row["ask_at"]


@pytest.mark.parametrize(("errcode", "why"), [(45047, Why.WINDOW_USED_UP), (45015, Why.WINDOW_SHUT)])
async def test_the_platforms_word_about_the_window_holds(platform, account, fan, errcode, why):
    await platform.fault(account.app_id, SEND, "errcode", errcode=errcode, times=1)
    await world.say(fan)
    await speaking.speak_due()
    assert await world.states() == [("failed", str(errcode))]
    assert (await world.allowance(fan)).why_not is why


async def test_a_word_about_the_former_window_says_nothing_of_the_new_one(platform, account, fan, db):
    await platform.fault(account.app_id, SEND, "errcode", errcode=45015, times=1)
    await world.say(fan)
    [claimed] = await speaking._claim(50)
    ending = await speaking._send(claimed)
    make.jump(db, seconds=5)
    await world.writes(platform, fan)
    await speaking._end(ending)
    assert await world.left(fan) == 4


async def test_what_certainly_was_not_sent_gives_its_place_back(platform, account, fan):
    await world.say(fan)
    await world.say(fan)
    assert await world.left(fan) == 3
    await accounts.change_account(account.id, disabled=True)
    await speaking.speak_due()
    await accounts.change_account(account.id, disabled=False)
    assert await world.states() == [("skipped", "account_silent")] * 2
    assert await world.left(fan) == 5


async def test_a_place_of_a_former_window_is_not_given_back(platform, account, db):
    fan = await world.fan(platform, account)
    await world.opened(fan, Action.FOLLOW)
    await world.say(fan)
    [claimed] = await speaking._claim(50)
    make.jump(db, seconds=58)
    ending = await speaking._send(claimed)
    assert (ending.state, ending.error) == ("skipped", "window_shut")
    await world.closed(fan)
    await world.opened(fan, Action.FOLLOW, world.now() + timedelta(seconds=1))
    before = await world.left(fan)
    await speaking._end(ending)
    assert await world.left(fan) <= windows.SHORT_COUNT.default
    assert before in (2, 3)


async def test_the_quota_of_the_day_ends_it_when_its_window_is_over_by_then(platform, account, db):
    make.jump_to(db, make.NOON)
    fan = await world.fan(platform, account)
    await platform.fault(account.app_id, SEND, "errcode", errcode=45009, times=1)
    await world.opened(fan, Action.FOLLOW)
    await world.say(fan)
    await speaking.speak_due()
    assert await world.states() == [("failed", "wechat_quota_spent")]
    assert await world.left(fan) == 3


async def test_the_quota_of_the_day_is_waited_for_within_two_days(platform, account, db):
    make.jump_to(db, make.NOON)
    fan = await world.talker(platform, account)
    await platform.fault(account.app_id, SEND, "errcode", errcode=45009, times=1)
    await world.say(fan)
    await speaking.speak_due()
    assert await world.states() == [("pending", "wechat_quota_spent")]
    make.jump_to(db, clock.start_of_day(clock.business_day() + DAY) + timedelta(seconds=1))
    assert await speaking.speak_due() == 1


async def test_what_never_left_the_house_waits(platform, account, fan, db, fresh_settings):
    from infra.settings import settings

    await world.say(fan, "一")
    await speaking.speak_due()  # a token is there
    await world.say(fan, "二")
    fresh_settings.setenv("GUANXI_WECHAT_API_URL", "http://127.0.0.1:1")
    settings.cache_clear()
    await speaking.speak_due()
    assert (await world.states())[1] == ("pending", "wechat_unavailable")
    fresh_settings.setenv("GUANXI_WECHAT_API_URL", platform.base)
    settings.cache_clear()
    await again(db, minutes=1)
    assert await world.shown(platform, fan) == ["一", "二"]


async def test_a_window_that_ended_while_it_waited_sends_nothing(platform, account, fan, db):
    await world.say(fan)
    await again(db, hours=48)
    assert await world.states() == [("skipped", "window_shut")]
    assert await world.calls(platform, account) == 0


async def test_an_unfollow_while_it_waited_sends_nothing(platform, account, fan):
    await world.say(fan)
    await world.closed(fan)
    await speaking.speak_due()
    assert await world.states() == [("skipped", "window_shut")]
    assert await world.calls(platform, account) == 0


async def test_pages_hear_when_a_message_ended(platform, account, fan):
    serving, looking, gone = [await make.guide() for _ in range(3)]
    await database.execute("UPDATE conversation SET staff_id = $1, last_number = 7", serving.id)
    for colleague, seconds in ((serving, 60), (looking, 60), (gone, -1)):
        await database.execute(
            "INSERT INTO conversation_watch (conversation_id, staff_id, until) VALUES ($1, $2, $3)",
            fan.conversation_id,
            colleague.id,
            clock.now() + timedelta(seconds=seconds),
        )
    await world.say(fan)
    await speaking.speak_due()
    heard = await make.rows("SELECT topic, kind, payload FROM live_event WHERE kind = 'chat' ORDER BY topic")
    assert {row["topic"] for row in heard} == {staff_topic(serving.id), staff_topic(looking.id)}
    assert len(heard) == 2
    expected = {"conversation_id": str(fan.conversation_id), "number": 7, "reason": "sent"}
    import orjson

    assert all(orjson.loads(row["payload"]) == expected for row in heard)


async def test_the_list_names_the_conversation_and_no_person(http, fan):
    await world.say(fan)
    headers = await make.headers(await make.admin())
    url = f"/staff/v1/outbound?channel=customer&conversation_id={fan.conversation_id}"
    answer = await http.get(url, headers=headers)
    [item] = answer.json()["items"]
    assert item["conversation_id"] == str(fan.conversation_id)
    assert fan.openid not in answer.text
    assert "您好" not in answer.text


async def test_who_is_forgotten_is_told_nothing_more_and_named_nowhere(http, platform, account, fan):
    await world.say(fan, "您的生日快到了")
    await speaking.speak_due()
    await world.say(fan, "还有一句")
    [row] = await make.rows("SELECT customer_id FROM identity")
    headers = await make.headers(await make.admin())
    answer = await http.post(f"/staff/v1/customers/{row['customer_id']}/erasures", headers=headers)
    assert answer.status_code == 201, answer.text
    assert await world.states() == [("sent", None), ("skipped", "forgotten")]
    ledger = await make.rows("SELECT openid, payload FROM outbound_message")
    assert ledger == [{"openid": None, "payload": "{}"}] * 2
    assert await make.count("customer_window") == 0
    assert await speaking.speak_due() == 0


async def test_nobody_can_have_sent_again_what_was_forgotten(http, platform, account, fan):
    await platform.fault(account.app_id, SEND, "http_500", times=1)
    message_id = await world.say(fan)
    await speaking.speak_due()
    [row] = await make.rows("SELECT customer_id FROM identity")
    await http.post(
        f"/staff/v1/customers/{row['customer_id']}/erasures", headers=await make.headers(await make.admin())
    )
    with pytest.raises(MessageNotRetriable):
        await retrying.retry(message_id)


async def test_behaviour_7_no_message_reaches_the_platform_outside_its_window(platform, account, db):
    """Whatever fans do and whoever writes: what is not allowed is refused here."""
    import random

    chance = random.Random(7)
    fans, seconds = [await world.fan(platform, account) for _ in range(4)], 0
    for one in fans:
        await world.opened(one, Action.FOLLOW)
    for _ in range(25):
        seconds += chance.choice([0, 1, 20, 61, 3_600, 90_000])
        make.jump(db, seconds=seconds)
        one = chance.choice(fans)
        if chance.random() < 0.3:
            await world.writes(platform, one)
        await asyncio.gather(*(world.say(one) for _ in range(chance.randint(0, 4))), return_exceptions=True)
        await speaking.speak_due()
    told = [await platform.ok(f"/sim/fans/{one.fan_id}/window?app_id={account.app_id}") for one in fans]
    assert [await world.left(one) for one in fans] == [each["remaining"] for each in told]
    assert await world.tried_outside(platform, account) == 0
    assert await world.calls(platform, account) > 10


@pytest.mark.prove
async def test_behaviour_7_holds_while_fans_write_and_colleagues_answer_at_once(platform, account, db):
    import random

    chance = random.Random(11)
    fans, seconds = [await world.fan(platform, account) for _ in range(6)], 0
    for _ in range(150):
        seconds += chance.choice([0, 0, 0, 1, 3, 61, 3_600, 90_000])
        make.jump(db, seconds=seconds)
        acts = [world.writes(platform, one) for one in fans if chance.random() < 0.4]
        acts += [world.say(one) for one in fans for _ in range(chance.randint(0, 4))]
        acts += [speaking.speak_due() for _ in range(3)]
        chance.shuffle(acts)
        refused = [one for one in await asyncio.gather(*acts, return_exceptions=True) if isinstance(one, Exception)]
        assert {type(one) for one in refused} <= {WindowShut, WindowUsedUp}, refused
    await speaking.speak_due()
    told = [await platform.ok(f"/sim/fans/{one.fan_id}/window?app_id={account.app_id}") for one in fans]
    # WeChat tells whole seconds: what left within the second of a word is counted against it here, to be sure.
    ours = [await world.left(one) for one in fans]
    assert all(left <= each["remaining"] for left, each in zip(ours, told, strict=True)), (ours, told)
    assert await world.tried_outside(platform, account) == 0
    print(f"{await world.calls(platform, account)} messages, {ours} places left, {told}")
