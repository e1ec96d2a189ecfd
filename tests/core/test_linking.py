"""Whom an arrival is taken for (rules.md, Linking): identities, keys, proven numbers, names; or it is suggested."""

import pytest

from app.contexts import registry
from core.customers.linking import queries
from core.customers.linking.rules import Arrival, Door
from core.customers.linking.service import arrive_many
from core.organisation import bindings
from infra import crypto, database
from infra.ids import new_id
from tests import factories as make
from tests.core.linking_world import (
    MINI,
    NUMBER,
    ONE,
    again,
    arrive,
    at,
    counting,
    follow,
    login,
    owner_of,
    people,
    proof,
    purchase,
    row,
    wechat,
)
from tests.factories import rows

OTHER = "+8613900139000"


@pytest.fixture(autouse=True)
async def counted(db):
    async with counting():
        yield


async def candidates():
    return [line["reason"] for line in await rows("SELECT reason FROM merge_candidate WHERE state = 'open'")]


async def standing():
    return len(await people())


async def test_the_same_source_counts_once_however_often_it_comes():
    bought = purchase()
    first, twice = await arrive(bought, bought)
    (later,) = await arrive(bought)
    assert (first.created, later.created) == (True, False)
    assert first.customer_id == twice.customer_id == later.customer_id
    assert await make.count("customer_arrival") == 1


async def test_at54_one_unionid_in_two_apps_is_one_customer_at_once():
    await follow("甲")
    (seen,) = await arrive(login("甲"))
    assert seen.customer_id == (await make.customer_of("甲", ONE))["id"]
    assert (await queries.recognise(identity=crypto.digest(MINI, "甲"))) == seen.customer_id
    assert (await queries.recognise(unionid="u 甲")) == seen.customer_id
    assert await queries.recognise(identity=b"nobody", unionid="nobody", verified_phone=NUMBER) is None


async def test_a_colleague_who_logs_in_is_no_customer():
    guide = await make.guide()
    await bindings.bind_wechat(guide.id, MINI, "甲")
    await make.settle(registry())
    (seen,) = await arrive(login("甲"))
    assert (seen.customer_id, await standing()) == (None, 0)


async def test_a_follow_that_is_heard_of_after_the_login_still_counts():
    await arrive(login("甲", 1, wechat=wechat("甲", ONE)))
    assert not (await make.customer_of("甲", ONE))["following"]
    await follow("甲", ONE, 0)
    assert (await make.customer_of("甲", ONE))["following"]


async def test_one_card_is_one_customer_unless_two_on_wechat_show_it():
    card = (("card", "6001"),)
    (bought,) = await arrive(purchase(number=None, keys=card))
    (shown,) = await arrive(login("甲", keys=card))
    assert (shown.customer_id, await standing()) == (bought.customer_id, 1)
    assert await queries.recognise(keys=card) == bought.customer_id
    (other,) = await arrive(login("乙", keys=card))
    assert other.customer_id != bought.customer_id
    assert await candidates() == ["same_key"]
    (again_,) = await arrive(purchase(number=OTHER, keys=card))
    assert again_.customer_id == bought.customer_id


async def test_rows_of_one_table_with_one_key_are_one_customer():
    first, second, third = await arrive(
        row("王小明", number=None, keys=(("erp", "1"),)),
        row("王小明", number=None, keys=(("erp", "1"),)),
        row("王小明", number=None, keys=(("erp", "2"),)),
    )
    assert (first.created, second.created, third.created) == (True, False, True)
    assert first.customer_id == second.customer_id != third.customer_id


async def test_another_number_in_the_same_system_is_another_customer():
    await arrive(row("王小明", keys=(("erp", "1"),)))
    (other,) = await arrive(row("王小明", keys=(("erp", "2"),)))
    assert (other.created, other.suggested) == (True, True)
    assert await candidates() == ["same_number"]


@pytest.mark.parametrize(("former", "name", "same"), [
    ("王小明", "王 小明", True), (None, "王小明", True), ("王小明", None, True), ("王小明", "李小红", False),
])  # fmt: skip
async def test_without_wechat_a_number_is_one_customer_as_far_as_names_agree(former, name, same):
    one, other = row(former), row(name)
    await arrive(one)
    (found,) = await arrive(other)
    assert (await owner_of(one) == await owner_of(other)) is same
    assert found.created is not same
    assert await candidates() == ([] if same else ["same_number"])


async def test_without_a_name_a_number_of_two_is_nobodys_for_sure():
    await arrive(row("王小明"), row("李小红"))
    (found,) = await arrive(purchase())
    assert (found.created, found.suggested, await standing()) == (True, True, 3)


async def test_a_proven_number_joins_the_one_known_by_it_and_the_caller_learns_of_it():
    (known,) = await arrive(row("王小明"))
    (proved,) = await arrive(proof("甲"))
    assert await standing() == 1
    assert await rows("SELECT reason, source_id FROM customer_merge") == [
        {"reason": "phone", "source_id": known.customer_id}
    ]
    assert await queries.recognise(verified_phone=NUMBER) == proved.customer_id
    assert await rows("SELECT customer_id FROM customer_search") == [{"customer_id": proved.customer_id}]
    (joining,) = await arrive(row(None))
    assert (joining.created, joining.joins) == (True, proved.customer_id)
    (same,) = await arrive(row("王小明"))
    assert (same.created, same.customer_id) == (False, proved.customer_id)


async def test_a_proven_number_that_two_are_known_by_joins_neither():
    await arrive(row("王小明"), row("李小红"))
    await arrive(proof("甲"))
    assert await standing() == 3
    assert await candidates() == ["same_number"] * 3


async def test_another_name_than_the_members_stays_apart_as_a_suggestion():
    await arrive(row("王小明"))
    (member,) = await arrive(proof("甲"))
    (found,) = await arrive(purchase(name="李小红"))
    assert (found.customer_id != member.customer_id, found.suggested, found.joins) == (True, True, None)


async def test_a_number_nobody_proved_proves_nothing_of_somebody_on_wechat():
    await arrive(login("甲", phone=NUMBER))
    (found,) = await arrive(row("王小明"))
    assert (found.created, found.joins, await standing()) == (True, None, 2)
    assert await candidates() == ["same_number"]


async def test_a_firm_is_not_the_person_whose_number_it_gave():
    (firm,) = await arrive(row("王氏商行"))
    await database.execute("UPDATE customer_profile SET nature = 'business' WHERE customer_id = $1", firm.customer_id)
    await arrive(proof("甲"))
    assert await standing() == 2


async def disputes():
    return await rows("SELECT outcome, settled_at IS NULL AS open FROM phone_dispute ORDER BY opened_at, id")


async def _given_out_again():
    (former,) = await arrive(proof("甲", 1))
    (newcomer,) = await arrive(proof("乙", 5))
    return former.customer_id, newcomer.customer_id


async def test_behaviour12_who_proves_anothers_number_gets_a_customer_of_its_own_and_the_other_is_held():
    former, newcomer = await _given_out_again()
    assert former != newcomer
    assert await queries.held([former, newcomer]) == {former}
    assert await queries.recognise(verified_phone=NUMBER) == newcomer
    assert await disputes() == [{"outcome": None, "open": True}]
    early, late, unclear = purchase(2), purchase(6), row(None)
    await arrive(early, late, unclear)
    assert await owner_of(early) == former
    assert await owner_of(late) == newcomer
    assert await owner_of(unclear) not in {former, newcomer}


async def test_what_is_unclear_about_a_disputed_number_stands_alone_each():
    await _given_out_again()
    one, other = row(None), row("王小明")
    await arrive(one)
    await arrive(other)
    assert await owner_of(one) != await owner_of(other)


async def test_what_the_name_from_a_table_brought_goes_with_the_table_when_the_number_is_given_out_again():
    table, later = row("王小明"), row("王小明")
    await arrive(proof("甲", 1))
    await arrive(table)
    await arrive(later)
    (newcomer,) = await arrive(proof("乙", 5))
    assert await owner_of(table) == await owner_of(later)
    assert await owner_of(table) not in {(await make.customer_of("甲", MINI))["id"], newcomer.customer_id}


async def test_a_proof_that_is_heard_of_late_is_the_formers():
    (newcomer,) = await arrive(proof("乙", 5))
    (former,) = await arrive(proof("甲", 1))
    assert await queries.held([former.customer_id, newcomer.customer_id]) == {former.customer_id}
    assert await queries.recognise(verified_phone=NUMBER) == newcomer.customer_id


async def test_a_proof_of_another_number_ends_the_hold_and_of_the_same_turns_it_round():
    former, newcomer = await _given_out_again()
    await arrive(proof("甲", 7))
    assert await queries.held([former, newcomer]) == {newcomer}
    await arrive(proof("乙", 8, number=OTHER))
    assert await queries.held([former, newcomer]) == set()
    assert [line["outcome"] for line in await disputes()] == ["verified_again", "verified_another"]
    assert await rows("SELECT DISTINCT customer_id FROM customer_phone WHERE number = $1", NUMBER) == [
        {"customer_id": former}
    ]


async def test_a_proof_from_before_the_hold_does_not_end_it():
    former, newcomer = await _given_out_again()
    await arrive(proof("甲", 3))
    assert await queries.held([former, newcomer]) == {former}
    assert await queries.recognise(verified_phone=NUMBER) == newcomer


async def test_two_who_turn_out_to_have_one_unionid_never_disputed():
    """The account that knew no unionid yet looked like somebody else."""
    stranger = {"wechat": wechat("甲", ONE), "unionid": None}
    await arrive(row("王小明"))
    await arrive(proof("甲", 1, **stranger))
    await arrive(proof("甲", 5))
    assert (await standing(), [line["open"] for line in await disputes()]) == (3, [True])
    await follow("甲", ONE, 0)
    await make.settle(registry())
    assert await disputes() == [{"outcome": "same_person", "open": False}]
    assert await standing() == 1
    one = (await make.customer_of("甲", ONE))["id"]
    assert await queries.held([one]) == set()
    assert await queries.recognise(verified_phone=NUMBER) == one
    assert await rows("SELECT verified_at, held_at FROM customer_phone WHERE customer_id = $1", one) == [
        {"verified_at": at(1), "held_at": None}
    ]


async def test_a_code_sent_by_sms_to_somebody_without_wechat_proves_the_number():
    code = Arrival(source=new_id(), door=Door.SMS, occurred_at=at(1), phone=NUMBER, phone_verified=True, name="王小明")
    (found,) = await arrive(code)
    assert await queries.recognise(verified_phone=NUMBER) == found.customer_id
    (member,) = await arrive(proof("甲", 2))
    assert (await standing(), await disputes()) == (1, [])
    assert await queries.recognise(verified_phone=NUMBER) == member.customer_id
    (once_more,) = await arrive(again(code))
    assert once_more.customer_id == member.customer_id


async def test_a_switchboard_suggests_nobody():
    await arrive(*(row(f"员工{n}") for n in range(25)))
    assert await candidates() == []


async def test_a_thousand_rows_are_a_fixed_number_of_statements(db):
    async def statements(arrivals):
        async with database.transaction() as connection:
            seen = []
            connection.add_query_logger(seen.append)
            await arrive_many(connection, arrivals)
            connection.remove_query_logger(seen.append)
            return len(seen)

    few = [row(f"顾客{n}", number=f"+86138{n:08d}") for n in range(3)]
    many = [row(f"顾客{n}", number=f"+86139{n:08d}") for n in range(300)]
    assert await statements(few) == await statements(many) < 25
