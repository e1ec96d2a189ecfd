"""Saved views: kept searches, shared by who may, that open whatever was deleted since."""

from uuid import UUID, uuid4

import pytest

from core.custom_fields import definitions
from core.customers.search.views import service
from core.permissions.rules import RoleKey
from infra import parameters
from tests import factories as make
from tests.core.field_world import field
from tests.core.task_world import Person
from tests.doors import error_of


async def somebody(http, role=RoleKey.GUIDE):
    staff = await make.colleague(role)
    return Person(staff, await make.headers(staff), http)


@pytest.fixture
async def guide(http):
    return await somebody(http)


@pytest.fixture
async def marketer(http):
    return await somebody(http, RoleKey.MARKETER)


async def added(person, name, **values):
    answer = await person.call("POST", "/views", {"name": name, "filters": {}} | values)
    return answer.json() if answer.status_code == 201 else answer


async def test_a_view_keeps_its_search_columns_and_place(guide):
    filters = {"q": "王", "cities": ["杭州"], "created": {"since_days": -30}}
    one = await added(guide, "新客", filters=filters, columns=["name", "city"])
    two = await added(guide, "老客")
    kept = {name: value for name, value in one["filters"].items() if value is not None}
    assert (kept["q"], kept["cities"], kept["created"]["since_days"]) == ("王", ["杭州"], -30)
    assert (one["columns"], one["own"], one["shared"], one["missing"]) == (["name", "city"], True, False, [])
    assert [view["name"] for view in await guide.get("/views")] == ["新客", "老客"]
    answer = await guide.call("PUT", "/views/order", {"ids": [two["id"], one["id"]]})
    assert [view["name"] for view in answer.json()] == ["老客", "新客"]
    changed = await guide.call("PATCH", f"/views/{one['id']}", {"version": 1, "filters": {"q": "李"}})
    assert (changed.json()["filters"]["q"], changed.json()["columns"]) == ("李", ["name", "city"])
    refused = await guide.call("PATCH", f"/views/{one['id']}", {"version": 1, "name": "又改"})
    assert error_of(refused) == (409, "view_changed")
    assert (await guide.call("DELETE", f"/views/{one['id']}", None)).status_code == 204
    assert [view["name"] for view in await guide.get("/views")] == ["老客"]


async def test_names_order_and_number_are_each_persons_own(guide, marketer):
    one = await added(guide, "常用")
    assert error_of(await added(guide, "常用")) == (409, "view_name_taken")
    foreign = await added(marketer, "常用")
    for wrong in ([], [one["id"], foreign["id"]], [one["id"], one["id"]]):
        answer = await guide.call("PUT", "/views/order", {"ids": wrong})
        assert error_of(answer) == (409, "view_order_incomplete")
    await parameters.change(service.MOST_VIEWS.name, 1, expected_version=0, by="test")
    assert error_of(await added(guide, "再一个")) == (409, "views_used_up")


async def test_sharing_takes_its_point_and_lets_others_read_only(guide, marketer):
    refused = await added(guide, "我的", shared=True)
    assert error_of(refused) == (403, "forbidden")
    mine = await added(guide, "我的")
    assert error_of(await guide.call("PATCH", f"/views/{mine['id']}", {"version": 1, "shared": True}))[0] == 403
    for number in range(3):
        await added(marketer, f"活动{number}", shared=True)
    hidden = await added(marketer, "草稿")
    page = await guide.get("/views/shared", limit=2)
    rest = await guide.get("/views/shared", limit=2, cursor=page["next"])
    found = [*page["items"], *rest["items"]]
    assert [(one["name"], one["own"], one["owner"]) for one in found] == [
        (f"活动{number}", False, marketer.staff.name) for number in range(3)
    ]
    assert (await guide.get(f"/views/{found[0]['id']}"))["name"] == "活动0"
    for answer in (
        await guide.get(f"/views/{hidden['id']}"),
        await guide.call("PATCH", f"/views/{found[0]['id']}", {"version": 1, "name": "别人的"}),
        await guide.call("DELETE", f"/views/{found[0]['id']}", None),
        await guide.get(f"/views/{uuid4()}"),
    ):
        assert error_of(answer) == (404, "view_not_found")
    assert await marketer.get("/views/shared") == {"items": [], "next": None}


async def test_a_view_opens_whatever_was_deleted_and_says_what_is_missing(marketer):
    tag = (await marketer.call("POST", "/tags", {"name": "会员"})).json()["id"]
    asked, column, unknown = (
        (await field("line", "暗号", searchable=True)).key,
        (await field("date", "到期")).key,
        str(uuid4()),
    )
    filters = {"tags_any": [tag, unknown], "fields": [{"field_id": asked, "contains": "x"}]}
    one = await added(marketer, "看看", filters=filters, columns=["name", column])
    assert one["missing"] == [{"kind": "tag", "id": unknown, "name": None}]
    await marketer.call("DELETE", f"/tags/{tag}", None)
    for field_id in (asked, column):
        await definitions.delete(UUID(field_id))
    found = await marketer.get(f"/views/{one['id']}")
    assert {(missing["kind"], missing["id"], missing["name"]) for missing in found["missing"]} == {
        ("tag", unknown, None), ("tag", tag, "会员"), ("field", asked, "暗号"), ("field", column, "到期")
    }  # fmt: skip
    assert found["filters"] == one["filters"]


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x", "filters": {"unknown": 1}},
        {"name": "x", "filters": {"owner_ids": ["x"]}},
        {"name": "", "filters": {}},
        {"name": "x", "filters": {}, "columns": ["DROP TABLE"]},
    ],
)
async def test_what_is_no_search_isnt_kept(guide, body):
    assert error_of(await guide.call("POST", "/views", body)) == (422, "invalid_input")
