"""One unionid is one person: customers become one, whatever the order of arrival and whoever comes in between."""

import asyncio
import contextvars
import random
from dataclasses import replace
from datetime import timedelta

import pytest
from asyncpg import LockNotAvailableError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.contexts import registry
from core.customers import people
from core.customers.merging import learn_profiles
from core.customers.rules import ContactKind, Credit, Profile, Side, connected, guide_after_merge
from core.organisation import bindings
from core.organisation import service as organisation
from infra import clock, crypto, database
from infra.ids import new_id
from tests import factories as make
from tests.doors import error_of
from tests.factories import NOON, contact, customer_of, record, rows
from tests.simulator.harness import until

FOLLOW, SCAN, UNFOLLOW, MESSAGE = ContactKind.FOLLOW, ContactKind.SCAN, ContactKind.UNFOLLOW, ContactKind.MESSAGE
ONE, TWO = "wx0000000000000001", "wx0000000000000002"
HOUR = timedelta(hours=1)


def profile(person="person", app_id=ONE, unionid="union"):
    return Profile(
        identity=crypto.digest(app_id, person),
        unionid=unionid,
        subscribe_scene="ADD_SCENE_QR_CODE",
        profiled_at=clock.now(),
    )


async def learn(*profiles):
    async with database.transaction() as connection:
        return await learn_profiles(connection, profiles)


def by(guide):
    return Credit(guide_id=guide.id, store_id=guide.store_id)


async def _two_follow(first, second):
    """A person follows the second account an hour after the first one."""
    await record(contact(FOLLOW, credit=first), contact(FOLLOW, NOON + HOUR, app_id=TWO, credit=second))


async def test_the_same_unionid_in_two_accounts_is_one_customer(db):
    a, b = await make.guide(), await make.guide()
    await _two_follow(by(a), by(b))
    former = (await customer_of("person", TWO))["id"]
    assert await learn(profile()) == 0
    assert await learn(profile(app_id=TWO)) == 1
    found = await customer_of("person", TWO)
    assert found == await customer_of()
    assert (found["brought_by"], found["guide_id"], found["first_at"], found["touches"]) == (a.id, a.id, NOON, 2)
    assert await rows("SELECT merged_into_id, following FROM customer WHERE id = $1", former) == [
        {"merged_into_id": found["id"], "following": False}
    ]
    assert {row["customer_id"] for row in await rows("SELECT customer_id FROM timeline")} == {found["id"]}
    merge = (await rows("SELECT source_id, target_id, reason, moved FROM customer_merge"))[0]
    assert (merge["source_id"], merge["target_id"], merge["reason"]) == (former, found["id"], "unionid")
    published = await rows("SELECT name, key FROM outbox WHERE name LIKE 'customers.%'")
    assert published == [{"name": "customers.merged.v1", "key": str(found["id"])}]


async def test_the_same_profiles_again_change_nothing(db):
    await _two_follow(Credit(), Credit())
    assert await learn(profile(), profile(app_id=TWO)) == 1
    before = await rows("SELECT * FROM customer ORDER BY id")
    assert await learn(profile(app_id=TWO), profile()) == 0
    assert await rows("SELECT * FROM customer ORDER BY id") == before
    assert await make.count("customer_merge") == 1


async def test_what_the_platform_did_not_tell_is_kept(db):
    await record(contact(FOLLOW))
    await learn(profile())
    await learn(Profile(identity=crypto.digest(ONE, "person"), unionid=None, subscribe_scene=None, profiled_at=NOON))
    assert await rows("SELECT unionid, subscribe_scene, profiled_at, ask_at FROM identity") == [
        {"unionid": "union", "subscribe_scene": "ADD_SCENE_QR_CODE", "profiled_at": NOON, "ask_at": None}
    ]
    assert await learn(profile("a stranger")) == 0


async def test_an_answer_leaves_what_is_asked_since(db):
    """Who follows anew while the platform is asked is asked about again."""
    await record(contact(FOLLOW))
    (lease,) = await rows("SELECT ask_at FROM identity")
    await record(contact(FOLLOW, NOON + HOUR))
    (since,) = await rows("SELECT ask_at FROM identity")
    await learn(replace(profile(), lease=lease["ask_at"]))
    assert await rows("SELECT ask_at FROM identity") == [since]
    await learn(replace(profile(), lease=since["ask_at"]))
    assert await rows("SELECT ask_at FROM identity") == [{"ask_at": None}]


async def test_the_earliest_first_touch_stands_even_when_the_younger_customer_has_it(db):
    a, b = await make.guide(), await make.guide()
    await record(contact(FOLLOW, NOON + HOUR, credit=by(a)))
    await record(contact(FOLLOW, NOON, app_id=TWO, credit=by(b)))
    await learn(profile(), profile(app_id=TWO))
    found = await customer_of()
    assert (found["brought_by"], found["guide_id"]) == (b.id, b.id)
    assert await rows("SELECT count(*) AS n FROM touch WHERE is_first") == [{"n": 1}]


async def test_a_first_touch_without_a_guide_leaves_the_one_that_was_met_later(db):
    b = await make.guide()
    await _two_follow(Credit(), by(b))
    await learn(profile(), profile(app_id=TWO))
    found = await customer_of()
    assert (found["brought_by"], found["guide_id"]) == (None, b.id)


async def test_a_guide_who_left_gives_way_to_one_at_work(db):
    a, b = await make.guide(), await make.guide()
    await _two_follow(by(a), by(b))
    await organisation.leave(a.id)
    await learn(profile(), profile(app_id=TWO))
    found = await customer_of()
    assert (found["brought_by"], found["guide_id"]) == (a.id, b.id)


async def test_one_of_the_staff_is_staff_altogether(http):
    guide = await make.guide()
    await _two_follow(by(guide), by(guide))
    await bindings.bind_wechat(guide.id, TWO, "person")
    await make.settle(registry())
    await learn(profile(), profile(app_id=TWO))
    assert (await customer_of())["is_staff"]
    await record(contact(FOLLOW, person="other", credit=by(guide)), contact(FOLLOW, person="other", app_id=TWO))
    await learn(profile("other", unionid="u2"), profile("other", TWO, "u2"))
    await bindings.bind_wechat(guide.id, TWO, "other")
    await make.settle(registry())
    assert (await customer_of("other"))["is_staff"]


async def test_numbers_ranking_and_timeline_count_one_person_once(http):
    a, b = await make.guide(), await make.guide()
    make.jump_to(db_of(http), NOON + 3 * HOUR)
    await _two_follow(by(a), by(b))
    former = (await customer_of("person", TWO))["id"]
    await learn(profile(), profile(app_id=TWO))
    for guide, count in ((a, 1), (b, 0)):
        numbers = (await http.get("/staff/v1/me/numbers", headers=await make.headers(guide))).json()
        assert (numbers["total"]["gross"], numbers["day"]["net"], numbers["following"]) == (count, count, count)
    boss = await make.headers(await make.manager())
    ranking = (await http.get("/staff/v1/ranking?on=2026-03-04", headers=boss)).json()["guides"]
    assert {line["guide_id"]: line["gross"] for line in ranking} == {str(a.id): 1, str(b.id): 0}
    survivor = (await customer_of())["id"]
    for asked in (former, survivor):
        items = (await http.get(f"/staff/v1/customers/{asked}/timeline", headers=boss)).json()["items"]
        assert [entry["kind"] for entry in items] == ["follow", "follow"]
    theirs = await http.get(f"/staff/v1/customers/{former}/timeline", headers=await make.headers(b))
    assert error_of(theirs) == (404, "customer_not_found")
    await record(contact(UNFOLLOW, NOON + 2 * HOUR))
    assert (await customer_of())["following"]
    await record(contact(UNFOLLOW, NOON + 2 * HOUR, app_id=TWO))
    numbers = (await http.get("/staff/v1/me/numbers", headers=await make.headers(a))).json()
    assert numbers["total"] == {"gross": 1, "lost": 1, "net": 0}


def db_of(_http):
    """Where the clock of this test lies."""
    from pathlib import Path
    from types import SimpleNamespace

    from infra.settings import settings as product

    return SimpleNamespace(clock_file=Path(product().clock_file))


async def test_a_chain_of_merges_leads_to_the_last(http):
    for number, app_id in enumerate((ONE, TWO, "wx3")):
        await record(contact(FOLLOW, NOON - number * HOUR, app_id=app_id))
    ids = [(await customer_of("person", app_id))["id"] for app_id in (ONE, TWO, "wx3")]
    await learn(profile(app_id=TWO), profile(app_id="wx3"))
    await learn(profile(unionid="union"))
    boss = await make.headers(await make.manager())
    for one in ids:
        timeline = (await http.get(f"/staff/v1/customers/{one}/timeline", headers=boss)).json()["items"]
        assert len(timeline) == 3
    assert (await customer_of())["first_at"] == NOON - 2 * HOUR


async def test_contacts_that_arrive_while_people_merge_land_on_the_survivor(db):
    luck = random.Random(5)
    names = [f"p{n}" for n in range(12)]
    await record(*(contact(FOLLOW, person=p, app_id=app) for p in names for app in (ONE, TWO, "wx3")))

    async def talk(number):
        for step in range(8):
            chosen = luck.sample(names, 6)
            await record(
                *(
                    contact(SCAN, NOON + timedelta(hours=1 + number, seconds=step), person=p, app_id=app)
                    for p in chosen
                    for app in (ONE, TWO, "wx3")
                )
            )

    async def ask(app_id):
        for start in range(0, len(names), 3):
            await learn(*(profile(p, app_id, f"union of {p}") for p in names[start : start + 3]))

    await asyncio.gather(*(talk(n) for n in range(3)), *(ask(app) for app in (ONE, TWO, "wx3", TWO)))
    assert await rows("SELECT count(*) AS n FROM customer WHERE merged_into_id IS NULL") == [{"n": len(names)}]
    strays = """SELECT count(*) AS n FROM {} x JOIN customer c ON c.id = x.customer_id
        WHERE c.merged_into_id IS NOT NULL"""
    for table in ("identity", "touch", "timeline"):
        assert await rows(strays.format(table)) == [{"n": 0}], table
    assert await make.count("touch") == await make.count("timeline") == 36 + 3 * 8 * 18
    assert await rows("SELECT count(*) AS n FROM touch WHERE is_first") == [{"n": len(names)}]


_outside = contextvars.copy_context()


async def test_whoever_waited_for_a_merge_holds_the_survivor(db):
    await _two_follow(Credit(), Credit())
    await learn(profile())
    survivor = (await customer_of())["id"]
    held, release = asyncio.Event(), asyncio.Event()

    async def hold():
        async with database.transaction() as connection:
            owners = await people.lock(connection, [crypto.digest(TWO, "person")])
            held.set()
            await release.wait()
            return owners

    async with database.transaction() as connection:
        await learn_profiles(connection, [profile(app_id=TWO)])
        # Contexts of tasks are copied: without a fresh one the task would join this transaction.
        waiting = asyncio.get_running_loop().create_task(hold(), context=_outside)
        await until(make.somebody_waits)
        assert not held.is_set()
    await asyncio.wait_for(held.wait(), 20)
    with pytest.raises(LockNotAvailableError):
        await database.execute("SELECT FROM customer WHERE id = $1 FOR UPDATE NOWAIT", survivor)
    release.set()
    assert await waiting == {survivor}


async def test_two_who_learn_of_one_person_at_once_make_one_customer(db):
    for round_ in range(10):
        person, union = f"p{round_}", f"u{round_}"
        await record(contact(FOLLOW, person=person), contact(FOLLOW, person=person, app_id=TWO))
        await asyncio.gather(learn(profile(person, ONE, union)), learn(profile(person, TWO, union)))
        assert await customer_of(person) == await customer_of(person, TWO)
    assert await make.count("customer_merge") == 10


PEOPLE, APPS = ("p1", "p2", "p3"), (ONE, TWO)
GUIDES = 2


@st.composite
def arrivals(draw):
    """What three people do in two accounts, no one twice in one second in an account, and what is learned of them."""
    done = []
    for person in PEOPLE:
        for app_id in APPS:
            times = draw(st.lists(st.integers(0, 6), max_size=3, unique=True))
            done += [
                ("contact", person, app_id, draw(st.sampled_from([FOLLOW, SCAN, UNFOLLOW])), at,
                 draw(st.sampled_from([None, 0, 1])), new_id())
                for at in times
            ]  # fmt: skip
            # Who was never heard of can't be asked about.
            if times:
                done.append(("profile", person, app_id))
    return done


async def _play(story, guides):
    tables = "customer_merge", "customer_owner_change", "customer_search", "timeline", "touch", "identity", "outbox"
    for table in tables:
        await database.execute(f"DELETE FROM {table}")
    await database.execute("UPDATE customer SET merged_into_id = NULL")
    await database.execute("DELETE FROM customer")
    for what, person, app_id, *rest in story:
        if what == "profile":
            await learn(profile(person, app_id, f"union of {person}"))
        else:
            kind, at, guide, source = rest
            credit = Credit() if guide is None else by(guides[guide])
            made = contact(kind, NOON + timedelta(seconds=at), person=person, app_id=app_id, credit=credit)
            object.__setattr__(made, "source", source)
            await record(made)


async def _people():
    """Who is one person, and what is counted of each, without the ids made up on the way."""
    return await rows(
        """SELECT ARRAY(SELECT i.openid || i.app_id || i.following || i.state_at FROM identity i
                WHERE i.customer_id = c.id ORDER BY 1) AS identities,
            c.following, (SELECT t.source FROM touch t WHERE t.customer_id = c.id AND t.is_first) AS first,
            (SELECT count(*) FROM touch t WHERE t.customer_id = c.id) AS touches,
            (SELECT count(*) FROM timeline t WHERE t.customer_id = c.id) AS entries
        FROM customer c WHERE c.merged_into_id IS NULL ORDER BY 1"""
    )


async def _guides():
    return await rows(
        """SELECT i.openid, c.guide_id FROM identity i JOIN customer c ON c.id = i.customer_id
        GROUP BY 1, 2 ORDER BY 1, 2"""
    )


def _with_profiles_last(story):
    """A profile is asked for once a person was heard of, so it never comes before the first contact."""
    heard, waiting, told = set(), [], []
    for item in story:
        if item[0] == "profile" and item[1:3] not in heard:
            waiting.append(item)
            continue
        told.append(item)
        heard.add(item[1:3])
        told += [w for w in waiting if w[1:3] == item[1:3]]
        waiting = [w for w in waiting if w[1:3] != item[1:3]]
    return told


SLOW = {"deadline": None, "suppress_health_check": list(HealthCheck), "database": None, "derandomize": True}


@settings(max_examples=25, **SLOW)
@given(arrivals().flatmap(lambda a: st.tuples(st.just(a), st.permutations(a))))
async def test_every_order_of_arrival_gives_the_same_people_and_sums(db, orders):
    guides = await _guides_of_this_test()
    pictures = []
    for order in orders:
        await _play(_with_profiles_last(order), guides)
        pictures.append(await _people())
    assert pictures[0] == pictures[1]


@settings(max_examples=15, **SLOW)
@given(arrivals(), st.randoms(use_true_random=False))
async def test_whenever_the_profiles_come_the_guide_is_the_one_met_first(db, story, luck):
    guides = await _guides_of_this_test()
    contacts = sorted((item for item in story if item[0] == "contact"), key=lambda item: (item[4], item[6]))
    told = []
    for _ in range(2):
        mixed = list(contacts)
        for item in story:
            if item[0] == "profile":
                mixed.insert(luck.randint(0, len(mixed)), item)
        await _play(_with_profiles_last(mixed), guides)
        told.append(await _guides())
    assert told[0] == told[1]


async def _guides_of_this_test():
    known = await rows("SELECT id, store_id FROM staff WHERE is_guide ORDER BY id")
    if not known:
        return [await make.guide() for _ in range(GUIDES)]
    from types import SimpleNamespace

    return [SimpleNamespace(**row) for row in known]


def test_groups_with_a_common_member_are_one():
    a, b, c, d, e = (new_id() for _ in range(5))
    assert sorted(connected([[a, b], [c, d], [b, c], [e]]), key=len) == [{e}, {a, b, c, d}]
    assert connected([]) == []


@pytest.mark.parametrize("turned", [False, True])
def test_a_guide_who_was_given_a_fan_counts_as_met_at_the_first_touch(turned):
    a, b = new_id(), new_id()
    sides = [Side(a, (NOON, 0, new_id())), Side(b, (NOON + HOUR, 0, new_id())), Side(None, (NOON - HOUR, 0, new_id()))]
    sides = sides[::-1] if turned else sides
    assert guide_after_merge(sides, set()) == a
    assert guide_after_merge(sides, {a}) == b
    assert guide_after_merge(sides, {a, b}) == a
    assert guide_after_merge([Side(None, None), Side(b, None)], set()) == b
    assert guide_after_merge([], set()) is None
