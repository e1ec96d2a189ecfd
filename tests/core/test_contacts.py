"""Contacts become customers, touches and follow states: in one batch, one by one, late, twice, in parallel."""

import asyncio
import random
from dataclasses import replace
from datetime import timedelta

import pytest
from asyncpg import UniqueViolationError

from core.customers.rules import ContactKind, Credit
from infra import database
from tests import factories as make
from tests.factories import NOON, contact, customer_of, record, rows

FOLLOW, SCAN, UNFOLLOW, MESSAGE = ContactKind.FOLLOW, ContactKind.SCAN, ContactKind.UNFOLLOW, ContactKind.MESSAGE
HOUR = timedelta(hours=1)


def by(guide, **credit):
    return Credit(guide_id=guide.id, store_id=guide.store_id, **credit)


async def _picture():
    """Everything that a batch leaves behind, without the ids it made up."""
    return await rows(
        """SELECT i.openid, i.following, i.state_at, i.last_seen_at, c.following AS customer_following, c.guide_id,
            ARRAY(SELECT (t.kind, t.guide_id, t.is_first, t.occurred_at)::text FROM touch t
                  WHERE t.customer_id = c.id ORDER BY t.occurred_at, t.kind) AS touches,
            ARRAY(SELECT (l.kind, l.occurred_at)::text FROM timeline l
                  WHERE l.customer_id = c.id ORDER BY l.occurred_at, l.kind) AS timeline
        FROM identity i JOIN customer c ON c.id = i.customer_id ORDER BY i.openid"""
    )


async def test_a_batch_leaves_what_the_same_contacts_leave_one_by_one(db):
    guides = [await make.guide() for _ in range(3)]
    luck = random.Random(7)

    def story(suffix):
        return [
            contact(
                luck.choice(list(ContactKind)),
                NOON + timedelta(minutes=luck.randrange(50)),
                person=f"{suffix}{luck.randrange(6)}",
                credit=by(luck.choice(guides)),
            )
            for _ in range(60)
        ]

    contacts = story("person")
    await record(*contacts)
    together = await _picture()
    for table in ("timeline", "touch", "identity", "customer_search", "customer"):
        await database.execute(f"DELETE FROM {table}")
    for one in contacts:
        await record(one)
    assert await _picture() == together
    assert len(together) == 6


async def test_first_touch_stays_and_every_later_scan_is_a_touch(db):
    a, b = await make.guide(), await make.guide()
    await record(contact(FOLLOW, credit=by(a)))
    await record(contact(SCAN, NOON + HOUR, credit=by(b)))
    found = await customer_of()
    assert (found["brought_by"], found["guide_id"], found["touches"]) == (a.id, a.id, 2)


async def test_a_follow_without_a_code_credits_nobody_and_the_next_scan_gives_the_guide(db):
    a = await make.guide()
    await record(contact(FOLLOW), contact(SCAN, NOON + HOUR, credit=by(a)))
    found = await customer_of()
    assert (found["brought_by"], found["guide_id"], found["first_at"]) == (None, a.id, NOON)


async def test_the_owner_changes_only_after_the_former_guide_has_left(http):
    a, b = await make.guide(), await make.guide()
    boss = await make.headers(await make.admin())
    await record(contact(FOLLOW, credit=by(a)))
    await record(contact(SCAN, NOON + HOUR, credit=by(b)))
    assert (await customer_of())["guide_id"] == a.id
    assert (await http.post(f"/staff/v1/staff/{a.id}/leave", headers=boss)).status_code == 200
    await record(contact(MESSAGE, NOON + 2 * HOUR))
    assert (await customer_of())["guide_id"] == a.id
    await record(contact(SCAN, NOON + 3 * HOUR, credit=by(b)))
    found = await customer_of()
    assert (found["guide_id"], found["brought_by"]) == (b.id, a.id)


async def test_a_re_follow_keeps_customer_and_first_touch(db):
    a, b = await make.guide(), await make.guide()
    await record(contact(FOLLOW, credit=by(a)))
    before = await customer_of()
    await record(contact(UNFOLLOW, NOON + HOUR))
    assert not (await customer_of())["following"]
    await record(contact(FOLLOW, NOON + 2 * HOUR, credit=by(b)))
    after = await customer_of()
    assert (after["id"], after["brought_by"], after["guide_id"], after["following"]) == (before["id"], a.id, a.id, True)


async def test_an_unfollow_that_arrives_before_its_follow_wins(db):
    await record(contact(UNFOLLOW, NOON + HOUR))
    await record(contact(FOLLOW, NOON))
    found = await customer_of()
    assert (found["following"], found["first_at"], found["touches"]) == (False, NOON, 1)


async def test_a_follow_that_arrives_late_becomes_the_first_touch(db):
    a, b = await make.guide(), await make.guide()
    await record(contact(SCAN, NOON + HOUR, credit=by(b)))
    await record(contact(FOLLOW, NOON, credit=by(a)))
    found = await customer_of()
    assert (found["brought_by"], found["guide_id"], found["first_at"], found["touches"]) == (a.id, a.id, NOON, 2)


async def test_messages_and_leaving_are_no_touches_but_stand_in_the_timeline(db):
    await record(contact(MESSAGE), contact(UNFOLLOW, NOON + HOUR))
    assert (await customer_of())["touches"] == 0
    assert [row["kind"] for row in await rows("SELECT kind FROM timeline ORDER BY occurred_at")] == [
        "message",
        "unfollow",
    ]


async def test_a_customer_with_two_identities_follows_while_one_of_them_does(db):
    await record(contact(FOLLOW, person="here"), contact(FOLLOW, person="there", app_id="wx2"))
    await database.execute("UPDATE identity SET customer_id = (SELECT customer_id FROM identity WHERE openid = 'here')")
    await database.execute(
        "DELETE FROM touch t WHERE NOT EXISTS (SELECT 1 FROM identity WHERE customer_id = t.customer_id)"
    )
    await record(contact(UNFOLLOW, NOON + HOUR, person="here"))
    assert (await customer_of("here"))["following"]
    await record(
        contact(UNFOLLOW, NOON + HOUR, person="there", app_id="wx2"),
        contact(SCAN, NOON + 2 * HOUR, person="here"),
        contact(UNFOLLOW, NOON + 3 * HOUR, person="here"),
    )
    found = await customer_of("there", "wx2")
    assert (found["following"], found["touches"]) == (False, 2)


async def test_one_openid_in_two_accounts_is_two_people(db):
    await record(contact(FOLLOW, person="same"), contact(FOLLOW, person="same", app_id="wx2"))
    assert (await customer_of("same"))["id"] != (await customer_of("same", "wx2"))["id"]


async def test_parallel_batches_of_overlapping_people_lose_and_double_nothing(db):
    guides = [await make.guide() for _ in range(3)]
    luck = random.Random(11)
    batches = [
        [
            contact(
                luck.choice([FOLLOW, SCAN, MESSAGE]),
                NOON + timedelta(seconds=luck.randrange(10_000)),
                person=f"p{luck.randrange(25)}",
                credit=by(luck.choice(guides)),
            )
            for _ in range(40)
        ]
        for _ in range(8)
    ]
    await asyncio.gather(*(record(*batch) for batch in batches))
    everything = [one for batch in batches for one in batch]
    assert await make.count("timeline") == len(everything)
    assert await make.count("customer") == await make.count("identity") == len({c.openid for c in everything})
    touching = [c for c in everything if c.kind is not MESSAGE]
    assert await make.count("touch") == len(touching)
    firsts = {row["openid"]: row["at"] for row in await rows(
        """SELECT i.openid, t.occurred_at AS at FROM touch t JOIN identity i ON i.customer_id = t.customer_id
        WHERE t.is_first"""
    )}  # fmt: skip
    assert firsts == {
        person: min(c.occurred_at for c in touching if c.openid == person) for person in {c.openid for c in touching}
    }


async def test_the_same_source_never_makes_a_second_touch(db):
    once = contact(SCAN)
    await record(once)
    with pytest.raises(UniqueViolationError):
        await record(once)
    assert (await customer_of())["touches"] == 1


async def test_a_follow_told_twice_counts_once_together_and_one_after_the_other(db):
    pushed, listed = contact(FOLLOW), contact(FOLLOW)
    assert await record(pushed, listed) == 1
    assert await record(listed) == 0
    assert await record(contact(FOLLOW, NOON + timedelta(seconds=1))) == 1
    assert (await customer_of())["touches"] == await make.count("timeline") == 2


async def test_a_follow_told_twice_at_once_counts_once(db):
    counted = await asyncio.gather(*(record(contact(FOLLOW)) for _ in range(8)))
    assert sum(counted) == 1
    assert (await customer_of())["touches"] == await make.count("timeline") == 1


async def test_the_last_talk_is_kept_whatever_the_order(db):
    await record(contact(MESSAGE, NOON + HOUR), contact(FOLLOW, NOON + 2 * HOUR))
    await record(contact(MESSAGE, NOON))
    assert await rows("SELECT talked_at FROM identity") == [{"talked_at": NOON + HOUR}]


async def test_a_follow_asks_for_the_profile_again_and_leaving_asks_no_more(db):
    await record(contact(FOLLOW))
    await database.execute("UPDATE identity SET ask_at = NULL")
    await record(contact(MESSAGE, NOON + HOUR))
    assert await rows("SELECT ask_at FROM identity") == [{"ask_at": None}]
    await record(contact(FOLLOW, NOON + 2 * HOUR))
    assert (await rows("SELECT ask_at FROM identity"))[0]["ask_at"] is not None
    await record(contact(UNFOLLOW, NOON + 3 * HOUR))
    assert await rows("SELECT ask_at FROM identity") == [{"ask_at": None}]


async def test_nobody_is_asked_about_who_does_not_follow(db):
    await record(replace(contact(MESSAGE, person="at a mini-program"), followable=False), contact(UNFOLLOW))
    assert await rows("SELECT DISTINCT ask_at FROM identity") == [{"ask_at": None}]


async def test_nothing_is_recorded_for_no_contacts(db):
    assert await record() == 0
