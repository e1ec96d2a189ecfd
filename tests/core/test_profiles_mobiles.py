"""Correcting a wrong mobile: asked for by one, decided by another (AT-12)."""

import asyncio

from core.permissions.rules import RoleKey
from infra import clock, database
from tests import factories as make
from tests.core.record_world import desk, mobile, send_to_pool
from tests.doors import error_of


async def ask(one, customer, number, reason="录错了"):
    return await one.ask("POST", f"customers/{customer['id']}/mobile-changes", {"mobile": number, "reason": reason})


async def decide(one, change, how="approve"):
    return await one.ask("POST", f"mobile-changes/{change['id']}/{how}")


async def numbers(one, customer):
    return [phone["text"] for phone in (await one.get(f"customers/{customer['id']}"))["phones"]]


async def test_at12_an_approved_request_replaces_the_number(http):
    rep, manager = await desk(http), await desk(http, RoleKey.MANAGER)
    wrong, right = "13812345678", "13912345678"
    customer = await rep.create(number=wrong)
    asked = (await ask(rep, customer, right)).json()
    assert (asked["former"], asked["mobile"], asked["approved"]) == (f"+86{wrong}", f"+86{right}", None)
    assert await numbers(rep, customer) == [f"+86{wrong}"]
    (waiting,) = (await manager.get("mobile-changes"))["items"]
    assert (waiting["former"], waiting["mobile"], waiting["asked_by"]) == ("138****5678", "139****5678", rep.staff.name)
    decided = (await decide(manager, asked)).json()
    assert (decided["approved"], decided["decided_by"]) == (True, manager.staff.name)
    assert await numbers(rep, customer) == [f"+86{right}"]
    assert (await manager.get("mobile-changes"))["items"] == []
    assert [one["approved"] for one in (await rep.get(f"customers/{customer['id']}/mobile-changes"))["items"]] == [True]
    kinds = [one["kind"] for one in (await rep.get(f"customers/{customer['id']}/timeline"))["items"]]
    assert kinds == ["mobile_changed", "created"]
    noted = await make.rows("SELECT action, details FROM audit WHERE action LIKE 'mobile_change.%' ORDER BY id")
    assert [row["action"] for row in noted] == ["mobile_change.asked", "mobile_change.approved"]
    assert not any(number in row["details"] for row in noted for number in (wrong, right))


async def test_at12_a_refused_request_leaves_it_and_nobody_decides_the_own(http):
    rep, manager = await desk(http), await desk(http, RoleKey.MANAGER)
    customer = await rep.create(number=mobile())
    asked = (await ask(manager, customer, mobile())).json()
    assert error_of(await decide(rep, asked)) == (403, "forbidden")
    for how in ("approve", "refuse"):
        assert error_of(await decide(manager, asked, how)) == (403, "mobile_change_own")
    other = await desk(http, RoleKey.MANAGER)
    assert (await decide(other, asked, "refuse")).json()["approved"] is False
    assert error_of(await decide(other, asked)) == (409, "mobile_change_decided")
    assert len(await numbers(rep, customer)) == 1


async def test_one_request_at_a_time(http):
    rep = await desk(http)
    customer = await rep.create(number="13812345678")
    assert error_of(await ask(rep, customer, "138 1234 5678")) == (409, "mobile_same")
    assert error_of(await ask(rep, customer, "12345678901"))[0] == 422
    answers = await asyncio.gather(*(ask(rep, customer, mobile()) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    assert {error_of(answer)[1] for answer in answers if answer.status_code == 409} == {"mobile_change_open"}


async def test_a_number_that_was_proven_is_not_replaced_by_hand(http):
    rep, manager = await desk(http), await desk(http, RoleKey.MANAGER)
    customer = await rep.create(number=mobile())
    asked = (await ask(rep, customer, mobile())).json()
    await database.execute("UPDATE customer_phone SET verified_at = $1", clock.now())
    assert error_of(await decide(manager, asked)) == (409, "mobile_verified")
    await decide(manager, asked, "refuse")
    assert error_of(await ask(rep, customer, mobile())) == (409, "mobile_verified")


async def test_at17_a_correction_makes_no_duplicate_and_suggests_others(http):
    rep, manager = await desk(http), await desk(http, RoleKey.MANAGER)
    taken = mobile()
    await rep.create("顾客01", number=taken)
    same, other = await rep.create("顾客01", number=mobile()), await rep.create("顾客02", number=mobile())
    refused = await decide(manager, (await ask(rep, same, taken)).json())
    assert error_of(refused) == (409, "duplicate_customer")
    assert (await decide(manager, (await ask(rep, other, taken)).json())).status_code == 200
    assert await make.count("merge_candidate") == 1


async def test_two_managers_at_once_decide_once(http):
    rep, *managers = await desk(http), await desk(http, RoleKey.MANAGER), await desk(http, RoleKey.MANAGER)
    customer = await rep.create(number=mobile())
    asked = (await ask(rep, customer, mobile())).json()
    answers = await asyncio.gather(decide(managers[0], asked), decide(managers[1], asked, "refuse"))
    assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_at08_in_the_pool_there_is_nothing_to_correct_and_no_number_to_see(http):
    rep, manager = await desk(http), await desk(http, RoleKey.ADMIN)
    customer = await rep.create(number=mobile())
    asked = (await ask(rep, customer, mobile())).json()
    await send_to_pool(customer["id"])
    assert error_of(await ask(manager, customer, mobile())) == (409, "customer_in_pool")
    assert error_of(await decide(manager, asked)) == (409, "customer_in_pool")
    (waiting,) = (await manager.get("mobile-changes"))["items"]
    assert (waiting["former"], waiting["mobile"]) == (None, None)


async def lists(*people):
    """The titles on each one's list, open ones first asked for."""
    return [[one["title"] for one in (await person.get("me/todos"))["items"]] for person in people]


async def test_the_nearest_who_may_decide_have_it_on_their_lists_until_it_is_decided(http):
    store = await make.store()
    rep, chief = await desk(http, store_id=store.id), await desk(http, RoleKey.STORE_MANAGER, store_id=store.id)
    manager, guide = await desk(http, RoleKey.MANAGER), await desk(http, RoleKey.GUIDE, store_id=store.id)
    number = mobile()
    customer = await rep.create(number=mobile())
    asked = (await ask(rep, customer, number)).json()
    title = f"客户 {customer['number']} 的手机号更正待审批"
    assert await lists(chief, manager, guide, rep) == [[title], [], [], []]
    # Whoever asks doesn't decide: then it is the next one's.
    other = await chief.create(number=mobile())
    await ask(chief, other, mobile())
    assert await lists(chief, manager) == [[title], [f"客户 {other['number']} 的手机号更正待审批"]]
    await decide(manager, asked, "refuse")
    assert await lists(chief) == [[]]
    notices = await make.rows("SELECT staff_id, title, body FROM notice ORDER BY id")
    told = [(row["staff_id"], row["title"]) for row in notices]
    assert told[0] == (chief.staff.id, title)
    assert told[-1] == (rep.staff.id, f"客户 {customer['number']} 的手机号更正未通过")
    assert number[-4:] not in str(notices)


async def test_what_waits_for_a_decision_is_forgotten_with_the_person(http):
    rep, boss = await desk(http), await desk(http, RoleKey.ADMIN)
    customer = await rep.create(number=mobile())
    await ask(rep, customer, mobile())
    assert len((await lists(boss))[0]) == 1
    assert (await boss.ask("POST", f"customers/{customer['id']}/erasures")).status_code == 201
    assert await lists(boss) == [[]]
    assert await make.count("customer_mobile_change") == 0
