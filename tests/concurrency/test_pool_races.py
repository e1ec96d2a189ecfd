"""Claims, assignment, transfer, hand-over, the sweep and follow-ups at the same time: one outcome, nothing lost."""

import asyncio
from contextvars import Context
from datetime import timedelta

import pytest

from core.customers import ownership
from core.customers.followups import records
from core.customers.followups import service as followups
from core.customers.followups.records import Record
from core.customers.followups.rules import FollowUpKind, SalesKind
from core.customers.followups.schemas import FollowUpIn
from core.customers.ownership import Place, Reason
from core.customers.pool import recycling, service
from core.organisation.handover import service as handover
from infra import clock, database
from infra.errors import DomainError
from infra.ids import new_id
from tests import factories as make
from tests.core.pool_world import active_at, broken_chains, customers, notices, rep, seen, set_parameter
from tests.factories import NOON
from tests.simulator.harness import until

DAY = timedelta(days=1)


@pytest.fixture
async def reps(db):
    make.jump_to(db, NOON)
    return [await rep(f"外勤0{n}") for n in range(1, 5)]


async def at_once(*works):
    """Results or errors, each on connections of its own."""
    tasks = [asyncio.create_task(work, context=Context()) for work in works]
    return await asyncio.gather(*tasks, return_exceptions=True)


def codes(answers):
    for answer in answers:
        if isinstance(answer, Exception) and not isinstance(answer, DomainError):
            raise answer
    return sorted(answer.code if isinstance(answer, DomainError) else "done" for answer in answers)


async def test_at07_of_two_who_claim_the_same_customers_one_gets_them(reps):
    for _ in range(5):
        pool = await customers(count=10)
        answers = await at_once(*(service.claim(one, pool if n % 2 else pool[::-1]) for n, one in enumerate(reps)))
        assert codes(answers) == ["done", "not_in_pool", "not_in_pool", "not_in_pool"]
        owners = await seen(pool)
        assert len(set(owners)) == 1
        assert owners[0] in {one.id for one in reps}
    assert await make.count("pool_claim") == 5
    assert await broken_chains() == []


async def test_at07_claims_that_overlap_take_all_or_nothing(reps):
    pool = await customers(count=15)
    codes(await at_once(*(service.claim(one, pool[n * 3 : n * 3 + 6]) for n, one in enumerate(reps))))
    by_owner = {one.id: [owner for owner in await seen(pool) if owner == one.id] for one in reps}
    assert {len(owned) for owned in by_owner.values()} <= {0, 6}
    assert sum(len(owned) for owned in by_owner.values()) == 6 * await make.count("pool_claim")
    assert await broken_chains() == []


async def test_at06_parallel_claims_of_one_colleague_stop_at_the_limit(reps):
    await set_parameter("pool.claims_per_day", 3)
    pool = await customers(count=8)
    answers = await at_once(*(service.claim(reps[0], [one]) for one in pool))
    assert codes(answers) == ["claim_limit_reached"] * 5 + ["done"] * 3
    assert sorted(answer.claims_left for answer in answers if not isinstance(answer, Exception)) == [0, 1, 2]
    assert (await seen(pool)).count(reps[0].id) == 3
    ordinals = await make.rows("SELECT ordinal FROM pool_claim ORDER BY ordinal")
    assert [row["ordinal"] for row in ordinals] == [1, 2, 3]


async def test_a_claim_an_assignment_and_a_discard_of_the_same_customers_have_one_outcome(reps):
    admin = await make.admin()
    for _ in range(3):
        pool = await customers(count=10)
        answers = await at_once(
            service.claim(reps[0], pool),
            service.assign_from_pool(admin, pool, reps[1].id),
            service.discard(admin, pool),
        )
        assert codes(answers) == ["done", "not_in_pool", "not_in_pool"]
        assert len(set(await seen(pool))) == 1
    assert await broken_chains() == []


async def test_a_transfer_and_a_change_of_owner_at_once_lose_nobody(reps):
    admin, giver = await make.admin(), reps[0]
    owned = await customers(giver, 10)
    answers = await at_once(
        service.transfer(giver, owned, reps[1].id),
        service.assign(admin, owned, reps[2].id),
        service.transfer(giver, owned, None),
    )
    assert set(codes(answers)) <= {"done", "not_your_customers", "customer_in_pool"}
    assert "done" in codes(answers)
    assert len(set(await seen(owned))) == 1
    assert await broken_chains() == []


async def test_a_claim_and_the_hand_over_of_the_claimer_leave_nothing_with_who_left(reps):
    leaver, receiver = reps[:2]
    for _ in range(3):
        pool = await customers(count=10)
        codes(await at_once(service.claim(leaver, pool), handover.hand_over(leaver.id, receiver.id, None, "")))
    pool = await customers(count=10)
    answers = await at_once(service.claim(leaver, pool), handover.leave(leaver.id, receiver.id, None, ""))
    assert codes(answers) in (["done", "done"], ["done", "receiver_not_at_work"])
    assert leaver.id not in await seen(pool)
    assert await broken_chains() == []


async def test_who_leaves_is_given_nobody(reps):
    admin, leaver = await make.admin(), reps[0]
    pool = await customers(count=5)
    answers = await at_once(handover.leave(leaver.id, None, None, ""), service.assign_from_pool(admin, pool, leaver.id))
    if codes(answers) == ["done", "receiver_not_at_work"]:
        assert set(await seen(pool)) == {"pool"}
    else:
        assert set(await seen(pool)) == {leaver.id}
    refused = await at_once(service.assign_from_pool(admin, await customers(count=1), leaver.id))
    assert codes(refused) == ["receiver_not_at_work"]


def note(by, customer_id, at):
    return followups.write(by, customer_id, FollowUpIn(kind=FollowUpKind.PHONE, occurred_at=at))


async def test_at01_a_note_of_day_89_and_the_sweep_of_day_90_at_once_leave_the_customer_with_the_owner(reps, db):
    owner = reps[0]
    owned = await customers(owner, 12)
    make.jump_to(db, NOON + 90 * DAY)
    occurred_at = NOON + 89 * DAY
    answers = await at_once(*(note(owner, one, occurred_at) for one in owned), recycling.sweep(), recycling.sweep())
    assert codes(answers) == ["done"] * 14
    assert set(await seen(owned)) == {owner.id}
    assert {await active_at(one) for one in owned} == {occurred_at}
    assert await broken_chains() == []


async def test_a_late_note_and_a_claim_at_once_have_one_owner_and_the_note_stays(reps, db):
    owner, other = reps[:2]
    owned = await customers(owner, 8)
    make.jump_to(db, NOON + 90 * DAY)
    await recycling.sweep()
    answers = await at_once(
        *(note(owner, one, NOON + 89 * DAY) for one in owned), *(service.claim(other, [one]) for one in owned)
    )
    assert set(codes(answers)) <= {"done", "not_in_pool"}
    for one, place in zip(owned, await seen(owned), strict=True):
        assert place in {owner.id, other.id}, one
    assert await make.count("follow_up") == 8
    assert await broken_chains() == []


async def test_the_sweep_started_twice_beside_claims_returns_each_once_and_tells_once(reps, db, monkeypatch):
    monkeypatch.setattr(recycling, "_AT_ONCE", 7)
    owned = {one.id: await customers(one, 30) for one in reps[:3]}
    make.jump_to(db, NOON + 90 * DAY)
    answers = await at_once(
        recycling.sweep(),
        recycling.sweep(),
        *(service.claim(reps[3], ids[:10]) for ids in owned.values()),
        service.transfer(reps[0], owned[reps[0].id][-5:], reps[3].id),
    )
    assert set(codes(answers)) <= {"done", "not_in_pool", "not_your_customers"}
    await recycling.run()
    places = [place for ids in owned.values() for place in await seen(ids)]
    assert set(places) <= {"pool", reps[3].id}
    returned = await make.rows(
        "SELECT customer_id, count(*) AS n FROM customer_owner_change WHERE reason = 'returned' GROUP BY customer_id"
    )
    assert {row["n"] for row in returned} == {1}
    for one in reps[:3]:
        assert len(await notices(one, "customers.returned")) == 1
    assert await broken_chains() == []


async def test_notes_about_customers_in_any_order_do_not_wait_for_each_other(reps, db):
    owned = await customers(reps[0], 20)

    async def write(ids):
        rows = [
            Record(customer_id=one, staff_id=reps[0].id, kind=SalesKind.CHAT, source=new_id(), occurred_at=clock.now())
            for one in ids
        ]
        async with database.transaction() as connection:
            await records.add_many(connection, rows)

    answers = await at_once(*(write(owned if n % 2 else owned[::-1]) for n in range(8)))
    assert answers == [None] * 8
    assert await make.count("sales_record") == 160


async def test_a_note_that_waits_for_the_sweep_finds_the_customer_returned_and_brings_them_back(reps, db):
    owner = reps[0]
    [one] = await customers(owner)
    make.jump_to(db, NOON + 90 * DAY)
    async with database.transaction() as connection:
        await ownership.hold(connection, [one])
        await ownership.move(connection, [one], Place.POOL, None, reason=Reason.RETURNED, source=new_id(), by=None)
        writing = asyncio.create_task(note(owner, one, NOON + 89 * DAY), context=Context())
        await until(make.somebody_waits)
    await writing
    assert await seen([one]) == [owner.id]
    assert await broken_chains() == []
