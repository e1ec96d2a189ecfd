"""What merges and their undoing do to owners: losers are told, the history says so, who left gets nobody."""

from uuid import UUID

import pytest

from core.customers.linking import deciding
from core.customers.pool import queries as pool
from core.organisation.handover import service as handover
from core.permissions.rules import RoleKey
from infra import clock
from tests import factories as make
from tests.core.pool_world import notices
from tests.core.record_world import desk
from tests.factories import rows


@pytest.fixture
async def boss(http):
    return await desk(http, RoleKey.MANAGER)


async def merged(boss, target, source):
    fingerprint = (await boss.get(f"customers/{target}/merge-preview?with={source}"))["fingerprint"]
    return await boss.ask("POST", f"customers/{target}/merges", {"source_id": source, "fingerprint": fingerprint})


async def undone(boss, merge_id):
    return await boss.ask("POST", f"merges/{merge_id}/undo")


async def owners(boss, customer_id):
    """The owner's history: reason, former, owner."""
    items = (await boss.get(f"customers/{customer_id}/owners"))["items"]
    return [(item["reason"], item["former"], item["owner"]) for item in items]


async def owner_of_customer(customer_id):
    found = await rows("SELECT guide_id FROM customer WHERE id::text = $1", customer_id)
    return found[0]["guide_id"]


async def test_whoever_loses_a_customer_by_a_merge_is_told_and_stands_in_the_history(boss, http):
    keeper, loser = await desk(http, RoleKey.REP), await desk(http, RoleKey.REP)
    ours, theirs = (await keeper.create("王小明"))["id"], (await loser.create("李小红"))["id"]
    called_at = clock.now()
    merge = (await merged(boss, ours, theirs)).json()
    assert await owner_of_customer(ours) == keeper.staff.id
    assert (await owners(boss, ours))[0] == ("merged", loser.staff.name, keeper.staff.name)
    assert await notices(loser.staff) == ["您有 1 位客户已与同事的客户合并"]
    # What was written before the merge, and is sent after it, was the own customer's.
    note = {"kind": "phone", "occurred_at": called_at.isoformat()}
    assert (await loser.ask("POST", f"customers/{theirs}/follow-ups", note)).status_code == 201
    await undone(boss, merge["id"])
    history = [("unmerged", keeper.staff.name, loser.staff.name), ("merged", loser.staff.name, keeper.staff.name)]
    assert await owners(boss, theirs) == [*history, ("created", None, loser.staff.name)]
    assert await owners(boss, ours) == [("created", None, keeper.staff.name)]
    assert await notices(loser.staff, "customers.parted") == ["您的 1 位客户已恢复"]
    assert await notices(keeper.staff) == []


async def test_who_merges_the_own_customer_away_is_not_told(boss, http):
    keeper = await desk(http, RoleKey.REP)
    ours, theirs = (await keeper.create("王小明"))["id"], (await boss.create("李小红"))["id"]
    assert (await merged(boss, ours, theirs)).status_code == 201
    assert await notices(boss.staff) == []


async def test_an_undone_merge_gives_nobody_to_who_left_and_a_whole_term_to_who_has_them_now(boss, http, db):
    leaver, heir = await desk(http, RoleKey.REP), await desk(http, RoleKey.REP)
    ours, theirs = (await boss.create("李小红"))["id"], (await leaver.create("王小明"))["id"]
    merge = (await merged(boss, ours, theirs)).json()
    await handover.leave(leaver.staff.id, heir.staff.id, None, "")
    make.jump(db, days=100)
    await deciding.undo(boss.staff, UUID(merge["id"]))
    assert await owner_of_customer(theirs) == heir.staff.id
    _, history = await pool.owners(UUID(theirs), boss.staff, None, 1)
    assert [(change.reason, change.former, change.owner) for change in history] == [
        ("unmerged", boss.staff.name, heir.staff.name)
    ]
    [found] = await rows("SELECT active_at FROM customer WHERE id::text = $1", theirs)
    assert clock.business_day(found["active_at"]) == clock.business_day()
