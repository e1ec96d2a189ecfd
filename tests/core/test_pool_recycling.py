"""Automatic return to the pool: by business days, warned of once, as the parameters say at the next run."""

from datetime import timedelta

import pytest

from core.customers.followups import records
from core.customers.followups.records import Record
from core.customers.followups.rules import SalesKind
from core.customers.ownership import Reason
from core.customers.pool import recycling
from infra import clock, database, parameters
from infra.clock import business_day
from infra.ids import new_id
from tests import factories as make
from tests.core.pool_world import (
    active_at,
    aside,
    broken_chains,
    claim,
    customer,
    customers,
    named,
    notices,
    open_todos,
    rep,
    seen,
    set_parameter,
    where,
)
from tests.factories import NOON

DAY = timedelta(days=1)
CONTRACT = "pool.recycle_without_contract_days"


@pytest.fixture
async def seller(db):
    """A rep, on day 0 at noon."""
    make.jump_to(db, NOON)
    return await rep("外勤01")


async def on_day(db, day, hours=0):
    """What the run of that day does."""
    make.jump_to(db, NOON + day * DAY + timedelta(hours=hours))
    parameters.forget()
    return await recycling.run()


async def sold(customer_id, kind=SalesKind.FOLLOW_UP, by=None, at=None):
    record = Record(
        customer_id=customer_id, staff_id=by and by.id, kind=kind, source=new_id(), occurred_at=at or clock.now()
    )
    async with database.transaction() as connection:
        return await records.add_many(connection, [record])


async def test_at01_without_a_sales_record_for_90_days_a_customer_goes_back_to_the_pool(db, seller):
    one = await customer(seller)
    assert await on_day(db, 89) == 0
    assert await where(one) == seller.id
    assert await on_day(db, 90) == 1
    assert await where(one) == "pool"
    [row] = await make.rows("SELECT pool_reason FROM customer WHERE id = $1", one)
    assert row["pool_reason"] == "returned"
    assert await notices(seller, "customers.returned") == ["1 位客户已收回公海"]
    assert await broken_chains() == []


async def test_at01_a_customer_updated_on_day_89_stays_another_90_days(db, seller):
    one = await customer(seller)
    make.jump_to(db, NOON + 89 * DAY)
    await sold(one, by=seller)
    assert await on_day(db, 90) == 0
    assert await on_day(db, 89 + 89) == 0
    assert await on_day(db, 89 + 90) == 1


async def test_at01_days_are_those_of_the_business_time_zone(db, seller):
    make.jump_to(db, NOON + timedelta(hours=11, minutes=59))
    late = await customer(seller)
    make.jump_to(db, NOON + timedelta(hours=12))
    next_day = await customer(seller)
    # 8 o'clock in the morning, the hour of the run: sooner nothing goes.
    assert await on_day(db, 90, hours=-5) == 0
    assert await on_day(db, 90, hours=-4) == 1
    assert await seen([late, next_day]) == ["pool", seller.id]


async def test_at02_the_owner_is_told_once_on_day_89(db, seller):
    two = await customers(seller, 2)
    await named(two[0], "顾客甲")
    for hours in (-4, 0, 3):
        await on_day(db, 88, hours)
    assert await notices(seller) == []
    for hours in (-4, 0, 3):
        await on_day(db, 89, hours)
    assert await notices(seller, "customers.returning") == ["2 位客户将在 1 天内收回公海"]
    assert await open_todos(seller) == ["customers_returning"]
    [notice] = await make.rows("SELECT body, link FROM notice")
    assert notice["body"].startswith("顾客甲、客户")
    await sold(two[0], by=seller)
    assert await open_todos(seller) == ["customers_returning"]
    await sold(two[1], by=seller)
    assert await open_todos(seller) == []
    await on_day(db, 90)
    assert len(await notices(seller)) == 1
    await on_day(db, 178)
    assert len(await notices(seller, "customers.returning")) == 2


async def test_a_todo_of_customers_that_went_back_or_away_is_dropped(db, seller):
    await customer(seller)
    await on_day(db, 89)
    assert await open_todos(seller) == ["customers_returning"]
    await on_day(db, 90)
    assert await open_todos(seller) == []


async def test_at03_who_has_no_contract_for_long_goes_back_too_and_can_be_claimed_again(db, seller, http):
    await set_parameter(CONTRACT, 30)
    signed, unsigned, earlier = await customers(seller, 3)
    await sold(earlier, SalesKind.CONTRACT, at=NOON - DAY)
    make.jump_to(db, NOON + 20 * DAY)
    await sold(signed, SalesKind.CONTRACT)
    await sold(unsigned, by=seller)
    assert await on_day(db, 29) == 0
    assert await on_day(db, 30) == 2
    assert await seen([signed, unsigned, earlier]) == [seller.id, "pool", "pool"]
    [row] = await make.rows("SELECT pool_reason FROM customer WHERE id = $1", unsigned)
    assert row["pool_reason"] == Reason.WITHOUT_CONTRACT
    other = await rep("外勤02")
    assert (await claim(http, other, [unsigned])).status_code == 201
    # The new owner has the whole term.
    assert await on_day(db, 59) == 0
    assert await on_day(db, 60) == 1


async def test_at04_conditions_are_parameters_and_hold_at_the_next_run(db, seller):
    one, other = await customers(seller, 2)
    await named(other, "伙伴甲", party="partner")
    await set_parameter("pool.recycle_days", 0)
    assert await on_day(db, 200) == 0
    await parameters.change("pool.recycle_days", 120, expected_version=1, by="test")
    assert await on_day(db, 201) == 1
    assert await seen([one, other]) == ["pool", seller.id]
    await set_parameter("pool.exempt_parties", "")
    assert await on_day(db, 202) == 1


async def test_store_guides_keep_their_fans_unless_the_parameter_says_otherwise(db):
    make.jump_to(db, NOON)
    guide = await make.guide()
    one = await customer(guide)
    assert await on_day(db, 200) == 0
    await set_parameter("pool.recycle_guides", value=True)
    assert await on_day(db, 201) == 1
    assert await where(one) == "pool"


async def test_who_has_somebody_since_nobody_knows_when_gets_a_whole_term(db, seller):
    one = await customer(seller)
    await database.execute("UPDATE customer SET active_at = NULL")
    assert await on_day(db, 200) == 0
    assert business_day(await active_at(one)) == business_day()
    assert await on_day(db, 289) == 0
    assert await on_day(db, 290) == 1


async def test_colleagues_and_those_merged_into_others_stay_where_they_are(db, seller):
    colleague, old, new = await customers(seller, 3)
    await database.execute("UPDATE customer SET is_staff = true WHERE id = $1", colleague)
    await database.execute("UPDATE customer SET merged_into_id = $2 WHERE id = $1", old, new)
    assert await on_day(db, 90) == 1
    assert await seen([colleague, old, new]) == [seller.id, seller.id, "pool"]


async def test_many_of_one_owner_are_told_with_one_notice(db, seller, monkeypatch):
    monkeypatch.setattr(recycling, "_AT_ONCE", 4)
    ids = await customers(seller, 10)
    assert await on_day(db, 90) == 10
    assert set(await seen(ids)) == {"pool"}
    assert await notices(seller, "customers.returned") == ["10 位客户已收回公海"]
    [notice] = await make.rows("SELECT body FROM notice")
    assert "等 10 位因超过 90 天没有新的销售记录" in notice["body"]


async def test_somebody_under_lock_is_passed_over_and_taken_at_the_next_tick(db, seller):
    locked, free = await customers(seller, 2)
    async with database.transaction() as connection:
        await connection.execute("SELECT 1 FROM customer WHERE id = $1 FOR NO KEY UPDATE", locked)
        assert await aside(on_day(db, 90)) == 1
    assert await seen([locked, free]) == [seller.id, "pool"]
    assert await recycling.run() == 1
    assert await recycling.run() == 0
    assert await make.count("daily_run") == 1


@pytest.mark.parametrize(
    ("kind", "counts"), [(SalesKind.ORDER, True), (SalesKind.CHAT, False), (SalesKind.VISIT, False)]
)
async def test_business_counts_whoever_did_it_a_contact_only_the_owners(db, seller, kind, counts):
    one, other = await customer(seller), await rep("外勤02")
    make.jump_to(db, NOON + 80 * DAY)
    await sold(one, kind, by=other)
    assert await on_day(db, 90) == (0 if counts else 1)


async def test_a_record_counts_once_and_late_ones_never_go_back_in_time(db, seller):
    one = await customer(seller)
    make.jump_to(db, NOON + 10 * DAY)
    now, source = clock.now(), new_id()

    def record(at, source):
        return Record(customer_id=one, staff_id=seller.id, kind=SalesKind.VISIT, source=source, occurred_at=at)

    async with database.transaction() as connection:
        rows = [record(now, source), record(now, source), record(now - 5 * DAY, new_id())]
        assert await records.add_many(connection, rows) == [True, False, True]
    async with database.transaction() as connection:
        assert await records.add_many(connection, [record(now, source)]) == [False]
        assert await records.add_many(connection, []) == []
    assert await active_at(one) == now
    assert await make.count("sales_record") == 2


async def test_at02_who_was_warned_and_stays_by_new_terms_is_warned_again_when_it_is_time(db, seller):
    await customer(seller)
    await on_day(db, 89)
    await set_parameter("pool.recycle_days", 120)
    assert await on_day(db, 90) == 0
    assert await open_todos(seller) == []
    await on_day(db, 119)
    assert len(await notices(seller, "customers.returning")) == 2


async def test_a_run_that_ends_after_midnight_is_not_the_next_days(db, seller, monkeypatch):
    sweep = recycling.sweep

    async def slow():
        make.jump_to(db, NOON + 90 * DAY)
        return 0, False

    monkeypatch.setattr(recycling, "sweep", slow)
    await on_day(db, 89)
    monkeypatch.setattr(recycling, "sweep", sweep)
    one = await customer(seller)
    await database.execute("UPDATE customer SET active_at = $2 WHERE id = $1", one, NOON)
    assert await recycling.run() == 1


async def test_at03_a_contract_written_just_before_the_lock_is_seen(db, seller, monkeypatch):
    await set_parameter(CONTRACT, 30)
    one = await customer(seller)
    make.jump_to(db, NOON + 20 * DAY)
    await sold(one, SalesKind.CONTRACT)
    # As when the contract is committed between the look and the lock.
    stale = """SELECT id FROM customer WHERE guide_id = $1 AND $2::timestamptz IS NOT NULL AND $3::text[] IS NOT NULL
        LIMIT $4 FOR NO KEY UPDATE"""
    monkeypatch.setattr(recycling, "_TAKE", stale)
    assert await on_day(db, 30) == 0
    assert await where(one) == seller.id
