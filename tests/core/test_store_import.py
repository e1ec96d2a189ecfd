"""Stores from a spreadsheet: all of them or none, every problem named by row and column."""

import pytest

from app.contexts import registry
from core.permissions.rules import RoleKey
from core.stores.importing import HEADERS
from infra.spreadsheets import MEDIA_TYPE, read
from tests import factories as make
from tests.core.sheets import filled, sent
from tests.doors import error_of

PATH = "/staff/v1/stores/import"
COLUMNS = tuple(HEADERS.values())
PLACE = {"经度": 121.4737, "纬度": 31.2304, "坐标系": "GCJ-02"}


@pytest.fixture
async def boss(http):
    return await make.headers(await make.admin())


async def _send(http, headers, rows, *, dry_run=False):
    query = f"?dry_run={str(dry_run).lower()}"
    return await http.post(PATH + query, headers=sent(headers), content=filled(COLUMNS, rows))


def _problems(answer):
    assert answer.status_code == 200, answer.text
    return [(p["row"], p["field"], p["code"]) for p in answer.json()["problems"]]


async def test_the_template_has_the_columns_that_are_read(http, boss):
    answer = await http.get(f"{PATH}/template.xlsx", headers=boss)
    assert (answer.status_code, answer.headers["content-type"]) == (200, MEDIA_TYPE)
    assert read(answer.content, COLUMNS, 10) == []


async def test_stores_are_added_with_their_places_and_get_codes(http, boss):
    east = await make.department("华东")
    city = await make.department("上海", parent=east)
    account = await make.account()
    rows = [
        {"门店": "一店", "地址": "人民路1号", "电话": 13800138000, "营业时间": "全天", "部门": "华东/上海"} | PLACE,
        {"门店": "二店"},
    ]
    dry = (await _send(http, boss, rows, dry_run=True)).json()
    assert (dry["added"], await make.count("store")) == (2, 0)
    assert (await _send(http, boss, rows)).json() == {"dry_run": False, "rows": 2, "added": 2, "problems": []}
    one, two = (await http.get("/staff/v1/stores", headers=boss)).json()["items"]
    assert (one["phone"], one["hours"], one["department_id"]) == ("13800138000", "全天", str(city.id))
    assert (one["position"]["datum"], two["position"]) == ("gcj02", None)
    assert one["position"]["longitude"] == pytest.approx(121.4737, abs=1e-8)
    await make.settle(registry())
    assert len(await make.rows("SELECT 1 FROM wechat_code WHERE store_id IS NOT NULL")) == 2
    assert _problems(await _send(http, boss, rows)) == [
        (2, "门店", "store_name_taken"),
        (3, "门店", "store_name_taken"),
    ]
    assert account.app_id


async def test_every_problem_is_named_and_nothing_is_added(http, boss):
    rows = [
        {"门店": "一店"},
        {"门店": "一店"},
        {"地址": "人民路1号"},
        {"门店": "二店", "部门": "没有的"},
        {"门店": "三店"} | PLACE | {"坐标系": "BD09"},
        {"门店": "四店"} | PLACE | {"纬度": 91},
        {"门店": "五店"} | PLACE | {"经度": "东经"},
        {"门店": "六店", "经度": 121.4737, "纬度": 31.2304},
        {"门店": "七店", "电话": "电话"},
    ]
    answer = await _send(http, boss, rows)
    assert _problems(answer) == [
        (2, "门店", "store_twice"),
        (3, "门店", "store_twice"),
        (4, "门店", "missing"),
        (5, "部门", "department_not_found"),
        (6, "坐标系", "invalid"),
        (7, "纬度", "invalid"),
        (8, "经度", "invalid"),
        (9, "坐标系", "invalid"),
        (10, "电话", "invalid"),
    ]
    assert (answer.json()["added"], await make.count("store")) == (0, 0)
    assert "经度、纬度与坐标系须一起填写" in {p["message"] for p in answer.json()["problems"]}


async def test_stores_are_put_where_the_importer_sees_them(http):
    await make.admin()
    east, _ = await make.department("华东"), await make.department("华西")
    headers = await make.headers(await make.colleague(RoleKey.MANAGER, post=await make.post(east)))
    assert _problems(await _send(http, headers, [{"门店": "西店", "部门": "华西"}])) == [
        (2, "部门", "department_not_found")
    ]
    assert (await _send(http, headers, [{"门店": "东店"}])).json()["added"] == 1
    assert (await http.get("/staff/v1/stores", headers=headers)).json()["items"][0]["department_id"] == str(east.id)
    guide = await make.headers(await make.guide())
    assert error_of(await _send(http, guide, [{"门店": "新店"}])) == (403, "forbidden")
    assert error_of(await http.get(f"{PATH}/template.xlsx", headers=guide)) == (403, "forbidden")
