"""The public pool: claims, assignment, transfer, discard and restore, the list, and what nobody sees or changes."""

from dataclasses import replace
from datetime import timedelta

import pytest

from core.customers import ownership
from core.customers.errors import CustomerInPool, CustomerInTrash, CustomerNotFound
from core.customers.linking import phones
from core.customers.linking.phones import NewPhone
from core.customers.linking.rules import Door
from core.customers.ownership import Place, Reason
from core.customers.pool import service
from infra import clock, database
from infra.ids import new_id
from tests import factories as make
from tests.core.pool_world import (
    broken_chains,
    call,
    claim,
    customer,
    customers,
    index,
    named,
    notices,
    post,
    rep,
    seen,
    set_parameter,
    where,
)
from tests.doors import error_of

MOBILE = "+8613800138000"


@pytest.fixture
async def reps(http):
    return [await rep(f"外勤0{n}") for n in (1, 2)]


async def test_at05_a_claim_of_ten_succeeds_and_one_of_eleven_is_refused_as_a_whole(http, reps):
    pool = await customers(count=21)
    answer = await claim(http, reps[0], pool[:10])
    assert (answer.status_code, answer.json()["customers"], answer.json()["claims_left"]) == (201, 10, 9)
    assert await seen(pool[:10]) == [reps[0].id] * 10
    refused = await claim(http, reps[0], pool[10:])
    assert error_of(refused) == (422, "claim_too_large")
    assert refused.json()["error"]["details"] == {"most": 10, "asked": 11}
    assert await seen(pool[10:]) == ["pool"] * 11
    assert await make.count("pool_claim") == 1


async def test_the_size_of_a_claim_is_a_parameter_and_nobody_counts_twice(http, reps):
    await set_parameter("pool.claim_size", 2)
    pool = await customers(count=3)
    assert error_of(await claim(http, reps[0], pool)) == (422, "claim_too_large")
    assert (await claim(http, reps[0], [pool[0], pool[1], pool[0]])).json()["customers"] == 2


async def test_at06_the_claim_after_the_limit_is_refused_and_the_next_day_has_new_ones(http, reps, db):
    await set_parameter("pool.claims_per_day", 2)
    pool = await customers(count=4)
    assert [(await claim(http, reps[0], [one])).status_code for one in pool[:2]] == [201, 201]
    assert error_of(await claim(http, reps[0], [pool[2]])) == (409, "claim_limit_reached")
    assert (await call(http, reps[0], "GET", "/me/claims")).json() == {"size": 10, "daily": 2, "used": 2}
    assert (await claim(http, reps[1], [pool[2]])).status_code == 201
    make.jump(db, days=1)
    assert (await claim(http, reps[0], [pool[3]])).json()["claims_left"] == 1


async def test_a_refused_claim_costs_nothing_and_says_who_is_gone(http, reps):
    await set_parameter("pool.claims_per_day", 1)
    pool, taken, unknown = await customers(count=2), await customer(reps[1]), new_id()
    answer = await claim(http, reps[0], [*pool, taken, unknown])
    assert error_of(answer) == (409, "not_in_pool")
    assert answer.json()["error"]["details"]["customer_ids"] == sorted(map(str, (taken, unknown)))
    assert await seen(pool) == ["pool", "pool"]
    assert (await claim(http, reps[0], pool)).status_code == 201


async def test_a_claim_that_arrives_twice_is_one(http, reps):
    pool = await customers(count=1)
    headers = await make.headers(reps[0]) | {"Idempotency-Key": "one"}
    body = {"customer_ids": [str(pool[0])]}
    answers = [await http.post("/staff/v1/pool/claims", headers=headers, json=body) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert await make.count("pool_claim") == 1


async def test_a_claim_is_in_the_ledger_the_timeline_the_audit_and_the_outbox(http, reps):
    [one] = await customers()
    act_id = (await claim(http, reps[0], [one])).json()["act_id"]
    history = (await call(http, reps[0], "GET", f"/customers/{one}/owners")).json()["items"]
    assert [(item["reason"], item["former"], item["owner"], item["changed_by"]) for item in history] == [
        ("claimed", None, "外勤01", "外勤01"),
        ("created", None, None, None),
    ]
    assert history[0]["act_id"] == act_id
    timeline = (await call(http, reps[0], "GET", f"/customers/{one}/timeline")).json()["items"]
    assert [(item["kind"], item["guide"]) for item in timeline] == [("claimed", "外勤01"), ("created", None)]
    assert await make.rows("SELECT 1 FROM audit WHERE action = 'customers.claimed' AND subject_id = $1", act_id)
    events = await make.rows(
        "SELECT payload ->> 'reason' AS reason FROM outbox WHERE name = 'customers.owners_changed.v1'"
    )
    assert [event["reason"] for event in events] == ["created", "claimed"]


async def test_at08_nobody_edits_a_pool_customer(http, reps):
    one, discarded = await customer(), await customer(place=Place.TRASH)
    admin, guide = await make.admin(), await make.guide()
    expected = [(reps[0], one, CustomerInPool), (admin, one, CustomerInPool), (guide, one, CustomerInPool)]
    expected += [(admin, discarded, CustomerInTrash), (reps[0], discarded, CustomerNotFound)]
    expected += [(reps[0], await customer(reps[1]), CustomerNotFound), (reps[0], new_id(), CustomerNotFound)]
    for by, customer_id, error in expected:
        with pytest.raises(error):
            async with database.transaction() as connection:
                await ownership.expect_editable(connection, [customer_id], by)
    async with database.transaction() as connection:
        await ownership.expect_editable(connection, [await customer(reps[0])], reps[0])
        await ownership.expect_editable(connection, [await customer(reps[0])], admin)


async def test_at08_a_pool_customer_is_viewed_without_its_numbers_by_everybody(http, reps):
    one = await customer()
    await named(one, "顾客甲", email="a@example.com")
    async with database.transaction() as connection:
        await phones.put_many(connection, [NewPhone(customer_id=one, number=MOBILE, door=Door.STAFF)])
    for by in (reps[0], await make.guide(), await make.manager(), await make.admin()):
        listed = await call(http, by, "GET", "/pool/customers")
        detail = await call(http, by, "GET", f"/pool/customers/{one}")
        assert [item["name"] for item in listed.json()["items"]] == ["顾客甲"]
        assert detail.json()["name"] == "顾客甲"
        assert [number["text"] for number in detail.json()["phones"]] == [None]
        for answer in (listed, detail):
            # Whole or masked; fewer digits may stand in any id or time.
            assert not any(digits in answer.text for digits in (MOBILE[-8:], "138*"))
            assert "example.com" not in answer.text
    other = await customer(reps[1])
    assert error_of(await call(http, reps[0], "GET", f"/pool/customers/{other}")) == (404, "customer_not_found")


async def test_at09_without_the_right_nobody_creates_assigns_discards_or_restores(http, reps):
    one = await customer()
    calls = [
        ("POST", "/pool/customers", {"name": "顾客甲"}),
        ("POST", "/pool/assignments", {"customer_ids": [str(one)], "to": str(reps[0].id)}),
        ("POST", "/pool/discards", {"customer_ids": [str(one)]}),
        ("POST", "/pool/restorations", {"customer_ids": [str(one)]}),
        ("GET", "/pool/trash", None),
        ("POST", "/customers/assignments", {"customer_ids": [str(one)], "to": str(reps[0].id)}),
    ]
    for method, path, body in calls:
        assert (await call(http, reps[0], method, path, body)).status_code == 403, path
    assert await where(one) == "pool"


async def test_at09_a_manager_creates_a_customer_straight_into_the_pool(http, reps):
    admin = await make.admin()
    answer = await call(http, admin, "POST", "/pool/customers", {"name": "顾客甲", "phones": {"mobile": "13800138000"}})
    assert (answer.status_code, answer.json()["place"]) == (201, "pool")
    assert [number["text"] for number in answer.json()["phones"]] == [None]
    body = {"name": "顾客乙", "owner_id": str(reps[0].id)}
    assert error_of(await call(http, admin, "POST", "/pool/customers", body)) == (422, "invalid_input")


async def test_at09_bulk_assignment_goes_to_colleagues_at_work_in_reach(http, reps):
    admin, pool = await make.admin(), await customers(count=30)
    answer = await post(http, admin, "/pool/assignments", pool, to=str(reps[0].id))
    assert answer.json()["customers"] == 30
    assert set(await seen(pool)) == {reps[0].id}
    assert await notices(reps[0]) == ["您收到 30 位客户"]
    more, manager = await customers(count=1), await make.colleague("store_manager", store_id=(await make.store()).id)
    assert error_of(await post(http, manager, "/pool/assignments", more, to=str(reps[0].id))) == (
        404,
        "staff_not_found",
    )
    await database.execute("UPDATE staff SET disabled_at = created_at WHERE id = $1", reps[0].id)
    refused = await post(http, admin, "/pool/assignments", more, to=str(reps[0].id))
    assert error_of(refused) == (409, "receiver_not_at_work")
    assert await where(more[0]) == "pool"


async def test_at10_a_discarded_customer_lies_in_the_trash_and_is_restored_from_it(http, reps):
    admin, one = await make.admin(), await customer()
    assert error_of(await post(http, admin, "/pool/restorations", [one])) == (409, "not_in_trash")
    assert (await post(http, admin, "/pool/discards", [one])).json()["customers"] == 1
    assert await where(one) == "trash"
    assert [item["id"] for item in (await call(http, admin, "GET", "/pool/trash")).json()["items"]] == [str(one)]
    assert (await call(http, admin, "GET", "/pool/customers")).json()["items"] == []
    assert error_of(await claim(http, reps[0], [one])) == (409, "not_in_pool")
    assert (await post(http, admin, "/pool/restorations", [one])).status_code == 201
    assert await where(one) == "pool"
    assert (await call(http, admin, "GET", "/pool/trash")).json()["items"] == []
    owned = await customer(reps[0])
    assert error_of(await post(http, admin, "/pool/discards", [owned])) == (409, "not_in_pool")


async def test_at11_the_pool_is_filtered_by_several_conditions_at_once(http, reps):
    cities = [
        ("王一", "杭州", "prospect"),
        ("王二", "杭州", "customer"),
        ("李三", "杭州", "prospect"),
        ("王四", "上海", "prospect"),
    ]
    ids = {}
    for name, city, party in cities:
        ids[name] = await customer(reason=Reason.RETURNED if name == "王一" else Reason.CREATED)
        await named(ids[name], name, city=city, party=party)
    ids["王五"] = await customer(reps[0])
    await named(ids["王五"], "王五", city="杭州")

    await index(*ids.values())

    async def found(**filters):
        answer = await call(http, reps[0], "POST", "/pool/customers/search", {"filters": filters})
        assert answer.status_code == 200, answer.text
        return [item["name"] for item in answer.json()["items"]]

    assert await found(q="王", cities=["杭州"], parties=["prospect"]) == ["王一"]
    assert await found(q="王") == ["王四", "王二", "王一"]
    assert await found(q="王", place="owned") == ["王四", "王二", "王一"]
    first = (await call(http, reps[0], "POST", "/pool/customers/search", {"limit": 3})).json()
    body = {"limit": 3, "cursor": int(first["next"])}
    second = (await call(http, reps[0], "POST", "/pool/customers/search", body)).json()
    assert [item["name"] for item in first["items"] + second["items"]] == ["王四", "李三", "王二", "王一"]
    assert second["next"] is None


async def test_the_pool_lists_whoever_came_last_first_by_day_and_reason(http, reps, db):
    early = await customer(reason=Reason.RETURNED)
    make.jump(db, days=1)
    late = await customer()

    async def found(query=""):
        return (await call(http, reps[0], "GET", f"/pool/customers?{query}")).json()

    today = clock.business_day()
    assert [item["id"] for item in (await found())["items"]] == [str(late), str(early)]
    assert [item["id"] for item in (await found("reason=returned"))["items"]] == [str(early)]
    assert [item["id"] for item in (await found(f"since={today}"))["items"]] == [str(late)]
    assert [item["id"] for item in (await found(f"until={today - timedelta(days=1)}"))["items"]] == [str(early)]
    first = await found("limit=1")
    second = await found(f"limit=1&cursor={first['next']}")
    assert ([item["id"] for item in second["items"]], second["next"]) == ([str(early)], None)


async def test_at13_an_owner_gives_away_own_customers_only_and_never_deletes(http, reps):
    mine, theirs = await customers(reps[0], 2), await customer(reps[1])
    answer = await post(http, reps[0], "/customers/transfers", [*mine, theirs])
    assert error_of(answer) == (409, "not_your_customers")
    assert answer.json()["error"]["details"]["customer_ids"] == [str(theirs)]
    assert (await post(http, reps[0], "/customers/transfers", mine[:1])).json()["customers"] == 1
    assert await seen(mine) == ["pool", reps[0].id]
    assert (await post(http, reps[0], "/customers/transfers", mine[1:], to=str(reps[1].id))).status_code == 201
    assert await seen(mine) == ["pool", reps[1].id]
    assert await notices(reps[1]) == ["您收到 1 位客户"]
    refused = await post(http, reps[1], "/customers/transfers", [theirs], to=str(reps[1].id))
    assert error_of(refused) == (422, "receiver_is_giver")
    unknown = await post(http, reps[1], "/customers/transfers", [theirs], to=str(new_id()))
    assert error_of(unknown) == (404, "staff_not_found")
    assert (await call(http, reps[1], "DELETE", f"/customers/{theirs}")).status_code == 405
    assert await broken_chains() == []


async def test_a_superior_changes_owners_in_reach_and_both_sides_are_told(http, reps):
    admin = await make.admin()
    mine, theirs = await customers(reps[0], 2), await customers(reps[1], 1)
    answer = await post(http, admin, "/customers/assignments", [*mine, *theirs], to=str(reps[1].id))
    assert answer.json()["customers"] == 2
    assert set(await seen([*mine, *theirs])) == {reps[1].id}
    assert (await notices(reps[0]), await notices(reps[1])) == (["您有 2 位客户已转出"], ["您收到 2 位客户"])
    pooled = await customer()
    refused = await post(http, admin, "/customers/assignments", [pooled], to=str(reps[0].id))
    assert error_of(refused) == (409, "customer_in_pool")
    store = await make.store()
    manager, guide = await make.colleague("store_manager", store_id=store.id), await make.guide(store=store)
    foreign = await post(http, manager, "/customers/assignments", mine, to=str(guide.id))
    assert error_of(foreign) == (404, "customer_not_found")
    assert (
        await post(http, manager, "/customers/assignments", [await customer(guide)], to=str(manager.id))
    ).status_code == 201


async def test_a_superior_learns_nothing_about_customers_beyond_reach(http, reps):
    """Neither who somebody was merged into, nor, without the right to look there, who lies in the pool."""
    old, new = await customers(reps[0], count=2)
    await database.execute("UPDATE customer SET merged_into_id = $2, guide_id = NULL WHERE id = $1", old, new)
    store = await make.store()
    manager = await make.colleague("store_manager", store_id=store.id)
    refused = await post(http, manager, "/customers/assignments", [old], to=str(manager.id))
    assert (error_of(refused), refused.json()["error"]["details"]) == (
        (404, "customer_not_found"),
        {"customer_ids": [str(old)]},
    )
    narrow = replace(manager, points=manager.points - {"pool:read"})
    with pytest.raises(CustomerNotFound):
        await service.assign(narrow, [await customer()], manager.id)


async def test_old_ids_of_merged_customers_are_good_for_claims(http, reps):
    old, new = await customers(count=2)
    await database.execute(
        """UPDATE customer SET merged_into_id = $2, pooled_at = NULL, pool_reason = NULL WHERE id = $1""", old, new
    )
    assert (await claim(http, reps[0], [old])).json()["customers"] == 1
    assert await where(new) == reps[0].id
