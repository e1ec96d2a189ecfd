"""Many people at several doors and several drains at once: every number adds up at the end."""

import asyncio
import random
from datetime import timedelta

import pytest

from app.contexts import registry
from core.customers.rules import ContactKind, Credit
from core.organisation import bindings
from core.organisation import service as organisation
from infra import database, deliveries, outbox
from tests import factories as make
from tests.doors import receiver
from tests.factories import NOON
from tests.pushes import Pushes
from wechat.codes import service as codes


async def _drain_everything(handlers):
    while True:
        taken, _ = await outbox.fan_out(handlers, 20)
        handled = 0
        for name in handlers.handlers:
            handled += await deliveries.drain(handlers, name, 15)
        if not taken and not handled:
            return


async def test_pushes_repeated_at_three_doors_and_drained_by_four_count_once(db):
    account = await make.account()
    guides = [await make.guide() for _ in range(4)]
    scenes = [await make.key_of(await make.code(account, guide)) for guide in guides]
    await make.welcome("欢迎")
    doors = [receiver() for _ in range(3)]
    luck = random.Random(5)
    people = [(Pushes(account, make.openid()), luck.randrange(4), luck.random() < 0.3) for _ in range(40)]
    handlers = registry()

    async def visit(person, guide, leaves):
        for fields in [person.follow(scenes[guide]), *([person.unfollow()] if leaves else [])]:
            copies = [(door, person.sealed(fields)) for door in doors for _ in range(2)]
            luck.shuffle(copies)
            await asyncio.gather(*(d.receive(account.app_id, s.query, s.body, None) for d, s in copies))

    await asyncio.gather(*(visit(*one) for one in people))
    await asyncio.gather(*(_drain_everything(handlers) for _ in range(4)))
    await make.settle(handlers)
    leavers = sum(leaves for _, _, leaves in people)
    assert await make.count("push") == await make.count("timeline") == 40 + leavers
    assert await make.count("customer") == await make.count("touch") == 40
    counted = await make.rows("SELECT guide_id, count(*) AS n FROM touch WHERE is_first GROUP BY guide_id")
    expected = {guide.id: sum(g == n for _, g, _ in people) for n, guide in enumerate(guides)}
    assert {row["guide_id"]: row["n"] for row in counted} == expected
    assert len(await make.rows("SELECT 1 FROM customer WHERE NOT following")) == leavers
    assert await make.rows("SELECT 1 FROM event_delivery WHERE state <> 'done' OR attempts <> 1") == []
    for door in doors:
        await door.close()


async def test_a_guide_may_leave_while_fans_arrive(db):
    guides = [await make.guide() for _ in range(3)]
    contacts = [
        make.contact(
            luck_kind,
            NOON + timedelta(seconds=n),
            person=f"p{n % 20}",
            credit=Credit(guide_id=guides[n % 3].id, store_id=guides[n % 3].store_id),
        )
        for n, luck_kind in enumerate([ContactKind.FOLLOW, ContactKind.SCAN] * 60)
    ]
    batches = [contacts[n : n + 12] for n in range(0, 120, 12)]
    leaving = [organisation.leave(guide.id) for guide in guides for _ in range(2)]
    await asyncio.gather(*(make.record(*batch) for batch in batches), *leaving)
    assert await make.count("touch") == await make.count("timeline") == 120
    assert await make.count("customer") == 20
    assert len(await make.rows("SELECT 1 FROM outbox WHERE name = 'organisation.staff_left.v1'")) == 3


async def test_codes_are_complete_when_accounts_and_targets_arrive_together(db):
    handlers = registry()
    accounts, targets = await asyncio.gather(
        asyncio.gather(*(make.account(n) for n in range(3))),
        asyncio.gather(*(make.guide() for _ in range(4))),
    )
    await asyncio.gather(*(_drain_everything(handlers) for _ in range(4)))
    await make.settle(handlers)
    assert await make.count("wechat_code") == len(accounts) * len(targets) * 2  # each guide came with a store
    await codes.add_missing()
    assert await make.count("wechat_code") == len(accounts) * len(targets) * 2


@pytest.mark.parametrize("first", ["push", "binding"])
async def test_a_colleague_who_follows_and_binds_at_once_is_no_fan(db, first):
    account, guide = await make.account(), await make.guide()
    scene = await make.key_of(await make.code(account, guide))
    fan, door, handlers = Pushes(account, make.openid()), receiver(), registry()
    sealed = fan.sealed(fan.follow(scene))
    work = [
        door.receive(account.app_id, sealed.query, sealed.body, None),
        bindings.bind_wechat(guide.id, account.app_id, fan.openid),
    ]
    await asyncio.gather(*(work if first == "push" else work[::-1]))
    await make.settle(handlers)
    counted = await database.fetch("SELECT 1 FROM customer WHERE NOT is_staff")
    assert counted == []
    await door.close()
