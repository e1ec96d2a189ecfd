"""Who takes new cases: presence on several devices at once, and how much one is given."""

from datetime import timedelta

import pytest

from core.permissions.rules import RoleKey
from tests import factories as make
from tests.factories import NOON
from tests.wechat.inbox_world import (
    agent,
    answers,
    cases,
    follower,
    here,
    holder,
    id_of,
    rung,
    says,
    set_parameter,
    version,
)
from wechat.inbox import presence, service
from wechat.inbox.schemas import AssignIn


@pytest.fixture
async def account(db):
    make.jump_to(db, NOON)
    return await make.account()


async def test_a_phone_does_not_undo_what_was_switched_at_the_desk(account, http):
    someone = await agent()
    headers = await make.headers(someone)
    seen = []
    # A phone; the desk takes a break; the phone again; the desk goes on; the phone.
    for away in (None, True, None, False, None):
        answer = await http.put("/staff/v1/me/presence", json={"away": away}, headers=headers)
        seen.append(answer.json()["away"])
    assert seen == [False, True, True, False, False]
    fan = await follower(account)
    await says(fan)
    assert await holder(fan) == (someone.id, None)


@pytest.mark.parametrize("role", [RoleKey.ADMIN, RoleKey.MANAGER])
async def test_who_leads_and_looks_in_gets_no_fans_until_he_wants_some(account, role):
    boss = await make.colleague(role)
    fan = await follower(account)
    await says(fan)
    assert await presence.be_there(boss)
    assert await holder(fan) == (None, None)
    assert not await presence.be_there(boss, away=False)
    assert await holder(fan) == (boss.id, None)


async def test_a_night_is_shared_by_who_comes_in_the_morning_and_nobody_gets_more_than_they_can_answer(account, db):
    await set_parameter("inbox.most_waiting", 3)
    fans = [await follower(account) for _ in range(8)]
    for fan in fans:
        await says(fan)
    first, second = await agent(), await agent()
    await here(first)
    assert len(await rung(first)) == 3
    await presence.give_out()
    assert len(await rung(first)) == 3
    make.jump_to(db, NOON + timedelta(minutes=1))
    await here(second)
    served = [(await holder(fan))[0] for fan in fans]
    # Whoever waits longest comes first.
    assert served == [first.id] * 3 + [second.id] * 3 + [None] * 2
    assert await presence.give_out() == 0
    # Whoever has answered has room again, also with the cases still open; a new question goes the same way.
    await answers(first, fans[0])
    await presence.give_out()
    assert [(await holder(fan))[0] for fan in fans[6:]] == [first.id, None]
    await says(await follower(account))
    assert (len(await rung(first)), len(await rung(second))) == (4, 3)


async def test_an_agent_who_leaves_cases_open_gets_as_many_as_the_others(account):
    tidy, untidy = await agent(), await agent()
    await here(untidy)
    for _ in range(3):
        fan = await follower(account)
        await says(fan)
        await answers(untidy, fan)
    await here(tidy)
    new = [await follower(account) for _ in range(4)]
    for fan in new:
        await says(fan)
    assert sorted([(await holder(fan))[0] for fan in new]) == sorted([tidy.id, untidy.id] * 2)


async def test_what_an_agent_gave_away_does_not_come_back_by_itself(account):
    giver = await agent()
    await here(giver)
    fan = await follower(account)
    await says(fan)
    await service.assign(giver, await id_of(fan), AssignIn(version=await version(fan)))
    await presence.give_out()
    await here(giver)
    assert await holder(fan) == (None, None)
    # What others wait for isn't held up by it.
    another = await follower(account)
    await says(another)
    assert (await holder(another))[0] == giver.id
    receiver = await agent()
    await here(receiver)
    assert (await holder(fan))[0] == receiver.id
    # Taken back on purpose, or come by another way, it is as any other.
    await service.take(giver, await id_of(fan), await version(fan))
    assert (await holder(fan))[0] == giver.id
    assert (await cases(fan))[0]["declined_by_id"] is None
