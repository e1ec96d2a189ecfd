"""Probe."""

from datetime import timedelta

import pytest

from core.customers.linking import queries as linking
from core.customers.linking.rules import Arrival, Door
from core.permissions.rules import RoleKey
from core.organisation.handover import service as handover
from infra import clock, database, parameters
from infra.ids import new_id
from tests import factories as make
from tests.core.linking_world import NUMBER, arrive, at, counting, follow, proof, row, again, _values
from tests.core.pool_world import *
from tests.core.pool_world import STAFF
from tests.core.record_world import desk, mobile
from tests.core.test_merge_by_hand import merged, undone, two
from tests.doors import error_of
from tests.factories import NOON, rows

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
async def counted(http):
    async with counting():
        yield


@pytest.fixture
async def boss(http):
    return await desk(http, RoleKey.MANAGER)


async def test_owners_after_merge(boss, http):
    rep_ = await desk(http, RoleKey.REP)
    theirs, ours = (await rep_.create("王小明"))["id"], (await boss.create("李小红"))["id"]
    merge = (await merged(boss, ours, theirs)).json()
    assert (await boss.ask("GET", f"customers/{ours}/owners")).status_code == 200
    await undone(boss, merge["id"])
    assert (await boss.ask("GET", f"customers/{ours}/owners")).status_code == 200


async def test_undo_after_leave(boss, http):
    rep_, heir = await desk(http, RoleKey.REP), await desk(http, RoleKey.REP)
    theirs, ours = (await rep_.create("王小明"))["id"], (await boss.create("李小红"))["id"]
    merge = (await merged(boss, ours, theirs)).json()
    # owner is rep_ (older)
    print(await rows("SELECT id, guide_id FROM customer"))
    await handover.leave(rep_.staff.id, heir.staff.id, None, "")
    answer = await undone(boss, merge["id"])
    print(answer.json())
    theirs2, ours2 = (await boss.create("王小明2"))["id"], (await rep_.create("李小红2"))["id"] if False else None


async def test_undo_after_leave_2(boss, http):
    rep_, heir = await desk(http, RoleKey.REP), await desk(http, RoleKey.REP)
    ours = (await boss.create("李小红"))["id"]
    theirs = (await rep_.create("王小明"))["id"]
    merge = (await merged(boss, ours, theirs)).json()
    await handover.leave(rep_.staff.id, heir.staff.id, None, "")
    answer = await undone(boss, merge["id"])
    assert answer.status_code == 200
    [r] = await rows("SELECT guide_id FROM customer WHERE id::text = $1", theirs)
    assert r["guide_id"] == heir.staff.id


async def test_sms_then_member_then_other(http):
    sms = Arrival(**_values(Door.SMS, 1, phone=NUMBER, phone_verified=True, name="王小明"))
    await arrive(sms)
    await arrive(row("王小明"))
    await arrive(proof("甲", 5))
    print(await rows("SELECT * FROM customer_merge"))
    await arrive(proof("乙", 9))
    print(await rows("SELECT customer_id, number, verified_at, held_at FROM customer_phone"))


async def test_undo_after_dispute(boss):
    await arrive(proof("甲", 1))
    m = (await rows("SELECT customer_id AS id FROM identity"))[0]["id"]
    other = (await boss.create("王小明", number=NUMBER[3:], confirm=True))["id"]
    answer = await merged(boss, other, m)
    assert answer.status_code == 201, answer.text
    await arrive(proof("乙", 5))
    answer = await undone(boss, answer.json()["id"])
    print(answer.json())
    assert answer.status_code == 409


async def test_late_note_after_erasure(http, db):
    make.jump_to(db, NOON)
    r, admin = await rep(), await make.admin()
    one = await customer(r)
    make.jump_to(db, NOON + DAY)
    answer = await call(http, admin, "POST", f"/customers/{one}/erasure", {})
    print(answer.status_code, answer.text)
    from core.customers.privacy import erasing

    await erasing.forget_at_request(admin, one)
    answer = await call(
        http,
        r,
        "POST",
        f"/customers/{one}/follow-ups",
        {"kind": "phone", "body": "他说了", "occurred_at": (NOON + DAY / 2).isoformat()},
    )
    print(answer.status_code, answer.text)
    assert answer.status_code == 404


async def test_settled_disputes_after_erasure(boss):
    (a,) = await arrive(proof("甲", 1))
    await arrive(proof("乙", 5))
    from core.customers.privacy import erasing

    await erasing.forget_at_request(boss.staff, a.customer_id)
    answer = await boss.ask("GET", "phone-disputes?settled=true")
    print(answer.text)
    assert answer.status_code == 200


async def test_note_number_in_pool(http):
    r, o = await rep(), await rep()
    one = await customer(r)
    await call(http, r, "POST", f"/customers/{one}/follow-ups", {"kind": "phone", "body": "打13800138000"})
    await post(http, r, "/customers/transfers", [one])
    answer = await call(http, o, "GET", f"/customers/{one}/follow-ups")
    assert "138" not in answer.json()["items"][0]["body"]
