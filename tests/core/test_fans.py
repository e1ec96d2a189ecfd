"""Who sees which fans and timelines, page by page."""

from datetime import timedelta

import pytest

from core.customers.rules import ContactKind, Credit
from core.permissions.rules import RoleKey
from tests import factories as make
from tests.doors import error_of
from tests.factories import NOON, contact, customer_of, record

FOLLOW, SCAN, UNFOLLOW, MESSAGE = ContactKind.FOLLOW, ContactKind.SCAN, ContactKind.UNFOLLOW, ContactKind.MESSAGE
HOUR = timedelta(hours=1)


async def _fan(guide, person, at=NOON):
    await record(contact(FOLLOW, at, person=person, credit=Credit(guide_id=guide.id, store_id=guide.store_id)))
    return await customer_of(person)


async def test_a_guide_sees_the_own_fans_and_a_manager_everybodys(http):
    one, two = await make.guide(), await make.guide()
    mine, others = await _fan(one, "a"), await _fan(two, "b")
    seen = (await http.get("/staff/v1/me/fans", headers=await make.headers(one))).json()["items"]
    assert [fan["id"] for fan in seen] == [str(mine["id"])]
    boss = await make.headers(await make.manager())
    everybody = (await http.get("/staff/v1/fans", headers=boss)).json()["items"]
    assert [fan["id"] for fan in everybody] == [str(others["id"]), str(mine["id"])]
    filtered = (await http.get(f"/staff/v1/fans?guide_id={one.id}", headers=boss)).json()["items"]
    assert [fan["id"] for fan in filtered] == [str(mine["id"])]


async def test_a_fan_shows_first_and_last_touch_and_who_looks_after_it(http):
    one, two = await make.guide(), await make.guide()
    await _fan(one, "a")
    await record(contact(SCAN, NOON + HOUR, person="a", credit=Credit(guide_id=two.id)))
    await record(contact(MESSAGE, NOON + 2 * HOUR, person="a"), contact(UNFOLLOW, NOON + 3 * HOUR, person="a"))
    seen = (await http.get("/staff/v1/me/fans", headers=await make.headers(one))).json()["items"][0]
    assert (seen["guide_id"], seen["brought_by"], seen["following"]) == (str(one.id), str(one.id), False)
    assert (seen["first_touch_at"], seen["last_touch_at"], seen["last_seen_at"]) == (
        "2026-03-04T04:00:00Z",
        "2026-03-04T05:00:00Z",
        "2026-03-04T07:00:00Z",
    )


async def test_pages_of_fans_hold_each_fan_once(http):
    guide = await make.guide()
    people = [str((await _fan(guide, f"p{n}"))["id"]) for n in range(7)]
    headers, cursor, seen = await make.headers(guide), "", []
    for size in (3, 3, 1):
        page = (await http.get(f"/staff/v1/me/fans?limit=3{cursor}", headers=headers)).json()
        assert len(page["items"]) == size
        seen += [fan["id"] for fan in page["items"]]
        cursor = f"&cursor={page['next']}"
    assert page["next"] is None
    assert seen == people[::-1]


async def test_a_timeline_is_newest_first_with_the_names_behind_each_touch(http):
    channel = await make.channel("展会")
    store = await make.store("一店", channel=channel)
    guide = await make.guide("导购01", store=store)
    credit = Credit(guide_id=guide.id, store_id=store.id, channel_id=channel.id)
    await record(contact(FOLLOW, credit=credit), contact(MESSAGE, NOON + HOUR), contact(UNFOLLOW, NOON + 2 * HOUR))
    path = f"/staff/v1/customers/{(await customer_of())['id']}/timeline"
    headers = await make.headers(guide)
    whole = (await http.get(path, headers=headers)).json()
    entries = whole["items"]
    assert whole["next"] is None
    assert [(e["kind"], e["guide"], e["store"], e["channel"]) for e in entries] == [
        ("unfollow", None, None, None),
        ("message", None, None, None),
        ("follow", "导购01", "一店", "展会"),
    ]
    paged, cursor = [], ""
    while cursor is not None:
        page = (await http.get(f"{path}?limit=1{cursor}", headers=headers)).json()
        paged += page["items"]
        cursor = f"&cursor={page['next']}" if page["next"] else None
    assert paged == entries


@pytest.mark.parametrize(
    "cursor",
    ["x", "_", "20261122T000000.000000Z_x", "0001-01-01T00:00%2B23:59_0198c1a2-7e4b-7c3d-9e8f-0123456789ab", "9" * 90],
)
async def test_a_cursor_that_is_none_is_refused(http, cursor):
    guide = await make.guide()
    customer = await _fan(guide, "a")
    path = f"/staff/v1/customers/{customer['id']}/timeline?cursor={cursor}"
    assert error_of(await http.get(path, headers=await make.headers(guide))) == (422, "invalid_input")


async def test_a_guide_reads_no_timeline_of_anothers_customer_and_cannot_tell_that_it_exists(http):
    one, two = await make.guide(), await make.guide()
    customer = (await _fan(one, "a"))["id"]
    path = f"/staff/v1/customers/{customer}/timeline"
    assert error_of(await http.get(path, headers=await make.headers(two))) == (404, "customer_not_found")
    assert (await http.get(path, headers=await make.headers(one))).status_code == 200
    for role in (RoleKey.MANAGER, RoleKey.ADMIN):
        assert (await http.get(path, headers=await make.headers(await make.colleague(role)))).status_code == 200
    nobody = f"/staff/v1/customers/{one.id}/timeline"
    assert error_of(await http.get(nobody, headers=await make.headers(one))) == (404, "customer_not_found")


async def test_no_answer_about_fans_holds_an_openid(http):
    guide = await make.guide()
    person = make.openid()
    customer = await _fan(guide, person)
    headers = await make.headers(guide)
    for path in ("/staff/v1/me/fans", f"/staff/v1/customers/{customer['id']}/timeline"):
        assert person not in (await http.get(path, headers=headers)).text
