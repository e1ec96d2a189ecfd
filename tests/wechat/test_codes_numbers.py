"""What codes brought: scans, follows, losses, re-follows; by day; ranked page by page."""

from datetime import date, timedelta
from uuid import UUID

import pytest

from core.customers.rules import ContactKind, Credit
from core.organisation.queries import at_work
from infra import database
from tests import factories as make
from tests.doors import error_of
from tests.factories import NOON

CODES = "/staff/v1/codes"
FOLLOW, SCAN, UNFOLLOW = ContactKind.FOLLOW, ContactKind.SCAN, ContactKind.UNFOLLOW


@pytest.fixture
async def boss(http):
    return await make.headers(await make.manager())


@pytest.fixture
async def codes(http):
    account = await make.account()
    return [await make.code(account, await make.guide()) for _ in range(3)]


def _by(code, kind, person, hours=0):
    credit = Credit(code_id=code.id, guide_id=code.target_id) if code else Credit()
    return make.contact(kind, NOON + timedelta(hours=hours), person=person, credit=credit)


async def _numbers(http, boss, code, query=""):
    answer = (await http.get(f"{CODES}/{code.id}/numbers?{query}", headers=boss)).json()
    return tuple(answer[name] for name in ("scans", "follows", "re_follows", "losses"))


async def test_every_kind_of_contact_counts_in_its_column(http, boss, codes):
    one, two, _ = codes
    await make.record(
        _by(one, FOLLOW, "stays"),
        _by(two, SCAN, "stays", 1),
        _by(one, SCAN, "stays", 2),
        _by(one, FOLLOW, "leaves"),
        _by(None, UNFOLLOW, "leaves", 3),
        _by(one, FOLLOW, "returns"),
        _by(None, UNFOLLOW, "returns", 1),
        _by(two, FOLLOW, "returns", 2),
        _by(None, FOLLOW, "nobody"),
    )
    assert await _numbers(http, boss, one) == (1, 3, 0, 1)
    assert await _numbers(http, boss, two) == (1, 0, 1, 0)
    assert await _numbers(http, boss, codes[2]) == (0, 0, 0, 0)


async def test_colleagues_are_left_out(http, boss, codes):
    await make.record(_by(codes[0], FOLLOW, "employee"), _by(codes[0], FOLLOW, "fan"))
    await database.execute(
        "UPDATE customer SET is_staff = true WHERE id = $1", (await make.customer_of("employee"))["id"]
    )
    assert await _numbers(http, boss, codes[0]) == (0, 1, 0, 0)
    lines = (await http.get(f"{CODES}/numbers", headers=boss)).json()["items"]
    assert [line["follows"] for line in lines] == [1, 0, 0]


async def test_the_period_is_of_business_days_both_included(http, boss, codes):
    await make.record(*(_by(codes[0], FOLLOW, f"p{hours}", hours) for hours in (-13, -12, 11, 12)))
    day = date(2026, 3, 4)  # NOON's, in Shanghai
    assert await _numbers(http, boss, codes[0], f"first={day}&last={day}") == (0, 2, 0, 0)
    assert await _numbers(http, boss, codes[0], f"first={day}") == (0, 3, 0, 0)
    assert await _numbers(http, boss, codes[0], f"last={day}") == (0, 3, 0, 0)
    assert await _numbers(http, boss, codes[0]) == (0, 4, 0, 0)
    answer = (await http.get(f"{CODES}/{codes[0].id}/numbers?first={day}", headers=boss)).json()
    assert (answer["first"], answer["last"]) == (str(day), None)
    for query in ("first=2010-12-31", "last=2200-01-01", "first=never"):
        answer = await http.get(f"{CODES}/{codes[0].id}/numbers?{query}", headers=boss)
        assert error_of(answer) == (422, "invalid_input")


async def test_the_ranking_goes_by_follows_page_by_page_and_lists_those_without(http, boss, codes):
    one, two, three = codes
    await make.record(
        *(_by(two, FOLLOW, f"two{n}") for n in range(3)),
        *(_by(three, FOLLOW, f"three{n}") for n in range(3)),
        _by(three, SCAN, "two0", 1),
        _by(None, UNFOLLOW, "three0", 2),
    )
    lines, cursor = [], ""
    while True:
        page = (await http.get(f"{CODES}/numbers?limit=1{cursor}", headers=boss)).json()
        lines += page["items"]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert [(UUID(x["id"]), x["follows"], x["scans"], x["losses"]) for x in lines] == [
        (two.id, 3, 0, 0),
        (three.id, 3, 1, 1),
        (one.id, 0, 0, 0),
    ]
    assert (lines[0]["kind"], lines[0]["target_id"], lines[0]["target"]) == ("guide", str(two.target_id), two.target)
    of_three = (await http.get(f"{CODES}/numbers?target_id={three.target_id}", headers=boss)).json()["items"]
    assert [UUID(line["id"]) for line in of_three] == [three.id]
    for wrong in ("x", "3_x", f"3_{one.id}", f"-1_{one.id}_{one.id}", f"{2**63}_{one.id}_{one.id}", f"3_{one.id}_x"):
        answer = await http.get(f"{CODES}/numbers?cursor={wrong}", headers=boss)
        assert error_of(answer) == (422, "invalid_input")


async def test_what_is_counted_while_pages_are_read_moves_no_line(http, boss, codes):
    one, two, three = codes
    await make.record(*(_by(code, FOLLOW, f"{code.id}{n}") for code, n in ((one, 0), (one, 1), (two, 0))))
    page = (await http.get(f"{CODES}/numbers?limit=1", headers=boss)).json()
    await make.record(*(_by(code, FOLLOW, f"{code.id}late{n}", -1) for code in (two, three) for n in range(9)))
    seen = page["items"]
    while page["next"] is not None:
        page = (await http.get(f"{CODES}/numbers?limit=1&cursor={page['next']}", headers=boss)).json()
        seen += page["items"]
    assert [(UUID(line["id"]), line["follows"]) for line in seen] == [(one.id, 2), (two.id, 1), (three.id, 0)]


async def test_a_guide_sees_the_numbers_of_the_own_codes(http, boss, codes):
    await make.record(_by(codes[0], FOLLOW, "a"), _by(codes[1], FOLLOW, "b"))
    me = await make.headers(await at_work(codes[0].target_id))
    lines = (await http.get("/staff/v1/me/codes/numbers", headers=me)).json()
    assert [(UUID(line["id"]), line["follows"]) for line in lines] == [(codes[0].id, 1)]
    none = await http.get("/staff/v1/me/codes/numbers?first=2030-01-01", headers=me)
    assert [line["follows"] for line in none.json()] == [0]
