"""Colleagues, fans and jobs at the same conversation at the same time: named outcomes, nothing lost, nothing twice."""

import asyncio
from contextvars import Context
from datetime import timedelta

import pytest

from infra import database
from tests import factories as make
from tests.factories import NOON
from tests.simulator.harness import until
from tests.wechat.inbox_world import (
    agent,
    answers,
    at_once,
    cases,
    codes,
    conversation,
    follower,
    here,
    holder,
    id_of,
    leaves,
    rung,
    says,
    sent,
    thread,
    version,
)
from wechat.inbox import moving, presence, service
from wechat.inbox.cases import hold
from wechat.inbox.schemas import AssignIn


@pytest.fixture
async def account(db):
    make.jump_to(db, NOON)
    return await make.account()


async def numbers_without_gaps(fan):
    """Every number once, the ledger and the thread of one mind, one open case at most."""
    told, row = await thread(fan), await conversation(fan)
    assert [number for number, _, _ in told] == list(range(1, row["last_number"] + 1))
    assert sorted(await sent(fan)) == sorted(text for _, author, text in told if author == "staff")
    assert [one["id"] for one in await cases(fan) if one["closed_at"] is None] == [row["case_id"]] * bool(
        row["case_id"]
    )


class Holding:
    """Somebody who holds the conversation until everybody else waits behind them."""

    def __init__(self, fan):
        self.fan = fan

    async def while_waiting(self, *works):
        """The works begin while it is held, and all of them reach the lock before it is let go."""
        id_ = await id_of(self.fan)
        async with database.transaction() as connection:
            await hold(connection, [id_])
            together = asyncio.create_task(at_once(*works), context=Context())
            await until(lambda: make.somebody_waits(len(works)))
        return await together


async def test_of_many_who_take_it_one_gets_it(account):
    takers = [await agent() for _ in range(5)]
    for _ in range(2):
        fan = await follower(account)
        await says(fan)
        id_, seen = await id_of(fan), await version(fan)
        found = await at_once(*(service.take(one, id_, seen) for one in takers))
        assert codes(found) == ["conversation_changed"] * 4 + ["done"]
        [winner] = [one for one, how in zip(takers, found, strict=True) if how is None]
        assert await holder(fan) == (winner.id, None)
        told = {str(how.details["staff_id"]) for how in found if how is not None}
        assert told == {str(winner.id)}


async def test_two_who_answer_at_once_the_second_is_told(account):
    guide, other = await make.guide(), await agent()
    for _ in range(2):
        fan = await follower(account, guide)
        await says(fan)
        found = await at_once(answers(guide, fan, "我答", seen=1), answers(other, fan, "我也答", seen=1, anyway=False))
        # The other one serves nobody's: told either that it was answered, or by whom it is served.
        assert codes(found) in (["answered_meanwhile", "done"], ["done", "served_by_other"])
        assert len(await sent(fan)) == 1
        await numbers_without_gaps(fan)


@pytest.mark.prove
async def test_two_who_insist_are_both_heard_in_order(account):
    guide, other = await make.guide(), await agent()
    fan = await follower(account, guide)
    await says(fan)
    found = await at_once(*(answers(one, fan, one.name, seen=1, anyway=True) for one in (guide, other)))
    assert sorted(found) == [2, 3]
    await numbers_without_gaps(fan)
    last = (await thread(fan))[-1][2]
    assert (await holder(fan))[0] == {guide.name: guide.id, other.name: other.id}[last]


async def test_an_answer_and_a_close_at_once_are_one_after_the_other(account):
    guide = await make.guide()
    for _ in range(5):
        fan = await follower(account, guide)
        await says(fan)
        id_, seen = await id_of(fan), await version(fan)
        found = await Holding(fan).while_waiting(answers(guide, fan, "再见", seen=1), service.close(guide, id_, seen))
        assert codes(found) == ["done", "done"]
        await numbers_without_gaps(fan)
        ended = [(one["wanted"], one["answers"], one["ended"]) for one in await cases(fan)]
        answer_first = [("no_answer", 1, "closed")]
        close_first = [("no_answer", 0, "closed"), ("begun", 1, None)]
        assert ended in (answer_first, close_first)


@pytest.mark.prove
async def test_a_close_and_the_fans_next_message_leave_nobody_waiting_unseen(account):
    guide = await make.guide()
    for _ in range(5):
        fan = await follower(account, guide)
        await says(fan)
        await answers(guide, fan)
        id_, seen = await id_of(fan), await version(fan)
        found = await Holding(fan).while_waiting(service.close(guide, id_, seen), says(fan, "还有一个问题"))
        row = await conversation(fan)
        assert row["waiting_since"] is not None
        assert codes(found) in (["conversation_changed", "done"], ["done", "done"])
        assert len(await cases(fan)) == (2 if codes(found) == ["done", "done"] else 1)
        await numbers_without_gaps(fan)


@pytest.mark.prove
async def test_an_answer_while_the_window_closes_is_sent_or_refused(account):
    guide = await make.guide()
    outcomes = set()
    for _ in range(6):
        fan = await follower(account, guide)
        await says(fan)
        found = await Holding(fan).while_waiting(answers(guide, fan, "在的", seen=1), leaves(fan))
        how = codes(found)
        assert how in (["done", "done"], ["done", "fan_not_following"], ["done", "window_shut"])
        outcomes.add(tuple(how))
        assert len(await sent(fan)) == len([one for one in await thread(fan) if one[1] == "staff"])
        assert (await conversation(fan))["waiting_since"] is None
        await numbers_without_gaps(fan)


async def test_at_the_end_of_the_window_each_place_is_given_once(account):
    guide = await make.guide()
    fan = await follower(account, guide)
    await says(fan)
    found = await at_once(*(answers(guide, fan, f"第 {n} 句", seen=1) for n in range(12)))
    assert codes(found) == ["done"] * 5 + ["window_used_up"] * 7
    assert sorted(one for one in found if isinstance(one, int)) == [2, 3, 4, 5, 6]
    assert (await cases(fan))[0]["answers"] == 5
    await numbers_without_gaps(fan)


@pytest.mark.prove
async def test_a_take_over_while_the_other_answers(account):
    guide, other = await make.guide(), await agent()
    for _ in range(5):
        fan = await follower(account, guide)
        await says(fan)
        id_, seen = await id_of(fan), await version(fan)
        found = await Holding(fan).while_waiting(answers(guide, fan, "在的", seen=1), service.take(other, id_, seen))
        # Answering what one serves is no decision, so both may be; or the one who took it answers it now.
        assert codes(found) in (["done", "done"], ["done", "served_by_other"])
        assert (await holder(fan))[0] == other.id
        await numbers_without_gaps(fan)


@pytest.mark.prove
async def test_a_hand_over_and_an_answer_at_once(account):
    guide, receiver = await make.guide(), await agent()
    for _ in range(3):
        fan = await follower(account, guide)
        await says(fan)
        id_, wanted = await id_of(fan), AssignIn(version=await version(fan), staff_id=receiver.id)
        found = await Holding(fan).while_waiting(
            answers(guide, fan, "在的", seen=1), service.assign(guide, id_, wanted)
        )
        assert codes(found) in (["done", "done"], ["done", "served_by_other"])
        assert (await holder(fan))[0] == receiver.id
        await numbers_without_gaps(fan)


@pytest.mark.prove
async def test_jobs_in_two_processes_move_each_case_once(account, db):
    store = await make.store()
    owner, mate = await make.guide(store=store), await make.guide(store=store)
    fans = [await follower(account, owner) for _ in range(12)]
    for fan in fans:
        await says(fan)
    make.jump_to(db, NOON + timedelta(minutes=11))
    moved = await at_once(*(moving.escalate_due() for _ in range(3)))
    assert sum(moved) == 12
    assert [await holder(fan) for fan in fans] == [(None, store.id)] * 12
    assert len(await rung(mate)) == 12


@pytest.mark.prove
async def test_agents_who_come_at_once_share_what_waits(account):
    agents = [await agent() for _ in range(3)]
    fans = [await follower(account) for _ in range(12)]
    for fan in fans:
        await says(fan)
    await at_once(*(here(one) for one in agents), presence.give_out())
    given = [(await holder(fan))[0] for fan in fans]
    assert None not in given
    assert sum([len(await rung(one)) for one in agents]) == 12


@pytest.mark.prove
async def test_fans_of_nobody_who_write_at_once_are_shared_fairly(account):
    agents = [await agent() for _ in range(3)]
    await here(*agents)
    fans = [await follower(account) for _ in range(9)]
    await at_once(*(says(fan) for fan in fans))
    given = [(await holder(fan))[0] for fan in fans]
    assert sorted(given) == sorted(one.id for one in agents for _ in range(3))


@pytest.mark.prove
async def test_messages_of_one_fan_at_once_open_one_case(account):
    guide = await make.guide()
    fan = await follower(account, guide)
    await says(fan)
    await service.close(guide, await id_of(fan), await version(fan))
    await at_once(*(says(fan, f"第 {n} 句") for n in range(8)))
    assert len(await cases(fan)) == 2
    await numbers_without_gaps(fan)


@pytest.mark.prove
async def test_everything_at_once_for_a_while(account, db):
    """Fans write and leave, colleagues answer, take, hand over, close; jobs run: no deadlock, all of one mind."""
    store = await make.store()
    guides = [await make.guide(store=store) for _ in range(3)]
    agents = [await agent() for _ in range(2)]
    await here(*agents)
    fans = [await follower(account, guides[n % 3]) for n in range(6)]
    for fan in fans:
        await says(fan)

    async def swallow(work):
        (found,) = await at_once(work)
        return codes([found])[0]

    async def busy(n):
        outcomes = []
        for turn in range(25):
            fan = fans[(n + turn) % len(fans)]
            who = [guides[(fans.index(fan)) % 3], *agents][(n + turn) % 3]
            id_, seen = await id_of(fan), await version(fan)
            work = [
                lambda f=fan: says(f, "在吗"),
                lambda w=who, f=fan: answers(w, f, "在的", anyway=n % 2 == 0),
                lambda w=who, i=id_, s=seen: service.take(w, i, s),
                lambda w=who, i=id_, s=seen: service.assign(w, i, AssignIn(version=s)),
                lambda w=who, i=id_, s=seen: service.close(w, i, s),
                lambda w=who, i=id_: service.read(w, i, 1_000),
                moving.escalate_due,
                presence.give_out,
            ][(n * 7 + turn * 3) % 8]
            outcomes.append(await swallow(work()))
        return outcomes

    found = await at_once(*(busy(n) for n in range(8)))
    assert {outcome for outcomes in found for outcome in outcomes} <= {
        "answered_meanwhile",
        "case_open",
        "conversation_changed",
        "done",
        "no_open_case",
        "not_yours_to_assign",
        "served_by_other",
        "window_used_up",
        "conversation_not_found",
    }
    for fan in fans:
        await numbers_without_gaps(fan)
