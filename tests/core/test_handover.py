"""What a leaver or mover holds goes to a colleague in one step: previewed, chosen by parts, refused as a whole."""

from uuid import uuid4

import pytest

from app.contexts import CONTEXTS
from core.organisation.handover import service
from core.permissions.rules import RoleKey
from infra import database
from infra.context import Belonging
from tests import factories as make
from tests.core.account_world import audited
from tests.core.hand_over_world import hand_over, leave, owners, person, with_customers
from tests.doors import error_of


@pytest.fixture
async def store(http):
    return await make.store()


@pytest.fixture
async def pair(store):
    """A guide with three customers, and a colleague of the same store with two."""
    giver, receiver = await make.guide("导购01", store=store), await make.guide("导购02", store=store)
    await with_customers(giver, 3)
    await with_customers(receiver, 2)
    return giver, receiver


async def test_the_belongings_of_all_contexts_arrive(db):
    given = [belonging for context in CONTEXTS for belonging in context.belongings]
    assert {"customers", "codes"} <= {belonging.name for belonging in given}
    held = await service.preview(uuid4())
    assert [(one.name, one.title, one.count) for one in held] == [(b.name, b.title, 0) for b in given]


async def test_two_belongings_of_one_name_are_refused(db):
    async def nothing(*_):
        return 0

    with pytest.raises(ValueError, match="customers"):
        service.register([Belonging(name="customers", title="客户", held=nothing, hand_over=nothing)])


async def test_at15_all_customers_are_handed_over_and_history_stays(http, pair):
    giver, receiver = pair
    boss = await make.admin()
    touches = await make.rows("SELECT * FROM touch ORDER BY id")
    answer = await hand_over(http, boss, giver, receiver, reason="调岗")
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["source"], made["target"], made["reason"]) == ("导购01", "导购02", "调岗")
    assert (made["parts"]["customers"], made["made_by"]) == (3, f"staff:{boss.id}")
    assert await owners() == {"导购02": 5}
    assert await make.rows("SELECT * FROM touch ORDER BY id") == touches
    changes = await make.rows("SELECT former_id, guide_id, source, reason FROM customer_owner_change")
    change = {"former_id": giver.id, "guide_id": receiver.id, "reason": "handed_over"}
    assert changes == [change | {"source": changes[0]["source"]}] * 3
    assert str(changes[0]["source"]) == made["id"]
    [noted] = await audited("staff.handed_over")
    assert (noted["actor"], noted["subject_id"]) == (f"staff:{boss.id}", str(giver.id))


async def test_at15_the_hand_over_stands_in_the_timeline_with_who_has_the_customer_now(http, pair):
    giver, receiver = pair
    boss = await make.headers(await make.admin())
    customer = await make.customer_of(person(giver, 0))
    await hand_over(http, giver, giver, receiver)
    entries = (await http.get(f"/staff/v1/customers/{customer['id']}/timeline", headers=boss)).json()["items"]
    assert [(entry["kind"], entry["guide"]) for entry in entries] == [("handed_over", "导购02"), ("follow", "导购01")]


async def test_the_preview_counts_what_there_is(http, pair):
    giver, _ = pair
    answer = await http.get(f"/staff/v1/staff/{giver.id}/handover", headers=await make.headers(giver))
    counts = {held["name"]: held["count"] for held in answer.json()}
    assert (counts["customers"], counts["codes"]) == (3, 0)


async def test_at15_by_oneself_or_by_a_superior_who_reaches_both(http, pair, store):
    giver, receiver = pair
    foreign = await make.guide()
    manager = await make.colleague(RoleKey.STORE_MANAGER, store_id=store.id)
    assert error_of(await hand_over(http, receiver, giver, receiver)) == (403, "forbidden")
    assert error_of(await hand_over(http, manager, giver, foreign)) == (404, "staff_not_found")
    assert error_of(await hand_over(http, manager, foreign, giver)) == (404, "staff_not_found")
    assert (await hand_over(http, manager, giver, receiver)).status_code == 201
    assert (await hand_over(http, receiver, receiver, foreign)).status_code == 201
    headers = await make.headers(manager)
    for path in ("handover", "handovers"):
        refused = await http.get(f"/staff/v1/staff/{foreign.id}/{path}", headers=headers)
        assert error_of(refused) == (404, "staff_not_found")


async def test_hand_overs_are_listed_for_both_newest_first(http, pair, store):
    giver, receiver = pair
    third = await make.guide("导购03", store=store)
    await hand_over(http, giver, giver, receiver)
    await hand_over(http, receiver, receiver, third)
    headers = await make.headers(receiver)
    path = f"/staff/v1/staff/{receiver.id}/handovers?limit=1"
    first = (await http.get(path, headers=headers)).json()
    second = (await http.get(f"{path}&cursor={first['next']}", headers=headers)).json()
    seen = [(one["source"], one["target"], one["parts"]["customers"]) for one in first["items"] + second["items"]]
    assert seen == [("导购02", "导购03", 5), ("导购01", "导购02", 3)]
    assert second["next"] is None


async def test_only_the_parts_named_go(http, pair):
    giver, receiver = pair
    answer = await hand_over(http, giver, giver, receiver, parts=["codes"])
    assert answer.json()["parts"] == {"codes": 0}
    assert await owners() == {"导购01": 3, "导购02": 2}
    unknown = await hand_over(http, giver, giver, receiver, parts=["customers", "chairs"])
    assert error_of(unknown) == (422, "hand_over_parts_unknown")
    assert unknown.json()["error"]["details"]["parts"] == ["chairs"]
    assert error_of(await hand_over(http, giver, giver, receiver, parts=[])) == (422, "invalid_input")


async def test_who_cannot_receive_is_refused_and_nothing_changes(http, pair, store):
    giver, _ = pair
    gone, off, boss = await make.guide(store=store), await make.guide(store=store), await make.admin()
    await leave(http, boss, gone)
    await database.execute("UPDATE staff SET disabled_at = $2 WHERE id = $1", off.id, make.NOON)
    for receiver, expected in (
        (giver, (422, "receiver_is_giver")),
        (gone, (409, "receiver_not_at_work")),
        (off, (409, "receiver_not_at_work")),
    ):
        assert error_of(await hand_over(http, boss, giver, receiver)) == expected
    answer = await http.post(
        f"/staff/v1/staff/{giver.id}/handover", headers=await make.headers(giver), json={"to": str(uuid4())}
    )
    assert error_of(answer) == (404, "staff_not_found")
    assert (await owners())["导购01"] == 3
    assert await make.count("hand_over") == 0


async def test_the_same_request_again_hands_over_once(http, pair):
    giver, receiver = pair
    headers = await make.headers(giver) | {"Idempotency-Key": "once"}
    path = f"/staff/v1/staff/{giver.id}/handover"
    answers = [await http.post(path, headers=headers, json={"to": str(receiver.id)}) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert await make.count("hand_over") == 1


async def test_at15_leaving_and_handing_over_are_one_step(http, pair):
    giver, receiver = pair
    headers = await make.headers(giver)
    answer = await leave(http, await make.admin(), giver, hand_over_to=str(receiver.id), reason="离职")
    assert (answer.status_code, answer.json()["left_at"] is not None) == (200, True)
    assert await owners() == {"导购02": 5}
    assert error_of(await http.get("/staff/v1/me", headers=headers)) == (401, "unauthenticated")
    made = await make.rows("SELECT source_id, target_id, reason FROM hand_over")
    assert made == [{"source_id": giver.id, "target_id": receiver.id, "reason": "离职"}]


async def test_nobody_leaves_when_the_hand_over_is_refused(http, pair):
    giver, receiver = pair
    boss = await make.admin()
    await leave(http, boss, receiver)
    answer = await leave(http, boss, giver, hand_over_to=str(receiver.id))
    assert error_of(answer) == (409, "receiver_not_at_work")
    assert await make.rows("SELECT left_at FROM staff WHERE id = $1", giver.id) == [{"left_at": None}]


async def test_who_left_before_hands_over_later(http, pair):
    giver, receiver = pair
    boss = await make.admin()
    await leave(http, boss, giver)
    assert await owners() == {"导购01": 3, "导购02": 2}
    assert (await hand_over(http, boss, giver, receiver)).json()["parts"]["customers"] == 3
    assert await owners() == {"导购02": 5}


async def test_leaving_beyond_reach_or_with_a_receiver_beyond_it_is_refused(http, pair):
    giver, _ = pair
    boss = await make.headers(await make.admin())
    for staff_id, body in ((uuid4(), None), (giver.id, {"hand_over_to": str(uuid4())})):
        answer = await http.post(f"/staff/v1/staff/{staff_id}/leave", headers=boss, json=body)
        assert error_of(answer) == (404, "staff_not_found")
    assert await make.rows("SELECT left_at FROM staff WHERE id = $1", giver.id) == [{"left_at": None}]
