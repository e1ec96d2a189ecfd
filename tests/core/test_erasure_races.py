"""Forgetting at the same time as coming back, as merging and as another request: one outcome, on real connections."""

import asyncio

from core.customers.joining import MergeReason, merge
from core.customers.people import lock_these
from core.customers.privacy import erasing
from infra import clock
from infra.database import retry_on_conflict, transaction
from infra.ids import new_id
from tests import factories as make
from tests.core import privacy_world as world

DAYS = erasing.UNFOLLOW_DAYS.default
PEOPLE = [f"p{number}" for number in range(8)]


async def test_whoever_comes_back_while_being_forgotten_follows_and_can_be_reached(db):
    for person in PEOPLE:
        await world.fan(person)
        await world.leaves(person)
    make.jump(db, days=DAYS + 1)
    now = clock.now()
    follows = [make.record(make.contact(world.ContactKind.FOLLOW, now, person=person)) for person in PEOPLE]
    await asyncio.gather(*follows[:4], world.forget_due(), *follows[4:])
    assert await world.forget_due() == 0
    rows = await make.rows("SELECT following, openid IS NOT NULL AS known FROM identity")
    assert rows == [{"following": True, "known": True}] * len(PEOPLE)
    assert await make.rows("SELECT id FROM customer_erasure WHERE done_at IS NULL AND cancelled_at IS NULL") == []


@retry_on_conflict
async def _merge(source, target):
    async with transaction() as connection:
        await lock_these(connection, [source, target])
        await merge(connection, {source: target}, MergeReason.BY_HAND, by=new_id())


async def test_a_merge_at_the_same_time_leaves_nothing_of_the_two(db):
    boss = await make.admin()
    for _ in range(5):
        target, source = await world.customer(), await world.customer()
        for one in (target, source):
            await world.record(one)
        await world.phone(source)
        await asyncio.gather(_merge(source, target), erasing.forget_at_request(boss, target))
        await erasing.forget_at_request(boss, source)
        assert await make.count("customer_profile") + await make.count("customer_phone") == 0


async def test_two_requests_at_once_are_two_requests_and_one_is_enough(db):
    boss = await make.admin()
    fan = await world.fan()
    await world.record(fan)
    await asyncio.gather(*(erasing.forget_at_request(boss, fan) for _ in range(4)))
    assert await world.erasures(fan) == [("request", True, False)] * 4
    assert await make.count("customer_profile") == 0
