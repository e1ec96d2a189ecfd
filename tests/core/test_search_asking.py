"""Custom fields in searches: refused at every door unless set to be searchable and asked what their kind can answer."""

import orjson
import pytest

from core.customers.search.asking import told
from core.customers.search.schemas import CustomerFilters
from infra.ids import new_id
from tests import factories as make
from tests.core.field_world import customer, field
from tests.core.task_world import Person
from tests.doors import error_of


@pytest.fixture
async def admin(http):
    staff = await make.admin()
    return Person(staff, await make.headers(staff), http)


def asked(field_id, **condition):
    return {"fields": [{"field_id": str(field_id), **condition}]}


async def at_every_door(admin, filters):
    """What a search, an export, a view and a tag's rule say."""
    yield await admin.call("POST", "/customers/search", {"filters": filters})
    yield await admin.call("POST", "/customer-exports", {"filters": filters})
    yield await admin.call("POST", "/views", {"name": "视图", "filters": filters})
    yield await admin.call("POST", "/tags", {"name": "标签", "rule": filters})


async def test_only_what_is_set_to_be_searchable_is_asked_for_at_every_door(admin):
    hidden = await field("line")
    async for answer in at_every_door(admin, asked(hidden.id, contains="x")):
        assert error_of(answer) == (422, "field_not_searchable")
        assert answer.json()["error"]["details"] == {"field_id": hidden.key, "name": hidden.name}
    async for answer in at_every_door(admin, asked(new_id(), contains="x")):
        assert error_of(answer) == (422, "unknown_field")


CONDITIONS = {
    "any_of": {"any_of": ["1"]},
    "contains": {"contains": "1"},
    "least": {"least": 1},
    "most": {"most": 1},
    "days": {"days": {"since_days": -1}},
}
TAKEN = {
    "line": {"any_of", "contains"},
    "text": {"contains"},
    "option": {"any_of"},
    "options": {"any_of"},
    "number": {"least", "most"},
    "date": {"days"},
    "address": {"contains"},
}


@pytest.mark.parametrize("kind", TAKEN)
async def test_a_condition_that_the_kind_cannot_answer_is_refused(admin, kind):
    one = await field(kind, searchable=True)
    for name, condition in CONDITIONS.items():
        answer = await admin.call("POST", "/customers/search", {"filters": asked(one.id, **condition)})
        if name in TAKEN[kind]:
            assert answer.status_code == 200, answer.text
        else:
            assert error_of(answer) == (422, "field_condition_refused")
            assert answer.json()["error"]["details"]["takes"] == sorted(TAKEN[kind])


async def test_options_are_asked_for_by_their_ids(admin):
    one = await field("option", searchable=True)
    person = await customer("顾客01", custom={one.key: "2"})
    answer = await admin.call("POST", "/customers/search", {"filters": asked(one.id, any_of=["乙"])})
    assert error_of(answer) == (422, "field_condition_refused")
    assert answer.json()["error"]["details"]["takes"] == ["1", "2", "3"]
    found = (await admin.call("POST", "/customers/search", {"filters": asked(one.id, any_of=["2"])})).json()
    assert [row["id"] for row in found["items"]] == [str(person)]


async def test_a_condition_of_nothing_is_none(admin):
    one = await field("line", searchable=True)
    answer = await admin.call("POST", "/customers/search", {"filters": asked(one.id, any_of=None)})
    assert error_of(answer) == (422, "invalid_input")


async def test_a_view_goes_on_asking_for_a_field_that_is_searchable_no_more(admin):
    one = await field("option", searchable=True)
    person, _ = await customer("顾客01", custom={one.key: "1"}), await customer("顾客02", custom={one.key: "2"})
    view = await admin.call("POST", "/views", {"name": "视图", "filters": asked(one.id, any_of=["1"])})
    await admin.call("PATCH", f"/fields/{one.id}", {"version": 1, "searchable": False})
    found = await admin.get("/customers", view_id=view.json()["id"])
    assert [row["id"] for row in found["items"]] == [str(person)]


async def test_the_audit_keeps_no_words_that_may_be_a_number(admin):
    one = await field("line", searchable=True)
    filters = {"q": "13800138000", "cities": ["杭州"]} | asked(one.id, contains="13800138001")
    await admin.call("POST", "/customer-exports", {"filters": filters})
    (note,) = await make.rows("SELECT details FROM audit WHERE action = 'customer.exported'")
    assert orjson.loads(note["details"])["filters"] == told(CustomerFilters.model_validate(filters))
    assert (b"138001380" in note["details"].encode(), "杭州" in note["details"]) == (False, True)
