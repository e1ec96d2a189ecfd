"""Rankings and numbers: first-touch new fans by business day, week and month, gross, lost and net."""

from datetime import UTC, date, datetime, timedelta

import pytest

from core.customers.queries import days_of
from core.customers.rules import ContactKind, Credit
from core.customers.schemas import Period
from infra import clock
from tests import factories as make
from tests.doors import error_of
from tests.factories import NOON, contact, record

FOLLOW, SCAN, UNFOLLOW = ContactKind.FOLLOW, ContactKind.SCAN, ContactKind.UNFOLLOW
SECOND = timedelta(seconds=1)


def shanghai_midnight(year, month, day):
    """Midnight in Shanghai is 16:00 of the day before in UTC, all year round."""
    return datetime(year, month, day, tzinfo=UTC) - timedelta(hours=8)


async def fan(guide, at=NOON, kind=FOLLOW):
    """A new fan whom a guide brought; gives the openid."""
    person = make.openid()
    await record(contact(kind, at, person=person, credit=Credit(guide_id=guide.id, store_id=guide.store_id)))
    return person


async def ranking(http, period="day", on="2026-03-04"):
    headers = await make.headers(await make.manager())
    answer = await http.get(f"/staff/v1/ranking?period={period}&on={on}", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def lines(answer):
    return [(line["rank"], line["guide"], line["gross"], line["lost"], line["net"]) for line in answer["guides"]]


@pytest.mark.parametrize(
    ("period", "on", "first", "last"),
    [
        (Period.DAY, date(2026, 3, 4), date(2026, 3, 4), date(2026, 3, 4)),
        (Period.WEEK, date(2026, 3, 2), date(2026, 3, 2), date(2026, 3, 8)),
        (Period.WEEK, date(2026, 3, 8), date(2026, 3, 2), date(2026, 3, 8)),
        (Period.WEEK, date(2027, 1, 1), date(2026, 12, 28), date(2027, 1, 3)),
        (Period.MONTH, date(2028, 2, 29), date(2028, 2, 1), date(2028, 2, 29)),
        (Period.MONTH, date(2026, 12, 31), date(2026, 12, 1), date(2026, 12, 31)),
    ],
)
def test_days_weeks_and_months_have_these_borders(period, on, first, last):
    assert days_of(period, on) == (first, last)


@pytest.mark.parametrize(
    ("period", "first", "after"),
    [
        ("day", shanghai_midnight(2026, 3, 4), shanghai_midnight(2026, 3, 5)),
        ("week", shanghai_midnight(2026, 3, 2), shanghai_midnight(2026, 3, 9)),
        ("month", shanghai_midnight(2026, 3, 1), shanghai_midnight(2026, 4, 1)),
    ],
)
async def test_a_period_begins_and_ends_at_midnight_in_shanghai(http, period, first, after):
    guide = await make.guide("导购01")
    for moment in (first - SECOND, first, after - SECOND, after):
        await fan(guide, moment)
    assert lines(await ranking(http, period)) == [(1, "导购01", 2, 0, 2)]


async def test_lost_are_those_of_the_period_who_left_since_whenever_they_left(http):
    guide = await make.guide("导购01")
    stayed, left = await fan(guide), await fan(guide)
    await record(contact(UNFOLLOW, NOON + timedelta(days=40), person=left))
    assert lines(await ranking(http)) == [(1, "导购01", 2, 1, 1)]
    await record(contact(FOLLOW, NOON + timedelta(days=41), person=left))
    assert lines(await ranking(http)) == [(1, "导购01", 2, 0, 2)]
    await record(contact(UNFOLLOW, NOON, person=stayed))
    assert lines(await ranking(http)) == [(1, "导购01", 2, 1, 1)]


async def test_a_re_follow_through_another_guide_counts_for_the_first_one_only(http):
    one, other = await make.guide("导购01"), await make.guide("导购02")
    person = await fan(one)
    await record(contact(UNFOLLOW, NOON + SECOND, person=person))
    await record(contact(FOLLOW, NOON + 2 * SECOND, person=person, credit=Credit(guide_id=other.id)))
    assert lines(await ranking(http)) == [(1, "导购01", 1, 0, 1), (2, "导购02", 0, 0, 0)]


async def test_a_scan_of_somebody_who_followed_before_is_no_new_fan(http):
    guide = await make.guide("导购01")
    await fan(guide, kind=SCAN)
    assert lines(await ranking(http)) == [(1, "导购01", 0, 0, 0)]


async def test_equal_gross_shares_a_rank_and_net_then_name_decide_the_order(http):
    c, b, a, last = [await make.guide(name) for name in ("导购03", "导购02", "导购01", "导购04")]
    for guide in (a, b, c, c):
        await fan(guide)
    leaver = await fan(a)
    await fan(b)
    await fan(last)
    await record(contact(UNFOLLOW, NOON + SECOND, person=leaver))
    assert lines(await ranking(http)) == [
        (1, "导购02", 2, 0, 2),
        (1, "导购03", 2, 0, 2),
        (1, "导购01", 2, 1, 1),
        (4, "导购04", 1, 0, 1),
    ]


async def place(http, guide, period="day"):
    answer = await http.get(f"/staff/v1/me/ranking?period={period}", headers=await make.headers(guide))
    assert answer.status_code == 200, answer.text
    return answer.json()["rank"], answer.json()["guides"]


async def test_a_guide_sees_the_own_place_in_the_own_store_and_no_more(http):
    store, other = await make.store(), await make.store()
    one, two, three = [await make.guide(name, store=store) for name in ("导购01", "导购02", "导购03")]
    elsewhere = await make.guide("导购04", store=other)
    for guide in (one, two, two, elsewhere, elsewhere, elsewhere):
        await fan(guide, clock.now())
    await fan(three, clock.now() - timedelta(days=70))
    assert [await place(http, guide) for guide in (two, one, three)] == [(1, 3), (2, 3), (3, 3)]
    assert await place(http, elsewhere, "month") == (1, 1)
    assert await place(http, await make.manager()) == (None, 0)


async def test_a_guide_who_left_is_listed_only_while_the_period_counts(http):
    gone, stayed = await make.guide("导购01"), await make.guide("导购02")
    await fan(gone)
    boss = await make.headers(await make.admin())
    await http.post(f"/staff/v1/staff/{gone.id}/leave", headers=boss)
    assert lines(await ranking(http)) == [(1, "导购01", 1, 0, 1), (2, "导购02", 0, 0, 0)]
    assert lines(await ranking(http, on="2026-03-05")) == [(1, "导购02", 0, 0, 0)]
    assert stayed.left_at is None


async def test_without_a_day_the_ranking_is_of_today_in_shanghai(http, db):
    guide = await make.guide("导购01")
    make.jump_to(db, shanghai_midnight(2026, 3, 5) + timedelta(minutes=1))
    await fan(guide, shanghai_midnight(2026, 3, 5))
    await fan(guide, shanghai_midnight(2026, 3, 5) - SECOND)
    answer = (await http.get("/staff/v1/ranking", headers=await make.headers(await make.manager()))).json()
    assert (answer["first"], answer["last"], lines(answer)) == ("2026-03-05", "2026-03-05", [(1, "导购01", 1, 0, 1)])


async def test_a_guides_own_numbers_cover_today_this_week_this_month_and_all(http, db):
    guide, other = await make.guide(), await make.guide()
    make.jump_to(db, NOON)
    moments = [NOON, shanghai_midnight(2026, 3, 3), shanghai_midnight(2026, 3, 1), NOON - timedelta(days=60)]
    people = [await fan(guide, moment) for moment in moments]
    await fan(other)
    await record(contact(UNFOLLOW, NOON + SECOND, person=people[1]))
    numbers = (await http.get("/staff/v1/me/numbers", headers=await make.headers(guide))).json()
    assert [tuple(numbers[period].values()) for period in ("day", "week", "month", "total")] == [
        (1, 0, 1),
        (2, 1, 1),
        (3, 1, 2),
        (4, 1, 3),
    ]
    assert numbers["following"] == 3


async def test_days_before_wechat_or_of_another_calendar_are_refused(http):
    headers = await make.headers(await make.manager())
    for on in ("2010-12-31", "2200-01-01", "2026-02-30", "yesterday"):
        answer = await http.get(f"/staff/v1/ranking?on={on}", headers=headers)
        assert error_of(answer) == (422, "invalid_input")
    assert len((await ranking(http, "month", "2199-12-31"))["guides"]) == 0


async def test_the_trend_gives_every_day_its_new_fans_and_those_of_them_who_left(http, db):
    a, b = await make.guide(), await make.guide()
    make.jump_to(db, shanghai_midnight(2026, 3, 6) + timedelta(hours=9))
    await fan(a, shanghai_midnight(2026, 3, 5) - SECOND)
    leaver = await fan(a, shanghai_midnight(2026, 3, 5))
    await record(contact(UNFOLLOW, shanghai_midnight(2026, 3, 6), person=leaver))
    await fan(b, shanghai_midnight(2026, 3, 6))
    await fan(a, shanghai_midnight(2026, 3, 2))
    headers = await make.headers(await make.manager())

    async def trend(query):
        answer = await http.get(f"/staff/v1/ranking/trend?{query}", headers=headers)
        assert answer.status_code == 200, answer.text
        return [(day["day"][-2:], day["gross"], day["lost"], day["net"]) for day in answer.json()]

    assert await trend(f"guide_id={a.id}&days=3") == [("04", 1, 0, 1), ("05", 1, 1, 0), ("06", 0, 0, 0)]
    assert await trend("days=3") == [("04", 1, 0, 1), ("05", 1, 1, 0), ("06", 1, 0, 1)]
    month = await trend("")
    assert (len(month), sum(gross for _, gross, _, _ in month)) == (30, 4)
    for wrong in ("days=0", "days=367", "guide_id=x"):
        assert error_of(await http.get(f"/staff/v1/ranking/trend?{wrong}", headers=headers)) == (422, "invalid_input")
    guide = await http.get("/staff/v1/ranking/trend", headers=await make.headers(a))
    assert error_of(guide) == (403, "forbidden")
