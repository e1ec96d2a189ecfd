"""Staff and their own openids never count as fans, whenever their WeChat is bound."""

import asyncio
import contextvars

from app.contexts import registry
from core.customers.rules import ContactKind, Credit
from core.customers.service import mark_staff, record_contacts
from core.organisation import bindings
from infra import crypto, database
from tests import factories as make
from tests.doors import error_of
from tests.factories import contact, customer_of, record
from tests.simulator.harness import until

APP = "wx0000000000000001"
_outside = contextvars.copy_context()


async def _bind(http, boss, staff, openid="person"):
    return await http.put(f"/staff/v1/staff/{staff.id}/wechat", headers=boss, json={"app_id": APP, "openid": openid})


async def _gross(http, boss):
    ranking = (await http.get("/staff/v1/ranking?period=month&on=2026-03-04", headers=boss)).json()
    return sum(line["gross"] for line in ranking["guides"])


async def test_an_openid_bound_before_is_left_out(http):
    guide, boss = await make.guide(), await make.headers(await make.admin())
    assert (await _bind(http, boss, guide)).status_code == 204
    assert await record(contact(ContactKind.FOLLOW, credit=Credit(guide_id=guide.id))) == 0
    assert await customer_of() is None


async def test_an_openid_bound_after_stops_counting_everywhere(http):
    guide, boss = await make.guide(), await make.headers(await make.admin())
    await record(contact(ContactKind.FOLLOW, credit=Credit(guide_id=guide.id)))
    await record(contact(ContactKind.FOLLOW, person="a fan", credit=Credit(guide_id=guide.id)))
    assert await _gross(http, boss) == 2
    await _bind(http, boss, guide)
    await make.settle(registry())
    assert await _gross(http, boss) == 1
    fans = (await http.get("/staff/v1/fans", headers=boss)).json()["items"]
    assert [fan["id"] for fan in fans] == [str((await customer_of("a fan"))["id"])]
    numbers = (await http.get("/staff/v1/me/numbers", headers=await make.headers(guide))).json()
    assert (numbers["total"]["gross"], numbers["following"]) == (1, 1)


async def test_an_openid_bound_while_its_first_contact_is_being_written_is_no_fan(db):
    guide = await make.guide()
    waiting = None
    async with database.transaction() as connection:
        await record_contacts(connection, [contact(ContactKind.FOLLOW, credit=Credit(guide_id=guide.id))])

        async def bind_elsewhere():
            await bindings.bind_wechat(guide.id, APP, "person")
            async with database.transaction() as other:
                await mark_staff(other, crypto.digest(APP, "person"))

        # Contexts of tasks are copied: without a fresh one the task would join this transaction.
        waiting = asyncio.get_running_loop().create_task(bind_elsewhere(), context=_outside)
        await until(make.somebody_waits)
    await waiting
    assert (await customer_of())["is_staff"]


async def test_the_same_binding_again_changes_nothing_and_anothers_is_refused(http):
    guide, other, boss = await make.guide(), await make.guide(), await make.headers(await make.admin())
    assert (await _bind(http, boss, guide)).status_code == 204
    assert (await _bind(http, boss, guide)).status_code == 204
    assert await make.count("staff_wechat") == 1
    assert error_of(await _bind(http, boss, other)) == (409, "wechat_already_bound")


async def test_the_same_binding_twice_at_once_succeeds_twice(http):
    guide, boss = await make.guide(), await make.headers(await make.admin())
    answers = await asyncio.gather(*(_bind(http, boss, guide) for _ in range(6)))
    assert {answer.status_code for answer in answers} == {204}
    assert await make.count("staff_wechat") == 1


async def test_binding_a_stranger_is_not_found(http):
    boss = await make.headers(await make.admin())
    stranger = (await make.guide()).id
    await database.execute("DELETE FROM staff WHERE id = $1", stranger)
    answer = await http.put(f"/staff/v1/staff/{stranger}/wechat", headers=boss, json={"app_id": APP, "openid": "x"})
    assert error_of(answer) == (404, "staff_not_found")


async def test_only_a_keyed_digest_of_the_openid_is_kept(http):
    guide, boss = await make.guide(), await make.headers(await make.admin())
    await _bind(http, boss, guide, "the-openid-itself")
    stored = await make.rows("SELECT digest FROM staff_wechat")
    assert stored == [{"digest": crypto.digest(APP, "the-openid-itself")}]
    published = await make.rows("SELECT payload::text AS text FROM outbox")
    assert not any("the-openid-itself" in row["text"] for row in published)
