"""Merges that a colleague decides: previewed, done as previewed, listed, undone while nothing has changed."""

import pytest

from core.customers.merging import learn_profiles
from core.customers.rules import ContactKind, Credit, Profile
from core.permissions.rules import RoleKey, Scope
from infra import crypto, database
from tests import factories as make
from tests.core.linking_world import NUMBER, TWO, arrive, at, counting, follow, owner_of, proof, purchase, row
from tests.core.record_world import desk, mobile, send_to_pool
from tests.doors import error_of
from tests.factories import NOON, contact, rows

FOLLOW = ContactKind.FOLLOW


@pytest.fixture(autouse=True)
async def counted(http):
    async with counting():
        yield


@pytest.fixture
async def boss(http):
    return await desk(http, RoleKey.MANAGER)


async def previewed(boss, target, source):
    return await boss.get(f"customers/{target}/merge-preview?with={source}")


async def merged(boss, target, source, **changes):
    fingerprint = (await previewed(boss, target, source))["fingerprint"]
    body = {"source_id": str(source), "fingerprint": fingerprint} | changes
    return await boss.ask("POST", f"customers/{target}/merges", body)


async def undone(boss, merge_id):
    return await boss.ask("POST", f"merges/{merge_id}/undo")


async def picture():
    """Everything that hangs on somebody, by customer; what grows with every act is left out."""
    found = {}
    for table in ("identity", "touch", "customer_phone", "customer_key", "customer_arrival", "counted", "customer_tag"):
        found[table] = await rows(f"SELECT * FROM {table} ORDER BY id")
    found["customer"] = await rows(
        """SELECT id, guide_id, following, is_staff, merged_into_id, pooled_at, next_contact_at, order_due_on
        FROM customer ORDER BY id"""
    )
    found["record"] = await rows("SELECT customer_id, name, city, industry, stage FROM customer_profile ORDER BY 1")
    found["search"] = await rows("SELECT customer_id, terms FROM customer_search ORDER BY 1")
    return found


async def two(boss, **differing):
    """A member who follows, and one whom a colleague wrote down."""
    await follow("甲")
    await arrive(proof("甲"), purchase())
    target = (await make.customer_of("甲"))["id"]
    source = (await boss.create("王小明", number=mobile(), city="上海", **differing))["id"]
    return str(target), source


async def test_a_preview_says_what_moves_what_differs_and_what_to_look_at(boss):
    one = await boss.create("王小明", number=mobile(), city="上海", industry="餐饮")
    other = await boss.create("李小红", number=mobile(), city="北京", industry="餐饮")
    found = await previewed(boss, one["id"], other["id"])
    assert (found["target_id"], found["source_id"]) == (one["id"], other["id"])
    assert found["conflicts"] == ["city", "name"]
    assert found["warnings"] == ["other_name"]
    assert {"name": "customers.linking", "title": "号码与编号", "rows": 1} in found["moving"]
    await arrive(proof("甲"), purchase(number="+8613900139000"))
    await arrive(proof("乙", 3))
    ids = [row["id"] for row in await rows("SELECT DISTINCT customer_id AS id FROM identity ORDER BY 1")]
    assert (await previewed(boss, *ids))["warnings"] == ["two_members", "disputed"]


async def test_a_merge_by_hand_moves_everything_keeps_the_chosen_one_and_is_told(boss):
    target, source = await two(boss)
    answer = await merged(boss, source, target)
    assert answer.status_code == 201
    assert (answer.json()["target_id"], answer.json()["reason"]) == (source, "by_hand")
    for old in (target, source):
        assert (await boss.get(f"customers/{old}"))["id"] == source
        kinds = [entry["kind"] for entry in (await boss.get(f"customers/{old}/timeline"))["items"]]
        assert kinds.count("merged") == 1
        assert (await boss.get(f"customers/{old}/merges"))["items"] == [answer.json()]
    assert {str(line["customer_id"]) for line in await rows("SELECT customer_id FROM identity")} == {source}
    assert [str(line["customer_id"]) for line in await rows("SELECT customer_id FROM customer_search")] == [source]
    noted = await rows("SELECT subject_id FROM audit WHERE action = 'customer.merged'")
    assert noted == [{"subject_id": source}]


async def test_what_changed_since_the_preview_is_looked_at_again(boss):
    target, source = await two(boss)
    fingerprint = (await previewed(boss, target, source))["fingerprint"]
    record = await boss.get(f"customers/{source}")
    assert (await boss.change(record, city="北京")).status_code == 200
    body = {"source_id": source, "fingerprint": fingerprint}
    assert error_of(await boss.ask("POST", f"customers/{target}/merges", body)) == (409, "preview_changed")


async def test_nobody_is_merged_with_themself_or_from_the_pool(boss):
    target, source = await two(boss)
    path = f"customers/{target}/merge-preview?with="
    assert error_of(await boss.ask("GET", path + target)) == (409, "merge_with_itself")
    await send_to_pool(source)
    assert error_of(await merged(boss, target, source)) == (409, "customer_in_pool")


async def test_both_customers_must_be_in_reach(http, boss):
    reach = await desk(http, RoleKey.MANAGER)
    await database.execute("UPDATE staff SET scope = $2 WHERE id = $1", reach.staff.id, Scope.OWN.value)
    mine, theirs = await reach.create("王小明"), await boss.create("李小红")
    for one, other in ((mine, theirs), (theirs, mine)):
        path = f"customers/{one['id']}/merge-preview?with={other['id']}"
        assert error_of(await reach.ask("GET", path)) == (404, "customer_not_found")
    merge = (await merged(boss, theirs["id"], (await boss.create("王小红"))["id"])).json()
    assert error_of(await undone(reach, merge["id"])) == (404, "merge_not_found")


async def test_an_undone_merge_leaves_everything_as_it_was(boss):
    target, source = await two(boss, industry="餐饮")
    before = await picture()
    merge = (await merged(boss, target, source)).json()
    assert await picture() != before
    answer = await undone(boss, merge["id"])
    assert (answer.status_code, answer.json()["undone_at"] is not None) == (200, True)
    assert await picture() == before
    assert error_of(await undone(boss, merge["id"])) == (409, "merge_changed")
    kinds = [e["kind"] for e in (await boss.get(f"customers/{source}/timeline"))["items"]]
    assert "unmerged" in kinds
    names = await rows("SELECT name FROM outbox WHERE name LIKE 'customers.%' ORDER BY id")
    assert [line["name"] for line in names][-2:] == ["customers.merged.v1", "customers.parted.v1"]


async def test_undone_they_may_be_merged_again_the_other_way_round(boss):
    target, source = await two(boss)
    merge = (await merged(boss, target, source)).json()
    await undone(boss, merge["id"])
    assert (await merged(boss, source, target)).status_code == 201
    assert (await boss.get(f"customers/{target}"))["id"] == source


async def test_who_was_parted_by_hand_is_not_joined_by_a_number_again(boss):
    await arrive(proof("甲"))
    joining = row("王小明")
    await arrive(joining)
    (merge,) = await rows("SELECT id, source_id FROM customer_merge")
    assert (await undone(boss, merge["id"])).status_code == 200
    await arrive(row("王小明"))
    assert await owner_of(joining) == merge["source_id"]


@pytest.mark.parametrize("what", ["customer_phone", "owner", "customer_profile", "merged_on"])
async def test_what_a_merge_moved_and_somebody_changed_is_not_taken_back(boss, what):
    target, source = await two(boss)
    merge = (await merged(boss, target, source)).json()
    if what == "customer_phone":
        await database.execute("DELETE FROM customer_phone WHERE number <> $1", NUMBER)
    elif what == "owner":
        await database.execute("UPDATE customer SET guide_id = NULL WHERE id::text = $1", target)
    elif what == "customer_profile":
        assert (await boss.change(await boss.get(f"customers/{target}"), city="北京")).status_code == 200
    else:
        third = (await boss.create("李小红"))["id"]
        assert (await merged(boss, third, target)).status_code == 201
    before = await picture()
    answer = await undone(boss, merge["id"])
    assert error_of(answer) == (409, "merge_changed")
    assert answer.json()["error"]["details"] == {"what": what}
    assert await picture() == before


async def test_one_unionid_stays_one_person(boss):
    await follow("甲")
    await follow("甲", TWO)
    (merge,) = await rows("SELECT id FROM customer_merge")
    answer = await undone(boss, merge["id"])
    assert answer.json()["error"]["details"] == {"what": "unionid"}


async def test_touches_since_the_merge_stay_and_first_touches_are_found_anew(boss):
    guide = await make.guide()
    by_guide = Credit(guide_id=guide.id, store_id=guide.store_id)
    await make.record(contact(FOLLOW, NOON, person="older"))
    await make.record(contact(FOLLOW, at(1), person="younger", credit=by_guide))
    older, younger = (await make.customer_of("older"))["id"], (await make.customer_of("younger"))["id"]
    merge = (await merged(boss, younger, older)).json()
    assert (await make.customer_of("younger"))["first_at"] == NOON
    await make.record(contact(ContactKind.SCAN, at(2), person="younger"))
    assert (await undone(boss, merge["id"])).status_code == 200
    found = await make.customer_of("younger")
    assert (found["first_at"], found["guide_id"], found["touches"]) == (at(1), guide.id, 2)
    assert ((await make.customer_of("older"))["first_at"], (await make.customer_of("older"))["guide_id"]) == (
        NOON,
        None,
    )


async def test_what_both_have_stays_where_it_is_and_comes_back(boss):
    number = mobile()
    one = await boss.create("王小明", number=number)
    other = await boss.create("李小红", number=number, confirm=True)
    before = await rows("SELECT * FROM customer_phone ORDER BY id")
    merge = (await merged(boss, one["id"], other["id"])).json()
    assert len((await boss.get(f"customers/{one['id']}"))["phones"]) == 1
    (moved,) = await rows("SELECT moved FROM customer_merge")
    assert '"stayed": {"customer_phone"' in moved["moved"]
    await undone(boss, merge["id"])
    assert await rows("SELECT * FROM customer_phone ORDER BY id") == before


async def test_the_owner_met_first_stays_and_the_others_loss_is_in_the_ledger(boss, http):
    rep = await desk(http, RoleKey.REP)
    theirs, ours = (await rep.create("王小明"))["id"], (await boss.create("李小红"))["id"]
    merge = (await merged(boss, ours, theirs)).json()
    assert (await boss.get(f"customers/{ours}"))["owner"]["id"] == str(rep.staff.id)
    assert await rows(
        "SELECT former_id, guide_id FROM customer_owner_change WHERE reason = 'merged' AND customer_id::text = $1", ours
    ) == [{"former_id": boss.staff.id, "guide_id": rep.staff.id}]
    await undone(boss, merge["id"])
    assert (await boss.get(f"customers/{ours}"))["owner"]["id"] == str(boss.staff.id)
    assert (await boss.get(f"customers/{theirs}"))["owner"]["id"] == str(rep.staff.id)


@pytest.mark.parametrize("number", [NUMBER[3:], None])
async def test_a_number_that_is_anothers_by_now_goes_back_to_nobody(boss, number):
    await arrive(proof("甲", 1))
    [member] = await rows("SELECT customer_id AS id FROM identity")
    target = (await boss.create("王小明", number=number, confirm=True))["id"]
    merge = (await merged(boss, target, member["id"])).json()
    await arrive(proof("乙", 5))
    answer = await undone(boss, merge["id"])
    assert error_of(answer) == (409, "merge_changed")
    what = "customer_phone" if number else "phone_dispute"
    assert answer.json()["error"]["details"] == {"what": what}


async def test_a_repeated_request_merges_once(boss):
    target, source = await two(boss)
    fingerprint = (await previewed(boss, target, source))["fingerprint"]
    body = {"source_id": source, "fingerprint": fingerprint}
    answers = [
        await boss.ask("POST", f"customers/{target}/merges", body, **{"Idempotency-Key": "once"}) for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()
    assert await make.count("customer_merge WHERE reason = 'by_hand'") == 1


async def test_three_with_one_unionid_become_the_oldest_in_one_step(db):
    await make.record(*(contact(FOLLOW, app_id=app) for app in ("wx1", "wx2", "wx3")))
    profiles = [
        Profile(identity=crypto.digest(app, "person"), unionid="u", subscribe_scene=None, profiled_at=NOON)
        for app in ("wx1", "wx2", "wx3")
    ]
    async with database.transaction() as connection:
        assert await learn_profiles(connection, profiles) == 2
    (oldest,) = await rows("SELECT id FROM customer WHERE merged_into_id IS NULL")
    assert oldest == (await rows("SELECT min(id::text)::uuid AS id FROM customer"))[0]
    targets = await rows("SELECT DISTINCT target_id FROM customer_merge")
    assert targets == [{"target_id": (await make.customer_of("person", "wx1"))["id"]}]
