"""What looks alike, and numbers that two proved: seen in reach, decided by a colleague, audited, nothing by itself."""

import pytest

from core.customers.linking import queries
from core.permissions.rules import RoleKey
from infra import database
from tests import factories as make
from tests.core.linking_world import NUMBER, arrive, counting, people, proof, purchase, row, sms
from tests.core.record_world import desk
from tests.doors import error_of
from tests.factories import rows


@pytest.fixture(autouse=True)
async def counted(http):
    async with counting():
        yield


@pytest.fixture
async def boss(http):
    return await desk(http, RoleKey.MANAGER)


async def given_to(staff):
    await database.execute("UPDATE customer SET guide_id = $1", staff.id)


async def alike():
    one, other = await arrive(row("王小明"), row("李小红"))
    return one.customer_id, other.customer_id


async def test_suggestions_are_listed_with_names_numbers_and_owners(http, boss):
    ids = await alike()
    await given_to(boss.staff)
    (found,) = (await boss.get("merge-candidates"))["items"]
    assert {found["one"]["id"], found["other"]["id"]} == {str(one) for one in ids}
    assert {found["one"]["name"], found["other"]["name"]} == {"王小明", "李小红"}
    assert (found["reason"], found["state"], found["one"]["owner"]) == ("same_number", "open", boss.staff.name)
    assert NUMBER[3:] not in str(found)


async def test_of_a_suggestion_both_customers_are_in_reach_or_it_is_not_there(http, boss):
    (one, _) = await alike()
    reach = await desk(http, RoleKey.MANAGER)
    await database.execute("UPDATE staff SET scope = 'own' WHERE id = $1", reach.staff.id)
    await database.execute("UPDATE customer SET guide_id = $1 WHERE id = $2", reach.staff.id, one)
    assert (await reach.get("merge-candidates"))["items"] == []
    (candidate,) = await rows("SELECT id FROM merge_candidate")
    answer = await reach.ask("POST", f"merge-candidates/{candidate['id']}/dismiss")
    assert error_of(answer) == (404, "candidate_not_found")


async def test_pages_of_suggestions_follow_one_another(boss):
    await arrive(*(row(name) for name in ("甲", "乙", "丙", "丁")))
    first = await boss.get("merge-candidates?limit=4")
    second = await boss.get(f"merge-candidates?limit=4&cursor={first['next']}")
    assert (len(first["items"]), len(second["items"]), second["next"]) == (4, 2, None)
    assert len({item["id"] for item in first["items"] + second["items"]}) == 6


async def test_a_dismissed_suggestion_is_decided_and_joins_nobody_any_more(boss):
    await arrive(row("王小明"), row("李小红"))
    (candidate,) = (await boss.get("merge-candidates"))["items"]
    path = f"merge-candidates/{candidate['id']}/dismiss"
    assert (await boss.ask("POST", path)).status_code == 204
    assert error_of(await boss.ask("POST", path)) == (409, "candidate_decided")
    await arrive(row("李小红"))
    assert (await boss.get("merge-candidates"))["items"] == []
    noted = await rows("SELECT subject_id FROM audit WHERE action = 'merge_candidate.dismissed'")
    assert noted == [{"subject_id": candidate["id"]}]


async def test_who_is_merged_is_no_suggestion_and_inherits_what_looked_like_them(boss):
    await arrive(*(row(name) for name in ("甲", "乙", "丙")))
    (candidate, *_) = (await boss.get("merge-candidates"))["items"]
    one, other = candidate["one"]["id"], candidate["other"]["id"]
    preview = await boss.get(f"customers/{one}/merge-preview?with={other}")
    body = {"source_id": other, "fingerprint": preview["fingerprint"]}
    assert (await boss.ask("POST", f"customers/{one}/merges", body)).status_code == 201
    (left,) = (await boss.get("merge-candidates"))["items"]
    assert one in {left["one"]["id"], left["other"]["id"]}
    assert other not in {left["one"]["id"], left["other"]["id"]}


async def given_out_again():
    (former,) = await arrive(proof("甲", 1))
    (newcomer,) = await arrive(proof("乙", 5))
    return former.customer_id, newcomer.customer_id


async def settled(boss, outcome, proof="last_order"):
    (dispute,) = (await boss.get("phone-disputes"))["items"]
    return await boss.ask("POST", f"phone-disputes/{dispute['id']}/settle", {"outcome": outcome, "proof": proof})


async def test_behaviour12_a_number_given_out_again_is_the_newcomers_alone(boss):
    former, newcomer = await given_out_again()
    (dispute,) = (await boss.get("phone-disputes"))["items"]
    assert (dispute["number"], dispute["former"]["id"]) == ("138****8000", str(former))
    answer = await settled(boss, "recycled", "birthday")
    assert (answer.json()["outcome"], answer.json()["proof"]) == ("recycled", "birthday")
    assert await rows("SELECT customer_id FROM customer_phone") == [{"customer_id": newcomer}]
    assert await queries.held([former, newcomer]) == set()
    assert (await boss.get("phone-disputes"))["items"] == []
    assert len((await boss.get("phone-disputes?settled=true"))["items"]) == 1
    again = await boss.ask(
        "POST", f"phone-disputes/{dispute['id']}/settle", {"outcome": "recycled", "proof": "counter"}
    )
    assert error_of(again) == (409, "dispute_settled")
    noted = await rows("SELECT subject_id FROM audit WHERE action = 'phone_dispute.settled'")
    assert noted == [{"subject_id": dispute["id"]}]


async def test_behaviour12_two_who_prove_to_be_one_are_merged_and_what_waited_joins_them(boss):
    (former,) = await arrive(proof("甲", 1))
    await arrive(proof("乙", 5))
    await arrive(row("王小明"))
    assert len(await people()) == 3
    assert (await settled(boss, "same_person")).status_code == 200
    assert len(await people()) == 1
    assert await queries.held([former.customer_id]) == set()
    assert await queries.recognise(verified_phone=NUMBER) == former.customer_id
    reasons = [line["reason"] for line in await rows("SELECT reason FROM customer_merge ORDER BY merged_at, id")]
    assert reasons == ["dispute", "phone"]


async def test_who_reaches_both_may_find_them_one_and_reads_of_it_afterwards(http, boss):
    await given_out_again()
    reach = await desk(http, RoleKey.MANAGER)
    await database.execute("UPDATE staff SET scope = 'own' WHERE id = $1", reach.staff.id)
    await given_to(reach.staff)
    answer = await settled(reach, "same_person")
    assert (answer.status_code, answer.json()["outcome"]) == (200, "same_person")
    (found,) = (await reach.get("phone-disputes?settled=true"))["items"]
    assert found["former"] == found["newcomer"]
    assert found["proof"] == "last_order"


async def test_a_dispute_out_of_reach_is_not_there(http, boss):
    former, _ = await given_out_again()
    reach = await desk(http, RoleKey.MANAGER)
    await database.execute("UPDATE staff SET scope = 'own' WHERE id = $1", reach.staff.id)
    await database.execute("UPDATE customer SET guide_id = $1 WHERE id = $2", reach.staff.id, former)
    assert (await reach.get("phone-disputes"))["items"] == []
    (dispute,) = await rows("SELECT id FROM phone_dispute")
    path = f"phone-disputes/{dispute['id']}/settle"
    answer = await reach.ask("POST", path, {"outcome": "recycled", "proof": "counter"})
    assert error_of(answer) == (404, "dispute_not_found")


async def test_only_a_person_says_recycled_or_the_same(boss):
    await given_out_again()
    assert error_of(await settled(boss, "verified_again")) == (422, "invalid_input")


async def test_what_can_not_be_taken_back_any_more_stays_with_the_dispute(boss):
    (former,) = await arrive(proof("甲", 1))
    joining = row("王小明")
    await arrive(joining)
    record = await boss.get(f"customers/{former.customer_id}")
    assert (await boss.change(record, city="上海")).status_code == 200
    await arrive(proof("乙", 5))
    found = await rows("SELECT customer_id FROM customer_arrival WHERE source = $1", joining.source)
    assert found == [{"customer_id": former.customer_id}]
    assert len((await boss.get("phone-disputes"))["items"]) == 1


async def test_a_purchase_in_the_time_of_the_former_stays_when_the_number_is_given_out_again(boss):
    bought = purchase(2)
    await arrive(bought)
    (former,) = await arrive(proof("甲", 1))
    await arrive(proof("乙", 5))
    found = await rows("SELECT customer_id FROM counted WHERE source = $1", bought.source)
    assert found == [{"customer_id": former.customer_id}]
    assert await make.count("customer_merge WHERE undone_at IS NOT NULL") == 0


async def test_a_number_proven_first_by_sms_then_by_two_members_is_parted_from_the_first(boss):
    proven = sms(1, "王小明")
    joining = row("王小明")
    await arrive(proven)
    await arrive(joining)
    (former,) = await arrive(proof("甲", 5))
    assert (await people())[0]["arrivals"] == 3
    (newcomer,) = await arrive(proof("乙", 9))
    assert await queries.recognise(verified_phone=NUMBER) == newcomer.customer_id
    assert await queries.held([former.customer_id]) == {former.customer_id}
    assert len(await people()) == 3
