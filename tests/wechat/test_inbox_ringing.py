"""Who hears of what: rung anew for each wait, told when a case leaves their line, and when an answer never left."""

from datetime import timedelta

import pytest

from app.contexts import registry
from tests import factories as make
from tests.factories import NOON
from tests.wechat.inbox_world import (
    agent,
    answers,
    cases,
    conversation,
    follower,
    here,
    id_of,
    live,
    rung,
    says,
    version,
)
from wechat.inbox import moving, service
from wechat.inbox.schemas import AssignIn
from wechat.outbound import speaking

MINUTE = timedelta(minutes=1)
SEND = "/cgi-bin/message/custom/send"


@pytest.fixture
async def known(db):
    make.jump_to(db, NOON)
    return await make.account()


async def unsent(staff):
    return await make.rows("SELECT title, link FROM notice WHERE staff_id = $1 AND kind = 'chat.unsent'", staff.id)


async def test_a_question_after_an_answer_rings_again_but_not_who_is_looking(known, db):
    guide = await make.guide()
    fan = await follower(known, guide)
    await says(fan)
    await says(fan, "在吗")
    assert len(await rung(guide)) == 1
    await answers(guide, fan)
    make.jump_to(db, NOON + 60 * MINUTE)
    await says(fan, "还有吗")
    await says(fan, "急")
    assert [one["read_at"] is None for one in await rung(guide)] == [False, True]
    await answers(guide, fan)
    await service.watch(guide, await id_of(fan))
    await says(fan, "谢谢")
    assert [one["read_at"] is None for one in await rung(guide)] == [False, False]
    # Each has a key of its own, or WeChat would be told once only.
    assert len({one["key"] for one in await rung(guide)}) == 2


async def test_who_gets_a_case_a_second_time_is_rung_a_second_time(known):
    one, other = await agent(), await agent()
    fan = await follower(known)
    await says(fan)
    for by, staff in ((one, other), (other, one), (one, other)):
        await service.assign(
            await make.admin(), await id_of(fan), AssignIn(version=await version(fan), staff_id=staff.id)
        )
        assert (await rung(staff))[-1]["read_at"] is None
        assert by == other or (await rung(by)) == [] or (await rung(by))[-1]["read_at"] is not None
    assert (len(await rung(one)), len(await rung(other))) == (1, 2)


async def test_the_pages_of_a_line_hear_that_a_case_left_it(known, db):
    store = await make.store()
    mate, other = await make.guide(store=store), await make.guide(store=store)
    fan = await follower(known, store=store)
    someone, idle = await agent(), await agent()
    await here(mate, other)
    await here(someone, idle, away=True)
    await says(fan)
    await service.take(mate, await id_of(fan), await version(fan))
    assert [reason for reason, _ in await live(other)] == ["case", "assigned"]
    unowned = await follower(known)
    await says(unowned)
    await answers(someone, unowned)
    assert [reason for reason, _ in await live(idle)] == ["case", "assigned"]
    # Also what a job moves.
    await answers(mate, fan)
    another = await follower(known, store=store)
    await says(another)
    before = len(await live(other))
    make.jump_to(db, NOON + 2 * MINUTE)
    await here(mate, other)
    make.jump_to(db, NOON + 11 * MINUTE)
    await here(mate, other)
    await moving.escalate_due()
    assert [reason for reason, _ in await live(other)][before:] == ["assigned"]


async def talks(platform, account, guide):
    """A fan whom the platform knows has written."""
    [person] = (await platform.ok("/sim/fans", {"name": "顾客01"}))["fans"]
    place = {"app_id": account.app_id, "wait": False}
    followed = await platform.ok(f"/sim/fans/{person['fan_id']}/follow", place)
    await platform.ok(f"/sim/fans/{person['fan_id']}/send", place | {"text": "在吗"})
    fan = await follower(account, guide, openid=followed["openid"])
    await says(fan)
    return fan


async def goes_out():
    await speaking.speak_due()
    await make.settle(registry())


async def test_a_reply_that_never_left_is_told_to_who_wrote_it_and_the_fan_waits_again(platform, account):
    guide = await make.guide()
    fan = await talks(platform, account, guide)
    since = (await conversation(fan))["waiting_since"]
    await platform.fault(account.app_id, SEND, "errcode", errcode=45002, times=1)
    await answers(guide, fan)
    assert (await conversation(fan))["waiting_since"] is None
    await goes_out()
    link = f"/app/staff/chat/{await id_of(fan)}"
    assert await unsent(guide) == [{"title": "您的回复没有发出", "link": link}]
    row, [case] = await conversation(fan), await cases(fan)
    assert (row["waiting_since"], row["case_id"]) == (since, case["id"])
    # Nor does it count as the first answer.
    assert (case["answered_at"], case["answers"], case["answered_by_id"]) == (None, 0, None)
    assert case["escalate_at"] is not None
    await answers(guide, fan, "短一些")
    await goes_out()
    assert (len(await unsent(guide)), (await conversation(fan))["waiting_since"]) == (1, None)


async def test_a_reply_that_may_have_left_is_told_and_counts(platform, account):
    guide = await make.guide()
    fan = await talks(platform, account, guide)
    await platform.fault(account.app_id, SEND, "http_500_after", times=1)
    await answers(guide, fan)
    await goes_out()
    assert [one["title"] for one in await unsent(guide)] == ["您的回复可能没有发出"]
    assert (await conversation(fan))["waiting_since"] is None
    assert (await cases(fan))[0]["answers"] == 1


async def test_nobody_waits_again_who_has_another_answer_or_whose_case_is_closed(platform, account):
    guide = await make.guide()
    other, closed = [await talks(platform, account, guide) for _ in range(2)]
    for fan in (other, closed):
        await answers(guide, fan, "好的")
        await goes_out()
        await platform.fault(account.app_id, SEND, "errcode", errcode=45002, times=1)
        await answers(guide, fan, "稍等")
        if fan is closed:
            await service.close(guide, await id_of(fan), await version(fan))
        await goes_out()
        assert (await conversation(fan))["waiting_since"] is None
    assert len(await unsent(guide)) == 2
    # But a question after the answer that arrived has none.
    await says(other, "还有吗")
    waits = (await conversation(other))["waiting_since"]
    await platform.fault(account.app_id, SEND, "errcode", errcode=45002, times=1)
    await answers(guide, other, "有")
    await goes_out()
    assert (await conversation(other))["waiting_since"] == waits
    assert (await cases(other))[0]["answered_by_id"] == guide.id
