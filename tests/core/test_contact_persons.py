"""The people to talk to at a customer (F-03, AT-14)."""

import asyncio

from core.permissions.rules import RoleKey
from infra import clock, parameters
from tests import factories as make
from tests.core.record_world import desk, mobile, send_to_pool
from tests.doors import error_of

FULL = {
    "gender": "female",
    "birthday": "1990-02-28",
    "department": "采购部",
    "post": "经理",
    "email": "buyer@example.com",
    "hobbies": "羽毛球",
    "remark": "下午联系",
}


async def add(one, customer, name="联系人01", **values):
    answer = await one.ask("POST", f"customers/{customer['id']}/contact-persons", {"name": name} | values)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def change(one, person, **values):
    return await one.ask("PATCH", f"contact-persons/{person['id']}", {"version": person["version"]} | values)


async def people(one, customer):
    return (await one.get(f"customers/{customer['id']}/contact-persons"))["items"]


async def test_a_contact_person_holds_the_whole_field_set(http):
    rep = await desk(http)
    customer = await rep.create("甲公司", nature="business")
    phones = {"mobile": mobile(), "office": "82345678转1", "home": "6234567", "fax": "82345679"}
    made = await add(rep, customer, phones=phones, responsible_id=str(rep.staff.id), **FULL)
    assert await people(rep, customer) == [made]
    assert {name: made[name] for name in FULL} == FULL
    assert made["responsible"] == rep.staff.name
    assert made["responsible_department"] == "总部"
    today = clock.business_day()
    assert made["age"] == today.year - 1990 - ((today.month, today.day) < (2, 28))
    assert {one["label"] for one in made["phones"]} == set(phones)
    # They are the person's, not the customer's.
    assert (await rep.get(f"customers/{customer['id']}"))["phones"] == []


async def test_a_number_of_a_contact_person_is_nobodys_duplicate(http):
    rep, number = await desk(http), mobile()
    customer = await rep.create("甲公司")
    await add(rep, customer, phones={"mobile": number})
    await rep.create("联系人01", number=number)


async def test_a_change_needs_the_present_version_and_changes_what_is_given(http):
    rep = await desk(http)
    customer = await rep.create("甲公司")
    made = await add(rep, customer, phones={"mobile": mobile(), "home": "6234567"}, **FULL)
    changed = (await change(rep, made, post="总监", birthday=None, birth_year=1980, phones={"home": None})).json()
    assert (changed["post"], changed["department"]) == ("总监", "采购部")
    assert changed["age"] == clock.business_day().year - 1980
    assert [one["label"] for one in changed["phones"]] == ["mobile"]
    assert error_of(await change(rep, made, post="x")) == (409, "contact_person_changed")
    assert error_of(await change(rep, changed, name=None))[0] == 422


async def test_there_is_one_main_contact(http):
    rep = await desk(http)
    customer = await rep.create("甲公司")
    first, second = await add(rep, customer), await add(rep, customer, "联系人02")
    assert (first["is_main"], second["is_main"]) == (True, False)
    await add(rep, customer, "联系人03", is_main=True)
    assert [one["is_main"] for one in await people(rep, customer)] == [False, False, True]
    await change(rep, first, is_main=True)
    assert [one["is_main"] for one in await people(rep, customer)] == [True, False, False]


async def test_two_main_contacts_at_once_are_one(http):
    rep = await desk(http)
    customer = await rep.create("甲公司")
    path = f"customers/{customer['id']}/contact-persons"
    answers = await asyncio.gather(*(rep.ask("POST", path, {"name": f"人{n}", "is_main": True}) for n in range(4)))
    assert {answer.status_code for answer in answers} == {201}
    assert sum(one["is_main"] for one in await people(rep, customer)) == 1


async def test_superiors_are_of_the_same_customer_and_never_in_a_circle(http):
    rep = await desk(http)
    customer, other = await rep.create("甲公司"), await rep.create("乙公司")
    top = await add(rep, customer)
    middle = await add(rep, customer, "联系人02", superior_id=top["id"])
    low = await add(rep, customer, "联系人03", superior_id=middle["id"])
    stranger = await add(rep, other, "联系人04")
    for wrong in (low, middle, top, stranger):
        assert error_of(await change(rep, top, superior_id=wrong["id"])) == (422, "superior_refused")
    answers = await asyncio.gather(change(rep, top, superior_id=None), change(rep, low, superior_id=top["id"]))
    assert {answer.status_code for answer in answers} == {200}


async def test_a_removed_one_leaves_the_list_with_the_numbers_and_frees_the_others(http):
    rep = await desk(http)
    customer = await rep.create("甲公司")
    top = await add(rep, customer, phones={"mobile": mobile()})
    await add(rep, customer, "联系人02", superior_id=top["id"])
    assert (await rep.ask("DELETE", f"contact-persons/{top['id']}")).status_code == 204
    left = await people(rep, customer)
    assert [(one["name"], one["superior_id"]) for one in left] == [("联系人02", None)]
    assert await make.count("customer_phone") == 0
    assert await make.count("contact_person") == 2
    for again in (await rep.ask("DELETE", f"contact-persons/{top['id']}"), await change(rep, top, post="x")):
        assert error_of(again) == (404, "contact_person_not_found")


async def test_at14_contact_data_of_others_customers_is_masked_and_beyond_reach_there_is_nobody(http):
    rep, manager, stranger = await desk(http), await desk(http, RoleKey.MANAGER), await desk(http)
    customer = await rep.create("甲公司")
    made = await add(rep, customer, phones={"mobile": "13812345678"}, email="buyer@example.com")
    (seen,) = await people(manager, customer)
    assert (seen["phones"][0]["text"], seen["email"]) == ("138****5678", "b***@example.com")
    assert error_of(await change(stranger, made, post="x")) == (404, "contact_person_not_found")


async def test_at08_in_the_pool_nobody_is_changed_or_called(http):
    rep, admin = await desk(http), await desk(http, RoleKey.ADMIN)
    customer = await rep.create("甲公司")
    made = await add(rep, customer, phones={"mobile": mobile()}, email="buyer@example.com")
    await send_to_pool(customer["id"])
    for one in (rep, admin):
        assert error_of(await change(one, made, post="x")) == (409, "customer_in_pool")
        added = await one.ask("POST", f"customers/{customer['id']}/contact-persons", {"name": "联系人02"})
        assert error_of(added) == (409, "customer_in_pool")
        (seen,) = await people(one, customer)
        assert (seen["phones"][0]["text"], seen["email"]) == (None, None)


async def test_a_name_of_a_contact_person_finds_the_customer(http):
    rep = await desk(http)
    customer = await rep.create("甲公司")
    person = await add(rep, customer, "欧阳联系")
    assert [one["id"] for one in (await rep.get("customers/lookup?name=欧阳"))["items"]] == [customer["id"]]
    await change(rep, person, name="上官联系")
    assert (await rep.get("customers/lookup?name=欧阳"))["items"] == []


async def test_there_are_no_more_than_the_parameter_says(http):
    rep = await desk(http)
    customer = await rep.create("甲公司")
    await parameters.change("customers.contact_persons", 1, expected_version=0, by="test")
    await add(rep, customer)
    refused = await rep.ask("POST", f"customers/{customer['id']}/contact-persons", {"name": "联系人02"})
    assert error_of(refused) == (409, "too_many_contacts")
