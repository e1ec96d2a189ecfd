"""The menu of an official account."""

import pytest

from tests.simulator.harness import APP_ID

CLICK = {"type": "click", "name": "积分", "key": "points"}
VIEW = {"type": "view", "name": "官网", "url": "https://shop.example/"}
MINI = {"type": "miniprogram", "name": "商城", "url": VIEW["url"], "appid": "wx2", "pagepath": "pages/index"}
WITH_KEY = ("scancode_push", "scancode_waitmsg", "pic_sysphoto", "pic_photo_or_album", "pic_weixin", "location_select")


async def call(simulator, path, body=None):
    token = await simulator.token()
    if body is None:
        return (await simulator.get("/cgi-bin/" + path, access_token=token))[1]
    return (await simulator.post("/cgi-bin/" + path, body, access_token=token))[1]


async def create(simulator, *buttons):
    return (await call(simulator, "menu/create", {"button": list(buttons)}))["errcode"]


async def put(simulator, *buttons):
    url = f"{simulator.base}/sim/accounts/{APP_ID}/menu"
    async with simulator.session.put(url, json={"button": list(buttons)}) as response:
        return await response.json(content_type=None)


async def test_a_menu_lives(simulator):
    assert (await call(simulator, "menu/get"))["errcode"] == 46003
    assert await call(simulator, "get_current_selfmenu_info") == {"is_menu_open": 0, "selfmenu_info": {"button": []}}
    more = {"name": "更多", "sub_button": [CLICK, VIEW]}
    assert await create(simulator, CLICK | {"sub_button": []}, more) == 0
    leaf = {"sub_button": []}
    assert await call(simulator, "menu/get") == {"menu": {"button": [CLICK | leaf, more]}}
    assert await call(simulator, "get_current_selfmenu_info") == {
        "is_menu_open": 1,
        "selfmenu_info": {"button": [CLICK, {"name": "更多", "sub_button": {"list": [CLICK, VIEW]}}]},
    }
    path = f"/sim/accounts/{APP_ID}/menu"
    assert await simulator.ok(path) == {"button": [CLICK, more], "by_hand": False}
    assert (await call(simulator, "menu/delete"))["errcode"] == 0
    assert (await call(simulator, "menu/delete"))["errcode"] == 0
    assert await simulator.ok(path) == {"button": [], "by_hand": False}
    assert (await call(simulator, "menu/get"))["errcode"] == 46003


async def test_a_menu_made_by_hand(simulator):
    assert await put(simulator, VIEW) == {"button": [VIEW], "by_hand": True}
    assert (await call(simulator, "menu/get"))["errcode"] == 46003
    assert (await call(simulator, "get_current_selfmenu_info"))["is_menu_open"] == 1
    assert await create(simulator, CLICK) == 0
    assert (await simulator.ok(f"/sim/accounts/{APP_ID}/menu"))["by_hand"] is False
    assert (await put(simulator, {"name": "空"}))["errcode"] == 40017
    assert await put(simulator) == {"button": [], "by_hand": False}


@pytest.mark.parametrize("kind", WITH_KEY)
async def test_kinds_with_a_key(simulator, kind):
    button = {"type": kind, "name": "按钮", "key": "k" * 128}
    assert await create(simulator, button) == 0
    assert await create(simulator, button | {"key": "k" * 129}) == 40019
    assert await create(simulator, {"name": "更多", "sub_button": [button | {"key": ""}]}) == 40026


@pytest.mark.parametrize("kind", ["media_id", "view_limited", "article_id"])
async def test_kinds_that_show_something(simulator, kind):
    field = "article_id" if kind == "article_id" else "media_id"
    assert await create(simulator, {"type": kind, "name": "看看", field: "m1"}) == 0
    assert await create(simulator, {"type": kind, "name": "看看"}) == 40019


async def test_a_button_into_a_mini_program(simulator, receiver):
    assert await create(simulator, MINI) == 40166
    assert await create(simulator, MINI | {"appid": APP_ID}) == 40166
    await simulator.account(receiver.url, app_id="wx2", original_id="gh_2", kind="mini")
    assert await create(simulator, MINI) == 0
    assert await create(simulator, MINI | {"pagepath": ""}) == 40165
    assert await create(simulator, MINI | {"url": ""}) == 40020


@pytest.mark.parametrize(
    ("button", "errcode"),
    [
        (None, 47001),
        ("x", 47001),
        ([], 40016),
        ([CLICK] * 4, 40016),
        (["x"], 47001),
        ([CLICK | {"name": ""}], 40018),
        ([CLICK | {"name": "名" * 6}], 40018),
        ([CLICK | {"name": None}], 40018),
        ([CLICK | {"type": "tap"}], 40017),
        ([{"name": "空"}], 40017),
        ([{"type": "click", "name": "空"}], 40019),
        ([{"name": "更多", "sub_button": [CLICK] * 6}], 40023),
        ([{"name": "更多", "sub_button": "x"}], 47001),
        ([{"name": "更多", "sub_button": [{"name": "再多", "sub_button": [CLICK]}]}], 40023),
        ([{"name": "更多", "sub_button": [CLICK | {"name": "名" * 21}]}], 40025),
        ([{"name": "更多", "sub_button": [CLICK | {"type": "tap"}]}], 40024),
        ([{"name": "更多", "sub_button": [VIEW | {"url": "shop"}]}], 40027),
        ([VIEW | {"url": "ftp://shop.example/"}], 40020),
        ([VIEW | {"url": "https://shop.example/" + "a" * 1024}], 40020),
    ],
)
async def test_bad_menus(simulator, button, errcode):
    assert await create(simulator, CLICK) == 0
    assert (await call(simulator, "menu/create", {"button": button}))["errcode"] == errcode
    assert (await call(simulator, "menu/get"))["menu"]["button"][0]["key"] == "points"


async def test_calls_of_menus_are_counted_by_the_day(simulator, receiver):
    await simulator.account(receiver.url, limits={"menu_create": 1, "menu_get": 1, "menu_delete": 1})
    assert [await create(simulator, CLICK) for _ in range(2)] == [0, 45009]
    assert [(await call(simulator, "menu/get")).get("errcode") for _ in range(2)] == [None, 45009]
    assert [(await call(simulator, "menu/delete"))["errcode"] for _ in range(2)] == [0, 45009]
