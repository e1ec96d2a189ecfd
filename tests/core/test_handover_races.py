"""No customer stays with who left: contacts, merges and other hand-overs at the same time, and what arrives late."""

import asyncio
from contextvars import Context
from datetime import timedelta
from functools import partial

import pytest

from core.customers.merging import learn_profiles
from core.customers.rules import ContactKind, Profile
from core.customers.service import record_contacts
from core.organisation.handover import service
from core.organisation.models import Department, Post
from infra import crypto, database
from infra.ids import new_id
from tests import factories as make
from tests.core.hand_over_world import credit, leave, owners, person, with_customers
from tests.factories import NOON, contact, customer_of, record
from tests.simulator.harness import until

FOLLOW, SCAN = ContactKind.FOLLOW, ContactKind.SCAN
HOUR = timedelta(hours=1)


@pytest.fixture
async def three(http):
    store = await make.store()
    return [await make.guide(f"导购0{n}", store=store) for n in (1, 2, 3)]


async def _leave(leaver, receiver):
    return await service.leave(leaver.id, receiver.id if receiver else None, None, "")


async def test_at15_fans_who_scan_while_their_guide_leaves_stay_with_nobody_who_left(three):
    leaver, receiver, _ = three
    await with_customers(leaver, 50)

    async def fans(batch):
        for n in range(8):
            fresh = contact(FOLLOW, person=f"new {batch} {n}", credit=credit(leaver))
            known = contact(SCAN, NOON + HOUR, person=person(leaver, (batch * 8 + n) % 50), credit=credit(leaver))
            await record(fresh, known)

    await asyncio.gather(*(fans(batch) for batch in range(6)), _leave(leaver, receiver))
    assert await owners() == {"导购02": 98}
    assert await make.count("touch") == 50 + 96
    credited = await make.rows("SELECT DISTINCT guide_id FROM touch")
    assert credited == [{"guide_id": leaver.id}]


async def test_a_customer_made_just_before_the_hand_over_goes_with_the_others(three):
    leaver, receiver, _ = three
    written = asyncio.Event()

    async def arrive():
        async with database.transaction() as connection:
            await record_contacts(connection, [contact(FOLLOW, credit=credit(leaver))])
            written.set()
            await until(make.somebody_waits)

    arriving = asyncio.create_task(arrive())
    await written.wait()
    await _leave(leaver, receiver)
    await arriving
    assert await owners() == {"导购02": 1}


async def test_a_merge_that_gives_the_leaver_another_customer_meanwhile_changes_nothing(three):
    leaver, receiver, _ = three
    await record(contact(FOLLOW, person="older"))
    await record(contact(FOLLOW, NOON + HOUR, person="younger", app_id="wx2", credit=credit(leaver)))
    merged = asyncio.Event()
    profiles = [
        Profile(identity=crypto.digest(app_id, name), unionid="one", subscribe_scene=None, profiled_at=NOON + 2 * HOUR)
        for app_id, name in (("wx0000000000000001", "older"), ("wx2", "younger"))
    ]

    async def merge():
        async with database.transaction() as connection:
            assert await learn_profiles(connection, profiles) == 1
            merged.set()
            await until(make.somebody_waits)

    merging = asyncio.create_task(merge())
    await merged.wait()
    await _leave(leaver, receiver)
    await merging
    assert await owners() == {"导购02": 1}


async def test_two_who_hand_over_to_each_other_at_once_lose_nobody(three):
    one, two, _ = three
    await with_customers(one, 20)
    await with_customers(two, 30)
    await asyncio.gather(service.hand_over(one.id, two.id, None, ""), service.hand_over(two.id, one.id, None, ""))
    assert sum((await owners()).values()) == 50
    assert set(await owners()) < {"导购01", "导购02"}


async def test_a_receiver_who_leaves_at_once_has_nothing_or_leaves_with_it(three, http):
    leaver, receiver, third = three
    await with_customers(leaver, 20)
    answers = await asyncio.gather(_leave(leaver, receiver), _leave(receiver, third), return_exceptions=True)
    left = await make.rows("SELECT count(*) AS n FROM staff WHERE left_at IS NOT NULL")
    if isinstance(answers[0], Exception):
        assert (answers[0].code, left[0]["n"]) == ("receiver_not_at_work", 1)
        assert await owners() == {"导购01": 20}
    else:
        assert await owners() == {"导购03": 20}


async def test_who_leaves_and_who_hands_over_to_them_do_not_wait_for_each_other(three):
    receiver, leaver, _ = three
    post = await Post.get(id=leaver.post_id)
    await Department.filter(id=post.department_id).update(head_id=leaver.id)
    async with database.transaction() as connection:
        # The one who leaves is no head any more: that has to wait.
        await connection.execute("SELECT 1 FROM department FOR UPDATE")
        answers = [asyncio.create_task(_leave(leaver, receiver), context=Context())]
        await until(make.somebody_waits)
        back = service.hand_over(receiver.id, leaver.id, None, "")
        answers.append(asyncio.create_task(back, context=Context()))
        await until(partial(make.somebody_waits, 2))
    left, refused = await asyncio.gather(*answers, return_exceptions=True)
    assert (left.left_at is not None, refused.code) == (True, "receiver_not_at_work")


async def test_what_arrives_late_goes_to_who_has_the_leavers_customers(three, http):
    leaver, receiver, third = three
    await _leave(leaver, receiver)
    await record(contact(FOLLOW, person="late", credit=credit(leaver)))
    found = await customer_of("late")
    assert (found["guide_id"], found["brought_by"]) == (receiver.id, leaver.id)
    await _leave(receiver, third)
    await record(contact(FOLLOW, person="later", credit=credit(leaver)))
    assert (await customer_of("later"))["guide_id"] == third.id


async def test_what_arrives_late_gives_nobody_to_a_leaver_without_hand_over(three, http):
    leaver, _, third = three
    await leave(http, await make.admin(), leaver)
    await record(contact(FOLLOW, credit=credit(leaver)))
    found = await customer_of()
    assert (found["guide_id"], found["brought_by"]) == (None, leaver.id)
    await record(contact(SCAN, NOON + HOUR, credit=credit(third)))
    assert (await customer_of())["guide_id"] == third.id


async def test_who_left_and_handed_over_to_each_other_have_no_heir(three):
    one, two, _ = three
    await service.hand_over(one.id, two.id, None, "")
    await service.hand_over(two.id, one.id, None, "")
    for leaver in (one, two):
        await _leave(leaver, None)
    await record(contact(FOLLOW, credit=credit(one)))
    assert (await customer_of())["guide_id"] is None


async def test_a_first_touch_that_comes_late_does_not_undo_a_hand_over(three):
    one, two, third = three
    await record(contact(SCAN, NOON + HOUR, credit=credit(one)))
    await service.hand_over(one.id, two.id, None, "")
    await record(contact(FOLLOW, credit=credit(third)))
    found = await customer_of()
    assert (found["guide_id"], found["brought_by"]) == (two.id, third.id)


_MANY = """
WITH made AS (
    INSERT INTO customer (id, guide_id, following, is_staff, created_at)
    SELECT id, $2, true, false, $3 FROM unnest($1::uuid[]) AS id RETURNING id
)
INSERT INTO touch (id, customer_id, source, kind, guide_id, is_first, occurred_at)
SELECT gen_random_uuid(), id, gen_random_uuid(), 'follow', $2, true, $3 FROM made
"""


@pytest.mark.prove
async def test_at15_a_hundred_thousand_customers_go_in_one_step(three):
    leaver, receiver, _ = three
    await database.execute(_MANY, [new_id() for _ in range(100_000)], leaver.id, NOON)
    await _leave(leaver, receiver)
    assert await owners() == {"导购02": 100_000}
    assert await make.count("customer_owner_change") == await make.count("timeline") == 100_000
