"""Service levels count what nobody answered, too; dates beyond the calendar are refused."""

from datetime import timedelta

import pytest

from core.permissions.rules import RoleKey
from tests import factories as make
from tests.factories import NOON
from tests.wechat.inbox_world import agent, follower, says
from wechat.inbox import moving

INBOX = "/staff/v1/inbox"


@pytest.fixture
async def account(db):
    make.jump_to(db, NOON)
    return await make.account()


async def test_a_case_that_went_on_into_the_line_of_the_own_store_counts(account, http, db):
    store = await make.store()
    owner, _ = await make.guide("导购01", store=store), await make.guide("导购02", store=store)
    elsewhere = await make.guide()
    boss = await make.headers(await make.colleague(RoleKey.STORE_MANAGER, store_id=store.id))
    for guide in (owner, elsewhere):
        await says(await follower(account, guide))
    make.jump_to(db, NOON + timedelta(minutes=11))
    assert await moving.escalate_due() == 2
    query = {"first": "2026-03-04", "last": "2026-03-04"}
    found = (await http.get(f"{INBOX}/service-levels", params=query, headers=boss)).json()
    assert (found["total"]["cases"], found["total"]["waiting"], found["total"]["within"]) == (1, 1, 0)
    [line] = found["lines"]
    assert (line["id"], line["name"], line["cases"], line["waiting"]) == (None, "", 1, 1)


@pytest.mark.parametrize("day", ["0001-01-01", "1999-12-31", "3000-01-01", "9999-12-31"])
async def test_days_beyond_the_calendar_are_refused(http, db, day):
    headers = await make.headers(await agent())
    query = {"first": day, "last": day}
    assert (await http.get(f"{INBOX}/service-levels", params=query, headers=headers)).status_code == 422


@pytest.mark.parametrize("year", ["0001", "1999", "9999"])
async def test_a_search_goes_on_from_no_such_year(http, db, year):
    headers = await make.headers(await agent())
    for day in ("0101T000000.000000Z", "1231T235959.999999Z"):
        cursor = f"{year}{day}_{'0' * 32}_1"
        answer = await http.get(f"{INBOX}/search", params={"q": "红色", "cursor": cursor}, headers=headers)
        assert answer.status_code == 422
