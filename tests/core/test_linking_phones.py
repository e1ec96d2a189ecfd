"""Numbers: one table, one reader that decides who sees how much, one way to look behind the mask."""

import re

import pytest

from core.customers.linking import phones
from core.customers.linking.phones import NewPhone
from core.customers.linking.rules import Door, PhoneLabel
from core.permissions.rules import RoleKey
from infra import database
from infra.ids import new_id
from tests import factories as make
from tests.architecture.sources import sources
from tests.core.linking_world import NUMBER
from tests.core.record_world import desk, send_to_pool
from tests.doors import error_of
from tests.factories import rows

SHORT = "138****8000"


@pytest.fixture
async def rep(http):
    return await desk(http)


async def texts(staff, customer_id):
    return [(one.text, one.masked) for one in (await phones.shown(staff, [customer_id]))[customer_id]]


async def owned(rep):
    record = await rep.create("王小明", number=NUMBER)
    (row,) = await rows("SELECT id FROM customer WHERE id::text = $1", record["id"])
    return row["id"]


async def test_at14_the_owner_sees_numbers_and_everybody_else_masks(rep):
    customer_id = await owned(rep)
    assert await texts(rep.staff, customer_id) == [(NUMBER, False)]
    for other in (await make.admin(), await make.manager(), await make.guide()):
        assert await texts(other, customer_id) == [(SHORT, True)]


async def test_at08_in_the_pool_and_in_the_trash_nobody_sees_numbers(rep):
    customer_id = await owned(rep)
    await send_to_pool(customer_id)
    for anybody in (rep.staff, await make.admin()):
        assert await texts(anybody, customer_id) == [(None, False)]
    await database.execute(
        "UPDATE customer SET discarded_at = pooled_at, pooled_at = NULL, pool_reason = NULL WHERE id = $1", customer_id
    )
    assert await texts(rep.staff, customer_id) == [(None, False)]


async def test_who_has_the_right_looks_behind_the_mask_and_it_is_written_down(http, rep):
    customer_id = await owned(rep)
    boss = await desk(http, RoleKey.MANAGER)
    path = f"customers/{customer_id}/phones/unmask"
    answer = await boss.ask("POST", path)
    assert [(one["text"], one["masked"]) for one in answer.json()] == [(NUMBER, False)]
    noted = await rows("SELECT actor, subject_id, details FROM audit WHERE action = 'customer.unmasked'")
    assert [(line["actor"], line["subject_id"]) for line in noted] == [(f"staff:{boss.staff.id}", str(customer_id))]
    assert NUMBER not in noted[0]["details"]
    assert error_of(await rep.ask("POST", path)) == (403, "forbidden")
    await send_to_pool(customer_id)
    assert error_of(await boss.ask("POST", path)) == (409, "number_hidden")
    assert len(await rows("SELECT FROM audit WHERE action = 'customer.unmasked'")) == 1


async def test_a_number_is_put_once_and_found(rep):
    customer_id = await owned(rep)
    new = NewPhone(customer_id=customer_id, number=NUMBER, door=Door.POS)
    async with database.transaction() as connection:
        await phones.put_many(connection, [new, new])
        await phones.put_many(connection, [])
    assert await rows("SELECT door FROM customer_phone") == [{"door": "staff"}]
    assert await phones.find(NUMBER) == [customer_id]
    assert await phones.find("+8613800000000") == []
    assert await phones.shown(rep.staff, [customer_id, stranger := new_id()]) == {
        customer_id: (await phones.shown(rep.staff, [customer_id]))[customer_id],
        stranger: [],
    }


@pytest.mark.parametrize(("number", "label"), [
    (NUMBER, PhoneLabel.MOBILE), ("+861062345678", PhoneLabel.MAIN), ("4008001234", PhoneLabel.MAIN),
])  # fmt: skip
def test_a_number_is_labelled_by_its_kind(number, label):
    assert phones.label_of(number) is label


# Who compares or indexes numbers, and shows none.
COMPARING = {
    "core/customers/indexing.py",
    "core/customers/profiles/duplicates.py",
    "core/customers/profiles/mobiles/service.py",
}


def test_nobody_else_reads_numbers_to_show_them():
    """Counted, found and dropped they may be elsewhere; whoever shows them asks `phones.shown`."""
    reading = {
        source.path
        for source in sources("core", "wechat", "app")
        for text in source.strings()
        for column in re.findall(r"SELECT\b([^;]*?)\bFROM customer_phone\b", text)
        if "number" in column.split("SELECT")[-1]
    }
    assert {path for path in reading if not path.startswith("core/customers/linking/")} <= COMPARING
