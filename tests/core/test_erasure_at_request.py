"""Whoever asks for it is forgotten at once: nothing that names the person is left in any table."""

import orjson

from core.customers.ownership import Place
from core.customers.privacy import erasing, jobs
from core.customers.rules import ContactKind, Credit
from infra import clock, database, parameters
from infra.ids import new_id
from tests import factories as make
from tests.core import privacy_world as world
from tests.doors import error_of
from tests.pushes import Pushes

NAME, PHONE = "独孤某某", "+8613912340000"


async def _everything():
    """Every row of every table as text, by table."""
    tables = await make.rows(
        """SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace
        AND c.relkind IN ('r', 'p') AND NOT c.relispartition"""
    )
    return {
        table["relname"]: " ".join(
            row["text"] for row in await make.rows(f'SELECT t::text AS text FROM "{table["relname"]}" t')
        )
        for table in tables
    }


async def _holding(*words):
    """The tables that hold one of the words."""
    return {table for table, text in (await _everything()).items() if any(word in text for word in words)}


async def _known(http, owner):
    """Somebody of whom each table that may know something knows it; the id, and the words that name the person."""
    account = await make.account()
    person = Pushes(account, make.openid())
    await person.sealed(person.follow()).send(http)
    await person.sealed(person.text(f"我是{NAME}")).send(http)
    from app.contexts import registry

    await make.settle(registry())
    row = await world.one("SELECT customer_id FROM identity WHERE openid = $1", person.openid)
    customer_id = row["customer_id"]
    now = clock.now()
    await database.execute("UPDATE identity SET unionid = 'union-of-the-person' WHERE openid = $1", person.openid)
    await database.execute("UPDATE customer SET guide_id = $2 WHERE id = $1", customer_id, owner.id)
    await world.record(customer_id, name=NAME, email="dugu@example.com", address="无名路 7 号", remark=f"{NAME}爱喝茶")
    await world.phone(customer_id, PHONE)
    contact_id, other = new_id(), await world.customer()
    await database.execute(
        """INSERT INTO contact_person (id, customer_id, name, name_key, is_main, custom, version, created_at)
        VALUES ($1, $2, '慕容某某', '慕容某某', true, '{}', 1, $3)""",
        contact_id,
        customer_id,
        now,
    )
    await world.phone(customer_id, "+8613912349999", contact_id=contact_id)
    await world.note(customer_id, owner, f"{NAME}说明天再打", contact_id)
    await database.execute(
        "INSERT INTO customer_key (id, customer_id, kind, value, created_at) VALUES ($1, $2, 'card', 'CARD-0077', $3)",
        new_id(),
        customer_id,
        now,
    )
    await database.execute(
        """INSERT INTO customer_mobile_change (id, customer_id, former, number, reason, asked_by_id, asked_at)
        VALUES ($1, $2, $3, '+8613912341111', '写错了', $4, $5)""",
        new_id(),
        customer_id,
        PHONE,
        owner.id,
        now,
    )
    await database.execute(
        """INSERT INTO phone_dispute (id, number, former_id, newcomer_id, opened_at) VALUES ($1, $2, $3, $4, $5)""",
        new_id(),
        PHONE,
        customer_id,
        other,
        now,
    )
    words = (NAME, "慕容某某", PHONE, "+86139123", person.openid, "union-of-the-person", "dugu@", "无名路", "CARD-0077")
    return customer_id, words


async def test_no_table_holds_a_word_of_the_person_any_more(http):
    guide, boss = await make.guide(), await make.admin()
    customer_id, words = await _known(http, guide)
    assert {"customer_profile", "customer_phone", "contact_person", "follow_up", "push"} <= await _holding(*words)
    answer = await http.post(f"/staff/v1/customers/{customer_id}/erasures", headers=await make.headers(boss))
    assert answer.status_code == 201
    assert await _holding(*words) == set()
    (erasure,) = answer.json()["erasures"]
    assert erasure["kind"] == "request"
    assert erasure["done_at"] is not None


async def test_touches_ledgers_and_the_digest_stay_and_nobody_owns_who_is_forgotten(http):
    guide, boss = await make.guide(), await make.admin()
    customer_id, _ = await _known(http, guide)
    before = {table: await make.count(table) for table in ("touch", "identity", "customer", "timeline", "follow_up")}
    await http.post(f"/staff/v1/customers/{customer_id}/erasures", headers=await make.headers(boss))
    after = {table: await make.count(table) for table in before}
    # That it was done, and that nobody waits for an answer any more.
    assert after == before | {"timeline": before["timeline"] + 2}
    row = await world.one("SELECT * FROM customer WHERE id = $1", customer_id)
    assert (row["guide_id"], row["pooled_at"], row["discarded_at"]) == (None, None, None)
    changes = await make.rows("SELECT reason FROM customer_owner_change WHERE customer_id = $1", customer_id)
    assert changes == [{"reason": "erased"}]


async def test_what_stayed_with_a_merged_away_customer_goes_too(http):
    boss = await make.admin()
    target, source = await world.customer(), await world.customer()
    for one in (target, source):
        await world.record(one, name=NAME)
        await world.phone(one, PHONE)
    await database.execute("UPDATE customer SET merged_into_id = $2, guide_id = NULL WHERE id = $1", source, target)
    await database.execute(
        """INSERT INTO customer_merge (id, source_id, target_id, reason, moved, merged_at)
        VALUES ($1, $2, $3, 'by_hand', $4::jsonb, $5)""",
        new_id(),
        source,
        target,
        orjson.dumps({"tables": {}, "parts": {"customers.profiles": {"name": NAME}}}).decode(),
        clock.now(),
    )
    # By the old id, which stays valid.
    answer = await http.post(f"/staff/v1/customers/{source}/erasures", headers=await make.headers(boss))
    assert answer.status_code == 201
    assert await _holding(NAME, PHONE) == set()


async def test_other_people_stay_as_they_are(http):
    boss = await make.admin()
    one, other = await world.customer(), await world.customer()
    for customer_id in (one, other):
        await world.record(customer_id, name=NAME)
        await world.phone(customer_id, PHONE)
    await http.post(f"/staff/v1/customers/{one}/erasures", headers=await make.headers(boss))
    assert await make.rows("SELECT customer_id FROM customer_profile") == [{"customer_id": other}]
    assert await make.rows("SELECT customer_id FROM customer_phone") == [{"customer_id": other}]


async def test_members_are_forgotten_too_when_they_ask(http):
    fan = await world.fan()
    boss = await make.headers(await make.admin())
    with world.also(world.members(fan)):
        await world.leaves()
        await http.post(f"/staff/v1/customers/{fan}/erasures", headers=boss)
    assert (await world.one("SELECT openid FROM identity"))["openid"] is None


async def test_a_request_overtakes_what_was_due_for_leaving(http):
    fan = await world.fan()
    await world.leaves()
    boss = await make.headers(await make.admin())
    await http.post(f"/staff/v1/customers/{fan}/erasures", headers=boss)
    assert await world.erasures(fan) == [("unfollow", False, True), ("request", True, False)]


async def test_who_comes_back_is_recognised_and_begins_anew(http):
    guide, newer = await make.guide(), await make.guide()
    fan = await world.fan(owner=guide)
    await world.record(fan)
    boss = await make.headers(await make.admin())
    await http.post(f"/staff/v1/customers/{fan}/erasures", headers=boss)
    credit = Credit(guide_id=newer.id)
    await make.record(make.contact(ContactKind.FOLLOW, clock.now(), credit=credit))
    found = await make.customer_of()
    assert (found["id"], found["guide_id"], found["brought_by"]) == (fan, newer.id, guide.id)
    assert await make.count("customer_profile") == 0


async def test_only_administrators_forget_and_only_once_per_key(http):
    guide, manager = await make.guide(), await make.manager()
    fan = await world.fan(owner=guide)
    for caller in (guide, manager):
        answer = await http.post(f"/staff/v1/customers/{fan}/erasures", headers=await make.headers(caller))
        assert error_of(answer) == (403, "forbidden")
    headers = await make.headers(await make.admin()) | {"Idempotency-Key": "once"}
    first = await http.post(f"/staff/v1/customers/{fan}/erasures", headers=headers)
    again = await http.post(f"/staff/v1/customers/{fan}/erasures", headers=headers)
    assert (first.json(), len(await world.erasures(fan))) == (again.json(), 1)
    nobody = await http.post(f"/staff/v1/customers/{new_id()}/erasures", headers=await make.headers(await make.admin()))
    assert error_of(nobody) == (404, "customer_not_found")


async def test_a_customer_in_the_pool_or_the_trash_is_forgotten_too(http):
    boss = await make.admin()
    for place in (Place.POOL, Place.TRASH):
        customer_id = await world.customer(place=place)
        await world.record(customer_id, name=NAME)
        answer = await http.post(f"/staff/v1/customers/{customer_id}/erasures", headers=await make.headers(boss))
        assert answer.status_code == 201, answer.text
        row = await world.one("SELECT pooled_at, discarded_at FROM customer WHERE id = $1", customer_id)
        assert set(row.values()) == {None}
    assert await _holding(NAME) == set()


async def test_whoever_lay_in_the_trash_for_the_days_of_the_parameter_is_forgotten(db):
    old = await world.customer(place=Place.TRASH)
    make.jump(db, days=9)
    new, owned = await world.customer(place=Place.TRASH), await world.customer()
    for customer_id in (old, new, owned):
        await world.record(customer_id)
    make.jump(db, days=10, seconds=5)
    assert await erasing.forget_discarded() == 0
    await parameters.change(erasing.TRASH_DAYS.name, 10, expected_version=0, by="test")
    assert await erasing.forget_discarded() == 1
    left = {row["customer_id"] for row in await make.rows("SELECT customer_id FROM customer_profile")}
    assert left == {new, owned}
    assert await world.erasures(old) == [("request", True, False)]


async def test_old_months_of_the_timeline_go_when_the_parameter_says_so(db):
    fan = await world.fan(days_ago=100)
    await world.leaves()
    await jobs.drop_old()
    assert await make.count("timeline") == 2
    await parameters.change(jobs.TIMELINE_MONTHS.name, 3, expected_version=0, by="test")
    await jobs.drop_old()
    assert await make.rows("SELECT kind, customer_id FROM timeline") == [{"kind": "unfollow", "customer_id": fan}]
