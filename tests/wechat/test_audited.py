"""Who looks at customers, and who changes codes, labels, welcomes, channels and accounts, is written down."""

import pytest

from core.customers.rules import ContactKind, Credit
from core.permissions.rules import RoleKey
from tests import factories as make
from tests.core.audit_world import forget


@pytest.fixture
async def world(http):
    """A manager who sees everything, an account, a guide and the guide's fan."""
    account, guide = await make.account(), await make.guide()
    await make.record(make.contact(ContactKind.FOLLOW, credit=Credit(guide_id=guide.id)))
    manager = await make.colleague(RoleKey.MANAGER)
    http.headers.update(await make.headers(manager))
    customer = await make.customer_of()
    await forget()
    return {"manager": manager, "account": account, "guide": guide, "customer": str(customer["id"])}


async def noted():
    rows = await make.rows("SELECT action, subject_kind, subject_id FROM audit ORDER BY id")
    return [(row["action"], row["subject_kind"], row["subject_id"]) for row in rows]


async def ok(answer):
    assert answer.status_code < 300, answer.text
    return answer.json() if answer.content else None


async def test_each_look_at_a_customer_is_noted(http, world):
    await ok(await http.get(f"/staff/v1/fans/{world['customer']}"))
    await ok(await http.get(f"/staff/v1/customers/{world['customer']}/timeline"))
    assert await noted() == [("customer.seen", "customer", world["customer"])] * 2
    actors = await make.rows("SELECT DISTINCT actor, address FROM audit")
    assert actors == [{"actor": f"staff:{world['manager'].id}", "address": "127.0.0.1"}]


async def test_a_look_that_was_refused_is_none(http, world):
    http.headers.update(await make.headers(await make.guide()))
    await forget()
    assert (await http.get(f"/staff/v1/fans/{world['customer']}")).status_code == 404
    assert await noted() == []


async def test_labels_and_who_carries_them_are_noted(http, world):
    label = await ok(
        await http.post("/staff/v1/labels", json={"app_id": world["account"].app_id, "kind": "tag", "name": "老客"})
    )
    await ok(await http.patch(f"/staff/v1/labels/{label['id']}", json={"name": "新客"}))
    await ok(await http.patch(f"/staff/v1/labels/{label['id']}", json={"name": "新客"}))
    labels = f"/staff/v1/fans/{world['customer']}/labels"
    await ok(await http.post(labels, json={"label_ids": [label["id"]]}))
    await ok(await http.delete(f"{labels}/{label['id']}"))
    await ok(await http.post(f"/staff/v1/labels/{label['id']}/fans", json={"customer_ids": [world["customer"]]}))
    await ok(await http.delete(f"/staff/v1/labels/{label['id']}"))
    assert await noted() == [
        ("label.added", "label", label["id"]),
        ("label.renamed", "label", label["id"]),
        ("customer.labelled", "customer", world["customer"]),
        ("customer.unlabelled", "customer", world["customer"]),
        ("label.given", "label", label["id"]),
        ("label.deleted", "label", label["id"]),
    ]


async def test_the_blacklist_is_noted(http, world):
    await ok(await http.put(f"/staff/v1/fans/{world['customer']}/block"))
    await ok(await http.delete(f"/staff/v1/fans/{world['customer']}/block"))
    assert await noted() == [
        ("customer.blocked", "customer", world["customer"]),
        ("customer.unblocked", "customer", world["customer"]),
    ]


async def test_codes_are_noted_once_per_change(http, world):
    body = {"app_id": world["account"].app_id, "life": "temporary", "name": "春", "guide_id": str(world["guide"].id)}
    code = (await ok(await http.post("/staff/v1/codes", json=body)))["id"]
    path = f"/staff/v1/codes/{code}"
    await ok(await http.patch(path, json={"name": "夏"}))
    for _ in range(2):
        await ok(await http.post(f"{path}/stop"))
    for _ in range(2):
        await ok(await http.post(f"{path}/resume"))
    other = await make.guide()
    await forget()
    await ok(await http.post(f"{path}/target", json={"guide_id": str(other.id)}))
    assert await noted() == [("code.aimed", "code", code)]


async def test_stopping_twice_is_one_change(http, world):
    code = await make.code(world["account"], world["guide"])
    await forget()
    for step in ("stop", "stop", "resume", "resume"):
        await ok(await http.post(f"/staff/v1/codes/{code.id}/{step}"))
    assert [action for action, _, _ in await noted()] == ["code.stopped", "code.resumed"]


async def test_posters_that_leave_the_house_are_noted(http, world):
    await make.code(world["account"], world["guide"])
    await forget()
    answer = await http.get("/staff/v1/codes/posters.zip", params={"kind": "guide"})
    assert answer.status_code == 200
    (row,) = await make.rows("SELECT action, details::text AS details FROM audit")
    assert row == {"action": "code.posters_exported", "details": '{"kind": "guide", "format": "zip"}'}


async def test_welcomes_and_channels_are_noted(http, world):
    welcome = await ok(
        await http.put(
            "/staff/v1/welcomes", json={"follow_text": "你好", "guide_id": str(world["guide"].id), "version": 0}
        )
    )
    channel = await ok(await http.post("/staff/v1/channels", json={"name": "展会"}))
    assert await noted() == [
        ("welcome.changed", "welcome", welcome["id"]),
        ("channel.added", "channel", channel["id"]),
    ]


async def test_of_an_account_no_secret_gets_into_the_log(http, world):
    http.headers.update(await make.headers(await make.admin()))
    await forget()
    await ok(await http.patch(f"/staff/v1/accounts/{world['account'].id}", json={"secret": "f" * 32, "name": "新名"}))
    (row,) = await make.rows("SELECT action, details::text AS details FROM audit")
    assert row == {"action": "account.changed", "details": '{"fields": ["name", "secret"]}'}
