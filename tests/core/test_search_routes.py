"""Searching over HTTP: rows as the caller may see them, numbers that find and are not found, views, pages, counts."""

import pytest

from core.customers.search import queries
from core.permissions.rules import RoleKey
from tests import factories as make
from tests.core.record_world import desk, mobile, send_to_pool
from tests.doors import error_of


async def _found(who, **filters):
    answer = await who.ask("POST", "customers/search", {"filters": filters})
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


@pytest.fixture
async def rep(http):
    return await desk(http)


async def test_a_row_is_the_record_in_short_with_the_own_numbers_whole(rep):
    number = mobile()
    made = await rep.create("上海茶庄", number=number, nature="business", level="A", province="上海")
    (row,) = await _found(rep, q="茶庄")
    assert (row["id"], row["number"], row["name"]) == (made["id"], made["number"], "上海茶庄")
    assert (row["nature"], row["party"], row["stage"], row["level"]) == ("business", "prospect", "new", "A")
    assert (row["place"], row["owner_id"], row["owner"]) == ("owned", str(rep.staff.id), rep.staff.name)
    assert [(phone["text"], phone["masked"]) for phone in row["phones"]] == [(f"+86{number}", False)]
    assert row["tags"] == []
    assert row["followed_up_at"] is None


async def test_at14_others_in_reach_are_found_with_masked_numbers_and_nobody_else_is(http, rep):
    number = mobile()
    await rep.create("上海茶庄", number=number)
    manager, stranger = await desk(http, RoleKey.MANAGER), await desk(http)
    for q in (number, f"+86 {number}", number[-4:], "茶"):
        (row,) = await _found(manager, q=q)
        assert [(phone["text"], phone["masked"]) for phone in row["phones"]] == [(f"138****{number[-4:]}", True)]
        assert await _found(stranger, q=q) == []


async def test_at08_in_the_pool_a_whole_number_finds_and_its_end_does_not(http, rep):
    number = mobile()
    made = await rep.create("上海茶庄", number=number)
    await send_to_pool(made["id"])
    manager = await desk(http, RoleKey.MANAGER)
    (row,) = await _found(manager, q=number)
    assert (row["place"], [phone["text"] for phone in row["phones"]]) == ("pool", [None])
    assert await _found(manager, q=number[-4:]) == []
    assert len(await _found(manager, place="pool")) == 1
    assert await _found(manager, place="trash") == await _found(rep, place="pool") == []


async def test_the_number_of_a_customer_finds_the_customer(rep):
    made = [await rep.create(f"顾客{n:02}", number=mobile()) for n in range(3)]
    assert [row["id"] for row in await _found(rep, q=str(made[1]["number"]))] == [made[1]["id"]]


async def test_pages_go_on_where_the_former_one_ended_whoever_comes_meanwhile(rep):
    made = [(await rep.create(f"顾客{n:02}", number=mobile()))["id"] for n in range(5)]
    first = await rep.get("customers?limit=2")
    await rep.create("后来者", number=mobile())
    rest = await rep.get(f"customers?limit=3&cursor={first['next']}")
    assert [row["id"] for row in first["items"] + rest["items"]] == made[::-1]
    assert (rest["next"], first["total"], first["more"]) == (None, None, False)


async def test_a_count_is_made_when_asked_for_and_stops(rep, monkeypatch):
    for n in range(4):
        await rep.create(f"顾客{n:02}", number=mobile())
    asked = {"filters": {"q": "顾客"}, "limit": 1, "total": True}
    page = (await rep.ask("POST", "customers/search", asked)).json()
    assert (len(page["items"]), page["total"], page["more"]) == (1, 4, False)
    monkeypatch.setattr(queries, "_MOST_COUNTED", 3)
    page = (await rep.ask("POST", "customers/search", asked)).json()
    assert (page["total"], page["more"]) == (3, True)


async def test_a_view_shows_what_it_keeps_and_of_that_what_the_words_mean(rep):
    for name, level in (("王甲", "A"), ("王乙", "B"), ("李丙", "A")):
        await rep.create(name, number=mobile(), level=level)
    kept = {"name": "甲级客户", "filters": {"levels": ["A"]}}
    view = (await rep.ask("POST", "views", kept)).json()
    shown = await rep.get(f"customers?view_id={view['id']}")
    assert [row["name"] for row in shown["items"]] == ["李丙", "王甲"]
    assert [row["name"] for row in (await rep.get(f"customers?view_id={view['id']}&q=王"))["items"]] == ["王甲"]
    answer = await rep.ask("GET", f"customers?view_id={make.new_id()}")
    assert error_of(answer) == (404, "view_not_found")


@pytest.mark.parametrize(
    "filters",
    [
        {"nobody": 1},
        {"created": {"since": "2026-01-01", "since_days": -3}},
        {"birthday": {"since": "01-01"}},
        {"fields": [{"field_id": "0190aaaa-0000-7000-8000-000000000000"}]},
        {"place": "attic"},
        {"q": ""},
        {"stages": ["gone"]},
    ],
)
async def test_filters_that_make_no_sense_are_refused(rep, filters):
    answer = await rep.ask("POST", "customers/search", {"filters": filters})
    assert error_of(answer) == (422, "invalid_input")


async def test_only_fields_that_filters_may_name_are_asked_for(http, rep):
    admin = await desk(http, RoleKey.ADMIN)
    field = {"subject": "customer", "kind": "line", "name": "车牌", "searchable": False}
    made = (await admin.ask("POST", "fields", field)).json()
    wanted = {"fields": [{"field_id": made["id"], "any_of": ["沪A1"]}]}
    answer = await rep.ask("POST", "customers/search", {"filters": wanted})
    assert error_of(answer) == (422, "field_not_searchable")
    answer = await admin.ask("PATCH", f"fields/{made['id']}", {"version": made["version"], "searchable": True})
    assert answer.status_code == 200, answer.text
    await rep.create("有车的", number=mobile(), custom={made["id"]: "沪A1"})
    assert [row["name"] for row in await _found(rep, **wanted)] == ["有车的"]
