"""The four reminder lists and what will go back to the pool; the morning's notice and its to-do."""

from datetime import date, timedelta

import pytest

from core.customers.followups import records, reminding
from core.customers.followups.records import Record
from core.customers.followups.rules import Reminder, SalesKind
from infra import clock, database, parameters
from infra.ids import new_id
from tests import factories as make
from tests.core.pool_world import call, customer, customers, notices, open_todos, post, rep
from tests.factories import NOON

DAY = timedelta(days=1)


@pytest.fixture
async def seller(http, db):
    make.jump_to(db, NOON)
    return await rep("外勤01")


async def agree(customer_id, *, contact=None, order=None):
    await database.execute(
        "UPDATE customer SET next_contact_at = $2, order_due_on = $3 WHERE id = $1", customer_id, contact, order
    )


async def listed(http, by, reminder, **query):
    text = "&".join(f"{name}={value}" for name, value in query.items())
    answer = await call(http, by, "GET", f"/me/reminders/{reminder}?{text}")
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]], answer.json()["next"]


async def counts(http, by):
    return (await call(http, by, "GET", "/me/reminders")).json()


async def test_at65_four_lists_and_their_counts(http, seller):
    moments = [NOON - DAY, NOON - timedelta(hours=12), NOON - timedelta(hours=13), NOON + DAY, NOON + 2 * DAY]
    contacts = await customers(seller, len(moments))
    for one, moment in zip(contacts, moments, strict=True):
        await agree(one, contact=moment)
    orders = await customers(seller, 3)
    for one, day in zip(orders, (date(2026, 3, 3), date(2026, 3, 4), date(2026, 3, 1)), strict=True):
        await agree(one, order=day)
    foreign = await customer(await rep())
    await agree(foreign, contact=NOON, order=date(2026, 3, 1))
    yesterday, midnight, before_midnight, tomorrow, _ = map(str, contacts)
    assert (await listed(http, seller, Reminder.DUE))[0] == [midnight, tomorrow]
    assert (await listed(http, seller, Reminder.OVERDUE))[0] == [yesterday, before_midnight]
    assert (await listed(http, seller, Reminder.ORDER_OVERDUE))[0] == [str(orders[2]), str(orders[0])]
    assert await counts(http, seller) == {"due": 2, "overdue": 2, "order_overdue": 2, "quiet": 0, "returning": 0}


async def test_at65_long_without_business_is_without_order_or_contract_for_the_days_of_the_parameter(http, seller, db):
    await parameters.change("followups.quiet_days", 30, expected_version=0, by="test")
    quiet, sold, talked = await customers(seller, 3)
    make.jump_to(db, NOON + 20 * DAY)
    kinds = ((sold, SalesKind.ORDER), (talked, SalesKind.VISIT))
    rows = [
        Record(customer_id=one, staff_id=seller.id, kind=kind, source=new_id(), occurred_at=clock.now())
        for one, kind in kinds
    ]
    async with database.transaction() as connection:
        await records.add_many(connection, rows)
    make.jump_to(db, NOON + 29 * DAY)
    assert (await listed(http, seller, Reminder.QUIET))[0] == []
    make.jump_to(db, NOON + 30 * DAY)
    assert (await listed(http, seller, Reminder.QUIET))[0] == [str(quiet), str(talked)]
    heir = await rep("外勤02")
    await post(http, seller, "/customers/transfers", [quiet], to=str(heir.id))
    assert (await counts(http, heir))["quiet"] == 0


async def test_lists_go_on_where_a_page_ended(http, seller, db):
    due = await customers(seller, 3)
    make.jump_to(db, NOON + 90 * DAY)
    for one in due:
        await agree(one, contact=clock.now(), order=date(2026, 3, 1))
    for reminder in (Reminder.DUE, Reminder.ORDER_OVERDUE, Reminder.QUIET):
        first, cursor = await listed(http, seller, reminder, limit=2)
        second, end = await listed(http, seller, reminder, limit=2, cursor=cursor)
        assert (first + second, end) == ([str(one) for one in due], None)


async def test_at65_the_morning_brings_one_notice_and_a_todo_until_all_are_called(http, seller, db):
    one, other = await customers(seller, 2)
    await agree(one, contact=NOON)
    await agree(other, contact=NOON + DAY)
    make.jump_to(db, NOON - timedelta(hours=4))
    assert await reminding.run() == 0
    make.jump_to(db, NOON - timedelta(hours=3))
    assert await reminding.run() == 1
    assert await reminding.run() == 0
    assert await notices(seller) == ["今日跟进提醒"]
    [notice] = await make.rows("SELECT body FROM notice")
    assert notice["body"] == "今明两天待联系 2 位，联系逾期 0 位，订单逾期 0 位，长时间无业务往来 0 位"
    assert await open_todos(seller) == ["customers_to_contact"]
    make.jump_to(db, NOON)
    assert (await call(http, seller, "POST", f"/customers/{one}/follow-ups", {"kind": "phone"})).status_code == 201
    assert await open_todos(seller) == []
    make.jump_to(db, NOON + DAY)
    await reminding.run()
    assert (await notices(seller), await open_todos(seller)) == (["今日跟进提醒"] * 2, ["customers_to_contact"])


async def test_a_run_that_died_tells_those_who_were_not_told(http, seller, db, monkeypatch):
    monkeypatch.setattr(reminding, "_AT_ONCE", 1)
    sellers = [seller, await rep(), await rep()]
    for person in sellers:
        await agree(await customer(person), contact=NOON)
    tell, told = reminding._tell, []

    async def dying(connection, some):
        await tell(connection, some)
        told.append(some)
        if len(told) == 2:
            raise RuntimeError

    monkeypatch.setattr(reminding, "_tell", dying)
    with pytest.raises(RuntimeError):
        await reminding.run()
    assert await make.count("notice") == 1
    assert await reminding.run() == 3
    assert [len(await notices(person)) for person in sellers] == [1, 1, 1]


async def test_nobody_without_something_to_do_is_told_and_what_went_away_is_done(http, seller, db):
    one = await customer(seller)
    await agree(one, contact=NOON)
    await reminding.run()
    assert await open_todos(seller) == ["customers_to_contact"]
    await post(http, seller, "/customers/transfers", [one])
    make.jump_to(db, NOON + DAY)
    assert await reminding.run() == 1
    assert (await notices(seller), await open_todos(seller)) == (["今日跟进提醒"], [])
