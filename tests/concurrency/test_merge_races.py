"""Merges, their undoing, follows, arrivals and claims at the same time, on connections of their own: one outcome."""

import asyncio
from contextvars import Context
from datetime import timedelta

import pytest

from app.contexts import registry
from core.customers.errors import MergeChanged
from core.customers.followups import service as followups
from core.customers.followups.rules import FollowUpKind
from core.customers.followups.schemas import FollowUpIn
from core.customers.linking import deciding, queries
from core.customers.linking.schemas import MergeIn, SettleIn
from core.customers.pool import recycling
from core.customers.pool import service as pool
from core.customers.pool.errors import NotYourCustomers
from core.customers.privacy import erasing
from core.customers.rules import ContactKind
from core.organisation.handover import service as handover
from infra import crypto, database
from tests import factories as make
from tests.core.linking_world import MINI, NUMBER, TWO, again, arrive, at, counting, follow, login, people, proof, row
from tests.core.pool_world import customers, rep
from tests.factories import NOON, contact, rows
from tests.simulator.harness import until

FOLLOW, SCAN = ContactKind.FOLLOW, ContactKind.SCAN
ROUNDS = 4


@pytest.fixture(autouse=True)
async def counted(db):
    async with counting():
        yield


async def at_once(*works):
    """Results or errors, each on connections of its own."""
    tasks = [asyncio.create_task(work, context=Context()) for work in works]
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    unexpected = [one for one in answers if isinstance(one, Exception) and not hasattr(one, "code")]
    assert unexpected == []
    return answers


def codes(answers):
    return sorted(getattr(answer, "code", "done") for answer in answers)


async def strays():
    """Rows that hang on a sign post."""
    found = {}
    for table in ("identity", "touch", "timeline", "customer_key", "customer_arrival", "counted"):
        found[table] = (
            await rows(
                f"""SELECT count(*) AS n FROM {table} x JOIN customer c ON c.id = x.customer_id
                WHERE c.merged_into_id IS NOT NULL"""
            )
        )[0]["n"]
    return {table: n for table, n in found.items() if n}


async def merged(by, target, source):
    preview = await queries.preview(target, source, by)
    return await deciding.merge_by_hand(by, target, MergeIn(source_id=source, fingerprint=preview.fingerprint))


async def id_of(person, app_id="wx0000000000000001"):
    return (await make.customer_of(person, app_id))["id"]


async def test_crossing_merges_of_two_leave_one(db):
    boss = await make.admin()
    for number in range(ROUNDS):
        await make.record(contact(FOLLOW, person=f"a{number}"), contact(FOLLOW, person=f"b{number}"))
        one, other = await id_of(f"a{number}"), await id_of(f"b{number}")
        answers = await at_once(merged(boss, one, other), merged(boss, other, one))
        assert codes(answers)[0] == "done"
        assert codes(answers)[1] in {"preview_changed", "merge_with_itself"}
        assert await id_of(f"a{number}") == await id_of(f"b{number}")
    assert await strays() == {}
    assert await make.count("customer_merge") == ROUNDS


async def test_a_ring_of_merges_becomes_no_circle(db):
    boss = await make.admin()
    await make.record(*(contact(FOLLOW, person=name) for name in "abc"))
    a, b, c = [await id_of(name) for name in "abc"]
    await at_once(merged(boss, a, b), merged(boss, b, c), merged(boss, c, a))
    standing = await rows("SELECT id FROM customer WHERE merged_into_id IS NULL")
    assert len(standing) == 3 - await make.count("customer_merge") >= 1
    assert await strays() == {}
    assert await make.count("touch") == 3


async def test_follows_that_come_while_people_are_merged_are_on_who_stays(db):
    boss = await make.admin()
    for number in range(ROUNDS):
        names = f"a{number}", f"b{number}"
        await make.record(*(contact(FOLLOW, person=name) for name in names))
        one, other = [await id_of(name) for name in names]
        scans = [make.record(contact(SCAN, at(1), person=name)) for name in names for _ in range(3)]
        await at_once(merged(boss, one, other), *scans)
    assert await strays() == {}
    assert await make.count("touch") == ROUNDS * 8
    firsts = await rows("SELECT customer_id FROM touch WHERE is_first")
    assert len({line["customer_id"] for line in firsts}) == len(firsts)
    standing = await rows("SELECT count(*) AS n FROM customer WHERE merged_into_id IS NULL")
    assert standing == [{"n": len(firsts)}]


async def test_an_undoing_and_a_merge_onward_at_once_do_one_or_the_other(db):
    boss = await make.admin()
    for number in range(ROUNDS):
        names = [f"{letter}{number}" for letter in "abc"]
        await make.record(*(contact(FOLLOW, person=name) for name in names))
        a, b, c = [await id_of(name) for name in names]
        merge = await merged(boss, a, b)
        answers = await at_once(deciding.undo(boss, merge.id), merged(boss, c, a), deciding.undo(boss, merge.id))
        undone = [answer for answer in (answers[0], answers[2]) if not isinstance(answer, Exception)]
        assert len(undone) <= 1
        onward = not isinstance(answers[1], Exception)
        assert len({await id_of(name) for name in names}) == 3 - (not undone) - onward
    assert await strays() == {}


async def test_an_undoing_while_the_person_follows_loses_no_touch(db):
    boss = await make.admin()
    for number in range(ROUNDS):
        names = f"a{number}", f"b{number}"
        await make.record(*(contact(FOLLOW, person=name) for name in names))
        one, other = [await id_of(name) for name in names]
        merge = await merged(boss, one, other)
        scans = [make.record(contact(SCAN, at(1), person=name)) for name in names]
        await at_once(deciding.undo(boss, merge.id), *scans)
        assert {await id_of(names[0]), await id_of(names[1])} == {one, other}
    assert await strays() == {}
    assert await make.count("touch") == await make.count("timeline WHERE kind IN ('follow', 'scan')") == ROUNDS * 4


async def test_a_claim_and_a_proof_of_the_number_at_once_leave_one_customer_with_the_claimer(db):
    for number in range(ROUNDS):
        make.jump_to(db, NOON)
        claimer = await rep()
        phone = f"+861380013{number:04d}"
        (pooled,) = await customers()
        await database.execute(
            """INSERT INTO customer_phone (id, customer_id, label, number, door, created_at)
            VALUES ($1, $1, 'mobile', $2, 'import', $3)""",
            pooled,
            phone,
            NOON,
        )
        answers = await at_once(pool.claim(claimer, [pooled]), arrive(proof(f"甲{number}", number=phone)))
        member = await id_of(f"甲{number}", MINI)
        (found,) = await rows("SELECT guide_id, pooled_at FROM customer WHERE id = $1", member)
        joined = await rows("SELECT merged_into_id FROM customer WHERE id = $1", pooled)
        assert joined == [{"merged_into_id": member}]
        claimed = not isinstance(answers[0], Exception)
        assert (found["guide_id"] == claimer.id, found["pooled_at"] is None) == (claimed, claimed)
    assert await strays() == {}


async def test_the_same_arrivals_at_once_count_once(db):
    arrivals = [row("王小明"), login("甲"), proof("甲"), row(None, number=None)]
    await at_once(*(arrive(*arrivals) for _ in range(4)))
    assert await make.count("customer_arrival") == await make.count("counted") == 4
    assert len(await people()) == 2


async def test_all_doors_at_once_make_one_customer_each(db):
    for number in range(ROUNDS):
        phone, person = f"+861380013{number:04d}", f"甲{number}"
        await at_once(
            follow(person),
            follow(person, TWO, 1),
            arrive(login(person)),
            arrive(proof(person, number=phone)),
            arrive(row("王小明", number=phone)),
            arrive(row("王小明", number=phone)),
        )
    await make.settle(registry())
    assert len(await people()) == ROUNDS
    assert await strays() == {}


async def test_two_who_prove_a_number_at_once_leave_one_holder_and_one_dispute(db):
    first, second = proof("甲", 1), proof("乙", 5)
    for _ in range(ROUNDS):
        await at_once(arrive(again(first)), arrive(again(second)))
    assert await rows("SELECT count(*) AS n FROM customer_phone WHERE verified_at IS NOT NULL AND held_at IS NULL") == [
        {"n": 1}
    ]
    holder = await queries.recognise(verified_phone=NUMBER)
    assert holder == await queries.recognise(identity=crypto.digest(MINI, "乙"))
    assert await make.count("phone_dispute WHERE settled_at IS NULL") == 1


async def joined_records():
    """Two customers of two colleagues who are one by hand; the merge and the colleagues."""
    boss, reps = await make.admin(), [await rep(), await rep()]
    kept, gone = (await customers(reps[0]))[0], (await customers(reps[1]))[0]
    return boss, reps, (kept, gone), await merged(boss, kept, gone)


async def owner(customer_id):
    return (await rows("SELECT guide_id FROM customer WHERE id = $1", customer_id))[0]["guide_id"]


async def test_a_note_that_waits_for_an_undoing_is_written_to_whom_it_names(db):
    boss, reps, (_, gone), merge = await joined_records()
    async with database.transaction():
        await deciding.undo(boss, merge.id)
        note = FollowUpIn(kind=FollowUpKind.PHONE)
        writing = asyncio.create_task(followups.write(reps[1], gone, note), context=Context())
        await until(make.somebody_waits)
    assert (await writing).customer_id == gone
    for table in ("follow_up", "sales_record"):
        assert await rows(f"SELECT customer_id FROM {table}") == [{"customer_id": gone}]


async def test_a_transfer_that_waits_for_an_undoing_takes_nobody_else(db):
    boss, reps, (kept, gone), merge = await joined_records()
    async with database.transaction():
        await deciding.undo(boss, merge.id)
        moving = asyncio.create_task(pool.transfer(reps[0], [gone], None), context=Context())
        await until(make.somebody_waits)
    with pytest.raises(NotYourCustomers):
        await moving
    assert (await owner(kept), await owner(gone)) == (reps[0].id, reps[1].id)


async def test_an_undoing_while_a_colleague_leaves_gives_them_nobody(db):
    for _ in range(ROUNDS):
        boss, reps, (_, gone), merge = await joined_records()
        heir = await rep()
        answers = await at_once(
            handover.leave(reps[1].id, heir.id, None, ""), deciding.undo(boss, merge.id), deciding.undo(boss, merge.id)
        )
        assert codes(answers) in (["done", "done", "merge_changed"], ["done", "merge_changed", "merge_changed"])
        assert await owner(gone) in {heir.id, None}


async def test_an_undoing_that_waits_until_somebody_is_forgotten_finds_nothing_to_give_back(db):
    boss = await make.admin()
    await make.record(*(contact(FOLLOW, person=name) for name in "ab"))
    one, other = [await id_of(name) for name in "ab"]
    merge = await merged(boss, one, other)
    async with database.transaction():
        await erasing.forget_at_request(boss, one)
        undoing = asyncio.create_task(deciding.undo(boss, merge.id), context=Context())
        await until(make.somebody_waits)
    with pytest.raises(MergeChanged) as refused:
        await undoing
    assert refused.value.details == {"what": "erased"}


async def test_of_two_who_settle_a_dispute_the_first_does(db):
    boss = await make.admin()
    for number in range(ROUNDS):
        phone = f"+861380013{number:04d}"
        await arrive(proof(f"甲{number}", 1, number=phone))
        await arrive(proof(f"乙{number}", 5, number=phone))
        [dispute] = await queries.disputes(boss, None, 10, settled=False)
        answers = await at_once(
            *(
                deciding.settle(boss, dispute.id, SettleIn(outcome=outcome, proof="counter"))
                for outcome in ("recycled", "same_person", "recycled")
            )
        )
        assert codes(answers) == ["dispute_settled", "dispute_settled", "done"]
        joined = answers[1].outcome == "same_person" if not isinstance(answers[1], Exception) else False
        assert (await id_of(f"甲{number}", MINI) == await id_of(f"乙{number}", MINI)) == joined
    assert await strays() == {}


async def test_a_merge_beside_the_sweep_leaves_one_owner_or_the_pool(db):
    boss = await make.admin()
    for _ in range(ROUNDS):
        make.jump_to(db, NOON)
        seller = await rep()
        pairs = [await customers(seller, 2) for _ in range(4)]
        make.jump_to(db, NOON + timedelta(days=90))
        await at_once(recycling.sweep(), *(merged(boss, *pair) for pair in pairs))
        await recycling.sweep()
        standing = await rows(
            "SELECT guide_id, pooled_at IS NOT NULL AS pooled FROM customer WHERE merged_into_id IS NULL"
        )
        assert {(row["guide_id"], row["pooled"]) for row in standing} == {(None, True)}
        signs = await rows(
            "SELECT FROM customer WHERE merged_into_id IS NOT NULL AND num_nonnulls(guide_id, pooled_at) > 0"
        )
        assert signs == []
