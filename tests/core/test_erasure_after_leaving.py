"""Who leaves without being a member is forgotten after the days of the parameter; what came from WeChat goes."""

import asyncio
from datetime import timedelta

import pytest

from app.contexts import registry
from core.customers import people
from core.customers.joining import MergeReason, merge
from core.customers.linking.rules import Door
from core.customers.privacy import erasing
from core.customers.rules import ContactKind
from infra import clock, database, parameters
from infra.database import transaction
from infra.ids import new_id
from tests import factories as make
from tests.core import privacy_world as world

MESSAGE = ContactKind.MESSAGE
DAYS = erasing.UNFOLLOW_DAYS.default
_DONE = "SELECT id FROM customer_erasure WHERE done_at IS NOT NULL"


async def _identity(person="person"):
    digest = make.contact(MESSAGE, person=person).identity
    return await world.one("SELECT * FROM identity WHERE digest = $1", digest)


async def test_a_fan_who_left_is_forgotten_after_the_days_and_not_before(db):
    guide = await make.guide()
    fan = await world.fan(owner=guide)
    await database.execute("UPDATE identity SET unionid = 'union', subscribe_scene = 'SCENE'")
    await world.leaves()
    make.jump(db, days=DAYS - 1)
    assert await world.forget_due() == 0
    assert (await _identity())["openid"] == "person"
    make.jump(db, days=DAYS, seconds=5)
    assert await world.forget_due() == 1
    identity = await _identity()
    assert (identity["openid"], identity["unionid"], identity["subscribe_scene"]) == (None, None, None)
    assert identity["customer_id"] == fan
    assert await world.erasures(fan) == [("unfollow", True, False)]
    # Who brought whom, and how many there are, stays.
    kept = await make.customer_of()
    assert (kept["id"], kept["guide_id"], kept["brought_by"], kept["touches"]) == (fan, guide.id, guide.id, 1)
    assert await world.forget_due() == 0


async def test_with_no_days_at_all_it_is_due_at_once(db):
    await parameters.change(erasing.UNFOLLOW_DAYS.name, 0, expected_version=0, by="test")
    await world.fan()
    await world.leaves()
    assert await world.forget_due() == 1
    assert (await _identity())["openid"] is None


async def test_who_comes_back_in_time_stays_known_and_is_forgotten_after_the_next_leaving_only(db):
    fan = await world.fan()
    await world.leaves()
    await world.comes_back()
    assert await world.erasures(fan) == [("unfollow", False, True)]
    make.jump(db, days=DAYS + 1)
    assert await world.forget_due() == 0
    await world.leaves()
    assert await world.erasures(fan) == [("unfollow", False, True), ("unfollow", False, False)]
    make.jump(db, days=2 * DAYS + 2)
    assert await world.forget_due() == 1


async def test_a_return_that_is_heard_of_late_counts_too(db):
    fan = await world.fan()
    await world.leaves()
    make.jump(db, days=10)
    await make.record(make.contact(ContactKind.FOLLOW, clock.now()))
    make.jump(db, days=11)
    await world.leaves()
    assert await world.erasures(fan) == [("unfollow", False, True), ("unfollow", False, False)]
    make.jump(db, days=DAYS + 5)
    assert await world.forget_due() == 0


async def test_who_came_back_is_recognised_after_erasure_too(db):
    fan = await world.fan()
    await world.leaves()
    make.jump(db, days=DAYS + 1)
    await world.forget_due()
    await world.comes_back()
    identity = await _identity()
    assert (identity["customer_id"], identity["openid"], identity["following"]) == (fan, "person", True)
    assert (await make.customer_of())["touches"] == 2


async def test_what_comes_late_about_somebody_forgotten_brings_nothing_back(db):
    await parameters.change(erasing.UNFOLLOW_DAYS.name, 0, expected_version=0, by="test")
    await world.fan()
    before = clock.now() - timedelta(hours=1)
    await world.leaves()
    await world.forget_due()
    await make.record(make.contact(MESSAGE, before))
    assert (await _identity())["openid"] is None


async def test_who_leaves_one_of_two_accounts_still_follows(db):
    fan = await world.fan()
    other = make.contact(ContactKind.FOLLOW, person="elsewhere", app_id="wx0000000000000002")
    await make.record(other)
    await database.execute("UPDATE identity SET customer_id = $1", fan)
    await world.leaves()
    assert await world.erasures(fan) == []
    await world.leaves("elsewhere", app_id="wx0000000000000002")
    assert await world.erasures(fan) == [("unfollow", False, False)]


async def test_somebody_seen_elsewhere_since_has_not_gone(db):
    fan = await world.fan()
    await world.leaves()
    make.jump(db, days=1)
    visit = make.contact(MESSAGE, clock.now(), person="mini", app_id="wx0000000000000003")
    await make.record(visit)
    await database.execute(
        "UPDATE identity SET customer_id = $1, following = false WHERE digest = $2", fan, visit.identity
    )
    make.jump(db, days=DAYS + 1)
    assert await world.forget_due() == 0
    assert await world.erasures(fan) == [("unfollow", False, True)]


async def test_a_member_keeps_what_the_platform_gave_whether_one_before_or_after_leaving(db):
    before, after = await world.fan("a"), await world.fan("b")
    with world.also(world.members(before)):
        await world.leaves("a")
    assert await world.erasures(before) == []
    await world.leaves("b")
    make.jump(db, days=DAYS + 1)
    with world.also(world.members(after)):
        assert await world.forget_due() == 0
    assert await world.erasures(after) == [("unfollow", False, True)]
    assert (await _identity("b"))["openid"] == "b"


async def test_what_a_colleague_wrote_stays_and_what_came_through_wechat_goes(db):
    guide = await make.guide()
    fan = await world.fan(owner=guide)
    await world.record(fan, Door.FOLLOW, name=None, email=None, remark="平台的备注", city="平台的城市")
    await world.record(fan, Door.STAFF, name=world.NAME, email=None)
    await world.phone(fan, "+8613800000001", door=Door.WECHAT_PHONE, verified=True)
    await world.phone(fan, "+8613800000002", door=Door.STAFF)
    await world.leaves()
    make.jump(db, days=DAYS + 1)
    await world.forget_due()
    profile = await world.one("SELECT * FROM customer_profile WHERE customer_id = $1", fan)
    assert (profile["name"], profile["remark"], profile["city"]) == (world.NAME, None, None)
    assert [row["number"] for row in await make.rows("SELECT number FROM customer_phone")] == ["+8613800000002"]


async def test_nothing_but_the_platforms_words_leaves_no_record(db):
    fan = await world.fan()
    await world.record(fan, Door.FOLLOW)
    await world.leaves()
    make.jump(db, days=DAYS + 1)
    await world.forget_due()
    assert await make.rows("SELECT * FROM customer_profile") == []


async def _tag(customer_id):
    tag = await world.one(
        """INSERT INTO tag (id, kind, name, version, created_at) VALUES ($1, 'tag', $2, 1, $3) RETURNING id""",
        new_id(),
        str(customer_id)[:30],
        clock.now(),
    )
    await database.execute(
        "INSERT INTO customer_tag (customer_id, tag_id, added_at) VALUES ($1, $2, $3)",
        customer_id,
        tag["id"],
        clock.now(),
    )


async def test_notes_stay_and_tags_stay_with_those_of_whom_more_is_known(db):
    guide = await make.guide()
    plain, known = await world.fan("plain", owner=guide), await world.fan("known", owner=guide)
    await world.record(known)
    for person, fan in (("plain", plain), ("known", known)):
        await _tag(fan)
        await world.note(fan, guide, "说过的话")
        await world.leaves(person)
    make.jump(db, days=DAYS + 1)
    assert await world.forget_due() == 2
    assert await make.rows("SELECT customer_id FROM customer_tag") == [{"customer_id": known}]
    assert [row["body"] for row in await make.rows("SELECT body FROM follow_up")] == ["说过的话"] * 2


async def test_pushes_with_their_stored_replies_and_labels_go(db, http):
    account = await make.account()
    from tests.pushes import Pushes

    person = Pushes(account, make.openid())
    for fields in (person.follow(), person.text("我的电话是 13812345678"), person.unfollow()):
        await person.sealed(fields).send(http)
    other = Pushes(account, make.openid())
    await other.sealed(other.follow()).send(http)
    from app.contexts import registry

    await make.settle(registry())
    assert await make.count("push") == 4
    identity = await world.one("SELECT id FROM identity WHERE openid = $1", person.openid)
    label = await world.one(
        """INSERT INTO wechat_label (id, account_id, kind, name, synced, attempts, next_at, created_at)
        VALUES (gen_random_uuid(), $1, 'tag', '标签', true, 0, $2, $2) RETURNING id""",
        account.id,
        clock.now(),
    )
    await database.execute(
        """INSERT INTO wechat_label_member (label_id, identity_id, kind, wanted, synced, attempts, next_at, changed_at)
        VALUES ($1, $2, 'tag', true, true, 0, $3, $3)""",
        label["id"],
        identity["id"],
        clock.now(),
    )
    make.jump(db, days=DAYS + 1)
    assert await world.forget_due() == 1
    assert [person.openid in row["raw"] for row in await make.rows("SELECT raw FROM push")] == [False]
    assert await make.count("wechat_label_member") == 0


async def test_two_workers_at_once_and_one_killed_in_between_forget_everybody_once(db, monkeypatch):
    monkeypatch.setattr(erasing, "_CHUNK", 5)
    people = [f"p{number}" for number in range(17)]
    for person in people:
        await world.fan(person)
        await world.leaves(person)
    make.jump(db, days=DAYS + 1)
    killed = asyncio.create_task(world.forget_due())
    async with asyncio.timeout(10):
        while not killed.done() and not await make.rows(_DONE):
            pass
    killed.cancel()
    with pytest.raises(asyncio.CancelledError):
        await killed
    before = len(await make.rows(_DONE))
    assert sum(await asyncio.gather(world.forget_due(), world.forget_due())) == len(people) - before
    assert await make.rows("SELECT FROM identity WHERE openid IS NOT NULL") == []
    assert await make.rows("SELECT count(*) AS n FROM timeline WHERE kind = 'erased'") == [{"n": len(people)}]


async def test_who_was_merged_before_we_heard_of_the_leaving_is_forgotten_as_the_one_that_came_of_it(db):
    fan, target = await world.fan(), await world.customer()
    await make.record(make.contact(ContactKind.UNFOLLOW, clock.now()))
    async with transaction() as connection:
        await people.lock_these(connection, [fan, target])
        await merge(connection, {fan: target}, MergeReason.BY_HAND)
    await make.settle(registry())
    assert await world.erasures(target) == [("unfollow", False, False)]
    make.jump(db, days=DAYS + 1)
    assert await world.forget_due() == 1
    assert (await _identity())["openid"] is None


async def test_how_far_somebody_came_as_a_customer_is_no_word_of_the_platforms(db):
    await parameters.change(erasing.UNFOLLOW_DAYS.name, 0, expected_version=0, by="test")
    bought, new = await world.fan("bought"), await world.fan("new")
    for one in (bought, new):
        await world.record(one, Door.MINI_PROGRAM)
    await database.execute("UPDATE customer_profile SET stage = 'bought' WHERE customer_id = $1", bought)
    await world.leaves("bought")
    await world.leaves("new")
    await world.forget_due()
    kept = await make.rows("SELECT customer_id, stage, name, email FROM customer_profile")
    assert kept == [{"customer_id": bought, "stage": "bought", "name": None, "email": None}]
