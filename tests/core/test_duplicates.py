"""The duplicate check before somebody new is entered (F-04, F-05, AT-17, AT-20, AT-21)."""

import asyncio

import pytest

from core.customers.linking.rules import Door, PhoneLabel
from core.customers.ownership import Place, Reason
from core.customers.profiles.creating import Draft, create_many
from core.permissions.rules import RoleKey
from infra import database
from infra.ids import new_id
from tests import factories as make
from tests.core.record_world import desk, mobile, send_to_pool
from tests.doors import error_of


async def test_at17_the_same_mobile_and_name_is_refused(http):
    rep, other = await desk(http), await desk(http)
    number = mobile()
    made = await rep.create("顾客 01", number=number)
    again = {"name": "顾客０１", "phones": {"mobile": f"+86 {number}"}, "confirm": True}
    refused = await rep.ask("POST", "customers", again)
    assert error_of(refused) == (409, "duplicate_customer")
    assert refused.json()["error"]["details"] == {"customer_ids": [made["id"]], "others": 0}
    # Beyond reach only that there is one.
    refused = await other.ask("POST", "customers", again)
    assert refused.json()["error"]["details"] == {"customer_ids": [], "others": 1}
    assert await make.count("customer") == 1


async def test_at17_also_in_the_pool_and_under_another_label(http):
    rep, number = await desk(http), mobile()
    made = await rep.create("顾客01", phones={"main": number})
    await send_to_pool(made["id"])
    refused = await rep.ask("POST", "customers", {"name": "顾客01", "phones": {"mobile": number}})
    assert error_of(refused) == (409, "duplicate_customer")


async def test_the_same_mobile_with_another_name_warns_and_confirmed_becomes_a_merge_candidate(http):
    rep, number = await desk(http), mobile()
    first = await rep.create("顾客01", number=number)
    body = {"name": "顾客02", "phones": {"mobile": number}}
    refused = await rep.ask("POST", "customers", body)
    assert error_of(refused) == (409, "possible_duplicate")
    assert refused.json()["error"]["details"] == {"customer_ids": [first["id"]], "others": 0}
    second = (await rep.ask("POST", "customers", body | {"confirm": True})).json()
    pairs = await make.rows("SELECT one_id, other_id, reason, state FROM merge_candidate")
    assert [{str(pair["one_id"]), str(pair["other_id"])} for pair in pairs] == [{first["id"], second["id"]}]
    assert [(pair["reason"], pair["state"]) for pair in pairs] == [("same_mobile", "open")]


async def test_at17_a_change_of_name_makes_no_duplicate_either(http):
    rep, number = await desk(http), mobile()
    await rep.create("顾客01", number=number)
    second = await rep.create("顾客02", number=number, confirm=True)
    assert error_of(await rep.change(second, name="顾客01")) == (409, "duplicate_customer")
    third = await rep.create("顾客01")
    assert error_of(await rep.change(third, phones={"mobile": number})) == (409, "duplicate_customer")
    assert await make.count("merge_candidate") == 1


@pytest.mark.parametrize("number", ["12345678901", "1381234567", "138123456789", "6234567890123"])
async def test_at20_a_wrong_number_is_told_and_nothing_is_saved(http, number):
    rep = await desk(http)
    refused = await rep.ask("POST", "customers", {"name": "顾客01", "phones": {"mobile": number}})
    assert error_of(refused)[0] == 422
    assert "phones.mobile" in refused.text
    assert await make.count("customer") == 0


async def test_at21_a_fragment_of_the_name_finds_who_is_there_in_the_whole_company(http):
    rep, other = await desk(http), await desk(http)
    number = mobile()
    own = await rep.create("华南贸易有限公司", number=number)
    await other.create("新华南贸易行")
    pooled = await other.create("华南")
    await send_to_pool(pooled["id"])
    await other.create("华北贸易")
    found = await rep.get("customers/lookup?name=华南")
    assert [(one["name"], one["id"], one["owner"], one["place"]) for one in found["items"]] == [
        ("华南", None, None, "pool"),
        ("新华南贸易行", None, other.staff.name, "owned"),
        ("华南贸易有限公司", own["id"], rep.staff.name, "owned"),
    ]
    assert found["items"][1]["department"] == "总部"
    assert number not in str(found)
    by_number = await other.get(f"customers/lookup?mobile={number}")
    assert [(one["name"], one["id"]) for one in by_number["items"]] == [("华南贸易有限公司", None)]
    for query in ("", "?name=华南&mobile=13812345678", "?name=华", "?mobile=12345678901"):
        assert error_of(await rep.ask("GET", f"customers/lookup{query}"))[0] == 422
    noted = await make.rows("SELECT details FROM audit WHERE action = 'customer.looked_up' ORDER BY id")
    assert [row["details"] for row in noted] == ['{"by": "name"}', '{"by": "mobile"}']


async def test_at21_a_name_that_changed_is_found_and_a_merged_one_is_not(http):
    rep = await desk(http)
    made = await rep.create("华南贸易")
    await rep.change(made, name="东方贸易")
    assert (await rep.get("customers/lookup?name=华南"))["items"] == []
    assert len((await rep.get("customers/lookup?name=东方"))["items"]) == 1
    target = await rep.create("目标")
    await database.execute("UPDATE customer SET merged_into_id = $2 WHERE id = $1", made["id"], target["id"])
    assert (await rep.get("customers/lookup?name=东方"))["items"] == []


async def test_at17_two_who_enter_the_same_at_once_make_exactly_one(http):
    reps = [await desk(http) for _ in range(4)]
    body = {"name": "顾客01", "phones": {"mobile": mobile()}}
    answers = await asyncio.gather(*(rep.ask("POST", "customers", body) for rep in reps))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert await make.count("customer") == 1


async def test_two_who_name_two_customers_alike_at_once_do_not_both_succeed(http):
    rep, number = await desk(http), mobile()
    one = await rep.create("顾客01", number=number)
    other = await rep.create("顾客02", number=number, confirm=True)
    answers = await asyncio.gather(rep.change(one, name="顾客03"), rep.change(other, name="顾客03"))
    assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_many_drafts_take_few_statements_and_a_bad_one_fails_alone(http):
    rep = await make.colleague(RoleKey.REP)
    gone = await make.colleague(RoleKey.REP)
    await database.execute("UPDATE staff SET left_at = created_at WHERE id = $1", gone.id)
    number = f"+86{mobile()}"
    drafts = [
        _draft("顾客01", rep.id, number),
        _draft("顾客01", rep.id, number),
        _draft("顾客02", rep.id, number),
        _draft("顾客02", rep.id, number, confirm=True),
        _draft("顾客03", gone.id),
        _draft("顾客04", rep.id, level="Z"),
        *(_draft(f"批量{one}", rep.id, f"+86{mobile()}") for one in range(200)),
    ]
    statements = list[str]()
    async with database.transaction() as connection:
        log = lambda record: statements.append(record.query)  # noqa: E731 - the driver wants the same one back
        connection.add_query_logger(log)
        made = await create_many(connection, drafts, reason=Reason.IMPORTED, source=new_id(), by=rep.id)
        connection.remove_query_logger(log)
    codes = [one.refusal and one.refusal.code for one in made]
    assert codes[:6] == [None, "duplicate_customer", "possible_duplicate", None, "owner_refused", "choice_unknown"]
    assert codes[6:] == [None] * 200
    assert made[3].alike == (made[0].customer_id,)
    assert await make.count("customer") == await make.count("customer_profile") == 202
    assert await make.count("customer_phone") == 202
    assert await make.count("customer_owner_change") == 202
    assert len(statements) < 25, statements


def _draft(name, owner_id, *numbers, confirm=False, **fields):
    return Draft(
        fields={"name": name} | fields,
        phones=tuple((PhoneLabel.MOBILE, number) for number in numbers),
        place=Place.OWNED,
        owner_id=owner_id,
        confirm=confirm,
        door=Door.IMPORT,
    )


async def test_a_mobile_that_is_entered_later_warns_too_and_one_that_was_there_does_not_again(http):
    rep, number = await desk(http), mobile()
    first, second = await rep.create("顾客01", number=number), await rep.create("顾客02")
    refused = await rep.change(second, phones={"mobile": number})
    assert error_of(refused) == (409, "possible_duplicate")
    assert refused.json()["error"]["details"] == {"customer_ids": [first["id"]], "others": 0}
    changed = await rep.change(second, phones={"mobile": number}, confirm=True)
    assert changed.status_code == 200, changed.text
    assert await make.count("merge_candidate") == 1
    assert (await rep.change(changed.json(), phones={"office": "62345678"})).status_code == 200


async def test_at21_of_a_fragment_that_many_hold_the_newest_are_looked_at_and_it_says_so(http):
    rep = await desk(http)
    await database.execute(
        """WITH made AS (
            INSERT INTO customer (id, following, is_staff, created_at)
            SELECT gen_random_uuid(), false, false, 'epoch' FROM generate_series(1, 501) RETURNING id, number
        )
        INSERT INTO customer_search (number, customer_id, terms)
        SELECT number, id, ARRAY['k:' || (number >> 12), 'n:华南'] FROM made"""
    )
    # None of them has the name, but the index says that they may.
    assert await rep.get("customers/lookup?name=华南") == {"items": [], "more": True}
    made = await rep.create("华南贸易")
    found = await rep.get("customers/lookup?name=华南")
    assert ([one["id"] for one in found["items"]], found["more"]) == ([made["id"]], True)
