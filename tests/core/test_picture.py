"""The whole picture: one call, a fixed number of statements, three layouts, masks and scopes (F-07, K-08)."""

from contextlib import contextmanager
from datetime import timedelta

import pytest

from core.customers.ownership import Place
from core.customers.parts import PartKind
from core.customers.picture import queries
from core.customers.rules import ContactKind
from core.permissions.rules import Layout, RoleKey
from infra import clock, database
from infra.context import CustomerPart
from infra.ids import new_id
from tests import factories as make
from tests.core import privacy_world as world
from tests.doors import error_of

SALES_KINDS = {kind.value for kind in PartKind} - {"base"}


async def _look(http, staff, customer_id, query=""):
    return await http.get(f"/staff/v1/customers/{customer_id}/picture{query}", headers=await make.headers(staff))


async def _described(owner):
    """A fan with a record, a number and an e-mail address."""
    fan = await world.fan(owner=owner)
    await world.record(fan, city="杭州", remark="常来")
    await world.phone(fan)
    return fan


def _words(answer):
    return answer.content.decode()


def _tells_number(answer):
    # Whole or masked; fewer digits may stand in any id or time.
    return any(digits in _words(answer) for digits in (world.PHONE[-8:], f"*{world.PHONE[-4:]}"))


async def test_at79_sales_service_and_management_get_three_layouts_of_one_customer(http):
    guide = await make.guide()
    fan = await _described(guide)
    sales = (await _look(http, guide, fan)).json()
    service = (await _look(http, await make.colleague(RoleKey.SERVICE), fan)).json()
    management = (await _look(http, await make.manager(), fan)).json()
    assert [one["layout"] for one in (sales, service, management)] == ["sales", "service", "management"]
    assert sales["base"] == service["base"] == management["base"]
    assert set(sales["parts"]) == SALES_KINDS
    assert sales["totals"] is not None
    assert set(service["parts"]) == {"identities", "notes"}
    assert (service["record"]["city"], service["totals"]) == ("杭州", None)
    assert (management["record"], management["parts"], management["totals"]["touches"]) == (None, {}, 1)


async def test_b09_one_look_tells_who_it_is_and_where_the_person_is_known(http):
    account = await make.account()
    guide = await make.guide()
    fan = await world.fan("oOPENID", owner=guide, app_id=account.app_id)
    picture = (await _look(http, guide, fan)).json()
    (identities,) = picture["parts"]["identities"]
    (identity,) = identities["content"]
    assert (identity["account"], identity["following"]) == (account.name, True)
    assert identity["since"] is not None
    assert "oOPENID" not in _words(await _look(http, guide, fan))


async def test_what_no_context_has_filled_is_an_empty_list(http):
    guide = await make.guide()
    fan = await world.fan(owner=guide)
    picture = (await _look(http, guide, fan)).json()
    for kind in ("orders", "points", "coupons", "visits"):
        assert picture["parts"][kind] == []
    assert (picture["totals"]["orders"], picture["totals"]["value"], picture["totals"]["points"]) == (0, 0, 0)
    assert (picture["base"]["name"], picture["base"]["party"]) == (None, "prospect")


async def test_a_context_to_come_fills_its_place_and_counts_in_the_totals(http):
    fan = await world.fan()

    async def orders(_customer_id, _by):
        return {"total": 123_45, "newest": []}

    part = CustomerPart(name="test.orders", title="订单", kind=PartKind.ORDERS, summary=orders)
    with world.also(part):
        boss = await make.admin()
        totals = (await _look(http, boss, fan)).json()["totals"]
        sales = (await _look(http, boss, fan, "?layout=sales")).json()
    assert (totals["value"], totals["points"]) == (12345, 0)
    assert sales["parts"]["orders"] == [
        {"name": "test.orders", "title": "订单", "content": {"total": 12345, "newest": []}}
    ]


async def test_at14_contact_data_are_whole_for_the_owner_and_masked_for_everybody_else(http):
    guide = await make.guide()
    fan = await _described(guide)
    own = (await _look(http, guide, fan)).json()["record"]
    assert (own["phones"][0]["text"], own["email"]) == (world.PHONE, "someone@example.com")
    for answer in (
        await _look(http, await make.colleague(RoleKey.SERVICE), fan),
        await _look(http, await make.manager(), fan, "?layout=sales"),
    ):
        record = answer.json()["record"]
        assert (record["phones"][0]["text"], record["email"]) == ("138****5678", "s***@example.com")
    management = await _look(http, await make.manager(), fan)
    assert not _tells_number(management)
    assert "example.com" not in _words(management)


async def test_service_sees_that_there_are_notes_and_not_what_they_say(http):
    guide = await make.guide()
    fan = await world.fan(owner=guide)
    await world.note(fan, guide, "客户说下周来店")
    service = await make.colleague(RoleKey.SERVICE)
    (told,) = (await _look(http, service, fan)).json()["parts"]["notes"]
    (note,) = told["content"]
    assert (note["kind"], note["author"]) == ("phone", guide.name)
    assert "下周" not in _words(await _look(http, service, fan))
    assert "下周" in _words(await _look(http, guide, fan))


async def test_another_layout_is_for_who_changes_customers(http):
    fan = await world.fan()
    marketer = await make.colleague(RoleKey.MARKETER)
    assert error_of(await _look(http, marketer, fan, "?layout=sales")) == (403, "layout_not_yours")
    assert (await _look(http, marketer, fan, "?layout=management")).status_code == 200
    service = await make.colleague(RoleKey.SERVICE)
    assert (await _look(http, service, fan, "?layout=sales")).json()["layout"] == "sales"
    assert error_of(await _look(http, service, fan, "?layout=everything")) == (422, "invalid_input")


async def test_who_is_out_of_reach_is_not_shown_and_looks_are_written_down(http):
    guide, other = await make.guide(), await make.guide()
    fan = await world.fan(owner=guide)
    assert error_of(await _look(http, other, fan)) == (404, "customer_not_found")
    assert error_of(await _look(http, guide, new_id())) == (404, "customer_not_found")
    await _look(http, guide, fan)
    seen = await make.rows("SELECT subject_id, details FROM audit WHERE action = 'customer.seen'")
    assert [row["subject_id"] for row in seen] == [str(fan)]


async def test_at08_pool_customers_are_looked_at_by_everybody_who_may_and_without_numbers(http):
    customer_id = await world.customer(place=Place.POOL)
    await world.record(customer_id)
    await world.phone(customer_id)
    rep, marketer = await make.colleague(RoleKey.REP), await make.colleague(RoleKey.MARKETER)
    for staff, query in ((rep, ""), (await make.admin(), "?layout=sales")):
        answer = await _look(http, staff, customer_id, query)
        assert answer.status_code == 200, answer.text
        record = answer.json()["record"]
        assert (record["phones"][0]["text"], record["email"]) == (None, None)
        assert not _tells_number(answer)
        assert answer.json()["base"]["place"] == "pool"
    assert (await _look(http, marketer, customer_id)).status_code == 200
    path = f"/staff/v1/customers/{customer_id}/timeline"
    assert (await http.get(path, headers=await make.headers(rep))).status_code == 200
    await database.execute("UPDATE staff SET scope = 'own' WHERE id = $1", marketer.id)
    assert error_of(await _look(http, marketer, customer_id)) == (404, "customer_not_found")
    hidden = await world.customer(place=Place.TRASH)
    assert error_of(await _look(http, rep, hidden)) == (404, "customer_not_found")


async def test_an_old_id_leads_to_whom_the_customer_was_merged_into(http):
    guide = await make.guide()
    fan, former = await world.fan(owner=guide), await world.customer()
    await database.execute("UPDATE customer SET merged_into_id = $2, guide_id = NULL WHERE id = $1", former, fan)
    assert (await _look(http, guide, former)).json()["base"]["id"] == str(fan)
    pooled, old = await world.customer(place=Place.POOL), await world.customer()
    await database.execute("UPDATE customer SET merged_into_id = $2 WHERE id = $1", old, pooled)
    assert (await _look(http, guide, old)).json()["base"]["id"] == str(pooled)


async def test_a_foreign_parent_unit_is_not_named(http):
    guide, other = await make.guide(), await make.guide()
    customer_id, own, foreign = await world.fan(owner=guide), await world.customer(guide), await world.customer(other)
    for parent, name in ((own, "本地总部"), (foreign, "外地总部")):
        await world.record(parent, name=name)
        await world.record(customer_id, parent_id=parent)
        record = (await _look(http, guide, customer_id)).json()["record"]
        shown = (str(own), "本地总部") if parent == own else (None, None)
        assert (record["parent_id"], record["parent"]) == shown


@contextmanager
def _counted(monkeypatch):
    """The statements that are sent meanwhile."""
    sent = []
    fetch, fetch_one = database.fetch, database.fetch_one

    async def counting(sql, *values):
        sent.append(sql)
        return await fetch(sql, *values)

    async def counting_one(sql, *values):
        sent.append(sql)
        return await fetch_one(sql, *values)

    monkeypatch.setattr(database, "fetch", counting)
    monkeypatch.setattr(database, "fetch_one", counting_one)
    yield sent
    monkeypatch.undo()


@pytest.mark.parametrize("layout", list(Layout))
async def test_the_number_of_statements_does_not_grow_with_the_customer(http, monkeypatch, layout):
    guide = await make.guide()
    little = await world.fan("little", owner=guide)
    much = await _described(guide)
    now = clock.now()
    await make.record(
        *(make.contact(ContactKind.SCAN, now + timedelta(seconds=n)) for n in range(60)),
        make.contact(ContactKind.FOLLOW, now, app_id="wx0000000000000002"),
    )
    await database.execute("UPDATE identity SET customer_id = $1 WHERE app_id = 'wx0000000000000002'", much)
    for number in range(30):
        await world.note(much, guide, f"内容{number}")
    # Parameters are read once and kept.
    await queries.picture(much, guide, layout)
    with _counted(monkeypatch) as of_little:
        await queries.picture(little, guide, layout)
    with _counted(monkeypatch) as of_much:
        picture = await queries.picture(much, guide, layout)
    assert of_much == of_little
    assert len(of_much) <= 15
    if layout is Layout.SALES:
        (touches,) = picture.parts[PartKind.TOUCHES]
        assert (touches.content["count"], len(touches.content["newest"])) == (61, 20)


async def test_the_unit_above_is_whom_it_was_merged_into_and_named_to_who_reaches_it(http):
    guide, stranger = await make.guide(), await make.guide()
    fan, parent, target = await world.fan(owner=guide), await world.customer(guide), await world.customer(stranger)
    await world.record(fan, parent_id=parent)
    await world.record(target, name="集团")
    await database.execute("UPDATE customer SET merged_into_id = $2, guide_id = NULL WHERE id = $1", parent, target)
    seen = [(await _look(http, one, fan, "?layout=sales")).json()["record"] for one in (guide, await make.admin())]
    assert [(one["parent_id"], one["parent"]) for one in seen] == [(None, None), (str(target), "集团")]
