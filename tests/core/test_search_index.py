"""The index says of everybody what is so now: after each thing done through any door, and after being made anew."""

from contextlib import suppress
from datetime import timedelta
from random import Random

import pytest

from core.customers import indexing, merging
from core.customers.rules import ContactKind, Credit, Profile
from core.permissions.rules import RoleKey
from infra import clock, crypto, database
from tests import factories as make
from tests.core.linking_world import NUMBER, arrive, counting, proof, purchase
from tests.core.record_world import desk, mobile

_WRONG = f"""
SELECT COALESCE(i.number, s.number) AS number, i.terms AS should, s.terms AS are
FROM ({indexing.rows("$1::text IS NULL")}) i
FULL JOIN customer_search s ON s.number = i.number AND s.customer_id = i.customer_id
WHERE i.terms IS DISTINCT FROM s.terms
"""


async def _true():
    assert await make.rows(_WRONG, None, "Asia/Shanghai") == []


async def _terms(customer_id):
    (row,) = await make.rows("SELECT terms FROM customer_search WHERE customer_id = $1", customer_id)
    return set(row["terms"])


async def _done(one, method, path, body=None, status=200):
    answer = await one.ask(method, path, body)
    assert answer.status_code == status, answer.text
    await _true()
    return answer.json() if answer.content else None


@pytest.fixture
async def rep(http):
    return await desk(http)


@pytest.fixture
async def admin(http):
    return await desk(http, RoleKey.ADMIN)


async def test_a_record_and_all_that_is_written_about_it(rep, admin):
    field = {"subject": "customer", "kind": "line", "name": "车牌", "searchable": True}
    field_id = (await _done(admin, "POST", "fields", field, 201))["id"]
    made = await rep.create("上海茶庄", number=mobile(), custom={field_id: "沪A 12"})
    await _true()
    path = f"customers/{made['id']}"
    assert {"n:上", "n:茶庄", f"f:{field_id}:沪A 12", f"f:{field_id}~沪a", "h:"} <= await _terms(made["id"])
    changed = {
        "version": made["version"],
        "name": "苏州茶庄",
        "city": "苏州",
        "birthday": "2000-02-29",
        "mnemonic": "SZCZ",
    }
    await _done(rep, "PATCH", path, changed)
    assert {"n:苏", "n:sz", "c:苏州", "b:0229"} <= await _terms(made["id"])
    person = await _done(rep, "POST", f"{path}/contact-persons", {"name": "顾客甲"}, 201)
    await _done(rep, "PATCH", f"contact-persons/{person['id']}", {"version": person["version"], "name": "顾客乙"})
    await _done(rep, "PUT", f"{path}/stage", {"stage": "bought", "version": (await rep.get(path))["version"]})
    at = clock.now() - timedelta(minutes=1)
    await _done(
        rep, "POST", f"{path}/follow-ups", {"kind": "phone", "body": "问候", "occurred_at": at.isoformat()}, 201
    )
    assert {"n:乙", "g:bought", f"u:{clock.business_day(at):%Y%m}"} <= await _terms(made["id"])
    change = await _done(rep, "POST", f"{path}/mobile-changes", {"mobile": "13900009999", "reason": "写错了"}, 201)
    await _done(admin, "POST", f"mobile-changes/{change['id']}/approve")
    assert "m:9999" in await _terms(made["id"])
    copy = await _done(rep, "POST", f"{path}/copy", {"name": "苏州茶庄二店"}, 201)
    assert "n:二店" in await _terms(copy["id"])
    await _done(rep, "DELETE", f"contact-persons/{person['id']}", status=204)
    assert "n:乙" not in await _terms(made["id"])


async def test_tags_come_and_go(rep, admin):
    made = [(await rep.create(f"顾客{n:02}", number=mobile()))["id"] for n in range(2)]
    tag = (await _done(admin, "POST", "tags", {"name": "老客", "kind": "tag"}, 201))["id"]
    await _done(rep, "POST", "customers/tags", {"customer_ids": made, "add": [tag]})
    assert f"t:{tag}" in await _terms(made[0])
    await _done(rep, "POST", "customers/tags", {"customer_ids": made[:1], "remove": [tag]})
    assert f"t:{tag}" not in await _terms(made[0])


async def test_a_merge_its_undoing_and_the_way_to_the_pool(rep, http):
    boss = await desk(http, RoleKey.MANAGER)
    target, source = [(await rep.create(f"顾客{n}", number=mobile()))["id"] for n in "甲乙"]
    preview = await boss.get(f"customers/{target}/merge-preview?with={source}")
    body = {"source_id": source, "fingerprint": preview["fingerprint"]}
    merge = await _done(boss, "POST", f"customers/{target}/merges", body, 201)
    await _done(boss, "POST", f"merges/{merge['id']}/undo")
    for path, ids in (("customers/transfers", [source]), ("pool/claims", [source])):
        await _done(rep, "POST", path, {"customer_ids": ids}, 201)


async def test_fans_and_what_becomes_of_them(db):
    guide, store = await make.guide(), await make.store()
    await make.record(make.contact(ContactKind.MESSAGE, person="甲"))
    await _true()
    credit = Credit(guide_id=guide.id, store_id=store.id, code_id=make.new_id())
    await make.record(make.contact(ContactKind.FOLLOW, person="甲", credit=credit))
    await _true()
    terms = await _terms((await make.customer_of("甲"))["id"])
    assert {f"xs:{store.id}", f"xq:{credit.code_id}", "x:20260304", "a:follow", "w:"} <= terms
    # An earlier touch that comes late, another account of the same person, a colleague's fan list.
    await make.record(make.contact(ContactKind.FOLLOW, make.NOON - timedelta(days=40), person="甲"))
    await make.record(make.contact(ContactKind.FOLLOW, person="乙", app_id="wx0000000000000002"))
    await _true()
    profiles = [
        Profile(
            identity=crypto.digest(app_id, person),
            unionid="union",
            subscribe_scene=None,
            profiled_at=make.NOON,
        )
        for person, app_id in (("甲", "wx0000000000000001"), ("乙", "wx0000000000000002"))
    ]
    async with database.transaction() as connection:
        assert await merging.learn_profiles(connection, profiles) == 1
    await _true()
    assert await make.count("customer_search") == 1


async def test_whoever_comes_by_several_doors(http):
    async with counting():
        await arrive(purchase())
        await _true()
        await arrive(proof("甲"))
        await _true()
    (row,) = await make.rows("SELECT terms FROM customer_search")
    assert {"a:pos", "h:", f"m:{NUMBER[-4:]}"} <= set(row["terms"])


async def test_customers_from_before_are_indexed_from_the_newest_on(db, monkeypatch):
    for number in range(7):
        await make.record(make.contact(ContactKind.FOLLOW, person=f"顾客{number}"))
    before = await make.rows("SELECT * FROM customer_search ORDER BY number")
    await database.execute("DELETE FROM customer_search")
    # Somebody comes before the first turn, and the process dies after each batch.
    await make.record(make.contact(ContactKind.FOLLOW, person="后来者"))
    monkeypatch.setattr(indexing, "_BATCH", 2)
    assert [await _one_batch(monkeypatch) for _ in range(5)] == [2, 2, 2, 1, 0]
    assert (await make.rows("SELECT * FROM customer_search ORDER BY number"))[:7] == before
    await _true()


async def _one_batch(monkeypatch):
    indexed, count = indexing._index, []

    async def once(batch):
        if count:
            raise KeyboardInterrupt
        count.append(await indexed(batch))
        return count[0]

    with monkeypatch.context() as patch:
        patch.setattr(indexing, "_index", once)
        with suppress(KeyboardInterrupt):
            await indexing.index_earlier()
    return sum(count)


async def test_all_rows_are_made_anew_whatever_they_said(db):
    for number in range(5):
        await make.record(make.contact(ContactKind.FOLLOW, person=f"顾客{number}"))
    await database.execute(
        "UPDATE customer_search SET terms = '{n:错}' WHERE number % $1 = 0", Random(1).choice((1, 2))
    )
    assert await indexing.rebuild() == 5
    await _true()
