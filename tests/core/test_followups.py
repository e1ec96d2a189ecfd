"""Follow-up notes: by the owner only, also late; what they change, who reads them, what merges and erasure do."""

from datetime import timedelta

import pytest

from core.customers.followups import parts, plans, records
from core.customers.followups.records import Record
from core.customers.followups.rules import SalesKind
from core.customers.ownership import Reason
from core.customers.pool import recycling
from core.customers.privacy import erasing
from core.customers.rules import ContactKind, Credit
from core.organisation.audience import Audience
from core.tasks import service as tasks
from core.tasks.schemas import TaskIn
from infra import clock, database
from infra.ids import new_id
from tests import factories as make
from tests.core.file_world import empty_store, uploaded
from tests.core.pool_world import active_at, broken_chains, call, claim, customer, post, rep, where
from tests.doors import error_of
from tests.factories import NOON
from tests.infra.some_bytes import picture

DAY = timedelta(days=1)


@pytest.fixture
async def reps(http, db):
    make.jump_to(db, NOON)
    return [await rep(f"外勤0{n}") for n in (1, 2)]


async def write(http, by, customer_id, **body):
    return await call(http, by, "POST", f"/customers/{customer_id}/follow-ups", {"kind": "phone"} | body)


async def read(http, by, customer_id):
    answer = await call(http, by, "GET", f"/customers/{customer_id}/follow-ups")
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def at(moment):
    return moment.isoformat()


async def plan(customer_id):
    [row] = await make.rows("SELECT next_contact_at, order_due_on FROM customer WHERE id = $1", customer_id)
    return row["next_contact_at"], row["order_due_on"]


async def test_at16_only_the_owner_writes_follow_ups(http, reps):
    one, pooled = await customer(reps[0]), await customer()
    admin, manager, marketer = await make.admin(), await make.manager(), await make.colleague("marketer")
    assert (await write(http, reps[0], one, body="谈了报价")).status_code == 201
    assert error_of(await write(http, reps[1], one)) == (404, "customer_not_found")
    assert error_of(await write(http, admin, one)) == (409, "not_the_owner")
    assert error_of(await write(http, manager, one)) == (409, "not_the_owner")
    assert error_of(await write(http, marketer, one)) == (403, "forbidden")
    assert error_of(await write(http, reps[0], pooled)) == (409, "customer_in_pool")
    assert error_of(await write(http, reps[0], new_id())) == (404, "customer_not_found")
    assert await make.count("sales_record") == await make.count("follow_up") == 1


async def test_a_note_has_everything_and_moves_the_customer(http, reps, db):
    one = await customer(reps[0])
    contact = new_id()
    await database.execute(
        """INSERT INTO contact_person (id, customer_id, name, name_key, is_main, custom, version, created_at)
        VALUES ($1, $2, '联系人甲', '联系人甲', true, '{}', 1, $3)""",
        contact,
        one,
        NOON,
    )
    make.jump_to(db, NOON + DAY)
    answer = await write(
        http,
        reps[0],
        one,
        body="电话 138 0013 8000",
        contact_person_id=str(contact),
        next_contact_at=at(NOON + 3 * DAY),
        order_due_on="2026-03-20",
        occurred_at=at(NOON + DAY / 2),
    )
    assert answer.status_code == 201, answer.text
    note = answer.json()
    assert (note["author"], note["contact_person"], note["body"]) == ("外勤01", "联系人甲", "电话 138 0013 8000")
    assert await active_at(one) == NOON + DAY / 2
    assert [str(value)[:10] for value in await plan(one)] == ["2026-03-07", "2026-03-20"]
    timeline = (await call(http, reps[0], "GET", f"/customers/{one}/timeline")).json()["items"]
    assert timeline[0]["kind"] == "follow_up"
    assert [row["body"] for row in await read(http, await make.admin(), one)] == ["电话 138****8000"]
    [term] = await make.rows("SELECT 'u:202603' = ANY(terms) AS found FROM customer_search WHERE customer_id = $1", one)
    assert term["found"]


async def test_a_note_names_only_what_is_the_customers_and_ones_own(http, reps):
    one, other = await customer(reps[0]), await customer(reps[0])
    contact = new_id()
    await database.execute(
        """INSERT INTO contact_person (id, customer_id, name, name_key, is_main, custom, version, created_at)
        VALUES ($1, $2, '联系人甲', '联系人甲', false, '{}', 1, $3)""",
        contact,
        other,
        NOON,
    )
    assert error_of(await write(http, reps[0], one, contact_person_id=str(contact))) == (
        404,
        "contact_person_not_found",
    )
    assert error_of(await write(http, reps[0], one, task_id=str(new_id()))) == (404, "task_not_found")
    assert error_of(await write(http, reps[0], one, file_ids=[str(new_id())])) == (404, "file_not_found")
    for moment in (NOON + DAY, NOON - 91 * DAY):
        refused = await write(http, reps[0], one, occurred_at=at(moment))
        assert error_of(refused) == (422, "follow_up_moment_refused")
    for year in ("1999", "2200"):
        assert (await write(http, reps[0], one, occurred_at=f"{year}-01-01T00:00:00Z")).status_code == 422
    assert await make.count("sales_record") == await make.count("follow_up") == 0


async def test_a_phone_whose_clock_is_fast_is_believed_but_not_beyond_now(http, reps):
    one = await customer(reps[0])
    answer = await write(http, reps[0], one, occurred_at=at(clock.now() + timedelta(minutes=5)))
    assert answer.status_code == 201
    assert await active_at(one) <= clock.now()


async def test_what_is_agreed_follows_from_the_notes_in_whatever_order_they_arrive(http, reps, db):
    one = await customer(reps[0])
    make.jump_to(db, NOON + 10 * DAY)
    await write(http, reps[0], one, occurred_at=at(NOON + 2 * DAY), next_contact_at=at(NOON + 12 * DAY))
    await write(http, reps[0], one, occurred_at=at(NOON + DAY), next_contact_at=at(NOON + 5 * DAY))
    assert (await plan(one))[0] == NOON + 12 * DAY
    # Somebody was in touch on another day: what was agreed stands.
    await write(http, reps[0], one, occurred_at=at(NOON + 9 * DAY))
    assert (await plan(one))[0] == NOON + 12 * DAY
    make.jump_to(db, NOON + 12 * DAY - timedelta(hours=3))
    await write(http, reps[0], one)
    assert (await plan(one))[0] is None


async def test_an_order_ends_what_was_agreed_about_one_but_none_from_before(http, reps, db):
    one = await customer(reps[0])
    await write(http, reps[0], one, order_due_on="2026-03-10")

    async def order(moment):
        record = Record(customer_id=one, staff_id=None, kind=SalesKind.ORDER, source=new_id(), occurred_at=moment)
        async with database.transaction() as connection:
            await records.add_many(connection, [record])

    await order(NOON - DAY)
    assert str((await plan(one))[1]) == "2026-03-10"
    make.jump_to(db, NOON + 2 * DAY)
    await order(NOON + DAY)
    assert await plan(one) == (None, None)
    assert await active_at(one) == NOON + DAY


async def returned(db, owner):
    """A customer whom the system took from the owner on day 90."""
    make.jump_to(db, NOON)
    one = await customer(owner)
    make.jump_to(db, NOON + 90 * DAY)
    assert await recycling.run() == 1
    return one


async def test_a_late_note_from_before_the_return_brings_the_customer_back(http, reps, db):
    one = await returned(db, reps[0])
    occurred_at = NOON + 89 * DAY
    answer = await write(http, reps[0], one, occurred_at=at(occurred_at), next_contact_at=at(NOON + 95 * DAY))
    assert answer.status_code == 201, answer.text
    assert await where(one) == reps[0].id
    assert await active_at(one) == occurred_at
    assert (await plan(one))[0] == NOON + 95 * DAY
    history = (await call(http, reps[0], "GET", f"/customers/{one}/owners")).json()["items"]
    assert [item["reason"] for item in history] == ["came_back", "returned", "created"]
    assert await broken_chains() == []
    make.jump_to(db, NOON + 178 * DAY)
    assert await recycling.run() == 0
    make.jump_to(db, NOON + 179 * DAY)
    assert await recycling.run() == 1


async def test_a_late_note_about_somebody_claimed_meanwhile_is_history_only(http, reps, db):
    one = await returned(db, reps[0])
    assert (await claim(http, reps[1], [one])).status_code == 201
    had = await active_at(one)
    answer = await write(http, reps[0], one, occurred_at=at(NOON + 89 * DAY), next_contact_at=at(NOON + 95 * DAY))
    assert answer.status_code == 201
    assert (await where(one), await active_at(one), await plan(one)) == (reps[1].id, had, (None, None))
    assert [note["author"] for note in await read(http, reps[1], one)] == ["外勤01"]
    assert error_of(await write(http, reps[0], one)) == (404, "customer_not_found")


async def test_a_note_that_would_not_have_kept_the_customer_does_not_bring_them_back(http, reps, db):
    one = await returned(db, reps[0])
    assert error_of(await write(http, reps[0], one)) == (409, "customer_in_pool")
    make.jump_to(db, NOON + 130 * DAY)
    assert (await write(http, reps[0], one, occurred_at=at(NOON + 41 * DAY))).status_code == 201
    assert await where(one) == reps[0].id
    released = await customer(reps[0])
    occurred_at = clock.now()
    make.jump_to(db, NOON + 131 * DAY)
    await post(http, reps[0], "/customers/transfers", [released])
    assert (await write(http, reps[0], released, occurred_at=at(occurred_at))).status_code == 201
    assert await where(released) == "pool"


async def test_nobody_comes_back_to_who_left(http, reps, db):
    one = await returned(db, reps[0])
    await database.execute("UPDATE staff SET left_at = $2 WHERE id = $1", reps[0].id, clock.now())
    record = Record(customer_id=one, staff_id=None, kind=SalesKind.ORDER, source=new_id(), occurred_at=NOON + 89 * DAY)
    async with database.transaction() as connection:
        assert await records.add_many(connection, [record]) == [True]
    assert await where(one) == "pool"


async def test_a_scan_gives_a_pool_customer_an_owner_with_a_row_in_the_ledger(http, db):
    guide = await make.guide("导购01")
    await make.record(make.contact(ContactKind.FOLLOW))
    one = (await make.customer_of())["id"]
    admin = await make.admin()
    owner = await rep("外勤01")
    await post(http, admin, "/customers/assignments", [one], to=str(owner.id))
    await post(http, owner, "/customers/transfers", [one])
    assert await where(one) == "pool"
    credit = Credit(guide_id=guide.id, store_id=guide.store_id)
    await make.record(make.contact(ContactKind.SCAN, clock.now(), credit=credit))
    assert await where(one) == guide.id
    rows = await make.rows("SELECT reason FROM customer_owner_change WHERE customer_id = $1 ORDER BY id", one)
    assert [row["reason"] for row in rows] == [Reason.ASSIGNED, Reason.RELEASED, Reason.SCANNED]
    assert await broken_chains() == []


async def test_pages_of_notes_go_on_where_they_ended_and_the_pools_are_read_by_who_may(http, reps, db):
    one = await customer(reps[0])
    for number in range(3):
        await write(http, reps[0], one, body=f"第{number}次", occurred_at=at(NOON - number * DAY))
    first = (await call(http, reps[0], "GET", f"/customers/{one}/follow-ups?limit=2")).json()
    second = (await call(http, reps[0], "GET", f"/customers/{one}/follow-ups?limit=2&cursor={first['next']}")).json()
    assert [note["body"] for note in first["items"] + second["items"]] == ["第0次", "第1次", "第2次"]
    assert second["next"] is None
    assert (await call(http, reps[1], "GET", f"/customers/{one}/follow-ups")).status_code == 404
    await post(http, reps[0], "/customers/transfers", [one])
    assert len(await read(http, reps[1], one)) == 3


async def test_erased_notes_keep_their_place_and_lose_their_words_and_files(http, reps):
    one = await customer(reps[0])
    await write(http, reps[0], one, body="谈了报价")
    assert (await parts.PART.data(one))["notes"][0]["body"] == "谈了报价"
    assert [note["body"] for note in await parts.PART.summary(one, reps[0])] == ["谈了报价"]
    for kind, left in (("unfollow", "谈了报价"), ("request", None)):
        async with database.transaction() as connection:
            await parts.PART.erase(connection, [one], kind)
            assert await parts.PART.counts(connection, [one]) == {one: 1}
        assert [note["body"] for note in await read(http, reps[0], one)] == [left]


async def test_a_note_keeps_its_file_and_task_and_erasure_takes_the_file_away(http, reps, db):
    empty_store()
    one, other = await customer(reps[0]), reps[1]
    headers = await make.headers(reps[0])
    task = await tasks.send(await make.admin(), TaskIn(title="回访", audience=Audience(staff_ids=[reps[0].id])))
    file_id = (await uploaded(http, headers, picture(), purpose="attachment"))["id"]
    foreign = (await uploaded(http, await make.headers(other), picture(), purpose="attachment"))["id"]
    assert error_of(await write(http, reps[0], one, file_ids=[foreign])) == (404, "file_not_found")
    answer = await write(http, reps[0], one, file_ids=[file_id], task_id=str(task.id))
    assert (answer.status_code, answer.json()["task_id"]) == (201, str(task.id))
    [note] = await read(http, await make.admin(), one)
    assert [file["id"] for file in note["files"]] == [file_id]
    async with database.transaction() as connection:
        await parts.PART.erase(connection, [one], "request")
    assert (await read(http, reps[0], one))[0]["files"] == []
    assert not await make.rows("SELECT FROM stored_file WHERE id = $1", file_id)


async def test_a_plan_of_somebody_without_owner_is_none(reps):
    one = await customer()
    async with database.transaction() as connection:
        await plans.renew(connection, [one])
    assert await plan(one) == (None, None)


async def test_a_late_note_about_somebody_forgotten_brings_nothing_back(http, reps, db):
    one = await customer(reps[0])
    make.jump_to(db, NOON + 2 * DAY)
    await erasing.forget_at_request(await make.admin(), one)
    answer = await write(http, reps[0], one, body="谈了报价", occurred_at=at(NOON + DAY))
    assert error_of(answer) == (404, "customer_not_found")
    assert await make.count("follow_up") == 0


async def test_at08_numbers_in_notes_are_hidden_in_the_pool(http, reps):
    one = await customer(reps[0])
    await write(http, reps[0], one, body="电话 13800138000 转王经理")
    await post(http, reps[0], "/customers/transfers", [one])
    for by in (*reps, await make.admin()):
        assert [note["body"] for note in await read(http, by, one)] == ["电话 **** 转王经理"]


async def test_what_was_agreed_before_the_pool_does_not_come_back_with_another_owner(http, reps, db):
    one = await customer(reps[0])
    await write(http, reps[0], one, order_due_on="2026-03-10", next_contact_at=at(NOON + 9 * DAY))
    await post(http, reps[0], "/customers/transfers", [one])
    make.jump_to(db, NOON + 2 * DAY)
    await claim(http, reps[1], [one])
    await write(http, reps[1], one)
    assert await plan(one) == (None, None)
